"""A small study in which everything that must not leave carries a word of its own, and a look into a bundle's bytes.

Each canary is one lower-case word that stands nowhere else, so that a hit names what leaked. Some quotes are released
and carry one too: where these are not found, the search is blind.
"""

from __future__ import annotations

import ast
import base64
import binascii
import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import nbformat
import pandas as pd
from small_study import small_study

import analysis_lib as al
from analysis_lib.commands.due import due
from analysis_lib.commands.keys import pseudonym_key
from analysis_lib.commands.publish import publish_wave
from analysis_lib.quote_checks import fingerprint
from analysis_lib.runner.notebooks import IN_RUN, NOTEBOOKS, Executed
from analysis_lib.study import load_study

CONSENT_HEAD = "participant_id,scope,granted,withdrawn_on"
# What is wrong with a quote -> its canary; each is given to every eighth segment of somebody's.
WRONG = {
    "refused": "zqrefused",  # the words: no
    "unknown": "zqunknown",  # the words: unknown
    "unreviewed": "zqunreviewed",
    "withheld": "zqwithheld",
    "paraphrase": "zqparaphrase",
    "stale": "zqstale",  # edited after its review
    "flagged": "zqflagged",  # released, but a date in it was not answered
}
OF_PERSON = {"no": "zqsaidno", "withdrawn": "zqwithdrew", "another": "zqotherscope", "never": "zqneverasked"}
RELEASED = "zqreleased"
ORIGINAL = "zqoriginal"  # the words before translation, which nobody reviewed
HELD = (*WRONG.values(), *OF_PERSON.values(), ORIGINAL, "zqmemo", "zqfree", "zqcoder", "zqdocument", "zqquestion",
        "zqperson", "zqtherapist", "zqsite", "zqfile", "zqsegment", "zqreviewer")  # fmt: skip


def write_canary_study(folder: Path) -> Path:
    """The study folder; wave w1 is the one with canaries in all places."""
    study = small_study()
    study.instead("synthetic: yes", "synthetic: no")
    study.write(folder)
    codebook = folder / "codebook.yaml"
    marked = codebook.read_text(encoding="utf-8").replace(
        "label: Another thing", "label: Another thing, severity: serious"
    )
    codebook.write_text(marked, encoding="utf-8")
    for path in sorted(folder.glob("waves/*/*.csv")):
        text = path.read_text(encoding="utf-8")
        text = re.sub(
            r"\bD?w(\d)P(\d\d)\b",
            lambda m: f"{'zqdocument' * m[0].startswith('D')}zqperson{m[1]}x{m[2]}",
            text,
        )
        text = re.sub(r"\bSw(\d)P(\d\d)-", r"zqsegment\1x\2-", text)
        text = re.sub(r"\bT(\d)\b", r"zqtherapist\1", re.sub(r"\bZ(\d)\b", r"zqsite\1", text))
        path.write_text(re.sub(r"\bc([12])\b", r"zqcoder\1", text), encoding="utf-8")
    for wave in ("w0", "w1"):
        _with_words(folder / "waves" / wave)
    people = folder / "waves" / "w1" / "participants.csv"
    frame = pd.read_csv(people, dtype=str, keep_default_na=False)
    frame.assign(comment="zqfree").to_csv(folder / "waves" / "w1" / "zqfile.csv", index=False)
    people.unlink()
    with (folder / "waves" / "w1" / "wave.yaml").open("a", encoding="utf-8") as file:
        file.write("sources:\n  - {table: participants, file: zqfile.csv}\n")
    return folder


def _with_words(wave: Path) -> None:
    """Give every segment words with their canary, and consent and reviews that say what becomes of them."""
    path = wave / "coded_segments.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    people = list(dict.fromkeys(rows["participant_id"]))
    of_person = {who: [*OF_PERSON, *["yes"] * 6][i % 10] for i, who in enumerate(people)}
    segments = list(dict.fromkeys(rows["segment_id"]))
    kinds = [*WRONG, "released", "released", "translated"]
    kind = {segment: kinds[i % len(kinds)] for i, segment in enumerate(segments)}
    whose = dict(zip(rows["segment_id"], rows["participant_id"], strict=True))
    words = {s: _words(i, kind[s], of_person[whose[s]]) for i, s in enumerate(segments)}
    consent = {"refused": "no", "unknown": "unknown"}
    rows = rows.assign(
        text=rows["segment_id"].map(words),
        text_original=[f"{ORIGINAL} {s}" if kind[s] == "translated" else "" for s in rows["segment_id"]],
        translator=["T1" if kind[s] == "translated" else "" for s in rows["segment_id"]],
        quote_consent=[consent.get(kind[s], "yes") for s in rows["segment_id"]],
        memo="zqmemo",
        document_id="zqdocument" + rows["participant_id"],
        question_id="zqquestion",
    )
    rows.to_csv(path, index=False)
    reviews = ["segment_id,text_sha256,decision,flags_answered,reviewer,reviewed_on"]
    for segment in segments:
        decision = {"withheld": "withhold", "paraphrase": "paraphrase"}.get(kind[segment], "release")
        text = words[segment] + ("." if kind[segment] == "stale" else "")
        if kind[segment] != "unreviewed":
            reviews.append(f"{segment},{fingerprint(text)},{decision},,zqreviewer,2024-05-02")
    (wave / "quote_reviews.csv").write_text("\n".join([*reviews, ""]), encoding="utf-8")
    everybody = pd.read_csv(wave / "participants.csv", dtype=str)["participant_id"]
    granted = [CONSENT_HEAD, *(f"{who},analyse,yes," for who in everybody)]
    for who, answer in of_person.items():
        if answer != "never":
            day = "2024-04-01" if answer == "withdrawn" else ""
            granted.append(f"{who},quote,{'no' if answer == 'no' else 'yes'},{day}")
        if answer == "another":
            granted.append(f"{who},share,yes,2024-04-01")
    (wave / "consent.csv").write_text("\n".join([*granted, ""]), encoding="utf-8")


