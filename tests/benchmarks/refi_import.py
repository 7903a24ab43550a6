"""How long does a REFI-QDA project of 100,000 codings take, and how much memory?

The project is made here: 500 documents with emoji, combining marks and line ends of two characters, 200 codings in
each, positions in UTF-16 units as one program writes them. Every reader runs in a process of its own; memory is the
highest resident size of that process less what it had before reading. qdaPy and pyrefiqda are timed where they are
installed. Prints a table; nothing here is a test.
"""

from __future__ import annotations

import importlib.util
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from uuid import UUID

SEED = 20240610
N_DOCUMENTS, N_CODINGS, N_CODES, N_CODERS = 500, 100_000, 60, 3
SENTENCE = (
    "therapy helped me to talk about what I never said and then it ended nai\N{COMBINING DIAERESIS}ve "
    "\N{SLIGHTLY SMILING FACE} we planned the last meetings together 85 \N{EURO SIGN} because nobody called"
)
WORDS = SENTENCE.split()
INSTALLED = {"ours": "analysis_lib", "qdaPy": "qdapy", "pyrefiqda": "pyrefiqda"}


def guid(rng: random.Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def document(rng: random.Random) -> tuple[str, list[tuple[int, int]]]:
    """A text, and where its words begin and end in UTF-16 units."""
    pieces: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    for i in range(1, 2_001):
        word = rng.choice(WORDS)
        length = len(word.encode("utf-16-le")) // 2
        places.append((at, at + length))
        pieces += [word, "\r\n" if i % 40 == 0 else " "]
        at += length + len(pieces[-1])
    return "".join(pieces), places


def write_project(path: Path) -> None:
    rng = random.Random(SEED)
    coders, codes = ([guid(rng) for _ in range(n)] for n in (N_CODERS, N_CODES))
    stamp = 'creationDateTime="2024-06-10T09:00:00Z"'
    xml = [
        '<?xml version="1.0" encoding="utf-8"?><Project name="made" origin="made" xmlns="urn:QDA-XML:project:1.0">'
    ]
    xml += ["<Users>", *(f'<User guid="{g}" name="coder {i}"/>' for i, g in enumerate(coders)), "</Users>"]
    xml += [
        "<CodeBook><Codes>",
        *(f'<Code guid="{g}" name="code {i}" isCodable="true"/>' for i, g in enumerate(codes)),
    ]
    xml.append("</Codes></CodeBook><Sources>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(N_DOCUMENTS):
            text, places = document(rng)
            name = guid(rng)
            archive.writestr(f"Sources/{name}.txt", b"\xef\xbb\xbf" + text.encode())
            xml.append(
                f'<TextSource guid="{name}" name="P{i:03}" plainTextPath="internal://{name}.txt" {stamp}>'
            )
            for _ in range(N_CODINGS // N_DOCUMENTS):
                first = rng.randrange(len(places) - 30)
                start, end = places[first][0], places[first + rng.randrange(1, 30)][1]
                coder = rng.choice(coders)
                xml.append(
                    f'<PlainTextSelection guid="{guid(rng)}" startPosition="{start}" endPosition="{end}">'
                    f'<Coding guid="{guid(rng)}" creatingUser="{coder}" {stamp}>'
                    f'<CodeRef targetGUID="{rng.choice(codes)}"/></Coding></PlainTextSelection>'
                )
            xml.append("</TextSource>")
        archive.writestr("project.qde", "\n".join([*xml, "</Sources></Project>"]))


def read(reader: str, path: Path) -> str:
    """Read with one reader and say what came of it."""
    if reader == "ours":
        from analysis_lib.importers import refi  # noqa: PLC0415 - each reader is loaded in a process of its own

        before = peak()
        began = time.perf_counter()
        project = refi.read(path)
        n, extra = len(project.codings), f"rules: {sorted({rule.rule for rule in project.offsets})}"
    elif reader == "qdaPy":
        from qdapy.qdpx import read_qdpx  # noqa: PLC0415

        before = peak()
        began = time.perf_counter()
        n, extra = len(read_qdpx(path, warn=False).fragments), "words, without a way of counting"
    else:
        from pyrefiqda import RefiProject  # noqa: PLC0415

        before = peak()
        began = time.perf_counter()
        loaded = RefiProject.load(path, extract_dir=str(path.parent / "unpacked"))
        n, extra = sum(len(s.plain_text_selection) for s in loaded.sources.text_source), "XML only, no words"
    return f"{n:,} | {time.perf_counter() - began:.1f} | {peak() - before:,.0f} | {extra}"


def peak() -> float:
    """Highest resident size of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.qdpx"
        write_project(path)
        print(
            f"Python {platform.python_version()}; {N_CODINGS:,} codings, {path.stat().st_size / 1e6:.0f} MB packed\n"
        )
        print("| reader | codings | seconds | MB at the peak | |\n|---|---|---|---|---|")
        for reader, package in INSTALLED.items():
            if importlib.util.find_spec(package) is None:
                print(f"| {reader} | is not installed | | | |")
                continue
            words = [sys.executable, __file__, reader, str(path)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            said = done.stdout.strip() if done.returncode == 0 else "failed | | |"
            print(f"| {reader} | {said} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(read(sys.argv[1], Path(sys.argv[2])))
    else:
        main()
