"""How does somebody look around in a wave with the mouse, and read the words behind a number?

One widget: what is chosen goes to Python, and the counts of :mod:`analysis_lib.explore` come back. Words of
participants travel only as messages, when a cell is clicked: they are in no state of the widget and in no output of the
notebook, so that saving either saves none.

References: anywidget documentation, "Sending custom messages"; Jupyter Widgets documentation, "Widget state".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import traitlets
from anywidget import AnyWidget

from analysis_lib.errors import StudyError
from analysis_lib.explore import OUTCOME, Base, Choice, Explorable, Exploration, Unit
from analysis_lib.explored_quotes import quotes_behind
from analysis_lib.figures.style import group_styles
from analysis_lib.quantitize import ALL
from analysis_lib.study import Study, load_study
from analysis_lib.wave import load_wave

_HERE = Path(__file__).parent

_RULES = {
    "exact": "counts as they are",
    "midpoint6": "every count rounded to the middle of six",
    "suppress7_round5": "counts below seven withheld, the others rounded to fives",
    "exact_audited": "small counts withheld",
}


def explorer(study: Study | str | Path, wave: str | None = None) -> Explorer:
    """Look around in a study with the mouse: choose, compare, click a number and read the words behind it.

    Parameters
    ----------
    study
        A loaded study or its folder.
    wave
        Wave to begin with; None for the last.

    Returns
    -------
    Explorer
        A widget for JupyterLab. ``explorer(...).explored`` is the result that is on the screen.

    Raises
    ------
    StudyError
        If the study or the wave cannot be used.

    Examples
    --------
    >>> import analysis_lib as al
    >>> looking = al.explorer(al.EXAMPLE_STUDY, "2024a")
    >>> looking.explored.n_groups
    (92, 37, 19, 31)
    """
    return Explorer(study, wave)


class Explorer(AnyWidget):
    """The widget behind :func:`explorer`.

    Attributes
    ----------
    explored : Exploration
        What is on the screen.
    code : str
        The two lines that make the same result in a cell of their own.
    at_once : int
        How many quotes are shown together.
    """

    at_once = 25
    _esm = _HERE / "explorer.js"
    _css = _HERE / "explorer.css"
    offered = traitlets.Dict().tag(sync=True)
    choice = traitlets.Dict().tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)

    def __init__(self, study: Study | str | Path, wave: str | None = None) -> None:
        self._loaded: dict[tuple[str, str], Explorable] = {}
        known = study if isinstance(study, Study) else load_study(study)
        self._on_screen: dict[str, Any] = {}
        self._studies = {str(known.folder if isinstance(study, Study) else study): known}
        self.explored: Exploration
        self.code = ""
        super().__init__()
        self._choose({"study": next(iter(self._studies)), "wave": wave or known.waves[-1]})
        self.observe(self._chosen, "choice")
        self.on_msg(self._asked)

    def __repr__(self) -> str:
        choice = self.choice
        return (
            f"Explorer of wave {choice['wave']}: it works where widgets do, as in JupyterLab. No quote is saved with"
            " this notebook."
        )

    def _chosen(self, change: dict[str, Any]) -> None:
        """What was chosen in the browser; where it cannot be shown, a sentence says why and everything stays."""
        if change["new"] == self._on_screen:
            return
        try:
            self._choose(change["new"])
        except StudyError as error:
            self._refuse([f"{f.what} {f.fix}" for f in error.findings if f.level == "stop"])
        except ValueError as error:
            self._refuse([str(error)])

    def _refuse(self, sentences: list[str]) -> None:
        self.choice = self._on_screen
        self.shown = {**self.shown, "refused": sentences}

    def _choose(self, asked: dict[str, Any]) -> None:
        explorable = self._explorable(asked["study"], asked.get("wave"))
        wave = explorable.wave
        where = {"study": asked["study"], "wave": wave.id}
        if not self.offered or where != {name: self.offered[name] for name in where}:
            self.offered = where | _offered(explorable)
            asked = where | _still_there(asked, explorable)
        by = asked.get("by", OUTCOME)
        self.explored = explorable.explore(
            by=by,
            groups=asked.get("groups") or None,
            reference=asked.get("reference") or None,
            themes=asked.get("themes"),
            unit=asked.get("unit", "participant"),
            base=asked.get("base"),
            where=asked.get("where") or {},
        )
        choice = self.explored.choice
        self.code = code_of(asked["study"], wave.id, explorable, choice)
        self._on_screen = where | {
            "by": choice.by,
            "groups": list(choice.groups),
            "reference": choice.reference,
            "themes": list(choice.themes),
            "unit": choice.unit,
            "base": choice.base,
            "where": {column: list(levels) for column, levels in choice.where.items()},
        }
        self.choice = self._on_screen
        self.shown = _shown(self.explored) | {"code": self.code, "refused": []}

    def _explorable(self, folder: str, wave: str | None) -> Explorable:
        """The wave, counted once; a study that is named anew is read."""
        if folder not in self._studies:
            self._studies[folder] = load_study(folder)
        study = self._studies[folder]
        name = wave if wave in study.waves else study.waves[-1]
        if (folder, name) not in self._loaded:
            self._loaded[folder, name] = Explorable(load_wave(study, name))
        return self._loaded[folder, name]

    def _asked(self, _: object, content: dict[str, Any], __: object) -> None:
        """A cell was clicked: its quotes go to the browser, some at a time."""
        theme, group, start = content["theme"], content["group"], int(content.get("start", 0))
        rows = quotes_behind(self.explored, theme, group, start=start, at_most=self.at_once).astype(object)
        table = self.explored.table
        behind = table[(table["theme_id"] == theme) & (table["group"] == group)].iloc[0]
        self.send(
            {
                "theme": theme,
                "group": group,
                "start": start,
                "n": int(behind["n_segments"]),
                "n_people": int(behind["n_people"]),
                "quotes": rows.where(rows.notna(), None).to_dict("records"),
            }
        )


def _still_there(asked: dict[str, Any], explorable: Explorable) -> dict[str, Any]:
    """What of a choice another wave can be asked for too."""
    kept: dict[str, Any] = {name: asked[name] for name in ("unit", "base") if name in asked}
    if asked.get("by") in explorable.groupings:
        kept["by"] = asked["by"]
    return kept


def code_of(folder: str, wave: str, explorable: Explorable, choice: Choice) -> str:
    """The two lines that make what is on the screen; whatever is as it would be anyway is left out."""
    standing = explorable.explore(by=choice.by, groups=choice.groups).choice
    asked: dict[str, object] = {}
    if choice.by != OUTCOME:
        asked["by"] = choice.by
    if choice.groups != tuple(explorable.groupings[choice.by].labels):
        asked["groups"] = list(choice.groups)
    for name in ("reference", "unit", "base"):
        if getattr(choice, name) != getattr(standing, name):
            asked[name] = getattr(choice, name)
    if choice.themes != standing.themes:
        asked["themes"] = list(choice.themes)
    if choice.where:
        asked["where"] = {column: list(levels) for column, levels in choice.where.items()}
    words = "".join(f", {name}={value!r}" for name, value in asked.items())
    views = '"shares", "dots", "differences"' if choice.unit == "participant" else '"shares"'
    return (
        f"explored = al.explore_themes(al.load_wave({folder!r}, {wave!r}){words})\nal.show(explored, {views})"
    )


def _offered(explorable: Explorable) -> dict[str, Any]:
    """What can be chosen in a wave."""
    study, codebook = explorable.wave.study, explorable.wave.study.codebook
    themes = set(explorable.matrix.themes)
    privacy = study.privacy
    released = "quotes that a reviewer released" if privacy.quotes == "reviewed" else "quotes with consent"
    return {
        "title": study.title,
        "synthetic": study.synthetic,
        "waves": list(study.waves),
        "groupings": [
            {"column": each.column, "title": each.title, "levels": list(each.labels.items())}
            for each in explorable.groupings.values()
        ],
        "themes": [
            {
                "id": each.id,
                "label": each.label,
                "depth": codebook.depth(each.id),
                "above": codebook.ancestors(each.id),
            }
            for each in codebook
            if each.id in themes
        ],
        "units": list(get_args(Unit)),
        "bases": list(get_args(Base)),
        "margin": study.smallest_difference,
        "minimum": privacy.minimum_count,
        "profile": (
            "You see profile internal: exact numbers and every word, for the team only. A report for co-authors has"
            f" {_RULES[privacy.counts]}, and {released}."
        ),
    }


def _shown(explored: Exploration) -> dict[str, Any]:
    """Counts, shares and differences for the browser; no word of a participant."""
    choice, labels = explored.choice, explored.grouping.labels
    styles = group_styles(list(labels))
    sizes = dict(zip(choice.groups, explored.n_groups, strict=True))
    groups = [
        {"id": name, "label": labels[name], "n": n, "colour": styles[name][0], "marker": styles[name][1]}
        for name, n in sizes.items()
    ]
    cell = ("n_with_theme", "n_total", "share", "conf_low", "conf_high", "n_people", "n_segments")
    cells = _nested(explored, "table", cell)
    differences = _nested(explored, "contrasts", ("risk_difference", "rd_low", "rd_high"))
    themes = explored.table.drop_duplicates("theme_id")[["theme_id", "theme_label", "depth"]]
    rows = [
        {
            "id": theme,
            "label": label,
            "depth": int(depth),
            "cells": cells[theme],
            "differences": differences.get(theme, {}),
        }
        for theme, label, depth in themes.itertuples(index=False)
    ]
    return {
        "groups": groups,
        "all": {"id": ALL, "label": "All", "n": sum(sizes.values())},
        "rows": rows,
        "left_out": explored.n_left_out,
        "only": explored.only,
    }


def _nested(explored: Exploration, name: str, columns: Sequence[str]) -> dict[str, dict[str, list[Any]]]:
    """Theme -> group -> the numbers of these columns, None where there is none."""
    frame = getattr(explored, name)
    found: dict[str, dict[str, list[Any]]] = {}
    numbers = frame[list(columns)].astype(object)
    numbers = numbers.where(numbers.notna(), None).to_numpy().tolist()
    for theme, group, values in zip(frame["theme_id"], frame["group"], numbers, strict=True):
        found.setdefault(theme, {})[group] = values
    return found
