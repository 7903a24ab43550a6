"""Who has which theme in a drawn study, counted with dictionaries alone, so that the library can be held against it."""

from __future__ import annotations

from collections import Counter

from drawn_study import DrawnStudy, Row


def _rows(study: DrawnStudy, wave: str, name: str) -> list[Row]:
    table = study.tables.get((wave, name))
    return table.rows if table else []


def agreeing(study: DrawnStudy, wave: str) -> set[str]:
    """Everybody whose consent to analysis stands, or everybody where no consent is kept."""
    people = {row["participant_id"] for row in _rows(study, wave, "participants")}
    consent = _rows(study, wave, "consent")
    yes = {
        row["participant_id"]
        for row in consent
        if row["scope"] == "analyse" and row["granted"] == "yes" and not row["withdrawn_on"]
    }
    return people & yes if consent else people


def group_of(study: DrawnStudy, row: Row) -> str:
    """The outcome group of a participant; empty where there is none."""
    if "outcome_group" in row:
        return row["outcome_group"]
    if row["termination_type"] == "patient_unilateral":
        return "dropped out"
    answer = row["perceived_helpfulness"]
    by_answer = {
        rule["when"].get("perceived_helpfulness"): rule["group"] for rule in study.settings["outcome"]["from"]
    }
    return by_answer.get(answer, "")


def analysed(study: DrawnStudy, wave: str) -> dict[str, str]:
    """Person -> group of everybody who is analysed."""
    documents, segments = _rows(study, wave, "documents"), _rows(study, wave, "coded_segments")
    speaking = {row["participant_id"] for row in documents if row["n_words"] != "0"}
    speaking |= {row["participant_id"] for row in segments}
    agreed = agreeing(study, wave)
    return {
        row["participant_id"]: group
        for row in _rows(study, wave, "participants")
        if row["participant_id"] in agreed
        and (group := group_of(study, row))
        and (not documents or row["participant_id"] in speaking)
    }


def families(study: DrawnStudy) -> dict[str, set[str]]:
    """Theme -> itself and everything below it."""
    parent = {theme["id"]: theme.get("parent") for theme in study.themes}
    found: dict[str, set[str]] = {theme: set() for theme in parent}
    for theme in parent:
        above: str | None = theme
        while above:
            found[above].add(theme)
            above = parent[above]
    return found


def counted(study: DrawnStudy, wave: str) -> Counter[tuple[str, str]]:
    """(theme, group or ``all``) -> people with the theme; the consensus stands for whoever has one."""
    segments, assigned = _rows(study, wave, "coded_segments"), _rows(study, wave, "assignments")
    settled = {row["participant_id"] for row in (*segments, *assigned) if row["round"] == "consensus"}
    given: dict[str, set[str]] = {}
    for row in segments:
        if row["participant_id"] not in settled or row["round"] == "consensus":
            given.setdefault(row["participant_id"], set()).add(row["code_id"])
    found: Counter[tuple[str, str]] = Counter()
    for person, group in analysed(study, wave).items():
        for theme, family in families(study).items():
            if given.get(person, set()) & family:
                found[theme, group] += 1
                found[theme, "all"] += 1
    return found
