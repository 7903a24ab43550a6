"""A study of two waves that is large enough for every result of notebooks 03 and 05, to be spoilt by tests.

Of the people, a third are coded twice and settled in a consensus round, two in seven dropped out, and three of the
second wave lack their age. The second wave holds 20 helpful, 10 unhelpful, 10 mixed and 16 dropped out. Codes go with
how helpful therapy was, so that there is something to find.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

STUDY = """\
study: small
title: A small study
synthetic: yes
tradition: codebook
theme_timing: before_outcome
coders_blind_to_outcome: no
waves: [w0, w1]
outcome:
  groups: [helpful, unhelpful, mixed, dropped_out]
  reference: helpful
  from:
    - {group: dropped_out, when: {dropout: declared}}
    - {group: helpful, when: {perceived_helpfulness: helpful}}
    - {group: unhelpful, when: {perceived_helpfulness: unhelpful}}
    - {group: mixed, when: {perceived_helpfulness: mixed}}
dropout_definitions:
  declared: {termination_type: [patient_unilateral]}
  under_4: {sessions_attended_below: 4}
termination_models:
  - name: main
    event: declared
    themes: [A.cold, B.skills]
    covariates:
      age: {type: number, unit: years, why: differs by cohort}
      delivery_mode: {type: category, levels: [in_person, video], reference: in_person, why: differs by service}
    cluster: therapist_id
n_permutations: {omnibus: 99, minp: 99}
sensitivity:
  mixed: [own_group, with_unhelpful, left_out]
  unit: [participant, segment]
  base: [all_with_material, any_theme]
  exposure: log_words
privacy: {minimum_count: 6}
"""
CODEBOOK = """\
themes:
  - {id: A, label: How the therapist was}
  - {id: A.cold, label: Cold, parent: A}
  - {id: A.late, label: Late, parent: A}
  - {id: B, label: What was gained}
  - {id: B.skills, label: Skills, parent: B}
  - {id: B.calm, label: Calm, parent: B}
  - {id: C, label: Another thing}
