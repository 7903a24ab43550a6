"""``themewave run --pdf``: a PDF beside each report, printed by a headless Chromium where one is installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from analysis_lib.commands.places import reports_folder, study_folder
from analysis_lib.report.pdf import write_pdf
from analysis_lib.study import load_study


def print_reports(given: str | None, waves: Sequence[str] | None, *, out: str | None) -> None:
    """Write ``report.pdf`` beside every ``report.html`` that has none as new as itself; says why where it cannot."""
    study = load_study(study_folder(given))
    reports = reports_folder(study, out)
    for wave in waves or study.waves:
        page, pdf = reports / wave / "report.html", reports / wave / "report.pdf"
        if not page.is_file() or (pdf.is_file() and pdf.stat().st_mtime_ns >= page.stat().st_mtime_ns):
            continue
        problem = write_pdf(page, pdf)
        if problem is not None:
            print(problem, file=sys.stderr)
            return
        print(f"  {wave}  report.pdf")
