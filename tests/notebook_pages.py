"""The report of a study as the committed notebooks would make it, without a kernel.

The cells of every notebook that a run executes are run in this process, on a study that a test has changed as it likes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import nbformat

from analysis_lib.display import Shown, ShownTogether
from analysis_lib.payload import Payload
from analysis_lib.release import Rules, release
from analysis_lib.report.html import Section, Stamp, render_report
from analysis_lib.runner.notebooks import IN_RUN, NOTEBOOKS
from analysis_lib.study import Study

Notebook = tuple[str, str, tuple[str | Payload, ...]]  # number, title, parts


def executed(study: Study, wave: str) -> list[Notebook]:
    """Prose and payloads of every notebook of a run, in order."""
    return [_one(name, study, wave) for name in IN_RUN]


def page_of(notebooks: list[Notebook], study: Study, wave: str, rules: Rules) -> str:
    """report.html of these notebooks behind a door."""
    exact = [part for _, _, parts in notebooks for part in parts if isinstance(part, Payload)]
    released = iter(release(exact, rules).payloads)
    sections = [
        Section(number, title, tuple(part if isinstance(part, str) else next(released) for part in parts))
        for number, title, parts in notebooks
    ]
    payloads = (part for section in sections for part in section.parts if isinstance(part, Payload))
    cover = next(payload for payload in payloads if payload.template == "cover")
    stamp = Stamp(study.name, wave, rules.profile, rules.counts, study.privacy.reason, "a1b2c3", ())
    return render_report(sections, cover=cover, stamp=stamp)


def _one(name: str, study: Study, wave: str) -> Notebook:
    title, parts = "", []
    space: dict[str, Any] = {}
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown" and "notebook-only" not in tags:
            text = cell.source
            if not title and text.startswith("# "):
                title, _, text = text[2:].partition("\n")
            parts += [text.strip()] if text.strip() else []
        elif cell.cell_type == "code":
            found = list(_payloads(_last_value(cell.source, space)))
            if "parameters" in tags:
                space |= {"study": study, "wave": wave, "results_dir": ""}
            parts += found if "notebook-only" not in tags else []
    return name[:2], title.strip(), tuple(parts)


def _last_value(source: str, space: dict[str, Any]) -> object:
    """Run a cell; what its last line evaluates to, None where that is a statement."""
    lines = ast.parse(source).body
    last = lines.pop() if lines and isinstance(lines[-1], ast.Expr) else None
    exec(compile(ast.Module(lines, []), "cell", "exec"), space)
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), space)


def _payloads(value: object) -> Iterator[Payload]:
    if isinstance(value, ShownTogether):
        yield from (part.payload for part in value.parts)
    elif isinstance(value, Shown):
        yield value.payload
