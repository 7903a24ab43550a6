"""Published data sets as study folders, and what a run leaves behind.

The folders are written with the csv module alone: raw files are copied where study.yaml can say how they are
read, and otherwise gain a column. Nothing here calls the package, so that a fault in it cannot hide.
"""

from __future__ import annotations

import base64
import csv
import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
WAVE = "w1"

Row = dict[str, str]


@dataclass(frozen=True)
class BuiltWave:
    """A study folder and the finished folder of its only wave."""

    study: Path
    folder: Path

    def exact(self, name: str) -> list[Row]:
        """Rows of an exact, internal result table."""
        return rows_of(self.folder / "internal" / "results" / name)

    def one(self, name: str, **where: str) -> Row:
        """The only row of an exact table with these values."""
        (row,) = (
            row for row in self.exact(name) if all(row[column] == value for column, value in where.items())
        )
        return row

    def released(self, name: str, **where: str) -> Row:
        """The only row of a released table with these values."""
        rows = rows_of(self.folder / "results" / name)
        (row,) = (row for row in rows if all(row[column] == value for column, value in where.items()))
        return row

    @property
    def report(self) -> str:
        """The report as text, its figures spelled out."""
        page = (self.folder / "report.html").read_text(encoding="utf-8")
        return re.sub(
            r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)",
            lambda found: base64.b64decode(found[1]).decode("utf-8"),
            page,
        )


class _Addresses(HTMLParser):
    """Everything that a page could fetch or open."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = ("src", "href", "xlink:href", "srcset", "data", "action", "poster")
        self.found += [value or "" for name, value in attrs if name in names]
        self.found += re.findall(r"url\(\s*['\"]?([^'\")]*)", dict(attrs).get("style") or "")


def addresses_beyond_the_file(wave: BuiltWave) -> list[str]:
    """Addresses in the report that are neither a place in it nor carried by it."""
    page = (wave.folder / "report.html").read_text(encoding="utf-8")
    parser = _Addresses()
    parser.feed(page)
    styles = "".join(re.findall(r"<style.*?</style>", page, re.DOTALL))
    found = parser.found + re.findall(r"url\(\s*['\"]?([^'\")]*)", styles) + re.findall("@import.*", styles)
    return [address for address in found if not address.startswith(("#", "data:"))]


def released_files_with(pattern: str, wave: BuiltWave) -> list[str]:
    """Files of a finished wave, those under internal/ aside, in which the pattern is found."""
    texts = {"report.html": wave.report}
    for path in wave.folder.rglob("*"):
        inside = path.relative_to(wave.folder).as_posix()
        if path.suffix in (".csv", ".svg", ".json") and not inside.startswith("internal/"):
            texts[inside] = path.read_text(encoding="utf-8")
    return sorted(name for name, text in texts.items() if re.search(pattern, text))


def rows_of(path: Path) -> list[Row]:
    """A csv file, every value as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def flaky_survey(folder: Path) -> int:
    """A survey of software developers: themes of open answers by years of experience.

    The respondents' file is copied as it is, experience being the outcome group. The coded answers gain a
    segment id, the same for every code on one answer. A coded answer that no respondent was matched to cannot
    be given to a group: it is left out, and its writer, whoever it is, stays in the base as a person without it.

    Returns
    -------
    int
        Codings left out.
    """
    wave = _wave_folder(folder)
    shutil.copy(DATA / "flaky_survey_respondents.csv", wave / "respondents.csv")
    _write_wave_facts(wave, "sources: [{file: respondents.csv, table: participants}]")
    agreed = {row["respondent_id"]: row["consent"] for row in rows_of(DATA / "flaky_survey_respondents.csv")}
    yes_no = {"True": "yes", "False": "no"}
    consent = [
        (person, scope, yes_no[said]) for person, said in agreed.items() for scope in ("analyse", "quote")
    ]
    write_rows(wave / "consent.csv", ("participant_id", "scope", "granted"), consent)
    codings = rows_of(DATA / "flaky_survey_codings.csv")
    matched = [row for row in codings if row["respondent_id"]]
    answers: dict[tuple[str, str, str], str] = {}
    segments = []
    for row in matched:
        answer = (row["question"], row["respondent_id"], row["text"])
        segment = answers.setdefault(answer, f"A{len(answers) + 1:03d}")
        segments.append((segment, *row.values(), "yes"))
    write_rows(wave / "coded_segments.csv", ("segment_id", *codings[0], "quote_consent"), segments)
    codes = sorted({row["code"] for row in codings})
    _write_codebook(folder, codes)
    _write_study(
        folder,
        f"""
        study: flaky-survey
        title: What developers say about flaky tests
        setting: Online survey of software developers
        tradition: codebook
        theme_timing: after_outcome
        coders_blind_to_outcome: no
        outcome:
          groups: ["0 - 1", "2 - 4", "5 - 8", "9 - 12", "13 +"]
          reference: "13 +"
        privacy:
          counts: exact
          quotes: consented
          reason: published under an open licence, with answers that respondents agreed to have quoted
        columns:
          participants: {{respondent_id: participant_id, experience_years: outcome_group}}
          coded_segments: {{respondent_id: participant_id, question: question_id, code: code_id}}
          values: {{code_id: {_mapping(codes)}}}
        """,
    )
    return len(codings) - len(matched)


