"""A real Taguette, driven over HTTP on this machine alone: what it exports is what was put in.

Taguette pins older versions of packages that this project has, so ``make taguette`` gives it an environment of its
own; ``TAGUETTE_PYTHON`` can name another Python that has it. Nothing is installed here.
"""

from __future__ import annotations

import html
import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from threading import Timer
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, Request, build_opener

import pytest

from analysis_lib.importers import taguette, taguette_codebook, taguette_highlights
from analysis_lib.importers.project import Project

# Taguette asks a server for news when it starts; here it asks nobody.
START = """
import sys
from taguette.web.base import Application
Application.check_messages = lambda self: None
from taguette.main import main
sys.argv = ["taguette", *sys.argv[1:]]
main()
"""
PARAGRAPHS = [
    "CLIENT: I felt heard 🙂 – from the naïve start.",
    'שלום & <silence>, she said "well" for 85 €.',
    "e\u0301motions, then nothing.",
]
TEXT = "\n".join(PARAGRAPHS)
WORDS = {  # words to highlight -> tags
    "I felt heard 🙂": ["alliance.felt heard", "alliance"],
    "heard 🙂 – from": ["alliance"],
    '<silence>, she said "well"': ["rupture"],
    "for 85 €.\ne\u0301motions": ["hindering/cost"],
    "nothing": [],
}


def interpreter() -> str | None:
    """A Python that has Taguette."""
    named = os.environ.get("TAGUETTE_PYTHON")
    own = Path(__file__).resolve().parents[2] / ".venv-taguette" / "bin" / "python"
    return named or (str(own) if own.exists() else None)


@dataclass
class Server:
    """A running Taguette and the session of its only user."""

    address: str
    opener: OpenerDirector
    cookies: CookieJar = field(default_factory=CookieJar)

    def get(self, path: str) -> bytes:
        with self.opener.open(self.address + path, timeout=30) as answer:
            return bytes(answer.read())

    def post(self, path: str, body: bytes, content_type: str) -> tuple[str, bytes]:
        token = next(cookie.value for cookie in self.cookies if cookie.name == "_xsrf")
        headers = {"Content-Type": content_type, "X-XSRFToken": str(token)}
        with self.opener.open(Request(self.address + path, body, headers), timeout=30) as answer:
            return answer.url, bytes(answer.read())

    def create(self, path: str, what: dict[str, object]) -> int:
        _, answer = self.post(path, json.dumps(what).encode(), "application/json")
        return int(json.loads(answer)["id"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    python = interpreter()
    if python is None:
        pytest.skip("Taguette is not installed here; `make taguette` does that")
    home = tmp_path_factory.mktemp("taguette")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-c", START, "--no-browser", "--bind", "127.0.0.1", "--port", str(port)]
    command += ["--database", str(home / "taguette.sqlite3")]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "LC_ALL": "C.UTF-8"}
    with (
        (home / "log.txt").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment, text=True) as process,
    ):
        deadline = Timer(120, process.kill)
        deadline.start()
        try:
            assert process.stdout is not None
            token = next(
                (found[1] for line in process.stdout if (found := re.search(r"\?token=(\w+)", line))), None
            )
            assert token, "Taguette did not start"
            cookies = CookieJar()
            opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(cookies))
            running = Server(f"http://127.0.0.1:{port}", opener, cookies)
            running.get(f"/?token={token}")
            running.get("/project/new")
            yield running
        finally:
            process.terminate()  # the deadline, which ends a server that hangs, is cancelled when it has gone
            process.wait()
            deadline.cancel()


