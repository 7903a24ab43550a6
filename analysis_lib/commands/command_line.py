"""What can be typed after ``themewave``, with an example of each thing that people do.

Each command imports what it needs when it is called, so that ``--help`` and the completion of a word answer at once.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

SHELLS = ("bash", "zsh", "fish")
_OVERVIEW = """\
a first hour:
  themewave run                  report on the synthetic example
  themewave lab                  explore it in JupyterLab
  themewave new my_study         a folder for your own data, with comments that explain each line
  themewave check my_study       what has to be mended in it, file by file
  themewave run my_study         your own report

`themewave COMMAND --help` shows more examples. A study has a wave for each time that data were collected.
"""


def parser() -> argparse.ArgumentParser:
    """Everything that is understood; which function a command calls is what is read as ``command``."""
    top = argparse.ArgumentParser(
        prog="themewave",
        description="Which coded themes go with which outcome of psychotherapy, and what goes with termination.",
        epilog=_OVERVIEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_study(commands)
    _add_run(commands)
    _add_lab(commands)
    _add_export(commands)
    _add_safeguards(commands)
    _add_completion(commands)
    return top


def _add(commands: Commands, name: str, what: str, examples: str) -> argparse.ArgumentParser:
    """A command with its line in the overview, and examples of what is typed and what it is for."""
    lines = [line.partition("  # ") for line in examples.strip().splitlines()]
    width = max(len(typed) for typed, _, why in lines if why)
    shown = "\n".join(f"  {typed:<{width}}   {why}".rstrip() for typed, _, why in lines)
    return commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=f"examples:\n{shown}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


_NEW = """
themewave new my_study  # beside where you are now
themewave new ~/studies/helpfulness
"""
_CHECK = """
themewave check my_study
themewave check my_study --wave 2024a  # one wave alone
themewave check my_study --json > problems.json  # for a script
"""
_IMPORT = """
themewave import project.qdpx --study my_study --wave 2024b
themewave import segments.xlsx --study my_study --wave 2024b --dry-run  # look first
themewave import answers.csv --study my_study --wave 2024b --format survey
"""


def _add_study(commands: Commands) -> None:
    """What makes and fills a study."""
    new = _add(commands, "new", "make a study folder to fill in", _NEW)
    new.add_argument("folder", metavar="DIR", help="folder that does not exist yet")
    new.set_defaults(command=_new)

    check = _add(commands, "check", "list every problem in every file", _CHECK)
    check.add_argument("study", metavar="STUDY", help="study folder")
    check.add_argument("--wave", action="append", metavar="W", help="only this wave (may be repeated)")
    check.add_argument("--json", action="store_true", help="machine-readable output")
    check.set_defaults(command=_check)

    what = "turn the export of a coding program into the tables of a wave, with a report of what happened"
    importing = _add(commands, "import", what, _IMPORT)
    importing.add_argument("source", metavar="SOURCE", help="the exported file")
    importing.add_argument("--study", required=True, metavar="STUDY", help="study folder")
    importing.add_argument("--wave", required=True, metavar="W", help="wave that the file becomes")
    importing.add_argument("--format", metavar="F", help="format, where the file does not show it")
    importing.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
    importing.set_defaults(command=_import)


_RUN = """
themewave run  # the synthetic example
themewave run my_study  # every wave that is not current
themewave run my_study --wave 2024b  # one wave
themewave run my_study --profile internal --out ~/ours  # for the team, elsewhere
themewave run my_study --pdf  # printed too
"""
_STATUS = """
themewave status my_study
themewave status my_study --out ~/ours  # where `run` was told the same
"""


def _add_run(commands: Commands) -> None:
    """What writes reports, and says which are current."""
    run = _add(commands, "run", "check, execute the notebooks and write one report per wave", _RUN)
    run.add_argument("study", metavar="STUDY", nargs="?", help="study folder; none for the synthetic example")
    run.add_argument("--wave", action="append", metavar="W", help="only this wave (may be repeated)")
    run.add_argument(
        "--profile",
        default="coauthor",
        help="coauthor (default), internal or public: who the report is for decides what it may hold",
    )
    run.add_argument("--out", metavar="DIR", help="where reports go; default STUDY/reports")
    where = run.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="kernels at once on this machine; default one per core, at most 4",
    )
    where.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask cluster that does the work, such as tcp://host:8786"
    )
    run.add_argument("--force", action="store_true", help="run everything again, current or not")
    run.add_argument(
        "--release-anyway",
        metavar="REASON",
        help="write a report that differs from an earlier one by a few people; the reason is kept",
    )
    run.add_argument(
        "--pdf", action="store_true", help="also print each report to report.pdf, where Chromium is installed"
    )
    run.set_defaults(command=_run)

    status = _add(commands, "status", "say which waves are built and from what", _STATUS)
    status.add_argument(
        "study", metavar="STUDY", nargs="?", help="study folder; none for the synthetic example"
    )
    status.add_argument("--out", metavar="DIR", help="where reports are; default STUDY/reports")
    status.add_argument("--json", action="store_true", help="machine-readable output")
    status.set_defaults(command=_status)


_LAB = """
themewave lab  # the synthetic example
themewave lab my_study  # its last wave
themewave lab my_study --wave 2024b --notebook 03  # one notebook of one wave
themewave lab my_study --no-browser --port 8899  # on another machine, reached by ssh -L 8899:localhost:8899
"""


def _add_lab(commands: Commands) -> None:
    what = "open JupyterLab on the notebooks, set to a study and a wave"
    lab = _add(commands, "lab", what, _LAB)
    lab.add_argument("study", metavar="STUDY", nargs="?", help="study folder; none for the synthetic example")
    lab.add_argument("--wave", metavar="W", help="which wave; none for the last one of study.yaml")
    lab.add_argument("--notebook", metavar="NAME", help="which notebook to open first, such as 03")
    lab.add_argument(
        "--out", metavar="DIR", help="where the copies of the notebooks go; default STUDY/notebooks"
    )
    lab.add_argument("--no-browser", action="store_true", help="open no browser; the address is printed")
    lab.add_argument(
        "--port", type=int, metavar="P", help="port on this machine; none for a free one from 8888 on"
    )
    lab.set_defaults(command=_lab)


_EXPORT = """
themewave export my_study --wave 2024a --format sav  # for SPSS
themewave export my_study --wave 2024a --format r --profile coauthor
themewave export my_study --wave 2024a --format xlsx --profile public --out for_the_journal.xlsx
themewave export my_study --wave 2024a --format refi-qda  # for a coding program
themewave export my_study --format refi-codebook  # the codebook alone
"""
_ON_R = "The script of --format r runs with `Rscript FILE.R`: it makes the main table again and compares every number."


def _add_export(commands: Commands) -> None:
    what = "take a wave to SPSS, R, Excel or a coding program"
    export = _add(commands, "export", what, _EXPORT)
    export.epilog = f"{export.epilog}\n\n{_ON_R}"
    export.add_argument("study", metavar="STUDY", help="study folder")
    export.add_argument("--wave", metavar="W", help="which wave; the codebook is the study's and needs none")
    export.add_argument(
        "--format",
        required=True,
        metavar="F",
        help="csv, xlsx, parquet, sav or r (participants by themes, with labels); refi-qda or refi-codebook",
    )
    export.add_argument(
        "--out", metavar="FILE", help="a file that does not exist yet; default in STUDY/exports"
    )
    export.add_argument(
        "--profile",
        default="internal",
        help="who a table is for: internal (default; everybody, exact, for the team alone), coauthor or public"
        " (no more than may leave)",
    )
    export.add_argument(
        "--reports",
        metavar="DIR",
        help="the --out of `themewave run`, for readers who get what their report holds; default STUDY/reports",
    )
    export.set_defaults(command=_export)


_VERIFY = """
themewave verify my_study/reports/helpfulness/2024a --study my_study  # one wave
themewave verify my_study/reports/helpfulness --hashes-only  # quickly, all waves
"""
_DOCTOR = """
themewave doctor  # the machine alone
themewave doctor my_study  # and the place where the study lies
"""
_GUARD = """
themewave guard  # everything that git tracks here
themewave guard --install --study my_study  # before every commit, from now on
themewave guard notes.md slides --study my_study  # some files
"""


def _add_safeguards(commands: Commands) -> None:
    """What only looks: at a report, at this machine, at a repository."""
    what = "check every file of a report by its hash, run it again and compare every number"
    verify = _add(commands, "verify", what, _VERIFY)
    verify.add_argument(
        "report", metavar="REPORT_DIR", help="folder of a wave's report, or that of all waves"
    )
    verify.add_argument("--study", metavar="STUDY", help="the study that it was made from")
    verify.add_argument("--hashes-only", action="store_true", help="the quick form: run nothing again")
    verify.add_argument("--json", action="store_true", help="machine-readable output")
    verify.set_defaults(command=_verify)

    what = "say what about this machine endangers a study: Jupyter, rights, versions, disk, git"
    doctor = _add(commands, "doctor", what, _DOCTOR)
    doctor.add_argument("study", metavar="STUDY", nargs="?", help="study folder; none for the machine alone")
    doctor.add_argument("--json", action="store_true", help="machine-readable output")
    doctor.set_defaults(command=_doctor)

    what = "look for outputs, ids, quotes and data of participants in what git would commit"
    guard = _add(commands, "guard", what, _GUARD)
    guard.add_argument(
        "paths", metavar="PATHS", nargs="*", help="files or folders; none for all that is tracked"
    )
    guard.add_argument(
        "--study",
        action="append",
        default=[],
        metavar="STUDY",
        help="look for its ids and quotes (may be repeated)",
    )
    guard.add_argument(
        "--install", action="store_true", help="do this before every commit of the repository that you are in"
    )
    guard.add_argument("--json", action="store_true", help="machine-readable output")
    guard.set_defaults(command=_guard)


_COMPLETION = """
echo 'eval "$(themewave completion bash)"' >> ~/.bashrc  # from the next bash on
echo 'eval "$(themewave completion zsh)"' >> ~/.zshrc  # after compinit
themewave completion fish > ~/.config/fish/completions/themewave.fish
"""


def _add_completion(commands: Commands) -> None:
    what = "print what lets a shell complete commands, options, waves, profiles and formats with the Tab key"
    completion = _add(commands, "completion", what, _COMPLETION)
    completion.add_argument("shell", choices=SHELLS, help="which shell you type in")
    completion.set_defaults(command=_completion)


def _new(options: argparse.Namespace) -> int:
    from analysis_lib.commands.new import new  # noqa: PLC0415

    return new(options.folder)


def _check(options: argparse.Namespace) -> int:
    from analysis_lib.commands.check import check  # noqa: PLC0415

    return check(options.study, options.wave, as_json=options.json)


def _import(options: argparse.Namespace) -> int:
    from analysis_lib.commands.import_project import import_project  # noqa: PLC0415

    return import_project(
        options.source, options.study, options.wave, file_format=options.format, dry_run=options.dry_run
    )


def _run(options: argparse.Namespace) -> int:
    from analysis_lib.commands.run import run  # noqa: PLC0415

    code = run(
        options.study,
        options.wave,
        profile=options.profile,
        out=options.out,
        jobs=options.jobs,
        scheduler=options.scheduler,
        force=options.force,
        release_anyway=options.release_anyway,
    )
    if options.pdf:
        from analysis_lib.commands.pdf import print_reports  # noqa: PLC0415

        print_reports(options.study, options.wave, out=options.out)
    return code


def _lab(options: argparse.Namespace) -> int:
    from analysis_lib.commands.lab import lab  # noqa: PLC0415

    return lab(
        options.study,
        options.wave,
        notebook=options.notebook,
        out=options.out,
        browser=not options.no_browser,
        port=options.port,
        debug=options.debug,
    )


def _export(options: argparse.Namespace) -> int:
    from analysis_lib.commands.export import export  # noqa: PLC0415

    return export(
        options.study,
        options.wave,
        format_name=options.format,
        out=options.out,
        profile=options.profile,
        reports=options.reports,
    )


def _status(options: argparse.Namespace) -> int:
    from analysis_lib.commands.status import status  # noqa: PLC0415

    return status(options.study, options.out, as_json=options.json)


def _verify(options: argparse.Namespace) -> int:
    from analysis_lib.commands.verify import verify  # noqa: PLC0415

    return verify(options.report, options.study, hashes_only=options.hashes_only, as_json=options.json)


def _doctor(options: argparse.Namespace) -> int:
    from analysis_lib.commands.doctor import doctor  # noqa: PLC0415

    return doctor(options.study, as_json=options.json)


def _guard(options: argparse.Namespace) -> int:
    from analysis_lib.commands.guard import guard  # noqa: PLC0415

    return guard(options.paths, studies=options.study, install=options.install, as_json=options.json)


def _completion(options: argparse.Namespace) -> int:
    from analysis_lib.commands.completion import completion  # noqa: PLC0415

    return completion(options.shell)
