"""Whole studies that Hypothesis draws: every kind of table, several waves, labels and texts of other languages, and
files as other programs write them.

What shrinks is the shape of a study: how many waves, people, themes and groups it has, which tables, and how its files
are written. What each person said is drawn from one seed, so that a study costs Hypothesis a few dozen choices and not
thousands. Words that may be quoted hold ``FREE``; all others, and every memo, hold ``HELD``. :mod:`spoiled_studies`
spoils such a study in one place, :mod:`study_counts` counts it by hand.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from drawn_study import DrawnStudy, Table, Writing
from hypothesis import strategies as st

from analysis_lib.quote_checks import fingerprint

FREE, HELD = "zqfree", "zqheld"
ANSWERS = ("helpful", "unhelpful", "mixed")
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
LABELS = (
    "Zuhören",
    "Écoute",
    "La confiance",
    "聞く",
    "Слышать",
    "Cold, or “distant”",
    "R&D <b>",
    "=SUM(1)",
    "naïve",
)
SAID = (
    "she listened, and then; it was over",
    'he said "never again" and left',
    "zuerst nicht, später schon – für mich ging es",
    "one line\nand another below it",
    "=HYPERLINK(a) was what I thought of",
    "   blanks around it   ",
)


@st.composite
def studies(
    draw: st.DrawFn,
    *,
    most: int = 30,
    most_waves: int = 3,
    needs: Iterable[str] = (),
    rules: Iterable[str] = ("midpoint6",),
) -> DrawnStudy:
    """A valid study: no finding of it is a stop.

    Parameters
    ----------
    most, most_waves
        People of a wave, and waves.
    needs
        Optional tables and ``panel`` (two waves of the same people) that have to be there.
    rules
        Rules for counts to draw from.
    """
    needs = set(needs)
    groups = [*ANSWERS[: draw(st.integers(1, 3))], "dropped out"]
    themes = draw(_codebooks())
    optional = ("consent", "assignments", "documents", "quote_reviews")
    chosen = [name for name in optional if name in needs or draw(st.booleans())]
    waves = [
        f"w{number}" for number in range(1, draw(st.integers(2 if "panel" in needs else 1, most_waves)) + 1)
    ]
    panel = "panel" in needs or draw(st.booleans())
    writing, columns = draw(_ways_of_writing())
    from_rules = draw(st.booleans())
    settings = _settings(
        draw, groups, themes, waves, columns, panel=panel, from_rules=from_rules, rules=tuple(rules)
    )
    seed = random.Random(draw(st.integers(0, 2**32 - 1)))
    prefix = draw(st.sampled_from(["P", "id-", "K_", "0"]))
    n, n_coders = draw(st.integers(8, most)), draw(st.integers(1, 3))
    study = DrawnStudy(settings, themes, {}, {}, writing)
    people: list[_Person] = []
    for look, wave in enumerate(waves, start=1):
        begin = 0 if panel else 100 * (look - 1)
        if not people or not panel:
            people = [_Person(seed, f"{prefix}{begin + i:03d}", i, groups) for i in range(n)]
        study.facts[wave] = _facts(2020 + look, look, invited=n + 5 if draw(st.booleans()) else None)
        _fill(
            study,
            wave,
            people,
            seed,
            chosen,
            coders=[f"c{k}" for k in range(1, n_coders + 1)],
            from_rules=from_rules,
        )
    return study


@st.composite
def _codebooks(draw: st.DrawFn) -> list[dict[str, str]]:
    """Themes, one to three levels deep, parents first; labels are unique and of any script."""
    labels = iter(draw(st.permutations(LABELS)))
    themes: list[dict[str, str]] = []
    for branch in "ABÇ"[: draw(st.integers(1, 3))]:
        themes.append({"id": branch, "label": next(labels)})
        for number in range(1, draw(st.integers(0, 2)) + 1):
            below = f"{branch}.{number}"
            themes.append({"id": below, "label": next(labels, below), "parent": branch})
            if draw(st.booleans()):
                themes.append({"id": f"{below}.x", "label": f"{below} deeper", "parent": below})
    if draw(st.booleans()):
        themes.append({"id": "Z.rare", "label": "Rare", "status": "optional"})
    return themes


@st.composite
def _ways_of_writing(draw: st.DrawFn) -> tuple[Writing, dict[str, Any]]:
    """How files are written, and what study.yaml says of it."""
    writing = Writing(
        separator=draw(st.sampled_from(list(SEPARATORS))),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        line_end=draw(st.sampled_from(["\n", "\r\n"])),
        midnight=draw(st.booleans()),
    )
    columns: dict[str, Any] = {}
    if draw(st.booleans()):
        columns |= {"separator": SEPARATORS[writing.separator]}
    if writing.encoding == "cp1252":  # read all the same where it is not named, with a warning
        columns |= {"encoding": "cp1252"} if draw(st.booleans()) else {}
    if draw(st.booleans()):
        columns |= {"Alter (Jahre)": "age", "values": {"perceived_helpfulness": {"hat geholfen": "helpful"}}}
    if draw(st.booleans()):
        columns |= {"missing": ["k. A."], "decimal_mark": ","}
    return writing, columns


def _settings(
    draw: st.DrawFn, groups: list[str], themes: list[dict[str, str]], waves: list[str], columns: dict[str, Any], *,
    panel: bool, from_rules: bool, rules: tuple[str, ...],
) -> dict[str, Any]:  # fmt: skip
    lowest = [theme["id"] for theme in themes if theme["id"] not in {other.get("parent") for other in themes}]
    outcome: dict[str, Any] = {
        "groups": groups,
        "reference": groups[0],
        "labels": {groups[-1]: "Abgebrochen – früh"},
    }
    outcome["favourable"] = [groups[0]]
    if from_rules:
        outcome["from"] = [{"group": "dropped out", "when": {"dropout": "declared"}}]
        outcome["from"] += [
            {"group": group, "when": {"perceived_helpfulness": group}} for group in groups[:-1]
        ]
    covariate = {
        "type": "category",
        "levels": ["in_person", "video"],
        "reference": "in_person",
        "why": "differs",
    }
    model = {
        "name": "main",
        "event": "declared",
        "themes": lowest[:2],
        "covariates": {"delivery_mode": covariate},
    }
    timing = draw(st.sampled_from(["before_outcome", "after_outcome"]))
    return {
        "study": "drawn",
        "title": draw(st.sampled_from(["A drawn study", "Étude « tirée »", "Gezogene Studie: Wärme"])),
        "tradition": draw(st.sampled_from(["codebook", "coding_reliability", "cqr", "reflexive"])),
        "theme_timing": timing,
        "coders_blind_to_outcome": draw(st.booleans()),
        "repeated": "panel" if panel else "independent",
        "waves": waves,
        "planned_looks": len(waves),
        "outcome": outcome,
        "dropout_definitions": {"declared": {"termination_type": ["patient_unilateral"]}},
        "termination_models": [model],
        "n_permutations": {"omnibus": 99, "minp": 99},
        "privacy": {"counts": draw(st.sampled_from(rules)), "minimum_count": 6, "reason": "drawn"},
        "columns": columns,
    }


def _facts(year: int, look: int, *, invited: int | None) -> dict[str, Any]:
    days = {"opened": date(year, 1, 1), "closed": date(year, 3, 31), "data_cut": date(year, 4, 30)}
    return {**days, "codebook_version": "1", "look": look, **({"n_invited": invited} if invited else {})}


class _Person:
    """Somebody of a study: how it went for them, and what they agreed to in every wave."""

    def __init__(self, seed: random.Random, name: str, place: int, groups: list[str]):
        sound = place < 2 * len(groups)  # two of every group stay, whatever else is drawn
        self.name, self.group = name, groups[place % len(groups)] if sound else seed.choice(groups)
        self.answer = seed.choice([*ANSWERS, "not_stated", ""]) if self.group == "dropped out" else self.group
        self.ending = (
            "patient_unilateral"
            if self.group == "dropped out"
            else seed.choice(["completed_agreed", "mutual_early"])
        )
        if not sound and seed.random() < 0.1:
            self.group, self.answer, self.ending = "", "not_stated", "ongoing"
        self.silent = not sound and seed.random() < 0.1
        self.analyse = (
            "yes" if sound else seed.choices(["yes", "no", "unknown", "withdrawn", ""], [80, 6, 5, 5, 4])[0]
        )
        self.quote = seed.choices(["yes", "no", "unknown", "withdrawn", ""], [60, 15, 5, 15, 5])[0]


def _fill(
    study: DrawnStudy, wave: str, people: list[_Person], seed: random.Random, chosen: list[str], *,
    coders: list[str], from_rules: bool,
) -> None:  # fmt: skip
    """Every table of a wave."""
    ids = [theme["id"] for theme in study.themes]
    groups = (*study.settings["outcome"]["groups"], "")
    chances = {theme: {group: seed.choice([0.05, 0.2, 0.5, 0.9]) for group in groups} for theme in ids}
    says = "perceived_helpfulness" if from_rules else "outcome_group"
    made = {
        "participants": Table(["participant_id", says, "termination_type", "therapist_id", "site_id", "age", "gender",
                               "delivery_mode", "satisfaction", "started_on", "ended_on"]),
        "coded_segments": Table(["segment_id", "participant_id", "code_id", "coder_id", "document_id", "start", "end",
                                 "text", "memo", "round", "quote_consent"]),
        "consent": Table(["participant_id", "scope", "granted", "withdrawn_on"]),
        "assignments": Table(["participant_id", "coder_id", "round"]),
        "documents": Table(["participant_id", "document_id", "n_words"]),
        "quote_reviews": Table(["segment_id", "text_sha256", "decision", "reviewer", "reviewed_on"]),
    }  # fmt: skip
    begin = study.facts[wave]["opened"] - timedelta(days=200)
    for place, person in enumerate(people):
        start = begin + timedelta(days=seed.randrange(60))
        ended = (
            "" if person.ending == "ongoing" else (start + timedelta(days=seed.randrange(7, 120))).isoformat()
        )
        made["participants"].add(
            participant_id=person.name, perceived_helpfulness=person.answer, outcome_group=person.group,
            termination_type=person.ending, therapist_id=f"T{place % 5}", site_id=f"Z{place % 2}",
            age=seed.choice(["", str(seed.randint(18, 80))]), gender=seed.choice(["Frau", "Mann", "nichtbinär", ""]),
            delivery_mode=seed.choice(["in_person", "video"]), satisfaction=seed.choice(["", "3.5", "4"]),
            started_on=start.isoformat(), ended_on=ended,
        )  # fmt: skip
        _consent_of(person, made["consent"], f"{study.facts[wave]['closed']}")
        made["documents"].add(participant_id=person.name, document_id=f"D{person.name}",
                              n_words="0" if person.silent else str(seed.randint(20, 900)))  # fmt: skip
        settled = len(coders) > 1 and place % 3 == 0
        rounds = [(coder, "independent") for coder in (coders if settled else coders[:1])]
        rounds += [("both", "consensus")] if settled else []
        given = [theme for theme in ids if not person.silent and seed.random() < chances[theme][person.group]]
        for coder, name in rounds:
            made["assignments"].add(participant_id=person.name, coder_id=coder, round=name)
        for number, theme in enumerate(given):
            _code(made, chosen, person, seed, f"S{wave}.{person.name}.{number}", theme, rounds)
    for name, table in made.items():
        if name in chosen or name in ("participants", "coded_segments"):
            study.tables[wave, name] = table


def _consent_of(person: _Person, table: Table, day: str) -> None:
    for scope, answer in (("analyse", person.analyse), ("quote", person.quote)):
        if answer:
            granted, withdrawn = ("yes", day) if answer == "withdrawn" else (answer, "")
            table.add(participant_id=person.name, scope=scope, granted=granted, withdrawn_on=withdrawn)


def _code(
    made: dict[str, Table], chosen: list[str], person: _Person, seed: random.Random, segment: str, theme: str,
    rounds: list[tuple[str, str]],
) -> None:  # fmt: skip
    """One passage with its code by everybody who saw it, and its review; its words say whether they may leave."""
    words = seed.choices(["yes", "no", "unknown", ""], [70, 12, 8, 10])[0]
    decision = seed.choices(["release", "withhold", "paraphrase", "", "stale"], [60, 10, 8, 12, 10])[0]
    withdrew = "withdrawn" in (person.quote, person.analyse)
    agreed = "consent" not in chosen or (person.quote == "yes" and person.analyse == "yes" and not withdrew)
    free = agreed and words == "yes" and decision == "release" and "quote_reviews" in chosen
    text = f"{FREE if free else HELD} {seed.choice(SAID)} {segment[::-1]}"
    start = seed.randrange(500)
    for coder, name in rounds:
        if name == "consensus" or len(rounds) == 1 or seed.random() < 0.85:
            made["coded_segments"].add(
                segment_id=segment, participant_id=person.name, code_id=theme, coder_id=coder,
                document_id=f"D{person.name}", start=str(start), end=str(start + len(text)), text=text,
                memo=f"{HELD} memo", round=name, quote_consent=words,
            )  # fmt: skip
    if decision == "stale" and sum(row["reviewer"] == "r2" for row in made["quote_reviews"].rows) >= 5:
        decision = ""  # more than ten findings of one kind would be said in one
    if decision:
        seen = f"{text}." if decision == "stale" else text
        decided = "release" if decision == "stale" else decision
        made["quote_reviews"].add(segment_id=segment, text_sha256=fingerprint(seen), decision=decided,
                                  reviewer="r2" if decision == "stale" else "r1", reviewed_on="2024-05-02")  # fmt: skip
