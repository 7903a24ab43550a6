"""Whole studies drawn from a seed, small enough that many numbers of people are small.

Twelve to a hundred and twenty people in two to four outcome groups, two branches of two or three themes, two
covariates, people who left before the analysis, and two coders for some. One seed is one study, on every machine.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import analysis_lib as al
from analysis_lib.payload import Payload
from analysis_lib.views import payload_of, views
from analysis_lib.wave import Wave

GROUPS = ("helpful", "unhelpful", "mixed", "dropped_out")
BRANCHES = {"A": ("A.cold", "A.late", "A.deaf"), "B": ("B.skills", "B.calm")}
GENDERS = ("woman", "man", "non_binary")
_STUDY = """\
study: drawn
title: A study that was drawn
tradition: codebook
theme_timing: before_outcome
coders_blind_to_outcome: no
waves: [w1]
outcome:
  groups: [{groups}]
  reference: helpful
  from:
{rules}
dropout_definitions:
  declared: {{termination_type: [patient_unilateral]}}
termination_models:
  - name: main
    event: declared
    themes: [A.cold, B.skills]
    covariates:
      delivery_mode: {{type: category, levels: [in_person, video], reference: in_person, why: differs by service}}
n_permutations: {{omnibus: 99, minp: 99}}
privacy: {{minimum_count: 6}}
"""
_RULE = {
    "dropped_out": "    - {group: dropped_out, when: {dropout: declared}}",
    **{
        group: f"    - {{group: {group}, when: {{perceived_helpfulness: {group}}}}}"
        for group in ("helpful", "unhelpful", "mixed")
    },
}
_CODEBOOK = "themes:\n" + "".join(
    f"  - {{id: {branch}, label: Branch {branch}}}\n"
    + "".join(f"  - {{id: {theme}, label: {theme[2:].title()}, parent: {branch}}}\n" for theme in below)
    for branch, below in BRANCHES.items()
)
_WAVE = """\
opened: 2023-01-01
closed: 2023-03-31
data_cut: 2023-04-30
codebook_version: "1"
look: 1
"""


@dataclass(frozen=True)
class Drawn:
    """A drawn study: its folder, its wave and what its notebooks would show of it."""

    seed: int
    wave: Wave
    payloads: tuple[Payload, ...]


def draw(seed: int, folder: Path, *, models: bool) -> Drawn:
    """Write, load and analyse the study of a seed; models of dropping out take most of the time."""
    write(seed, folder)
    wave = al.load_wave(al.load_study(folder), "w1")
    return Drawn(seed, wave, payloads(wave, models=models))


def payloads(wave: Wave, *, models: bool) -> tuple[Payload, ...]:
    """What holds numbers of people, through the same functions as in the notebooks."""
    matrix = al.quantitize(wave)
    crosstab = al.crosstab_themes(matrix)
    results = [wave, al.describe_wave(wave), crosstab, al.theme_patterns(crosstab), al.co_occurrence(matrix)]
    results += [al.coder_agreement(wave, n_bootstrap=0)] + ([al.fit_termination(matrix)] if models else [])
    return tuple(payload_of(result, view) for result in results for view in views(result))


def write(seed: int, folder: Path) -> None:
    """Write the study of a seed."""
    rng = random.Random(seed)
    n = rng.choice([12, 20, 30, 40, 60, 90, 120])
    groups = [group for group in GROUPS if group in ("helpful", "unhelpful") or rng.random() < 0.7]
    weights = [rng.choice([1, 2, 4, 8]) for _ in groups]
    chances = {
        theme: {group: rng.choice([0.03, 0.1, 0.3, 0.6, 0.95]) for group in groups} for theme in _themes()
    }
    here = folder / "waves" / "w1"
    here.mkdir(parents=True)
    rules = "\n".join(_RULE[group] for group in ("dropped_out", *groups[:3]) if group in groups)
    rules = "\n".join(dict.fromkeys(rules.split("\n")))
    text = _STUDY.format(groups=", ".join(groups), rules=rules)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    (folder / "codebook.yaml").write_text(_CODEBOOK, encoding="utf-8")
    (here / "wave.yaml").write_text(_WAVE, encoding="utf-8")
    people, segments, asked, consent = [], [], [], []
    for i in range(n):
        who, group = f"P{i:03d}", rng.choices(groups, weights)[0]
        how = rng.choice(["helpful", "unhelpful"]) if group == "dropped_out" else group
        end = "patient_unilateral" if group == "dropped_out" else "completed_agreed"
        if rng.random() < 0.04:
            how, end = "not_stated", "ongoing"
        gender = rng.choices(["", *GENDERS], [1, 20, 10, 1])[0]
        people.append(f"{who},{how},{end},{gender},{rng.choices(['in_person', 'video'], [4, 1])[0]}")
        consent.append(f"{who},analyse,{'no' if rng.random() < 0.04 else 'yes'},")
        given = [theme for theme in _themes() if rng.random() < chances[theme][group]]
        for coder in ("c1", "c2") if i % 3 == 0 else ("c1",):
            asked.append(f"{who},{coder},independent")
            kept = [theme for theme in given if coder == "c1" or rng.random() < 0.9]
            segments += [f"S{who}{theme},{who},{theme},{coder},independent" for theme in kept]
    _csv(
        here / "participants.csv",
        "participant_id,perceived_helpfulness,termination_type,gender,delivery_mode",
        people,
    )
    _csv(here / "coded_segments.csv", "segment_id,participant_id,code_id,coder_id,round", segments)
    _csv(here / "assignments.csv", "participant_id,coder_id,round", asked)
    _csv(here / "consent.csv", "participant_id,scope,granted,withdrawn_on", consent)


def _themes() -> tuple[str, ...]:
    return tuple(theme for below in BRANCHES.values() for theme in below)


def _csv(path: Path, header: str, lines: list[str]) -> None:
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
