"""How is it said who is in each wave and who came again?"""

from __future__ import annotations

from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.sentences.common import Sentence, listed, people, refusal, share_of
from analysis_lib.tables.attrition import analysed, taking_part
from analysis_lib.tables.common import group_labels


def wave_attrition(payload: Payload) -> tuple[Sentence, ...]:
    """The size of each wave, and in a panel who came again, by outcome group."""
    parts, found = [], []
    for row in payload.tables["waves"].frame.itertuples():
        if row.reason:
            found.append(Sentence(f"Wave {row.wave} is not in it: {row.reason}.", kind="refusal"))
            continue
        took_part, invited = taking_part(payload, row.wave)
        asked = f" ({invited} were invited)" if invited not in ("–", "withheld") else ""
        n = people(analysed(payload, row.wave, ALL))  # type: ignore[arg-type]
        parts.append(f"wave {row.wave}: {n} analysed of {took_part} who took part{asked}")
    text = "; ".join(parts)
    sizes = [Sentence(f"{text[:1].upper()}{text[1:]}.")] if parts else []
    if payload.facts["repeated"] == "panel" and payload.facts["reason"]:
        return (*sizes, *found, refusal(payload.facts["reason"]))
    return (*sizes, *found, *_returned(payload))


def _returned(payload: Payload) -> list[Sentence]:
    labels, frame = group_labels(payload), payload.tables["returned"].frame
    found = []
    for since, mine in frame.groupby("since", sort=False):
        here = mine[mine["n_before"].ne(0)].set_index("group")
        groups = [group for group in here.index if group != ALL]
        parts = [
            f"{labels[group].lower()} {share_of(here.at[group, 'n_returned'], here.at[group, 'n_before'])}"
            for group in groups
        ]
        total = share_of(here.at[ALL, "n_returned"], here.at[ALL, "n_before"])
        text = f"Of those analysed in wave {since}, {total} are analysed in this one"
        found.append(Sentence(f"{text}; by their group then: {listed(parts)}."))
    return found
