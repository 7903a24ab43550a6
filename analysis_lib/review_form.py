"""How does a reviewer decide on quotes in a notebook, without the notebook ever holding one?

A form of widgets: the words travel to the browser while the form is open and stand in no output of the notebook, so
saving it saves a sentence with numbers. Whatever a pattern has found in the words is marked and has a box of its own
that must be ticked before the words can be released.

References: Jupyter Widgets documentation, "Jupyter Widgets State" (JupyterLab saves no state unless it is told to).
"""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

from analysis_lib.errors import StudyError
from analysis_lib.quote_flags import FLAGS, find_flags
from analysis_lib.quote_review import MAY_LEAVE, QuotesToReview, quotes_to_review, write_reviews
from analysis_lib.wave import Wave

_LATER = "later"
_CHOICES = {"Later": _LATER, "Release": "release", "Paraphrase": "paraphrase", "Withhold": "withhold"}
_MIME = "application/vnd.jupyter.widget-view+json"


class ReviewForm:
    """The quotes of a wave that wait for a decision, some at a time.

    Parameters
    ----------
    waiting
        What is to be decided on.
    reviewer
        Who decides.
    at_once
        How many quotes are shown together.

    Notes
    -----
    In a program that knows no widgets the sentence alone is shown; there, ``write_reviews`` of
    :mod:`analysis_lib.quote_review` takes the same decisions.
    """

    def __init__(self, waiting: QuotesToReview, reviewer: str, *, at_once: int = 5):
        import ipywidgets  # noqa: PLC0415  (a notebook needs it; nothing else does)

        self._widgets = ipywidgets
        self._waiting, self._reviewer, self._at_once = waiting, reviewer, at_once
        self._said = ipywidgets.HTML()
        self._rows = ipywidgets.VBox()
        self._button = ipywidgets.Button(description="Write decisions", button_style="primary")
        self._button.on_click(lambda _: self.write())
        self._box = ipywidgets.VBox([self._said, self._rows, self._button])
        self._start = 0
        self._show()

    def __repr__(self) -> str:
        n = len(self._waiting.table)
        quotes = "1 quote waits" if n == 1 else f"{n} quotes wait"
        return (
            f"{quotes} for a decision in wave {self._waiting.wave.id}. No quote is saved with this notebook."
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {"text/plain": repr(self), _MIME: view}

    def write(self) -> None:
        """Write what was decided on the page that is shown, and turn to the next."""
        decided = {row.segment: row.decision for row in self._page if row.decision != _LATER}
        try:
            n = write_reviews(
                self._waiting,
                decided,
                reviewer=self._reviewer,
                answered={row.segment: row.answered for row in self._page if row.segment in decided},
                originals=[row.segment for row in self._page if row.with_original and row.segment in decided],
            )
        except StudyError as error:
            self._tell("".join(f"<p>{escape(f'{f.what} {f.fix}')}</p>" for f in error.findings))
            return
        left = [segment not in decided for segment in self._waiting.table["segment_id"]]
        table = self._waiting.table[left].reset_index(drop=True)
        self._waiting = QuotesToReview(self._waiting.wave, table, self._waiting.counts)
        self._start += len(self._page) - n
        self._show(f"<p>{n} written.</p>")

    def _show(self, first: str = "") -> None:
        table = self._waiting.table
        if self._start >= len(table):
            self._start = 0
        page = table.iloc[self._start : self._start + self._at_once]
        self._page = [_Row(row, self._widgets) for row in page.to_dict("records")]
        self._rows.children = tuple(row.box for row in self._page)
        self._tell(first)

    def _tell(self, first: str) -> None:
        self._said.value = f"{first}<p>{escape(repr(self))}</p>"


class _Row:
    """One quote with its decision."""

    def __init__(self, row: dict[str, Any], widgets: Any):
        self.segment = str(row["segment_id"])
        self._decision = widgets.ToggleButtons(options=list(_CHOICES.items()), value=_LATER)
        self._flags = {
            name: widgets.Checkbox(description=f"harmless: {FLAGS[name]}", indent=False)
            for name in row["to_answer"].split()
        }
        self._original = widgets.Checkbox(description="the original words may stand beside", indent=False)
        asked = [*self._flags.values(), *([self._original] if isinstance(row["text_original"], str) else [])]
        self.box = widgets.VBox([widgets.HTML(as_html(row)), *asked, self._decision])

    @property
    def decision(self) -> str:
        """One of the three decisions, or ``later``."""
        return str(self._decision.value)

    @property
    def answered(self) -> list[str]:
        """Flags that were ticked."""
        return [name for name, box in self._flags.items() if box.value]

    @property
    def with_original(self) -> bool:
        """Whether the original words are released too."""
        return bool(self._original.value)


def as_html(row: dict[str, Any]) -> str:
    """A quote as the reviewer reads it: with what stands beside it, and everything marked that has to be answered.

    Parameters
    ----------
    row
        A row of :attr:`QuotesToReview.table`.
    """
    about = [row["segment_id"], row["participant_id"], row["group"], row["themes"], row["why"]]
    head = " · ".join(escape(str(part)) for part in about if not pd.isna(part))
    parts = [f"<p><small>{head}</small></p>", _beside(row["before"])]
    parts.append(f"<blockquote><p><b><bdi>{marked(row['text'])}</bdi></b></p></blockquote>")
    if isinstance(row["text_original"], str):
        parts.append(f"<blockquote><p><bdi>{marked(row['text_original'])}</bdi></p></blockquote>")
    return "".join([*parts, _beside(row["after"])])


def marked(text: str) -> str:
    """Words as HTML in which every flag is marked and named.

    >>> marked("since 14 March 2023 <3")
    'since <mark title="a date">14 March 2023</mark> &lt;3'
    """
    done, parts = 0, []
    for flag in find_flags(text):
        inside = escape(text[flag.start : flag.end])
        parts += [escape(text[done : flag.start]), f'<mark title="{FLAGS[flag.name]}">{inside}</mark>']
        done = flag.end
    return "".join([*parts, escape(text[done:])])


def _beside(text: object) -> str:
    return f"<p><small><bdi>… {escape(text)} …</bdi></small></p>" if isinstance(text, str) else ""


def review_quotes(wave: Wave, reviewer: str = "", *, at_once: int = 5) -> ReviewForm:
    """A form on which to decide which quotes of a wave may leave.

    Parameters
    ----------
    wave
        A loaded wave.
    reviewer
        Who decides: letters, digits, ``_`` and ``-``, such as initials.
    at_once
        Quotes shown together.

    Returns
    -------
    ReviewForm
        A form for the last line of a cell; its words are in no output and in no saved notebook.
    """
    return ReviewForm(quotes_to_review(wave), reviewer, at_once=at_once)


def review_state(wave: Wave) -> pd.DataFrame:
    """How many segments may leave, wait for a decision or stay withheld: ``state, n``, and no word of them.

    Parameters
    ----------
    wave
        A loaded wave.

    Returns
    -------
    DataFrame
        ``state, n``: what may happen to the words, and to how many segments it does.

    Examples
    --------
    >>> import analysis_lib as al
    >>> list(al.review_state(al.load_wave(al.EXAMPLE_STUDY, "2024a")).columns)
    ['state', 'n']
    """
    counts = quotes_to_review(wave).counts
    return counts.sort_values("state", key=lambda state: state != MAY_LEAVE, kind="stable", ignore_index=True)