def _words(i: int, kind: str, person: str) -> str:
    """Words whose canaries say everything that is wrong with them."""
    marks = [*([OF_PERSON[person]] if person in OF_PERSON else []), *([WRONG[kind]] if kind in WRONG else [])]
    said = f"{' '.join(marks) or RELEASED} and we went on to something else, number {i}"
    return f"{said}, on 14 March 2023" if kind == "flagged" else said


def bundles(study: Path, base: Path) -> dict[str, Path]:
    """The folder that would be sent of wave w1 for each profile, from one execution of every notebook.

    Cells are executed here and not in kernels, since words travel through payloads alone; publishing is the real one.
    """
    folder = base / "executed"
    folder.mkdir()
    executed = tuple(_executed(name, study, folder) for name in IN_RUN)
    loaded = load_study(study)
    key, found = pseudonym_key(loaded), {}
    for profile in ("coauthor", "public"):
        reports = base / profile
        staging = reports / ".w1.staging"
        staging.mkdir(parents=True)
        _, states = due(loaded, ["w1"], reports, profile=profile)
        publish_wave("w1", staging, executed, 0.0, study=study, states=states, pseudonym_key=key)
        found[profile] = staging
    return found


def _executed(name: str, study: Path, folder: Path) -> Executed:
    """A notebook with the outputs that its cells show on the wave."""
    book = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    names: dict[str, object] = {}
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    for count, cell in enumerate(cells, start=1):
        cell.execution_count, cell.outputs = count, []
        *before, last = ast.parse(cell.source).body
        if "parameters" in cell.metadata.get("tags", []):
            exec(compile(cell.source, name, "exec"), names)
            names |= {"study": str(study), "wave": "w1", "results_dir": ""}
            continue
        exec(compile(ast.Module(before, []), name, "exec"), names)
        shown = eval(compile(ast.Expression(last.value), name, "eval"), names)  # type: ignore[attr-defined]
        for part in getattr(shown, "parts", (shown,)):
            data = part._repr_mimebundle_()
            cell.outputs.append(
                nbformat.v4.new_output(
                    "display_data", data={k: v for k, v in data.items() if k != "image/png"}
                )
            )
    path = folder / f"INTERNAL_{name}.ipynb"
    nbformat.write(book, path)
    return Executed(name, path, 0.0, 0.0, None)


def sent(folder: Path) -> list[Path]:
    """Every file of a wave's folder that may be sent."""
    return [
        p for p in sorted(folder.rglob("*")) if p.is_file() and "internal" not in p.relative_to(folder).parts
    ]


def readings(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """Some bytes as they stand and in every form in which a text may hide in them."""
    yield content
    if depth > 4:
        return
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                yield entry.filename.encode() + entry.comment
                yield from readings(archive.read(entry), depth + 1)
        return
    if content.startswith(b"\x89PNG"):
        yield from _png_texts(content)
        return
    for spelt in (unquote_to_bytes(content), _unescaped(content), _json(content)):
        if spelt != content:
            yield from readings(spelt, depth + 1)
    for found in re.findall(rb"[A-Za-z0-9+/_-]{16,}={0,2}", content):
        try:
            decoded = base64.b64decode(found.replace(b"-", b"+").replace(b"_", b"/"), validate=True)
        except (binascii.Error, ValueError):
            continue
        if decoded.startswith((b"\x89PNG", b"PK\x03\x04", b"<")) or decoded.isascii():
            yield from readings(decoded, depth + 1)


def _unescaped(content: bytes) -> bytes:
    return html.unescape(content.decode("utf-8", errors="replace")).encode("utf-8", errors="replace")


def _json(content: bytes) -> bytes:
    return re.sub(
        rb"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)).encode("utf-8", errors="replace"), content
    )


def _png_texts(content: bytes) -> Iterator[bytes]:
    """The texts of a picture's chunks, packed ones too."""
    at = 8
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        data = content[at + 8 : at + 8 + size]
        if kind != b"IDAT":
            yield data
            for start in range(min(len(data), 100)):
                if data[start : start + 1] == b"\x78":
                    try:
                        yield zlib.decompress(data[start:])
                    except zlib.error:
                        continue
        at += 12 + size


def hits(folder: Path, words: tuple[str, ...]) -> dict[str, set[str]]:
    """Word -> files of a bundle that hold it in any form, their names included."""
    patterns = {word: (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")) for word in words}
    found: dict[str, set[str]] = {}
    for path in sent(folder):
        name = path.relative_to(folder).as_posix()
        for reading in (name.encode(), *readings(path.read_bytes())):
            low = reading.lower()
            for word, forms in patterns.items():
                if any(form in low for form in forms):
                    found.setdefault(word, set()).add(name)
    return found


__all__ = ["HELD", "RELEASED", "al", "bundles", "hits", "readings", "sent", "write_canary_study"]
