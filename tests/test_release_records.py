"""Which released reports hold somebody or something since withdrawn, and what the record of a release gives away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_study import CANARY, CONSENT, FILES, REVIEWS, WORDS, spoilt, table, write_study

from analysis_lib.__main__ import main
from analysis_lib.commands.keys import key_file, pseudonym_key
from analysis_lib.payload import Payload, Table
from analysis_lib.release_records import (
    RECORDS,
    read_records,
    release_record,
    withdrawn_since,
    write_record,
)
from analysis_lib.study import load_study
from analysis_lib.wave import load_wave

KEY = b"a key for tests"
REPORT = "reports/tiny/w1"
QUOTED = Payload(
    "joint_display",
    "quote_matrix",
    {
        "quotes": Table(
            (("group", "key"), ("quote", "quote"), ("text_original", "quote")), (("helpful", WORDS, None),)
        )
    },
)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    return write_study(tmp_path / "study")


def release(study: Path, key: bytes = KEY, *, day: str = "2024-07-01", report_id: str = "a1b2c3d4e5") -> None:
    """A report that quotes S01, the one reviewed segment of the tiny study."""
    record = release_record(
        load_wave(study, "w1"),
        [QUOTED],
        key=key,
        report=REPORT,
        report_id=report_id,
        profile="coauthor",
        clearances=["reviewed"],
        released_on=day,
    )
    write_record(study, record)


def since(study: Path, key: bytes = KEY) -> list[tuple[int, int, tuple[str, ...]]]:
    found = withdrawn_since(load_wave(study, "w1"), read_records(study)[0], key)
    return [(one.n_people, one.n_quotes, one.segments) for one in found]


def test_a_record_holds_neither_a_word_nor_an_id(study: Path) -> None:
    release(study)
    (path,) = (study / RECORDS).glob("*.json")
    text = path.read_text(encoding="utf-8")
    assert CANARY not in text
    assert not [person for person in (f"P{i:02}" for i in range(1, 13)) if f'"{person}"' in text]
    assert "S01" not in text


def test_a_record_counts_everybody_who_agreed_and_the_quotes_that_left(study: Path) -> None:
    release(study)
    ((record,), unreadable) = read_records(study)
    assert (len(record.people), len(record.quotes), unreadable) == (11, 1, 0)  # P09 did not agree


def test_while_nothing_is_withdrawn_no_report_is_named(study: Path) -> None:
    release(study)
    assert since(study) == []


def test_the_same_report_again_is_one_record_with_its_first_day(study: Path) -> None:
    release(study)
    release(study, day="2025-01-01")
    assert [record.released_on for record in read_records(study)[0]] == ["2024-07-01"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        # a person who withdraws from the analysis takes the quote along
        (spoilt(table("consent"), ("P01,analyse,yes,", "P01,analyse,yes,2024-08-01")), (1, 1, ())),
        (spoilt(table("consent"), ("P02,analyse,yes,", "P02,analyse,yes,2024-08-01")), (1, 0, ())),
        ({table("consent"): CONSENT.replace("P01,analyse,yes,\n", "")}, (1, 1, ())),
        (spoilt(table("consent"), ("P01,quote,yes,", "P01,quote,yes,2024-08-01")), (0, 1, ("S01",))),
        (spoilt(table("consent"), ("P01,quote,yes,", "P01,quote,no,")), (0, 1, ("S01",))),
        ({table("quote_reviews"): REVIEWS.replace("release", "withhold")}, (0, 1, ("S01",))),
        ({table("quote_reviews"): REVIEWS.split("\n")[0] + "\n"}, (0, 1, ("S01",))),
        (
            {
                table("coded_segments"): FILES[table("coded_segments")].replace(
                    f"{WORDS},", f"{WORDS} Or not.,"
                )
            },
            (0, 1, ("S01",)),
        ),
    ],
)
def test_what_could_not_be_in_it_today_is_counted(
    study: Path, changed: dict[str, str], expected: tuple[int, int, tuple[str, ...]]
) -> None:
    release(study)
    write_study(study, changed)
    assert since(study) == [expected]


def test_a_person_who_is_no_longer_in_the_tables_has_withdrawn(study: Path) -> None:
    release(study)
    gone = {name: "\n".join(line for line in text.split("\n") if not line.startswith(("P02,", "S03,")))
            for name, text in FILES.items() if name.endswith(".csv") and "reviews" not in name}  # fmt: skip
    write_study(study, gone)
    assert since(study) == [(1, 0, ())]


# status


@pytest.fixture
def released(study: Path) -> Path:
    release(study, pseudonym_key(load_study(study)))
    return study


def status(study: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["status", str(study), *words]) == 0
    return capsys.readouterr().out


def test_status_names_report_day_and_numbers_and_says_what_to_do(released: Path, capsys) -> None:
    write_study(released, spoilt(table("consent"), ("P01,quote,yes,", "P01,quote,yes,2024-08-01")))
    said = status(released, capsys).splitlines()
    assert said[1:] == [
        "    reports/tiny/w1, released 2024-07-01 (coauthor, a1b2c3d4e5) holds 1 quote since withdrawn; segments S01.",
        "    Run wave w1 again, or export it again, send what is new to everybody who has what is old, and ask them to"
        " delete that.",
    ]


def test_status_names_every_report_that_is_out(released: Path, capsys) -> None:
    release(released, pseudonym_key(load_study(released)), day="2024-09-01", report_id="0123456789")
    write_study(released, spoilt(table("consent"), ("P01,analyse,yes,", "P01,analyse,yes,2024-10-01")))
    (state,) = json.loads(status(released, capsys, "--json")).values()
    assert [
        (one["released_on"], one["n_people"], one["n_quotes"]) for one in state["withdrawn"]["reports"]
    ] == [
        ("2024-07-01", 1, 1),
        ("2024-09-01", 1, 1),
    ]


def test_status_says_nothing_of_reports_that_may_stand(released: Path, capsys) -> None:
    assert len(status(released, capsys).splitlines()) == 1


def test_without_the_key_status_says_that_it_cannot_tell(released: Path, capsys) -> None:
    key_file(load_study(released)).unlink()
    assert "cannot be told: the key of the pseudonyms is not there" in status(released, capsys)


def test_with_another_key_status_does_not_say_that_everybody_withdrew(released: Path, capsys) -> None:
    key_file(load_study(released)).write_text("ab" * 32, encoding="ascii")
    assert "cannot be told: another key" in status(released, capsys)


def test_a_wave_that_cannot_be_read_is_said_and_is_no_traceback(released: Path, capsys) -> None:
    (released / "waves/w1/participants.csv").write_text("")
    assert "cannot be told: the wave cannot be read" in status(released, capsys)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"quotes": 1}', "\0"])
def test_a_record_that_cannot_be_read_is_said(released: Path, capsys, content: str) -> None:
    (released / RECORDS / "w1_x_y.json").write_text(content)
    assert "cannot be told: 1 records cannot be read" in status(released, capsys)
