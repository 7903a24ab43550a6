"""What is a result, in a few lines: what it holds, of whom, what it says first, and how to see more of it?

For Python's prompt and for a result at the end of a cell. Nothing here shows a row of a table of people: a frame is
told by its size, a sentence and the main view are those of :func:`show` and :func:`say`.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import fields, is_dataclass
from html import escape
from inspect import getdoc

import pandas as pd

from analysis_lib.display import say, show
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.study import Study
from analysis_lib.views import SENTENCES, payload_of, views
from analysis_lib.wave import Wave

_WIDTH = 300  # a first sentence longer than this is cut at a word


def as_text(result: object) -> str:
    """The few lines for a terminal.

    Parameters
    ----------
    result
        What a function of this package returns.

    Examples
    --------
    >>> import analysis_lib as al
    >>> print(as_text(al.load_study(al.EXAMPLE_STUDY)).splitlines()[0])
    Study: What is in study.yaml and the codebook. SYNTHETIC
    """
    lines = [_title(result), *(f"  {line}" for line in _of_whom(result))]
    said = _first_sentence(result)
    lines += [f"  {said}"] if said else []
    lines += [f"  {line}" for line in _how_to_see_more(result)]
    return "\n".join(lines)


def as_html(result: object) -> str:
    """The same for a notebook, with the main view below it."""
    title, *rest = as_text(result).splitlines()
    head = f"<p><b>{escape(title)}</b></p>" + "".join(f"<p>{escape(line.strip())}</p>" for line in rest)
    return head + _main_view(result)


def _title(result: object) -> str:
    about = (getdoc(type(result)) or "").partition("\n")[0]
    facts = _facts(result)
    wave = f" Wave {facts['wave']}." if facts.get("wave") else ""
    synthetic = " SYNTHETIC" if facts.get("synthetic") else ""
    return f"{type(result).__name__}: {about}{wave}{synthetic}"


def _facts(result: object) -> dict[str, object]:
    if isinstance(result, Study):
        return {"synthetic": result.synthetic}
    wave = result if isinstance(result, Wave) else getattr(result, "wave", None)
    if isinstance(wave, Wave):
        return {"wave": wave.id, "synthetic": wave.study.synthetic}
    payload = _payload(result)
    return dict(payload.facts) if payload else {}


def _of_whom(result: object) -> list[str]:
    """Numbers of people, where the result is about a whole wave or about groups."""
    if isinstance(result, Study):
        waves, themes = ", ".join(result.waves), len(result.codebook.themes)
        return [f"{result.title}; waves {waves}; {themes} themes; groups {', '.join(result.outcome.groups)}"]
    if isinstance(result, Wave):
        took_part, analysed = len(result.participants), int(result.participants["analysed"].sum())
        return [f"{took_part} people took part, {analysed} are analysed; {len(result.segments)} codings"]
    if isinstance(result, ThemeMatrix):
        return [f"{len(result.values)} people, {len(result.themes)} themes"]
    payload = _payload(result)
    groups = payload.tables.get("groups") if payload else None
    if groups is None or not {"label", "n"} <= set(groups.kinds):
        return []
    frame = groups.frame
    each = ", ".join(f"{label} {n:.0f}" for label, n in zip(frame["label"], frame["n"], strict=True))
    return [f"{frame['n'].sum():.0f} people: {each}"]


def _first_sentence(result: object) -> str:
    if SENTENCES not in _views(result):
        return ""
    first = say(result).text.partition("\n")[0].removeprefix("- ")
    return first if len(first) <= _WIDTH else f"{first[:_WIDTH].rpartition(' ')[0]} …"


def _how_to_see_more(result: object) -> list[str]:
    lines = []
    shown = [view for view in _views(result) if view != SENTENCES]
    if shown:
        lines.append(f"al.show(…, view) with view: {', '.join(shown)}")
    if SENTENCES in _views(result):
        lines.append("al.say(…) for every sentence")
    frames = [
        f"{field.name} ({len(value)} x {len(value.columns)})"
        for field in (fields(result) if is_dataclass(result) else ())
        if isinstance(value := getattr(result, field.name), pd.DataFrame)
    ]
    return [*lines, f"tables: {', '.join(frames)}"] if frames else lines


def _main_view(result: object) -> str:
    if not _views(result):
        return ""
    shown = show(result)
    if shown.png is None:
        return shown.html
    return (
        f'<img alt="{escape(shown.text)}" src="data:image/png;base64,{b64encode(shown.png).decode("ascii")}">'
    )


def _views(result: object) -> list[str]:
    try:
        return list(views(result))
    except TypeError:  # nothing to show: a study, a matrix
        return []


def _payload(result: object) -> Payload | None:
    offered = _views(result)
    if not offered:
        return None
    return payload_of(result, SENTENCES if SENTENCES in offered else None)
