"""``themewave lab`` as somebody types it on a terminal, and its notebooks as somebody uses them in Chromium.

``LabSession`` starts the command on a terminal of its own and ends it with Ctrl-C. ``OpenNotebook`` is one notebook in
the browser: run all cells, save, and read what is on the disk afterwards. Waiting is always for a state, never for a
time: for the kernel that the server reports idle, and for the file that was saved.
"""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE = 120  # seconds for whatever takes a few on a quiet machine
_ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)(/\S*)\?token=([0-9a-f]+)")


def until(what: str, asked: Callable[[], Any], *, patience: float = PATIENCE) -> Any:
    """What ``asked`` gives as soon as it is true."""
    end = time.monotonic() + patience
    while not (answer := asked()):
        assert time.monotonic() < end, f"this did not happen within {patience} s: {what}"
        time.sleep(0.1)
    return answer


class LabSession:
    """A command on a terminal.

    Parameters
    ----------
    words
        What is typed after ``themewave lab``; no browser is opened.
    environment
        Variables beside those of the tests.
    """

    def __init__(self, *words: object, environment: dict[str, str] | None = None):
        self._terminal, end = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "analysis_lib", "lab", "--no-browser", *map(str, words)],
            stdin=end, stdout=end, stderr=end, env=os.environ | (environment or {}),
            preexec_fn=lambda: os.login_tty(end),  # noqa: PLW1509  (so that Ctrl-C reaches it as on a terminal)
        )  # fmt: skip
        os.close(end)
        self._seen: list[bytes] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._terminal, 4096)
            except OSError:  # the other end is closed
                return
            if not chunk:
                return
            self._seen.append(chunk)

    @property
    def shown(self) -> str:
        """What stands on the terminal."""
        return b"".join(self._seen).decode("utf-8", errors="replace").replace("\r\n", "\n")

    def _found(self) -> re.Match[str] | None:
        assert self.process.poll() is None, self.shown
        return _ADDRESS.search(self.shown)

    @property
    def address(self) -> re.Match[str]:
        """Server, page and token of the address that the command prints, waited for."""
        return until("the command prints an address", self._found)

    @property
    def url(self) -> str:
        """The address with its token."""
        return self.address[0]

    def url_of(self, notebook: str) -> str:
        """The address of another notebook, such as ``2024b/03_themes_by_outcome.ipynb``."""
        server, _, token = self.address.groups()
        return f"{server}/lab/tree/{quote(notebook)}?token={token}"

    def ask(self, path: str, *, method: str = "GET", content: Any = None) -> Any:
        """What the server answers at a path of its interface; None where it says nothing."""
        text = self.text(path, method=method, content=content)
        return json.loads(text) if text else None

    def text(self, path: str, *, method: str = "GET", content: Any = None) -> str:
        """What the server answers, as it is."""
        server, _, token = self.address.groups()
        sent = None if content is None else json.dumps(content).encode("utf-8")
        request = Request(f"{server}/{path}", sent, {"Authorization": f"token {token}"}, method=method)
        with urlopen(request, timeout=PATIENCE) as answer:
            return answer.read().decode("utf-8")

    def press_control_c(self) -> int:
        """End it as a researcher does; returns the exit code."""
        os.write(self._terminal, b"\x03")
        code = self.process.wait(timeout=PATIENCE)
        self._reader.join(timeout=PATIENCE)
        return code

    def close(self) -> None:
        """End it whatever it does."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(timeout=PATIENCE)
        os.close(self._terminal)


class OpenNotebook:
    """One notebook in JupyterLab.

    Parameters
    ----------
    page
        A page of the browser.
    lab
        The session.
    notebook
        Path below the served folder; None opens the address that the command has printed.
    folder
        The served folder on this disk.
    """

    def __init__(self, page: Page, lab: LabSession, notebook: str | None, folder: Path):
        self.page, self.lab = page, lab
        address = lab.url if notebook is None else lab.url_of(notebook)
        self.name = notebook or urlsplit(address).path.removeprefix("/lab/tree/")
        self.path = folder / self.name
        self.strangers: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda sent: self._note(sent.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(address, timeout=PATIENCE * 1000)
        page.wait_for_selector(".jp-Notebook .jp-Cell", state="attached", timeout=PATIENCE * 1000)
        until("the kernel is there", self.kernel)

    def _note(self, url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob", "about") and urlsplit(url).hostname != "127.0.0.1":
            self.strangers.append(url)

    def kernel(self) -> dict[str, Any] | None:
        """The kernel of this notebook as the server has it; None where there is none yet."""
        sessions = self.lab.ask("api/sessions")
        return next(
            (each["kernel"] for each in sessions if each["path"] == self.name and each["kernel"]), None
        )

    def choose(self, menu: str, item: str) -> None:
        """Click an item of a menu."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}$")).click()

    def run_all(self) -> None:
        """Run all cells, and come back when each has run to its end and the notebook is saved."""
        self.choose("Run", "Run All Cells")
        until(f"all cells of {self.name} have run", self._is_done)

    def _is_done(self) -> bool:
        kernel = self.kernel()
        if kernel is None or kernel["execution_state"] != "idle":
            return False
        self.save()
        cells = self.code_cells()
        failed = [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
        return bool(failed) or all(cell["execution_count"] for cell in cells)

    def save(self) -> None:
        """Save, and come back when the whole file is on the disk."""
        before = self.path.stat().st_mtime_ns
        self.choose("File", "Save Notebook")
        until(f"{self.name} is saved", lambda: self.path.stat().st_mtime_ns != before and self._readable())

    def _readable(self) -> bool:
        """Whether the server is done with writing: it writes in place, beside a copy of what was there."""
        try:
            return bool(self.saved()) and not self.path.with_name(f".~{self.path.name}").exists()
        except ValueError:
            return False

    def saved(self) -> dict[str, Any]:
        """The notebook on the disk."""
        return json.loads(self.path.read_text(encoding="utf-8"))

    def code_cells(self) -> list[dict[str, Any]]:
        """The code cells on the disk."""
        return [cell for cell in self.saved()["cells"] if cell["cell_type"] == "code"]

    def close(self) -> None:
        """End the kernel, so that the next notebook has the memory."""
        for each in self.lab.ask("api/sessions"):
            if each["path"] == self.name:
                self.lab.ask(f"api/sessions/{each['id']}", method="DELETE")
