"""``themewave lab``: JupyterLab on the notebooks, set to a study and a wave.

What is opened are copies beside the study's data; see :mod:`analysis_lib.commands.working_copies`.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from analysis_lib.commands.lab_server import address, free_port, session, settings, started
from analysis_lib.commands.places import BUILT, study_folder, writable
from analysis_lib.commands.working_copies import Copies, copy_notebooks, suite
from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.runner.interrupt import stoppable
from analysis_lib.runner.notebooks import NOTEBOOKS
from analysis_lib.runner.staging import in_repository
from analysis_lib.schema import EXAMPLE_STUDY
from analysis_lib.study import Study, load_study

OF_EXAMPLE = BUILT.parent / "lab"  # git-ignored
_FIRST = ("00_explore", "01_wave_intake")  # opened where none is named
_PORTS = range(1, 65_536)


def lab(
    given: str | None,
    wave: str | None,
    *,
    notebook: str | None = None,
    out: str | None = None,
    browser: bool = True,
    port: int | None = None,
    debug: bool = False,
) -> int:
    """Serve the notebooks of one wave to this machine until Ctrl-C; returns 0.

    Parameters
    ----------
    given
        Study folder; None for the synthetic example.
    wave
        None for the last one that study.yaml lists.
    notebook
        Name of the one that is opened first, or how it begins; None for the one to explore with.
    out
        Where the copies of the notebooks go, in a folder of the study's name; None for STUDY/notebooks.
    browser
        Whether a browser is opened.
    port
        None for the first free one from 8888 on.
    debug
        Whether the remarks of JupyterLab itself are shown.

    Raises
    ------
    StudyError
        If the study, the wave, the notebook or the port cannot be used, JupyterLab is not there, or what the notebooks
        will hold would get into a repository.
    """
    study = load_study(study_folder(given))
    chosen = _wave(study, wave)
    example = study.folder.resolve() == EXAMPLE_STUDY
    folder = _folder(study, out)
    committed = suite(NOTEBOOKS, tutorial=example)
    opened = _notebook(notebook, committed)
    if find_spec("jupyterlab") is None:
        what = "JupyterLab is not installed beside Themewave."
        fix = "Set up again as the README says: `make lab`, or pip install -r requirements.lock."
        raise StudyError(Finding("stop", "L03", "JupyterLab", what, fix))
    free = _port(port)
    copies = copy_notebooks(committed, folder / chosen, study=study.folder, wave=chosen)
    folder.chmod(0o700 | (study.folder.stat().st_mode & 0o077))  # open to exactly those to whom the study is
    _say(study, chosen, folder / chosen, copies)
    _serve(f"{chosen}/{opened}.ipynb", folder, port=free, browser=browser, debug=debug)
    print(f"JupyterLab has ended. What you saved is in {folder}.")
    return 0


def _serve(opened: str, folder: Path, *, port: int, browser: bool, debug: bool) -> None:
    """Answer the browser until Ctrl-C."""
    token = secrets.token_hex(24)
    look = folder / ".jupyterlab"
    try:
        with stoppable(), session() as own:
            told = settings(
                own, notebooks=folder, opened=opened, look=look, port=port, token=token, browser=browser, debug=debug
            )  # fmt: skip
            server = started(told)
            print(f"JupyterLab is open at {address(port, opened)}?token={token}")
            print("It answers this machine alone. Press Ctrl-C here to end it.", flush=True)
            server.start()
    except KeyboardInterrupt:  # before it was listening
        return
    except SystemExit:  # what Jupyter's own start ends with
        raise StudyError(_taken(port)) from None
    finally:
        if sys.stdout.isatty():
            print()  # below the ^C that the terminal shows


def _say(study: Study, wave: str, folder: Path, copies: Copies) -> None:
    """Where the copies are and what became of them."""
    print(f"{study.title}, wave {wave}: notebooks in {folder}")
    if copies.named("renewed"):
        print(
            f"A newer version has taken the place of {_and(copies.named('renewed'))}, which nobody had changed."
        )
    for name in copies.named("kept"):
        what = "there is a newer version, and yours has changes, so yours stays."
        fix = "Rename yours and open the lab again to have the newer one beside it."
        print(Finding("note", "L06", f"{name}.ipynb", what, fix))


def _folder(study: Study, out: str | None) -> Path:
    """Where the copies go: beside the data, those of the example below the repository's own reports."""
    if out is not None:
        folder = writable(out, "--out") / study.name
    elif study.folder.resolve() == EXAMPLE_STUDY:
        folder = OF_EXAMPLE
    else:
        folder = study.folder / "notebooks"
    if not study.synthetic and in_repository(folder):
        what = "the notebooks would lie in a git work tree, and they keep what participants said."
        fix = "Move the study out of the repository, or name a folder outside every repository with --out."
        raise StudyError(Finding("stop", "L01", "--out" if out else "STUDY", what, fix))
    return folder.resolve()


def _wave(study: Study, given: str | None) -> str:
    """The wave of a name, or the last one."""
    wave = study.waves[-1] if given is None else given
    if wave not in study.waves:
        fix = f"Add it to `waves:` in study.yaml, or name one of them.{did_you_mean(wave, study.waves)}"
        what = "study.yaml lists no such wave."
        raise StudyError(Finding("stop", "W01", "--wave", what, fix, allowed=", ".join(study.waves)))
    if not (study.folder / "waves" / wave).is_dir():
        what, fix = "this wave has no folder.", "Make it, or name another wave with --wave."
        raise StudyError(Finding("stop", "W05", f"waves/{wave}", what, fix))
    return wave


def _notebook(given: str | None, committed: Iterable[str]) -> str:
    """The notebook of a name, or the only one that begins so."""
    names = list(committed)
    if given is None:
        return next(name for name in (*_FIRST, *names) if name in names)
    wanted = given.removesuffix(".ipynb")
    found = [name for name in names if name == wanted] or [
        name
        for name in names
        if wanted and (name.startswith(wanted) or name.split("/")[-1].startswith(wanted))
    ]
    if len(found) == 1:
        return found[0]
    what = "more than one notebook begins so." if found else "there is no such notebook."
    fix = f"Name one of them.{did_you_mean(wanted, names)}"
    raise StudyError(Finding("stop", "L02", "--notebook", what, fix, allowed=", ".join(found or names)))


def _port(wanted: int | None) -> int:
    if wanted is not None and wanted not in _PORTS:
        what, fix = "there is no such port.", "Give another, or leave it out to have a free one."
        raise StudyError(Finding("stop", "L05", "--port", what, fix, allowed="1 to 65535"))
    free = free_port(wanted)
    if free is None:
        raise StudyError(_taken(wanted))
    return free


def _taken(port: int | None) -> Finding:
    what = "another program, perhaps a lab that is still open, listens on this port."
    fix = "End it with Ctrl-C where it runs, or give another port; without --port a free one is looked for."
    return Finding("stop", "L04", "--port" if port is None else f"--port {port}", what, fix)


def _and(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
