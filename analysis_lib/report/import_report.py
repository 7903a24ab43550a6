"""What did an import read, guess, merge, drop and leave without an owner?

The same facts twice: as JSON for programs and as one page for the team. Counts found in the file and counts in the
wave stand beside each other and reconcile; nothing is left out without a line. The page holds ids and stays in the
study.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis_lib.formatted import printable
from analysis_lib.imported_wave import ImportedWave
from analysis_lib.importers import IMPORTERS

_HERE = Path(__file__).parent
_MOST_IDS = 40
_KINDS = ("codes", "sources", "cases", "codings")


def import_facts(wave: ImportedWave, source: Path) -> dict[str, Any]:
    """Everything that the report says, as plain lists and dicts.

    Parameters
    ----------
    wave
        The tables and how they came about.
    source
        The file that was imported.
    """
    project, importer = wave.project, IMPORTERS[wave.project.format]
    return {
        "format": project.format,
        "title": importer.title,
        "origin": project.origin,
        "source_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "found": {kind: project.found.get(kind, 0) for kind in _KINDS},
        "read": {kind: len(getattr(project, kind)) for kind in _KINDS},
        "unaccounted": project.unreconciled(),
        "rows": {name: len(rows) for name, rows in wave.tables.items()},
        "untagged": len(project.untagged),
        "coders": len(wave.map.coders),
        "dates": _dates(wave),
        "remarks": [
            {
                "what": remark.what,
                "kind": remark.kind,
                "text": remark.text,
                "n": remark.n,
                "confidence": remark.confidence,
                "ids": list(remark.ids[:_MOST_IDS]),
                "more": max(0, len(remark.ids) - _MOST_IDS),
            }
            for remark in wave.remarks
        ],
        "offsets": [
            {
                "source": rule.source,
                "rule": rule.rule,
                "score": rule.score,
                "runner_up": rule.runner_up,
                "n": rule.n,
            }
            for rule in project.offsets
        ],
        "codes": [
            {"path": code.path, "code_id": code.code_id, "how": code.how, "n_codings": code.n_codings}
            for code in wave.codes
        ],
        "added": [row["id"] for row in wave.added],
        "carries": list(importer.carries),
        "loses": list(importer.loses),
    }


def _dates(wave: ImportedWave) -> dict[str, str]:
    """First and last day of coding, where the file says so."""
    days = sorted(coding.coded_at[:10] for coding in wave.project.codings if coding.coded_at)
    return {"first": days[0], "last": days[-1]} if days else {}


def render_import_report(facts: dict[str, Any], *, study: str, wave: str) -> str:
    """The facts as a complete HTML page."""
    style = Markup((_HERE / "style.css").read_text(encoding="utf-8"))
    page = _PAGES.get_template("import_report.html.j2").render(style=style, study=study, wave=wave, **facts)
    return printable(page)


_PAGES = Environment(
    loader=FileSystemLoader(_HERE, encoding="utf-8"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