"""
LOWEST = ("A.cold", "A.late", "B.skills", "B.calm", "C")
WAVE = """\
opened: {year}-01-01
closed: {year}-03-31
data_cut: {year}-04-30
codebook_version: "1"
look: {look}
"""
COLUMNS = [
    "participant_id", "perceived_helpfulness", "termination_type", "sessions_planned", "sessions_attended",
    "therapist_id", "age", "delivery_mode", "satisfaction", "site_id",
]  # fmt: skip
# How common each of the lowest themes is among people who say that therapy was like this.
COMMON = {
    "helpful": (0.1, 0.2, 0.7, 0.5, 0.3),
    "unhelpful": (0.6, 0.4, 0.2, 0.2, 0.3),
    "mixed": (0.3, 0.3, 0.5, 0.3, 0.3),
}
SIZES = {"w0": 36, "w1": 56}


@dataclass
class SmallStudy:
    """A study that can still be spoilt: its settings, and per wave its people and who was coded for what."""

    settings: str
    people: dict[str, pd.DataFrame]
    themes: dict[str, dict[str, list[str]]]
    coders: tuple[str, ...] = ("c1", "c2")
    documents: bool = True
    settled: bool = True

    @property
    def this(self) -> pd.DataFrame:
        """People of the wave that is analysed."""
        return self.people["w1"]

    def setting(self, line: str) -> None:
        """One more line of study.yaml."""
        self.settings = f"{line}\n{self.settings}"

    def instead(self, old: str, new: str) -> None:
        """Other words in study.yaml; the old ones have to be there."""
        if old not in self.settings:
            raise ValueError(f"study.yaml does not hold {old!r}")
        self.settings = self.settings.replace(old, new)

    def everybody(self, column: str, value: Any) -> None:
        """The same value for everybody in every wave."""
        for people in self.people.values():
            people[column] = value

    def first(self, n: int) -> None:
        """Keep the first people of this wave."""
        self.people["w1"] = self.this.head(n).copy()

    def without(self, answer: str) -> None:
        """Nobody says that therapy was like this."""
        for wave, people in self.people.items():
            self.people[wave] = people[people["perceived_helpfulness"] != answer].reset_index(drop=True)

    def ends(self, left: Callable[[int], bool]) -> None:
        """Whoever is chosen by number ended on their own, the others as agreed."""
        for people in self.people.values():
            how = ["patient_unilateral" if left(i) else "completed_agreed" for i in range(len(people))]
            people["termination_type"] = how

    def coded(self, change: Callable[[list[str]], list[str]]) -> None:
        """Other codes for each person, made from those they had."""
        self.themes = {
            wave: {who: change(coded) for who, coded in coded_for.items()}
            for wave, coded_for in self.themes.items()
        }

    def write(self, folder: Path) -> Path:
        """The study folder."""
        folder.mkdir(parents=True)
        (folder / "study.yaml").write_text(self.settings, encoding="utf-8")
        (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
        for look, (wave, people) in enumerate(self.people.items(), start=1):
            here = folder / "waves" / wave
            here.mkdir(parents=True)
            (here / "wave.yaml").write_text(WAVE.format(year=2022 + look, look=look), encoding="utf-8")
            people[COLUMNS].to_csv(here / "participants.csv", index=False)
            coded, asked = self._coding(wave)
            _csv(here / "coded_segments.csv", "segment_id,participant_id,code_id,coder_id,round", coded)
            _csv(here / "assignments.csv", "participant_id,coder_id,round", asked)
            if self.documents:
                words = [
                    f"{who},D{who},{40 + 7 * (i % 11)}" for i, who in enumerate(people["participant_id"])
                ]
                _csv(here / "documents.csv", "participant_id,document_id,n_words", words)
        return folder

    def _coding(self, wave: str) -> tuple[list[str], list[str]]:
        """Lines of segments and of assignments: every third person is coded twice and then settled."""
        coded, asked = [], []
        for i, who in enumerate(self.people[wave]["participant_id"]):
            twice = i % 3 == 0 and len(self.coders) > 1
            rounds = [(coder, "independent") for coder in (self.coders if twice else self.coders[:1])]
            rounds += [("consensus", "consensus")] if twice and self.settled else []
            for coder, name in rounds:
                asked.append(f"{who},{coder},{name}")
                given = self.themes[wave].get(who, [])
                overlooked = 1 if coder == "c2" and i % 4 == 0 else 0
                coded += [f"S{who}-{code},{who},{code},{coder},{name}" for code in given[overlooked:]]
        return coded, asked


def _csv(path: Path, header: str, lines: list[str]) -> None:
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")


def small_study() -> SmallStudy:
    """A study in which everything can be computed."""
    draw = random.Random(20)
    people: dict[str, pd.DataFrame] = {}
    themes: dict[str, dict[str, list[str]]] = {}
    for wave, n in SIZES.items():
        rows = []
        themes[wave] = {}
        for i in range(n):
            who = f"{wave}P{i:02d}"
            how = ("helpful", "unhelpful", "helpful", "mixed")[i % 4]
            left = i % 7 in (2, 5)
            rows.append({
                "participant_id": who,
                "perceived_helpfulness": how,
                "termination_type": "patient_unilateral" if left else ("completed_agreed", "ongoing")[i % 7 == 0],
                "sessions_planned": 12,
                "sessions_attended": draw.randint(1, 7) if left else draw.randint(5, 12),
                "therapist_id": f"T{i % 9}",
                "age": draw.randint(20, 60),
                "delivery_mode": draw.choice(["in_person", "video"]),
                "satisfaction": min(5, max(1, round(draw.gauss(4 if how == "helpful" else 2.5, 1)))),
                "site_id": f"Z{i % 2}",
            })  # fmt: skip
            themes[wave][who] = [
                theme for theme, chance in zip(LOWEST, COMMON[how], strict=True) if draw.random() < chance
            ]
        people[wave] = pd.DataFrame(rows)
    people["w1"].loc[[5, 17, 30], "age"] = None
    people["w1"]["age"] = people["w1"]["age"].astype("Int64")
    return SmallStudy(STUDY, people, themes)
