"""The command ``themewave``, which is ``python -m analysis_lib`` too.

A researcher's mistake gives sentences and exit code 1, never a traceback; a bug keeps its traceback.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from analysis_lib.commands.command_line import parser
from analysis_lib.commands.findings import say
from analysis_lib.errors import Finding, StudyError

_ASKED_BY_A_SHELL = "_ARGCOMPLETE"  # what may follow; see analysis_lib.commands.completion


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    A letter that the terminal cannot show is written as its code, so that no message is lost to it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not where somebody has put another object in its place
            stream.reconfigure(errors="backslashreplace")
    understood = parser()
    if _ASKED_BY_A_SHELL in os.environ:
        from analysis_lib.commands.completion import answer  # noqa: PLC0415

        answer(understood)
    options = understood.parse_args(words)
    try:
        return int(options.command(options))
    except StudyError as error:
        if options.debug:
            raise
        say(error.findings, sys.stderr)
        return 1
    except KeyboardInterrupt:
        what = "it was stopped before its end."
        fix = "Run it again. What was finished is complete, and everything else is as it was before."
        say([Finding("stop", "O24", "themewave", what, fix)], sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except OSError as error:
        from analysis_lib.disk_trouble import trouble  # noqa: PLC0415

        told = trouble(error, "themewave")
        if told is None or options.debug:
            raise
        say(told.findings, sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