@pytest.fixture(scope="module")
def project(server: Server) -> int:
    """Number of a project with one document, four tags and five highlights."""
    form = urlencode({"name": "Invented", "description": ""}).encode()
    url, _ = server.post("/project/new", form, "application/x-www-form-urlencoded")
    number = int(url.rpartition("/")[2])
    document = add_document(server, number)
    tags = {
        tag: server.create(
            f"/api/project/{number}/tag/new", {"path": tag, "description": f"what {tag} means"}
        )
        for tag in sorted({tag for tags in WORDS.values() for tag in tags})
    }
    for words, given in WORDS.items():
        start = len(TEXT[: TEXT.index(words)].encode())
        place = {"start_offset": start, "end_offset": start + len(words.encode())}
        what = {**place, "tags": [tags[tag] for tag in given]}
        server.create(f"/api/project/{number}/document/{document}/highlight/new", what)
    return number


def add_document(server: Server, project: int) -> int:
    paragraphs = "\n".join(f"<p>{html.escape(each)}</p>" for each in PARAGRAPHS)
    page = f'<html><head><meta charset="utf-8"></head><body>{paragraphs}</body></html>'
    parts = {"name": "P01", "description": "wave=1"}
    body = "".join(
        f'--part\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    body += '--part\r\nContent-Disposition: form-data; name="file"; filename="p01.html"\r\n'
    body += f"Content-Type: text/html; charset=utf-8\r\n\r\n{page}\r\n--part--\r\n"
    path = f"/api/project/{project}/document/new"
    _, answer = server.post(path, body.encode(), "multipart/form-data; boundary=part")
    return int(json.loads(answer)["created"])


def exported(server: Server, project: int, what: str, folder: Path) -> Path:
    path = folder / what.replace("/", "_")
    path.write_bytes(server.get(f"/project/{project}/export/{what}"))
    return path


def tagged_words(project: Project, *, one_line: bool) -> list[tuple[str, tuple[str, ...]]]:
    paths = {code.key: code.path for code in project.codes}
    found = [(coding.text, paths[coding.code]) for coding in project.codings]
    return sorted((" ".join(text.split()) if one_line else text, path) for text, path in found)


EXPECTED = sorted((words, tuple(re.split(r"[./]", tag))) for words, tags in WORDS.items() for tag in tags)


def test_the_exported_project_gives_what_was_put_in(server, project, tmp_path):
    path = exported(server, project, "project.sqlite3", tmp_path)
    assert taguette.recognises(path) == 1.0
    read = taguette.read(path)
    assert read.sources[0].text == TEXT
    assert tagged_words(read, one_line=False) == EXPECTED
    assert all(coding.text == TEXT[coding.start : coding.end] for coding in read.codings)
    assert [TEXT[span.start : span.end] for span in read.untagged] == ["nothing"]
    assert [(rule.rule.split(",")[0], rule.score) for rule in read.offsets] == [("UTF-8 bytes", 1.0)]
    assert read.unreconciled() == {}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_exported_highlights_have_the_same_words_but_for_blanks(server, project, tmp_path, ending):
    path = exported(server, project, f"highlights/.{ending}", tmp_path)
    assert taguette_highlights.recognises(path) == 1.0
    read = taguette_highlights.read(path)
    assert tagged_words(read, one_line=True) == sorted(
        (" ".join(words.split()), path) for words, path in EXPECTED
    )
    assert read.unreconciled() == {}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_exported_codebook_has_the_tags_of_the_project(server, project, tmp_path, ending):
    of_project = taguette.read(exported(server, project, "project.sqlite3", tmp_path)).codes
    listed = taguette_codebook.read(exported(server, project, f"codebook.{ending}", tmp_path)).codes
    assert sorted(listed, key=lambda code: code.key) == sorted(of_project, key=lambda code: code.key)


def test_the_codes_have_the_guids_of_the_programs_own_codebook(server, project, tmp_path):
    written = exported(server, project, "codebook.qdc", tmp_path).read_text(encoding="utf-8").lower()
    codes = taguette.read(exported(server, project, "project.sqlite3", tmp_path)).codes
    assert len(codes) == 5  # four of ours and the one that every project begins with
    assert all(code.guid in written for code in codes)