TERCILES = {"most_satisfied": 6, "in_between": 5, "least_satisfied": 6}


def taguette_project(folder: Path, *, groups: dict[str, int] = TERCILES) -> None:
    """A usability study coded in Taguette: 22 codes by groups of satisfaction.

    The coded segments are copied as they are. Participants are put in order of their score, of which lower
    means more satisfied, and dealt to groups of the given sizes.
    """
    wave = _wave_folder(folder)
    shutil.copy(DATA / "taguette_segments.csv", wave / "coded_segments.csv")
    _write_wave_facts(wave)
    participants = rows_of(DATA / "taguette_participants.csv")
    ranked = sorted(participants, key=lambda row: float(row["pssuq_mean"]))
    places = [name for name, size in groups.items() for _ in range(size)]
    group = {row["participant_id"]: name for row, name in zip(ranked, places, strict=True)}
    people = [(*row.values(), group[row["participant_id"]]) for row in participants]
    write_rows(wave / "participants.csv", (*participants[0], "satisfied"), people)
    codes = sorted({row["code"] for row in rows_of(DATA / "taguette_segments.csv")})
    _write_codebook(folder, codes)
    _write_study(
        folder,
        f"""
        study: taguette-project
        title: What users say about a dashboard
        setting: Usability sessions; satisfaction is a mean of 19 items and lower means more satisfied
        tradition: codebook
        theme_timing: before_outcome
        coders_blind_to_outcome: no
        outcome:
          groups: [{", ".join(groups)}]
          reference: {next(iter(groups))}
        columns:
          participants: {{satisfied: outcome_group, pssuq_mean: satisfaction}}
          coded_segments: {{code: code_id, start_offset: start, end_offset: end}}
          values: {{code_id: {_mapping(codes)}}}
        """,
    )


def bright_trial(folder: Path, *, status: str = "active") -> None:
    """The group CBT arm of the BRIGHT trial: attendance of everybody, and nothing coded.

    Ids are bare numbers in the raw file, which any page holds, so they gain a word in front.

    Parameters
    ----------
    status
        Status of the themes of the codebook, none of which stands in coded_segments.csv.
    """
    wave = _wave_folder(folder)
    _write_wave_facts(wave)
    clients = [row for row in rows_of(DATA / "bright_group_cbt.csv") if row["cbt_arm"] == "1"]
    for row in clients:
        row["participant_id"] = f"client-{row['participant_id']}"
    write_rows(
        wave / "participants.csv", (*clients[0], "format"), [(*row.values(), "group") for row in clients]
    )
    write_rows(wave / "coded_segments.csv", ("segment_id", "participant_id", "code_id"), ())
    _write_codebook(folder, ["Group was helpful", "Left for practical reasons"], status=status)
    _write_study(
        folder,
        """
        study: bright-trial
        title: Attendance of group CBT
        setting: Residential treatment of substance use
        tradition: codebook
        theme_timing: after_outcome
        coders_blind_to_outcome: no
        outcome:
          groups: [stayed, left_early]
          reference: stayed
          from:
            - {group: left_early, when: {dropout: under_8}}
            - {group: stayed, when: {format: group}}
        dropout_definitions:
          under_1: {sessions_attended_below: 1}
          under_4: {sessions_attended_below: 4}
          under_8: {sessions_attended_below: 8}
          under_12: {sessions_attended_below: 12}
          under_16: {sessions_attended_below: 16}
        termination_models:
          - name: severity
            event: under_8
            covariates:
              bdi_0m: {type: number, unit: points, why: depression at the start may go with leaving}
        privacy: {counts: exact, reason: published with an open licence}
        """,
    )


