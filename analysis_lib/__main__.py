"""The commands: ``themewave new | check | import | run | export | status | verify | doctor | guard``.

A researcher's mistake gives sentences and exit code 1, never a traceback; a bug keeps its traceback.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

from analysis_lib.errors import Finding, StudyError


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    A letter that the terminal cannot show is written as its code, so that no message is lost to it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not where somebody has put another object in its place
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(words)
    try:
        return int(options.command(options))
    except StudyError as error:
        if options.debug:
            raise
        for finding in error.findings:
            print(finding, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        what = "it was stopped before its end."
        fix = "Run it again. What was finished is complete, and everything else is as it was before."
        print(Finding("stop", "O24", "themewave", what, fix), file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except OSError as error:
        from analysis_lib.disk_trouble import trouble  # noqa: PLC0415

        told = trouble(error, "themewave")
        if told is None or options.debug:
            raise
        print(told, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="themewave",
        description="Which coded themes go with which outcome of psychotherapy, and what goes with termination.",
        epilog="Without a study, `themewave run` reports on the synthetic example.",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    new = commands.add_parser("new", help="make a study folder to fill in", epilog="themewave new my_study")
    new.add_argument("folder", metavar="DIR", help="folder that does not exist yet")
    new.set_defaults(command=_new)

    check = commands.add_parser(
        "check", help="list every problem in every file", epilog="themewave check my_study --wave 2024a"
    )
    check.add_argument("study", metavar="STUDY", help="study folder")
    check.add_argument("--wave", action="append", metavar="W", help="only this wave (may be repeated)")
    check.add_argument("--json", action="store_true", help="machine-readable output")
    check.set_defaults(command=_check)

    importing = commands.add_parser(
        "import",
        help="turn the export of a coding program into the tables of a wave, with a report of what happened",
        epilog="themewave import project.qdpx --study my_study --wave 2024b",
    )
    importing.add_argument("source", metavar="SOURCE", help="the exported file")
    importing.add_argument("--study", required=True, metavar="STUDY", help="study folder")
    importing.add_argument("--wave", required=True, metavar="W", help="wave that the file becomes")
    importing.add_argument("--format", metavar="F", help="format, where the file does not show it")
    importing.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
    importing.set_defaults(command=_import)

    run = commands.add_parser(
        "run",
        help="check, execute the notebooks and write one report per wave",
        epilog="themewave run my_study --wave 2024b --profile internal",
    )
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

    export = commands.add_parser(
        "export",
        help="write a wave or the codebook in another program's format",
        epilog="themewave export my_study --wave 2024a --format refi-qda",
    )
    export.add_argument("study", metavar="STUDY", help="study folder")
    export.add_argument("--wave", metavar="W", help="which wave; the codebook is the study's and needs none")
    export.add_argument(
        "--format", required=True, metavar="F", help="what to write, such as refi-qda or refi-codebook"
    )
    export.add_argument(
        "--out", metavar="FILE", help="a file that does not exist yet; default in STUDY/exports"
    )
    export.set_defaults(command=_export)

    status = commands.add_parser(
        "status", help="say which waves are built and from what", epilog="themewave status my_study"
    )
    status.add_argument(
        "study", metavar="STUDY", nargs="?", help="study folder; none for the synthetic example"
    )
    status.add_argument("--out", metavar="DIR", help="where reports are; default STUDY/reports")
    status.add_argument("--json", action="store_true", help="machine-readable output")
    status.set_defaults(command=_status)
    _add_safeguards(commands)
    return parser


def _add_safeguards(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands that only look: at a report, at this machine, at a repository."""
    verify = commands.add_parser(
        "verify",
        help="check every file of a report by its hash, run it again and compare every number",
        epilog="themewave verify my_study/reports/my-study/2024a --study my_study",
    )
    verify.add_argument(
        "report", metavar="REPORT_DIR", help="folder of a wave's report, or that of all waves"
    )
    verify.add_argument("--study", metavar="STUDY", help="the study that it was made from")
    verify.add_argument("--hashes-only", action="store_true", help="the quick form: run nothing again")
    verify.add_argument("--json", action="store_true", help="machine-readable output")
    verify.set_defaults(command=_verify)

    doctor = commands.add_parser(
        "doctor",
        help="say what about this machine endangers a study: Jupyter, rights, versions, disk, git",
        epilog="themewave doctor my_study",
    )
    doctor.add_argument("study", metavar="STUDY", nargs="?", help="study folder; none for the machine alone")
    doctor.add_argument("--json", action="store_true", help="machine-readable output")
    doctor.set_defaults(command=_doctor)

    guard = commands.add_parser(
        "guard",
        help="look for outputs, ids, quotes and data of participants in what git would commit",
        epilog="themewave guard --install --study my_study",
    )
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


# Each command imports what it needs when it is called, so that `--help` answers at once.


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


def _export(options: argparse.Namespace) -> int:
    from analysis_lib.commands.export import export  # noqa: PLC0415

    return export(options.study, options.wave, format_name=options.format, out=options.out)


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


if __name__ == "__main__":
    sys.exit(main())
