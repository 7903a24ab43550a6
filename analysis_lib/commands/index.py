"""Which waves of a study have a report? The page that says so lies beside them."""

from __future__ import annotations

from pathlib import Path

from analysis_lib.report.html import IndexRow, render_index
from analysis_lib.runner.manifest import read_manifest
from analysis_lib.study import Study, load_wave_facts
from analysis_lib.whole_files import write_whole

READERS = {"coauthor": "for co-authors", "internal": "INTERNAL, for the team", "public": "public"}


def write_index(reports: Path, study: Study) -> None:
    """Write index.html below OUT/<study>/ from the manifests that are there."""
    rows = []
    for wave in study.waves:
        manifest = read_manifest(reports / wave)
        look = f"{load_wave_facts(study.folder, wave).look} of {study.planned_looks}"
        if manifest is None:
            rows.append(IndexRow(wave, look, "no report yet", "", ""))
        else:
            # An exact number of people may stand here only where exact counts may leave.
            people = f"{manifest['n_analysed']:,}" if manifest["counts_rule"] == "exact" else ""
            status = READERS[manifest["profile"]]
            rows.append(IndexRow(wave, look, status, people, f"{wave}/report.html"))
    page = render_index(study.title, study.synthetic, rows)
    write_whole(reports / "index.html", page)
