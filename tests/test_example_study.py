"""The committed example study says it is synthetic, fits its schema, and holds what was put into it.

Read with the csv module alone, so that a fault in the package's own readers cannot hide one here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from example_files import DATA_SCHEMA, STUDY, WAVES, analysed_groups, read

TABLES = [
    "participants",
    "coded_segments",
    "assignments",
    "documents",
    "consent",
    "quote_reviews",
    "corrections",
]
GROUPS = ["helpful", "unhelpful", "mixed", "dropped_out"]


def load_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def people_with(wave: str, theme: str) -> dict[str, int]:
    """People per group to whom anybody gave this very code."""
    group = analysed_groups(wave)
    named = {r["participant_id"] for r in read(wave, "coded_segments") if r["code_id"] == theme}
    counts = Counter(group[p] for p in named if p in group)
    return {g: counts[g] for g in GROUPS}


def run_script(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = str(STUDY / "make_example_study.py")
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)


# The files


def test_script_reproduces_the_committed_files_byte_for_byte() -> None:
    result = run_script("--check")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_check_names_a_changed_file_and_exits_with_1(tmp_path: Path) -> None:
    assert run_script("--out", str(tmp_path)).returncode == 0
    changed = tmp_path / "waves" / "2024b" / "consent.csv"
    changed.write_bytes(changed.read_bytes().replace(b"yes", b"no", 1))
    result = run_script("--out", str(tmp_path), "--check")
    assert result.returncode == 1
    assert result.stdout == f"differs: {Path('waves/2024b/consent.csv')}\n"


def test_written_files_are_utf_8_with_line_feeds_and_no_byte_order_mark() -> None:
    files = [p for p in STUDY.rglob("*") if p.suffix in {".csv", ".yaml", ".md"} and "reports" not in p.parts]
    assert len(files) >= 3 * 9 + 3
    for path in files:
        content = path.read_bytes()
        assert not content.startswith(b"\xef\xbb\xbf"), path.name
        assert b"\r" not in content, path.name
        content.decode("utf-8")


@pytest.mark.parametrize(
    "name", ["study.yaml", "README.md", "codebook.yaml", *(f"waves/{w}/wave.yaml" for w in WAVES)]
)
def test_file_says_that_the_study_is_synthetic(name: str) -> None:
    assert "SYNTHETIC" in (STUDY / name).read_text(encoding="utf-8")


def test_study_title_says_synthetic_and_the_flag_is_set() -> None:
    study = load_yaml(STUDY / "study.yaml")
    assert "(SYNTHETIC)" in study["title"]
    assert study["synthetic"] is True
    assert study["study"] == "nhs-helpfulness-example"
    assert study["waves"] == WAVES
    assert study["privacy"]["counts"] == "exact"


# The tables fit their schema


def fits(value: str, field: dict[str, Any]) -> bool:
    rules = field.get("constraints", {})
    if value == "":
        return not rules.get("required", False)
    if field["type"] in {"integer", "number"}:
        number = int(value) if field["type"] == "integer" else float(value)
        return bool(rules.get("minimum", number) <= number <= rules.get("maximum", number))
    if field["type"] == "date":
        return date.fromisoformat(value).isoformat() == value
    if field["type"] == "boolean":
        return value in field["trueValues"] + field["falseValues"]
    allowed = rules.get("enum", [value])
    return value in allowed and re.fullmatch(rules.get("pattern", r"(?s).*"), value) is not None


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("table", TABLES)
def test_table_fits_its_schema(wave: str, table: str) -> None:
    schema = load_yaml(DATA_SCHEMA / "tables" / f"{table}.yaml")
    fields = {f["name"]: f for f in schema["fields"]}
    rows = read(wave, table, corrected=False)
    assert rows
    assert set(rows[0]) <= set(fields)
    required = {name for name, f in fields.items() if f.get("constraints", {}).get("required")}
    assert required <= set(rows[0])
    for number, row in enumerate(rows, start=2):
        wrong = [name for name, value in row.items() if not fits(value, fields[name])]
        assert wrong == [], f"line {number}"
    key = schema["primaryKey"]
    keys = [tuple(row.get(k, "") for k in ([key] if isinstance(key, str) else key)) for row in rows]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("table", ["coded_segments", "assignments", "documents", "consent"])
def test_every_participant_id_stands_in_participants(wave: str, table: str) -> None:
    known = {p["participant_id"] for p in read(wave, "participants")}
    assert {r["participant_id"] for r in read(wave, table)} <= known


@pytest.mark.parametrize("wave", WAVES)
def test_every_code_stands_in_the_codebook_of_the_study(wave: str) -> None:
    themes = {t["id"] for t in load_yaml(STUDY / "codebook.yaml")["themes"]}
    used = {r["code_id"] for r in read(wave, "coded_segments")}
    for person in read(wave, "participants"):
        used |= {v for k, v in person.items() if k.startswith("ending_reason") and v}
    for assignment in read(wave, "assignments"):
        used |= set(assignment.get("codes", "").split())
    assert used <= themes


# People and groups


@pytest.mark.parametrize(
    ("wave", "n_people", "expected"),
    [
        ("2024a", 190, {"helpful": 92, "unhelpful": 37, "mixed": 19, "dropped_out": 31, "not_stated": 6}),
        ("2024b", 24, {"unhelpful": 24}),
        ("2025a", 116, {"helpful": 58, "unhelpful": 22, "mixed": 12, "dropped_out": 18, "not_stated": 3}),
    ],
)
def test_groups_have_the_planned_sizes(wave: str, n_people: int, expected: dict[str, int]) -> None:
    assert len(read(wave, "participants")) == n_people
    assert Counter(analysed_groups(wave).values()) == expected


def test_people_leave_wave_2024a_for_five_kinds_of_reason() -> None:
    people = {p["participant_id"]: p for p in read("2024a", "participants")}
    group = analysed_groups("2024a")
    endings = Counter(people[p]["termination_type"] for p, g in group.items() if g == "not_stated")
    assert endings == {"ongoing": 3, "unknown": 2, "deceased": 1}
    analyse = [r for r in read("2024a", "consent") if r["scope"] == "analyse"]
    assert sum(r["granted"] == "no" for r in analyse) == 3
    assert sum(r["granted"] == "yes" and r["withdrawn_on"] != "" for r in analyse) == 2


def test_nobody_takes_part_in_two_waves() -> None:
    ids = [p["participant_id"] for wave in WAVES for p in read(wave, "participants")]
    assert len(ids) == len(set(ids))


def test_no_row_carries_a_ready_made_outcome_group() -> None:
    assert "outcome_group" not in read("2024a", "participants")[0]


def test_age_is_18_to_63_with_a_mean_of_about_32() -> None:
    ages = [int(p["age"]) for p in read("2024a", "participants") if p["age"]]
    mean = sum(ages) / len(ages)
    assert min(ages) >= 18
    assert max(ages) <= 63
    assert 31 <= mean <= 33
    assert 8.5 <= (sum((a - mean) ** 2 for a in ages) / (len(ages) - 1)) ** 0.5 <= 11


@pytest.mark.parametrize("wave", WAVES)
def test_sessions_and_dates_fit_how_therapy_ended(wave: str) -> None:
    for person in read(wave, "participants"):
        ending = person["termination_type"]
        if person["sessions_planned"] and person["sessions_attended"]:
            missed = int(person["sessions_planned"]) - int(person["sessions_attended"])
            assert missed <= 2 if ending == "completed_agreed" else missed >= 1
            assert missed >= 0
        assert person["started_on"] <= person["last_session"]
        assert (person["ended_on"] == "") == (ending == "ongoing")
        assert person["ended_on"] == "" or person["last_session"] <= person["ended_on"]


def test_wave_2024a_has_three_sites_and_therapists_with_one_to_many_clients() -> None:
    people = read("2024a", "participants")
    clients = Counter(p["therapist_id"] for p in people if p["therapist_id"])
    assert {p["site_id"] for p in people} == {"S1", "S2", "S3"}
    assert 20 <= len(clients) <= 24
    assert min(clients.values()) <= 3
    assert max(clients.values()) >= 12


def test_severity_is_missing_more_often_at_site_s3() -> None:
    people = read("2024a", "participants")

    def share(at_s3: bool) -> float:
        empty = [p["baseline_severity"] == "" for p in people if (p["site_id"] == "S3") == at_s3]
        return sum(empty) / len(empty)

    assert 0 < share(at_s3=False) < share(at_s3=True)


def test_people_without_any_coded_segment_stay_in_the_tables() -> None:
    coded = {r["participant_id"] for r in read("2024a", "coded_segments")}
    silent = [p for p in analysed_groups("2024a") if p not in coded]
    written = {d["participant_id"] for d in read("2024a", "documents") if int(d["n_words"]) > 0}
    assert len(silent) >= 10
    assert set(silent) <= written


def test_people_who_dropped_out_write_less() -> None:
    group = analysed_groups("2024a")
    words: dict[str, int] = defaultdict(int)
    for document in read("2024a", "documents"):
        words[document["participant_id"]] += int(document["n_words"])

    def mean(name: str) -> float:
        own = [words[p] for p, g in group.items() if g == name]
        return sum(own) / len(own)

    assert mean("dropped_out") < 0.75 * mean("helpful")


# Themes


def test_one_person_has_the_boundaries_theme() -> None:
    expected = {"helpful": 0, "unhelpful": 1, "mixed": 0, "dropped_out": 0}
    assert people_with("2024a", "B.boundaries") == expected


def test_shared_decisions_has_an_empty_cell_among_unhelpful() -> None:
    counts = people_with("2024a", "E.shared_decisions")
    assert counts["unhelpful"] == 0
    assert counts["helpful"] >= 10


def test_alliance_breakdown_separates_and_is_no_model_theme() -> None:
    expected = {"helpful": 0, "unhelpful": 0, "mixed": 0, "dropped_out": 6}
    assert people_with("2024a", "TR.alliance") == expected
    models = load_yaml(STUDY / "study.yaml")["termination_models"]
    assert [m["themes"] for m in models] == [["A.unempathic", "E.one_size", "G.surface"]]


@pytest.mark.parametrize("theme", ["A.unempathic", "E.one_size", "G.surface"])
def test_hindering_theme_is_commoner_among_unhelpful_than_helpful(theme: str) -> None:
    counts = people_with("2024a", theme)
    assert counts["unhelpful"] / 37 - counts["helpful"] / 92 >= 0.15


@pytest.mark.parametrize("theme", ["F.empathy", "H.coping", "E.tailored"])
def test_helpful_theme_is_commoner_among_helpful_than_unhelpful(theme: str) -> None:
    counts = people_with("2024a", theme)
    assert counts["helpful"] / 92 - counts["unhelpful"] / 37 >= 0.15


@pytest.mark.parametrize("theme", ["C.passive", "G.too_short", "TR.practical"])
def test_theme_without_planned_difference_hardly_differs(theme: str) -> None:
    counts = people_with("2024a", theme)
    assert abs(counts["helpful"] / 92 - counts["unhelpful"] / 37) < 0.10


def test_codebook_redefines_exactly_one_theme_in_1_1_0() -> None:
    codebook = load_yaml(STUDY / "codebook.yaml")
    changed = {t["id"]: [h["version"] for h in t["history"]] for t in codebook["themes"] if "history" in t}
    assert codebook["codebook"]["version"] == "1.1.0"
    assert changed == {"G.too_short": ["1.1.0"]}
    versions = [load_yaml(STUDY / "waves" / w / "wave.yaml")["codebook_version"] for w in WAVES]
    assert versions == ["1.0.0", "1.0.0", "1.1.0"]


def test_codebook_of_the_example_is_part_of_the_core_codebook() -> None:
    core = {t["id"]: t for t in load_yaml(DATA_SCHEMA / "codebook.yaml")["themes"]}
    themes = load_yaml(STUDY / "codebook.yaml")["themes"]
    ids = {t["id"] for t in themes}
    for theme in themes:
        same = ("label", "parent", "polarity", "locus", "source", "basis")
        assert {k: theme[k] for k in same} == {k: core[theme["id"]][k] for k in same}
        assert theme["parent"] is None or theme["parent"] in ids


def test_core_codebook_has_68_themes_with_unique_ids_and_known_parents() -> None:
    codebook = load_yaml(DATA_SCHEMA / "codebook.yaml")
    themes = codebook["themes"]
    ids = [t["id"] for t in themes]
    assert len(ids) == len(set(ids)) == 68
    assert Counter(t["basis"] for t in themes) == {"named": 31, "derived": 22, "extension": 15}
    assert Counter(t["polarity"] for t in themes) == {
        "hindering": 40,
        "helpful": 16,
        "mixed": 6,
        "neutral": 6,
    }
    for theme in themes:
        sources = theme["source"] if isinstance(theme["source"], list) else [theme["source"]]
        assert theme["parent"] is None or theme["parent"] in ids
        assert set(sources) <= set(codebook["sources"])
        assert theme["status"] == ("optional" if theme["basis"] == "extension" else "active")


# Coding


@pytest.mark.parametrize("wave", WAVES)
def test_nobody_codes_what_they_were_not_asked_to_code(wave: str) -> None:
    asked = {
        (r["participant_id"], r["coder_id"], r["round"]): r.get("codes", "").split()
        for r in read(wave, "assignments")
    }
    for row in read(wave, "coded_segments"):
        codes = asked[row["participant_id"], row["coder_id"], row["round"]]
        assert codes == [] or row["code_id"].split(".")[0] in codes


@pytest.mark.parametrize(("wave", "n_double"), [("2024a", 57), ("2024b", 7), ("2025a", 35)])
def test_three_in_ten_participants_are_coded_by_both_and_then_agreed(wave: str, n_double: int) -> None:
    coders: dict[str, set[str]] = defaultdict(set)
    for row in read(wave, "assignments"):
        assert (row["coder_id"] == "consensus") == (row["round"] == "consensus")
        coders[row["participant_id"]].add(row["coder_id"])
    sets = Counter(frozenset(c) for c in coders.values())
    assert set(coders) == {p["participant_id"] for p in read(wave, "participants")}
    assert sets[frozenset({"coder_1", "coder_2", "consensus"})] == n_double
    assert set(sets) <= {
        frozenset({"coder_1", "coder_2", "consensus"}),
        frozenset({"coder_1"}),
        frozenset({"coder_2"}),
    }


def test_eight_participants_of_wave_2025a_were_coded_without_reasons_for_ending() -> None:
    short = [r for r in read("2025a", "assignments") if r["codes"]]
    assert {r["codes"] for r in short} == {"A B C E F G H"}
    assert len({r["participant_id"] for r in short}) == 8


def test_coders_agree_least_on_superficial() -> None:
    double = {r["participant_id"] for r in read("2024a", "assignments") if r["round"] == "consensus"}
    given: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in read("2024a", "coded_segments"):
        if row["participant_id"] in double:
            given[row["code_id"]][row["coder_id"]].add(row["participant_id"])
    overlap = {
        code: len(by["coder_1"] & by["coder_2"]) / len(by["coder_1"] | by["coder_2"])
        for code, by in given.items()
        if len(by["coder_1"] | by["coder_2"]) >= 5
    }
    assert min(overlap, key=lambda code: overlap[code]) == "B.superficial"
    assert overlap["B.superficial"] < 0.5


# The notes of the authors and the facts of the waves


def test_authors_notes_have_a_heading_per_notebook_section_and_theme() -> None:
    lines = (STUDY / "waves/2024a/author_notes.md").read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("#")]
    assert headings == [
        "## 03 Themes by outcome",
        "## 04 Joint display",
        "### Disagreement",
        "### Limits of each strand",
        "### A",
        "### A.unempathic",
        "### G.surface",
        "### H.coping",
        "### G.too_short",
    ]


def test_notes_of_the_latest_wave_are_still_empty() -> None:
    text = (STUDY / "waves/2025a/author_notes.md").read_text(encoding="utf-8")
    assert re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).strip() == ""


def test_waves_are_looks_1_to_3_in_the_order_of_time() -> None:
    facts = [load_yaml(STUDY / "waves" / wave / "wave.yaml") for wave in WAVES]
    assert [f["look"] for f in facts] == [1, 2, 3]
    for fact in facts:
        assert fact["opened"] < fact["closed"] < fact["data_cut"]
    for wave, fact in zip(WAVES, facts, strict=True):
        assert len(read(wave, "participants")) <= fact["n_invited"] - fact["n_declined"]
