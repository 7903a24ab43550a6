"""Run the command line over and over, each time in a process of its own that has its imports already.

Reads a list of lists of words as JSON and prints, for each, the exit code, what was printed, processor seconds and the
peak of memory in MB. ``python -m bad_inputs.warm_command`` below ``tests``.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import tempfile
import traceback
from pathlib import Path


def run_all(commands: list[list[str]]) -> list[dict[str, object]]:
    """What each command came to."""
    with tempfile.TemporaryDirectory() as folder:
        return [_run(words, Path(folder)) for words in commands]


def _run(words: list[str], folder: Path) -> dict[str, object]:
    out, err = folder / "out", folder / "err"
    child = os.fork()
    if child == 0:
        _become(words, out, err)
    _, status, used = os.wait4(child, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "out": out.read_text(encoding="utf-8", errors="replace"),
        "err": err.read_text(encoding="utf-8", errors="replace"),
        "seconds": round(used.ru_utime + used.ru_stime, 3),
        "megabytes": round(used.ru_maxrss / 1024),
    }


def _become(words: list[str], out: Path, err: Path) -> None:
    """Be the command from here on: its words, its streams, its exit code."""
    for stream, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    code = 0
    try:
        sys.argv = ["themewave", *words]
        runpy.run_module("analysis_lib", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    import openpyxl  # noqa: F401

    import analysis_lib.commands.import_project
    import analysis_lib.wave  # noqa: F401

    json.dump(run_all(json.load(sys.stdin)), sys.stdout)
