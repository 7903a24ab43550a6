"""What can a study not claim, and in which direction does each limit push?

From its settings, from who is in the wave, and from who says more. What is not measured is not claimed either: that one
group says more is a limit only where the data settle that it does.

References: von Elm et al. 2007 (STROBE), item 19, on limits with their direction; Henry et al. 1994, J Pers Soc Psychol
67, 92-101, on retrospective accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis_lib.formatting import missing
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, listed, people
from analysis_lib.tables.common import anchor, group_labels

_RETROSPECTIVE = (
    "Accounts were given after the outcome was known, and what is remembered tends to fit how therapy ended, which"
    " tends to"
    " make groups look more different than they were; themes are associated with the outcome and cannot be said to"
    " have led"
    " to it."
)
_NOT_BLIND = "Coders were not blind to the outcome, which can make groups look more different than they are."
_MENTIONED = (
    "A theme that a person does not mention may still have occurred, so a share is more likely too low than too high"
    " as a"
    " share of those to whom it happened."
)
_SELF_SELECTED = (
    "Who took part chose to. People with strong views, good or bad, are likelier to, so themes that carry such views"
    " probably come up more often here than among all who had therapy; a difference between groups can be off in either"
    " direction."
)
_ANY_THEME = (
    "People without any theme are left out of the base, so each share is higher than among all with material."
)


def limits(cover: Payload, beside: Sequence[Payload] = ()) -> tuple[Sentence, ...]:
    """What nobody may read into this report.

    Parameters
    ----------
    cover
        The cover of the wave.
    beside
        The other payloads of the report; those of intake and of talkativeness are read.
    """
    facts = cover.facts
    said = {payload.template: payload for payload in beside if payload.shape == "sentences"}
    found = [Sentence(_RETROSPECTIVE)] if facts["theme_timing"] == "after_outcome" else []
    found += [Sentence(_NOT_BLIND)] if not facts["coders_blind_to_outcome"] else []
    found += [Sentence(_MENTIONED), _took_part(said.get("intake"))]
    found += _left_out(facts["base"], said.get("intake"))
    if facts["tradition"] != "reflexive":
        found += _unequal(cover)
    found += _says_more(said.get("talkativeness"))
    sizes = cover.tables["groups"].frame["n"]
    if facts["tradition"] != "reflexive" and (sizes != 0).sum() > 1:
        found += _looks(facts)
    return tuple(Sentence(sentence.text, sentence.anchor, "limit") for sentence in found)


def _took_part(intake: Payload | None) -> Sentence:
    """Whoever is studied came forward; with the numbers where they are known."""
    if intake is None:
        return Sentence(_SELF_SELECTED)
    flow = intake.tables["flow"].frame.set_index("stage")["n"]
    if {"invited", "enrolled"} <= set(flow.index) and not flow[["invited", "enrolled"]].isna().any():
        n = f"{people(flow['enrolled'])} of {people(flow['invited'])} people who were invited took part, and chose to."
        return Sentence(_SELF_SELECTED.replace("Who took part chose to.", n), anchor("flow", "invited"))
    return Sentence(_SELF_SELECTED)


def _left_out(base: str, intake: Payload | None) -> list[Sentence]:
    """Who is in no denominator."""
    found = [Sentence(_ANY_THEME)] if base == "any_theme" else []
    if intake is None:
        return found
    flow = intake.tables["flow"].frame.set_index("stage")["excluded"]
    n = flow.get("material to code", 0)
    if n != 0:
        text = (
            f"Shares leave out {people(n)} who took part but gave nothing that could be coded; such people probably"
            " have"
            " less to say, so shares are more likely too high than too low as shares of everybody who took part."
        )
        found.append(Sentence(text, anchor("flow", "material to code")))
    return found


def _unequal(cover: Payload) -> list[Sentence]:
    """Small groups settle less."""
    groups = cover.tables["groups"].frame
    sizes = groups[groups["n"] != 0]
    if len(sizes) < 2 or sizes["n"].nunique(dropna=False) == 1:
        return []
    named = listed([f"{people(row.n)} {row.label.lower()}" for row in sizes.itertuples()])
    text = (
        f"Groups differ in size ({named}). The smaller a group, the wider its intervals, so that a difference is"
        " more easily"
        " missed there than found; differences that are settled in a small group tend to look larger than they are."
    )
    return [Sentence(text)]


def _says_more(talk: Payload | None) -> list[Sentence]:
    """Groups that are found to say more or less than the reference."""
    if talk is None or talk.facts["words_reason"]:
        return []
    frame = talk.tables["material"].frame
    frame = frame[(frame["measure"] == "words") & (frame["group"] != talk.facts["reference"])]
    labels = group_labels(talk)
    reference = labels[talk.facts["reference"]].lower()
    found = []
    for row in frame.to_dict("records"):
        if (
            missing(row["conf_low"])
            or missing(row["conf_high"])
            or row["conf_low"] <= 0.5 <= row["conf_high"]
        ):
            continue
        more = row["conf_low"] > 0.5
        text = (
            f"People in the {labels[row['group']].lower()} group say {'more' if more else 'less'} than those in the"
            f" {reference} group, so any theme is {'more' if more else 'less'} likely to come up there whatever they"
            " went"
            " through; differences from the reference that point the same way look larger than they are, the others"
            " smaller."
        )
        found.append(Sentence(text, anchor("talk", "words", row["group"])))
    return found


def _looks(facts: Mapping[str, Any]) -> list[Sentence]:
    """Repeated looks at growing data."""
    look, planned = facts["look"], facts["planned_looks"]
    if max(look, planned) == 1:
        return []
    beyond = f", {planned} of them planned" if look > planned else ""
    of = "" if look > planned else f" of {planned}"
    text = (
        f"This is look {look}{of}{beyond}. p-values are adjusted for the themes of this look and not for the other"
        " looks,"
        f" so over all of them a false claim is likelier than {facts['alpha']:g} says."
    )
    return [Sentence(text)]
