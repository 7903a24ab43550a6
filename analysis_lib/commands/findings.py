"""How does a command say what it has found, in which colour, and with which exit code does it end?

References: no-color.org; terminfo(5), Linux manual pages, on ``TERM=dumb``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from analysis_lib.errors import Finding

_COLOURS = {"stop": "1;31", "warn": "1;33", "note": "1"}  # bold red, bold yellow, bold


def say(findings: Iterable[Finding], stream: TextIO | None = None) -> None:
    """Print findings, a line each; on a terminal the level stands out.

    Parameters
    ----------
    stream
        None for what the command has to say; ``sys.stderr`` where it ends in failure.
    """
    stream = sys.stdout if stream is None else stream
    coloured = takes_colour(stream)
    for finding in findings:
        line = str(finding)
        if coloured:
            word = f"{finding.level} {finding.code}"
            line = f"\033[{_COLOURS[finding.level]}m{word}\033[0m{line.removeprefix(word)}"
        print(line, file=stream)


def tell(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print findings, for people or for programs; returns 1 if any is a stop, else 0."""
    if as_json:
        print(json.dumps([finding.as_record() for finding in findings], indent=2, ensure_ascii=False))
    else:
        say(findings)
    return int(any(finding.level == "stop" for finding in findings))


def is_live(stream: TextIO) -> bool:
    """Whether somebody looks on, at a terminal that can change what it has shown: no file, no pipe, no dumb one."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def takes_colour(stream: TextIO) -> bool:
    """Whether colours may be used: on a live terminal, unless ``NO_COLOR`` is set to anything.

    The old console of Windows would show the codes themselves; its newer terminals say who they are.
    """
    able = sys.platform != "win32" or bool(os.environ.get("WT_SESSION") or os.environ.get("TERM"))
    return able and is_live(stream) and not os.environ.get("NO_COLOR")
