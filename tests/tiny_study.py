"""A valid study of twelve people, small enough to count by eye; other tests spoil it in one place.

Of the twelve, P09 did not agree to analysis, P12 has no outcome group yet and P03 has no material, so nine
are analysed: P01, P02, P04 helpful, P05, P06, P07 unhelpful, P08 mixed, P10, P11 dropped out. P04 and P08
were coded and nothing was found. Everything that a message must never repeat contains the word of CANARY.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

CANARY = "zebrafinch"
WORDS = f"The {CANARY} stopped singing when she left the room."

STUDY = """\
study: tiny
title: A tiny study
tradition: codebook
theme_timing: after_outcome
coders_blind_to_outcome: no
waves: [w1]
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
  under_half: {share_of_plan_below: 0.5}
termination_models:
  - name: main
    event: declared
    themes: [A.cold]
    covariates:
      age: {type: number, unit: years, why: differs by cohort}
"""
CODEBOOK = """\
themes:
  - {id: A, label: How the therapist was, polarity: hindering}
  - {id: A.cold, label: Cold, parent: A, polarity: hindering}
  - {id: A.late, label: Late, parent: A, polarity: hindering}
  - {id: B, label: What was gained, polarity: helpful}
  - {id: B.skills, label: Skills, parent: B, polarity: helpful}
  - {id: Z.rare, label: Rare event, status: optional}
"""
WAVE = """\
opened: 2024-01-01
closed: 2024-03-31
data_cut: 2024-04-30
codebook_version: "1"
look: 1
n_invited: 15
n_declined: 2
"""
PARTICIPANTS = """\
participant_id,perceived_helpfulness,termination_type,sessions_planned,sessions_attended,therapist_id,age,started_on,ended_on
P01,helpful,completed_agreed,12,12,T1,34,2023-09-04,2023-12-11
P02,helpful,completed_agreed,12,11,T1,41,2023-09-11,2023-12-18
P03,helpful,mutual_early,8,5,T2,29,2023-10-02,2023-11-06
P04,helpful,ongoing,16,6,T2,52,2024-01-08,
P05,unhelpful,completed_agreed,12,12,T1,38,2023-09-05,2023-12-12
P06,unhelpful,mutual_early,12,4,T2,47,2023-10-09,2023-11-06
P07,unhelpful,therapist_unilateral,10,3,T2,25,2023-11-01,2023-11-22
P08,mixed,completed_agreed,12,12,T1,61,2023-09-06,2023-12-13
P09,mixed,external,12,6,T2,33,2023-10-03,2023-11-14
P10,unhelpful,patient_unilateral,12,2,T1,22,2023-11-06,2023-11-20
P11,not_stated,patient_unilateral,12,33,T2,27,2023-11-07,2023-11-28
P12,not_stated,ongoing,16,2,T1,44,2024-02-05,
"""
SEGMENTS = f"""\
segment_id,participant_id,code_id,coder_id,document_id,start,end,text,round,memo,quote_consent
S01,P01,B.skills,c1,D01,0,50,{WORDS},independent,{CANARY} memo,yes
S01,P01,B.skills,c2,D01,0,50,{WORDS},independent,,yes
S02,P01,A.late,c1,D01,60,90,{WORDS} Twice.,independent,,no
S03,P02,B.skills,c1,D02,0,40,{WORDS} Often.,independent,,yes
S04,P05,A.cold,c1,D05,0,40,{WORDS} Never.,independent,,yes
S04,P05,A.late,c1,D05,0,40,{WORDS} Never.,independent,,yes
S05,P06,A.cold,c2,D06,10,44,{WORDS} Once.,independent,,unknown
S06,P07,A,c1,D07,0,30,{WORDS} Seldom.,independent,,yes
S07,P10,A.cold,c1,D10,5,60,{WORDS} Daily.,independent,,yes
S08,P11,A.late,c2,D11,0,22,{WORDS} Weekly.,independent,,yes
S09,P09,B.skills,c1,D09,0,22,{WORDS} Monthly.,independent,,yes
"""
ASSIGNMENTS = "participant_id,coder_id,round\n" + "".join(
    f"P{i:02},{coder},independent\n"
    for i in range(1, 13)
    for coder in ("c1", "c2")
    if coder == "c1" or i in (1, 6, 11)
)
DOCUMENTS = "participant_id,document_id,n_words\n" + "".join(
    f"P{i:02},D{i:02},{0 if i == 3 else 100 + i}\n" for i in range(1, 13)
)
CONSENT = (
    "participant_id,scope,granted,withdrawn_on\n"
    + "".join(f"P{i:02},analyse,{'no' if i == 9 else 'yes'},\n" for i in range(1, 13))
    + "P01,quote,yes,\nP02,quote,yes,\nP05,quote,yes,2024-04-01\nP06,quote,yes,\nP07,quote,no,\nP10,quote,yes,\n"
)
REVIEWS = (
    "segment_id,text_sha256,decision,reviewer,reviewed_on\n"
    f"S01,{hashlib.sha256(WORDS.encode()).hexdigest()},release,r1,2024-05-02\n"
    f"S07,{hashlib.sha256(f'{WORDS} Daily.'.encode()).hexdigest()},withhold,r1,2024-05-02\n"
)
CORRECTIONS = """\
table,key,column,old,new,reason,corrected_by,corrected_on
participants,P11,sessions_attended,33,3,typing error,dm,2024-05-01
"""

FILES = {
    "study.yaml": STUDY,
    "codebook.yaml": CODEBOOK,
    "waves/w1/wave.yaml": WAVE,
    "waves/w1/participants.csv": PARTICIPANTS,
    "waves/w1/coded_segments.csv": SEGMENTS,
    "waves/w1/assignments.csv": ASSIGNMENTS,
    "waves/w1/documents.csv": DOCUMENTS,
    "waves/w1/consent.csv": CONSENT,
    "waves/w1/quote_reviews.csv": REVIEWS,
    "waves/w1/corrections.csv": CORRECTIONS,
}


def write_study(folder: Path, changed: Mapping[str, str | bytes | None] | None = None) -> Path:
    """Write the study with some files changed, added or (None) left out; returns its folder."""
    for name, content in {**FILES, **(changed or {})}.items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return folder


def spoilt(name: str, *changes: tuple[str, str]) -> dict[str, str | bytes | None]:
    """One file of the study with each (old, new) replaced; ``old`` must stand there exactly once."""
    text = FILES[name]
    for old, new in changes:
        if text.count(old) != 1:
            raise ValueError(f"{name} holds the text to spoil {text.count(old)} times, not once")
        text = text.replace(old, new)
    return {name: text}


def table(name: str) -> str:
    """Path of a table of wave w1 below the study folder."""
    return f"waves/w1/{name}.csv"