QUARTERS = ("2019Q2", "2019Q3", "2019Q4", "2020Q1", "2020Q2", "2020Q3", "2020Q4", "2021Q1")
DATA_CUT = date(2021, 1, 28)  # day of the last login of anybody
EXPOSURE = 56  # days: everybody who stayed was observed for at least so long


def internet_therapy(folder: Path, *, follow_up: str = f"{{days: {EXPOSURE}}}") -> None:
    """Guided internet therapy, a wave per quarter of the first login; nothing is coded.

    Whoever stopped logging in is labelled as not adherent, and so is everybody who began too late to be anything else.
    """
    people = rows_of(DATA / "gicbt_participants.csv")
    for look, quarter in enumerate(QUARTERS, start=1):
        wave = folder / "waves" / quarter
        wave.mkdir(parents=True)
        year, last = int(quarter[:4]), 3 * int(quarter[-1])
        opened = date(year, last - 2, 1)
        closed = date(year + last // 12, last % 12 + 1, 1) - timedelta(days=1)
        facts = [
            f"opened: {opened}",
            f"closed: {closed}",
            f"data_cut: {DATA_CUT}",
            'codebook_version: "1"',
            f"look: {look}",
        ]
        (wave / "wave.yaml").write_text("\n".join(facts) + "\n", encoding="utf-8")
        mine = [
            row | {"participant_id": f"user-{row['participant_id']}"}
            for row in people
            if row["wave"] == quarter
        ]
        write_rows(wave / "participants.csv", mine[0], [row.values() for row in mine])
        write_rows(wave / "coded_segments.csv", ("segment_id", "participant_id", "code_id"), ())
    _write_codebook(folder, ["Left for practical reasons"])
    _write_study(
        folder,
        f"""
        study: internet-therapy
        title: Logging in to guided internet therapy
        setting: Internet
        tradition: codebook
        theme_timing: after_outcome
        coders_blind_to_outcome: no
        planned_looks: {len(QUARTERS)}
        outcome:
          groups: [stayed, left_early]
          reference: stayed
          from:
            - {{group: left_early, when: {{adherent: "0"}}}}
            - {{group: stayed, when: {{adherent: "1"}}}}
        dropout_definitions:
          stopped: {{column: adherent, values: ["0"]}}
        follow_up: {follow_up}
        termination_models:
          - name: first_days
            event: stopped
            covariates:
              logins_d0_13: {{type: number, why: who logs in often at first may stay}}
        privacy: {{counts: exact, reason: published with an open licence}}
        columns:
          participants: {{first_login: started_on}}
        """,
        waves=QUARTERS,
    )


def write_rows(path: Path, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Write a csv file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def theme_id(code: str) -> str:
    """A code's name as an id of the codebook: ``VM`` is vm, ``code bugs?`` is code_bugs."""
    return re.sub(r"[^a-z0-9]+", "_", code.lower()).strip("_")


def _mapping(codes: list[str]) -> str:
    """Raw code -> theme id as a YAML mapping on one line."""
    return json.dumps({code: theme_id(code) for code in codes})


def _wave_folder(folder: Path) -> Path:
    wave = folder / "waves" / WAVE
    wave.mkdir(parents=True)
    return wave


def _write_wave_facts(wave: Path, *more: str) -> None:
    """A wave.yaml; the data sets do not say when they were collected, and nothing here depends on it."""
    lines = [
        "opened: 2021-01-01",
        "closed: 2021-12-31",
        "data_cut: 2021-12-31",
        'codebook_version: "1"',
        "look: 1",
    ]
    (wave / "wave.yaml").write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")


def _write_codebook(folder: Path, codes: list[str], *, status: str = "active") -> None:
    write_rows(
        folder / "codebook.csv", ("id", "label", "status"), [(theme_id(code), code, status) for code in codes]
    )


def _write_study(folder: Path, decisions: str, *, waves: tuple[str, ...] = (WAVE,)) -> None:
    """A study.yaml with these decisions, few permutations and the key of the pseudonyms beside the study."""
    indent = re.match(r"\n *", decisions)
    margin = len(indent[0]) - 1 if indent else 0
    lines = [line[margin:] for line in decisions.strip("\n").splitlines()]
    key = folder.with_name(f"{folder.name}.key")
    lines += [
        f"waves: [{', '.join(waves)}]",
        "n_permutations: {omnibus: 999, minp: 1999}",
        f"pseudonym_key: {json.dumps(str(key))}",
    ]
    (folder / "study.yaml").write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
