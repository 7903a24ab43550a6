"""What can follow on the command line? Answered while somebody presses Tab, in bash, zsh and fish.

The shell calls the command itself; what it offers is read from the study that is named so far. Nothing is checked and
nothing is said: a study that cannot be read offers nothing.

References: argcomplete documentation.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from typing import Any

from analysis_lib.errors import StudyError

_FOLDERS = ("study", "folder", "report", "out", "reports")


def completion(shell: str) -> int:
    """Print what a shell has to run once; returns 0.

    Parameters
    ----------
    shell
        ``bash``, ``zsh`` or ``fish``.
    """
    from argcomplete.shell_integration import shellcode  # noqa: PLC0415

    # fish does not pass on how the command was called, so it is told where it lies.
    script = shlex.quote(os.path.abspath(sys.argv[0])) if shell == "fish" else None
    print(shellcode(["themewave"], shell=shell, argcomplete_script=script))
    return 0


def answer(parser: argparse.ArgumentParser, **streams: Any) -> None:
    """Tell the shell what may follow, and end; does nothing where no shell asks.

    Parameters
    ----------
    streams
        Handed on to argcomplete, where somebody else than a shell asks.
    """
    import argcomplete  # noqa: PLC0415
    from argcomplete.completers import DirectoriesCompleter  # noqa: PLC0415

    folders = DirectoriesCompleter()
    for command, action in _actions(parser):
        known = _KNOWN.get((command, action.dest)) or _KNOWN.get(("", action.dest))
        if known is not None:
            action.completer = known  # type: ignore[attr-defined]  # where argcomplete looks for it
        elif action.dest in _FOLDERS and (command, action.dest) != ("export", "out"):
            action.completer = folders  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser, always_complete_options=False, **streams)


def _actions(parser: argparse.ArgumentParser, command: str = "") -> Iterator[tuple[str, argparse.Action]]:
    """Every option and word of every command, with the command."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from _actions(below, name)
        else:
            yield command, action


def _waves(prefix: str, parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """Waves of the study that is named so far, or of the example."""
    from analysis_lib.commands.places import study_folder  # noqa: PLC0415
    from analysis_lib.study import load_study  # noqa: PLC0415

    try:
        return list(load_study(study_folder(getattr(parsed_args, "study", None))).waves)
    except StudyError:
        return []


def _profiles(prefix: str, **_: object) -> list[str]:
    from analysis_lib.study import PROFILES  # noqa: PLC0415

    return list(PROFILES)


def _formats_in(prefix: str, **_: object) -> list[str]:
    from analysis_lib.importers import IMPORTERS  # noqa: PLC0415

    return list(IMPORTERS)


def _formats_out(prefix: str, **_: object) -> list[str]:
    from analysis_lib.exporters import EXPORTERS  # noqa: PLC0415
    from analysis_lib.exporters.table_formats import TABLE_FORMATS  # noqa: PLC0415

    return [*TABLE_FORMATS, *EXPORTERS]


def _notebooks(prefix: str, parsed_args: argparse.Namespace, **_: object) -> list[str]:
    from analysis_lib.commands.working_copies import suite  # noqa: PLC0415
    from analysis_lib.runner.notebooks import NOTEBOOKS  # noqa: PLC0415

    return list(suite(NOTEBOOKS, tutorial=getattr(parsed_args, "study", None) is None))


# (command, name of the option) -> what is offered; without a command, in all of them.
_KNOWN: dict[tuple[str, str], Callable[..., list[str]]] = {
    ("", "wave"): _waves,
    ("", "profile"): _profiles,
    ("import", "format"): _formats_in,
    ("export", "format"): _formats_out,
    ("", "notebook"): _notebooks,
}
