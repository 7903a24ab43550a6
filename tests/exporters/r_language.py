"""R where it is installed: what runs a script, and what skips a test with a reason where it cannot run."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed (r-base-core)")


@cache
def has_package(name: str) -> bool:
    """Whether R has a package; False without R."""
    if shutil.which("Rscript") is None:
        return False
    code = f'quit(status = !requireNamespace("{name}", quietly = TRUE))'
    return subprocess.run(["Rscript", "-e", code], capture_output=True, check=False).returncode == 0


def run_r(*words: str | Path, locale: str = "C.UTF-8") -> tuple[int, str]:
    """Exit code and everything that was said."""
    done = subprocess.run(
        ["Rscript", *map(str, words)],
        capture_output=True,
        check=False,
        env=os.environ | {"LC_ALL": locale},
    )
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", errors="replace")
