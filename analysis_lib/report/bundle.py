"""What does the folder of a wave hold that may be sent?

Everything in it is made from payloads after the door: the report, the tidy tables and the figures. Exact
copies lie under ``internal/`` and are never part of what is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from analysis_lib import figures
from analysis_lib.payload import SIGNIFICANT_DIGITS, Payload, Value, digest
from analysis_lib.release import Released, Rules
from analysis_lib.report.back_matter import back_matter, write_back_matter
from analysis_lib.report.docx import tables_document
from analysis_lib.report.html import Section, Stamp, render_report
from analysis_lib.report.pictures import png, svg
from analysis_lib.report.results_draft import results_document
from analysis_lib.report.table_files import write_table_files
from analysis_lib.result_files import result_files, write_csv
from analysis_lib.wave import Wave

# number, title and parts of one executed notebook
Notebook = tuple[str, str, tuple[str | Payload, ...]]


def payloads_of(notebooks: Sequence[Notebook]) -> list[Payload]:
    """Everything that has to pass the door, in order."""
    return [part for _, _, parts in notebooks for part in parts if isinstance(part, Payload)]


def write_bundle(
    folder: Path,
    notebooks: Sequence[Notebook],
    wave: Wave,
    released: Released,
) -> dict[str, int]:
    """Write report, tables and figures of a wave.

    Parameters
    ----------
    folder
        The staged folder of the wave.
    notebooks
        What the executed notebooks hold, in order.
    wave
        The wave, for what its study says about the release.
    released
        The payloads of :func:`payloads_of` after the door.

    Returns
    -------
    dict
        How many cells, estimates and quotes the door changed or kept.
    """
    rules = released.rules
    after = iter(released.payloads)
    sections = [
        Section(number, title, tuple(part if isinstance(part, str) else next(after) for part in parts))
        for number, title, parts in notebooks
    ]
    cover = next(payload for payload in released.payloads if payload.template == "cover")
    stamp = Stamp(
        study=wave.study.name,
        wave=wave.id,
        profile=rules.profile,
        counts_rule=rules.counts,
        counts_reason=wave.study.privacy.reason if rules.counts == wave.study.privacy.counts else "",
        report_id=report_id(released.payloads),
        changed=_changed(released, rules),
    )
    back = back_matter(sections, cover=cover, stamp=stamp)
    write_back_matter(folder, back)
    page = render_report(sections, cover=cover, stamp=stamp, back=back)
    (folder / "report.html").write_text(page, encoding="utf-8", newline="\n")
    lines, foot = _said_of(stamp, cover), _foot(stamp, cover)
    tables = tables_document(sections, title=cover.facts["title"], lines=lines, foot=foot)
    (folder / "tables.docx").write_bytes(tables)
    (folder / "results_draft.docx").write_bytes(
        results_document(sections, cover=cover, back=back, lines=lines, foot=foot)
    )
    write_table_files(folder / "tables", sections)
    _write_tables(folder / "results", released.payloads)
    _write_figures(folder / "figures", released.payloads)
    return {
        "counts_rounded": released.n_rounded,
        "estimates_withheld": released.n_estimates_withheld,
        "quotes_withheld": released.n_quotes_withheld,
        "quotes_translated": len(_translations(released.payloads)),
    }


def _translations(payloads: Sequence[Payload]) -> dict[Value, bool]:
    """Released quotes that were translated, and whether the original words stand beside them."""
    tables = [
        table for payload in payloads for table in payload.tables.values() if "translator" in table.kinds
    ]
    return {
        row["quote"]: row["text_original"] is not None
        for table in tables
        for row in (dict(zip(table.kinds, values, strict=True)) for values in table.rows)
        if row["translator"] is not None
    }


def _said_of(stamp: Stamp, cover: Payload) -> list[str]:
    """What stands below the title of the Word files."""
    said = [
        f"Wave {stamp.wave}, report {stamp.report_id}, profile {stamp.profile}, counts {stamp.counts_rule}."
    ]
    said += ["SYNTHETIC data: no person stands behind any number."] if cover.facts["synthetic"] else []
    return said + list(stamp.changed)


def _foot(stamp: Stamp, cover: Payload) -> str:
    """What stands at the foot of every page of the Word files, as on a printed page of the report."""
    marks = ["INTERNAL"] if stamp.profile == "internal" else []
    marks += ["SYNTHETIC"] if cover.facts["synthetic"] else []
    return " · ".join([*marks, f"{stamp.study}, wave {stamp.wave}, report {stamp.report_id}"])


def report_id(payloads: Sequence[Payload]) -> str:
    """A short name for exactly this content."""
    return hashlib.sha256("\n".join(map(digest, payloads)).encode("utf-8")).hexdigest()[:10]


def _changed(released: Released, rules: Rules) -> tuple[str, ...]:
    """What the door changed, as sentences."""
    said = [rules.instead] if rules.instead else []
    if released.n_rounded and rules.rounds:
        said.append(
            f"Numbers of people are rounded ({rules.counts}) before anything is derived from them;"
            " p-values are given as bands."
        )
    elif released.n_rounded:
        said.append(
            f"Numbers of fewer than {rules.minimum_count} people are withheld, with others from which they could be"
            " worked out; what is left is exact and was audited by linear programming. p-values are given as bands."
        )
    if released.audit.withheld and rules.rounds:
        said.append("Some further numbers are withheld, since small ones could be worked out from them.")
    if released.n_estimates_withheld:
        said.append(
            f"Model estimates withheld, with fewer than {rules.minimum_count} people in a cell behind them:"
            f" {released.n_estimates_withheld}."
        )
    if released.n_quotes_withheld:
        n = released.n_quotes_withheld
        said.append(f"{n} quote{'s' * (n > 1)} with consent withheld until reviewed.")
    translations = _translations(released.payloads)
    if translations:
        n, beside = len(translations), sum(translations.values())
        said.append(
            f"Quotes that are translations: {n}, with their original words beside {beside} of them; each names its"
            " translator."
        )
    if not rules.exact:
        said.append(
            "At most two quotes of a theme and outcome group leave, since all of them could be counted."
        )
    if rules.pseudonym_key is not None:
        said.append("Study ids are replaced by keyed pseudonyms that stay the same over waves.")
    return tuple(said)


def _write_tables(folder: Path, payloads: Sequence[Payload]) -> None:
    folder.mkdir()
    for payload in payloads:
        for name, frame in result_files(payload).items():
            write_csv(folder / name, frame, significant_digits=SIGNIFICANT_DIGITS)


def _write_figures(folder: Path, payloads: Sequence[Payload]) -> None:
    folder.mkdir()
    for payload in payloads:
        if payload.shape == "figure" and figures.can_draw(payload) is None:
            (folder / f"{payload.template}.svg").write_text(svg(payload), encoding="utf-8")
            (folder / f"{payload.template}.png").write_bytes(png(payload))
