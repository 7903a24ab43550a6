"""Write the SYNTHETIC example study: three waves of invented people, answers and codings.

Every row comes from the seed and figures in `plan.yaml` and the words in `fragments.yaml`, so that a rerun
gives the same bytes; `--check` tells whether the committed files are what this script writes.

References: group sizes after Li et al. 2025 (doi 10.1080/10503307.2024.2360448) and Alfonsson et al. 2023
(doi 10.1037/pst0000503); every frequency and effect is made up.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import itertools
import math
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import yaml
from dice import normal, pick, shuffled, whole

HERE = Path(__file__).resolve().parent
PLAN = yaml.safe_load((HERE / "plan.yaml").read_text(encoding="utf-8"))
PROSE = yaml.safe_load((HERE / "fragments.yaml").read_text(encoding="utf-8"))
Row = dict[str, Any]


@dataclass
class Person:
    """One invented participant: the row of the table, and what only the script knows."""

    id: str
    row: Row
    left_out: str  # why this person is not analysed; empty for those who are
    score: dict[str, float]  # inclination to leave early ("lost") and to be helped little ("harmed")
    group: str = ""
    themes: set[str] = field(default_factory=set)
    may_quote: str = "yes"
    quote_withdrawn: str = ""


@dataclass
class Segment:
    """One stretch of text, the codes that truly fit it, and the codings it got: (code, coder, round)."""

    person: Person
    codes: list[str]
    text: str
    planted: Row
    place: Row = field(default_factory=dict)
    codings: list[tuple[str, str, str]] = field(default_factory=list)
    quote_consent: str = ""
    segment_id: str = ""


def stream(wave: Row, topic: str) -> np.random.Generator:
    """Random numbers for one topic of one wave, so that a change to one table leaves the others alone."""
    name = zlib.crc32(f"{wave['wave']}/{topic}".encode())
    return np.random.default_rng(np.random.SeedSequence([PLAN["seed"], name]))


def draw_people(wave: Row) -> list[Person]:
    """Participants with therapist, covariates and outcome group; the margins come out exactly as planned."""
    rng = stream(wave, "people")
    therapists = [f"T{t + 1:02d}" for t in range(wave["n_therapists"])]
    caseload = {t: 0.4 + 1.8 * rng.random() ** 2 for t in therapists}
    lost, harmed = ({t: normal(rng) for t in therapists} for _ in range(2))
    n = sum(wave["groups"].values()) + sum(wave["left_out"].values())
    reasons = [reason for reason, count in wave["left_out"].items() for _ in range(count)]
    reasons = shuffled(rng, reasons + [""] * (n - len(reasons)))
    ages = shuffled(rng, [NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)])
    people = []
    for number, (reason, at) in enumerate(zip(reasons, ages, strict=True), wave["first_number"]):
        therapist = pick(rng, caseload)
        site = f"S{int(therapist[1:]) % 3 + 1}"
        row = {"participant_id": f"P{number:03d}", "therapist_id": therapist, "site_id": site}
        row["age"] = int(min(63, 16.5 + math.exp(2.63 + 0.56 * at)))
        row["baseline_severity"] = min(27, max(2, round(14.5 + 5 * normal(rng))))
        row |= {column: pick(rng, levels) for column, levels in PLAN["background"].items()}
        strain = 0.04 * (row["baseline_severity"] - 14.5)
        leaving = 0.03 * (32 - row["age"]) + 0.4 * (row["delivery_mode"] == "telephone")
        score = {"lost": 0.6 * lost[therapist] + leaving + strain + normal(rng)}
        score["harmed"] = 0.7 * harmed[therapist] + strain + normal(rng)
        people.append(Person(row["participant_id"], row, reason, score))
    # Whoever is most inclined to leave early does; of the rest, whoever scores highest was helped least.
    waiting = sorted((p for p in people if not p.left_out), key=lambda p: p.score["lost"], reverse=True)
    n_lost = wave["groups"].get("dropped_out", 0)
    stayed = sorted(waiting[n_lost:], key=lambda p: p.score["harmed"], reverse=True)
    order = [g for g in ("dropped_out", "unhelpful", "mixed", "helpful") if g in wave["groups"]]
    groups = [group for group in order for _ in range(wave["groups"][group])]
    for person, group in zip(waiting[:n_lost] + stayed, groups, strict=True):
        person.group = group
    for person in people:
        if person.left_out.startswith("consent"):
            person.group = pick(rng, {"helpful": 2, "unhelpful": 1})
    return people


def draw_course(wave: Row, people: list[Person]) -> None:
    """How each therapy went and ended, with sessions and dates that fit the ending."""
    rng = stream(wave, "course")
    for person in people:
        ending = pick(rng, PLAN["endings"][person.group]) if person.group else person.left_out
        said = person.group or "not_stated"
        if said == "dropped_out":
            said = pick(rng, PLAN["said_by_dropped_out"])
        planned = pick(rng, PLAN["sessions_planned"])
        if ending == "completed_agreed":
            attended = planned - pick(rng, {0: 60, 1: 25, 2: 15})
        elif ending == "patient_unilateral":
            attended = 1 + int(rng.random() ** 1.3 * (planned - 2))
        else:
            attended = max(2, round(planned * (0.3 + 0.5 * rng.random())))
        last = wave["opened"] - timedelta(whole(rng, 1, 12) if ending == "ongoing" else whole(rng, 20, 640))
        closed = last + timedelta(whole(rng, 7, 28) if "unilateral" in ending else whole(rng, 0, 7))
        change = pick(rng, PLAN["reliable_change"][said])
        person.row |= {
            "perceived_helpfulness": said,
            "termination_type": ending,
            "termination_initiated_by": PLAN["initiated_by"][ending],
            "sessions_planned": planned,
            "sessions_attended": attended,
            "started_on": last - timedelta(7 * (attended - 1) + whole(rng, 0, 21)),
            "last_session": last,
            "ended_on": "" if ending == "ongoing" else closed,
            "reliable_change": "" if ending == "ongoing" else change,
            "satisfaction": pick(rng, PLAN["satisfaction"][said]),
            "lasting_bad_effects": "yes" if rng.random() < PLAN["lasting_bad_effects"][said] else "no",
        }


def draw_themes(wave: Row, people: list[Person]) -> None:
    """Give each theme to its share of each group, to the people most inclined to that kind of theme."""
    rng = stream(wave, "themes")
    inclined = {p.id: (normal(rng), normal(rng)) for p in people}
    for code, usual in PLAN["shares"].items():
        shares = dict(zip(PLAN["groups"], usual, strict=True))
        factor = wave["multiplied"].get(code, 1)
        kind = code in PLAN["appreciative"]
        for person in people:
            person.score[code] = 0.6 * inclined[person.id][kind] + 0.8 * normal(rng)
        order = sorted(people, key=lambda p: p.score[code], reverse=True)
        for group, share in shares.items():
            members = [p for p in order if p.group == group and not p.left_out]
            for person in members[: int(share * factor * len(members) + 0.5)]:
                person.themes.add(code)
        for person in people:
            chance = shares[person.group or "mixed"] * factor * (code not in PLAN["never_by_mistake"])
            if person.left_out and rng.random() < chance:
                person.themes.add(code)
    for person in (p for p in people if p.group == "dropped_out"):
        given = sorted(c for c in person.themes if c.startswith("TR."))
        person.row["ending_reason_patient"] = given[0] if given else ""
        for informant in ("ending_reason_therapist", "ending_reason_service"):
            person.row[informant] = pick(rng, PLAN[informant])


def deal(rng: np.random.Generator, fragments: list[str]) -> Iterator[str]:
    """Variants of the fragments in turn, so that a text comes back only when all have been used."""
    piles = []
    for fragment in shuffled(rng, fragments):
        pieces = re.split(r"\{([^}]*)\}", fragment)  # every second piece is a choice: a|b|c
        choices = [piece.split("|") if i % 2 else [piece] for i, piece in enumerate(pieces)]
        piles.append(shuffled(rng, ["".join(words) for words in itertools.product(*choices)]))
    for turn in itertools.count():
        yield from (pile[turn % len(pile)] for pile in piles)


def draw_segments(wave: Row, people: list[Person]) -> list[Segment]:
    """What each person says, as segments with the codes that fit; some segments carry two codes."""
    rng = stream(wave, "segments")
    for person in people:
        answer = pick(rng, PLAN["quote_consent"])
        person.may_quote = "no" if person.left_out == "consent_withheld" else answer
    supply = {key: deal(rng, texts) for key, texts in (PROSE["fragments"] | PROSE["pairs"]).items()}
    planted = [item for item in PROSE["planted"] if item["wave"] == wave["wave"]]
    segments = []
    for person in shuffled(rng, people):
        paired: set[str] = set()
        for key in PROSE["pairs"]:
            codes = set(key.split(" + "))
            if codes <= person.themes - paired and rng.random() < 0.5:
                paired |= codes
                segments.append(Segment(person, sorted(codes), next(supply[key]), {}))
        more = 0.7 if wave["interview"] else 0.12 if person.group == "dropped_out" else 0.3
        for code in sorted(person.themes):
            for _ in range((code not in paired) + wave["interview"] + (rng.random() < more)):
                item = next((i for i in planted if i["code"] == code and not person.left_out), None)
                if item:
                    planted.remove(item)
                    person.may_quote = "yes"
                text = item["text"] if item else next(supply[code])
                segments.append(Segment(person, [code], text, item or {}))
    if planted:
        raise ValueError(f"wave {wave['wave']}: nobody has the theme of a planted passage")
    return segments


def place_in_documents(wave: Row, people: list[Person], segments: list[Segment]) -> list[Row]:
    """Put the segments one after another into documents, uncoded words between them."""
    rng = stream(wave, "documents")
    rows = []
    for person in people:
        own = shuffled(rng, [s for s in segments if s.person is person])
        low, high = (80, 400) if wave["interview"] else (2, 12) if person.group == "dropped_out" else (3, 26)
        second = [s for s in own if not s.codes[0].startswith("TR") and rng.random() < 0.3]
        answers = {"q1": [s for s in own if s not in second], "q2": second}
        if not second and rng.random() < 0.2:
            del answers["q2"]  # no answer to the second question
        for question, said in {"": own}.items() if wave["interview"] else answers.items():
            document = {"document_id": f"{person.id}_{question or 'interview'}", "question_id": question}
            n_words = end = 0
            for s in said:
                gap = whole(rng, 0, high)
                start = end + 1 + 6 * gap if end else 6 * gap  # an uncoded word: five letters and a blank
                end = start + len(s.text)
                n_words += gap + len(s.text.split())
                s.place = document | {"start": start, "end": end}
            n_words += whole(rng, low, high) * (4 if wave["interview"] else 1)
            rows.append(document | {"participant_id": person.id, "n_words": n_words})
    return rows


def code_segments(wave: Row, people: list[Person], segments: list[Segment]) -> list[Row]:
    """Two coders with their mistakes, consensus where both coded; returns who was asked to code what."""
    rng = stream(wave, "coding")
    both = {p.id for p in shuffled(rng, people)[: round(0.3 * len(people))]}
    without_tr = wave["n_without_tr"]
    rows = []
    for person in people:
        single = ["coder_1", "coder_2"][rng.random() < 0.5]
        coders = ["coder_1", "coder_2"] if person.id in both else [single]
        said_why = any(c.startswith("TR") for c in person.themes)
        without_tr -= (short_list := coders == ["coder_2"] and not said_why and without_tr > 0)
        codes = " ".join(p for p in PLAN["parents"] if p != "TR") if short_list else ""
        for coder in [*coders, "consensus"] if person.id in both else coders:
            stage = "consensus" if coder == "consensus" else "independent"
            rows.append({"participant_id": person.id, "coder_id": coder, "round": stage, "codes": codes})
        for s in (s for s in segments if s.person is person):
            for coder, code in itertools.product(coders, s.codes):
                instead = PLAN["taken_for"].get(code, code)
                found = PLAN["sensitivity"].get(code, 0.89) - 0.02 * (coder == "coder_2")
                if s.planted or rng.random() < found:
                    s.codings.append((code, coder, "independent"))
                elif rng.random() < 0.5 and instead not in s.codes:
                    s.codings.append((instead, coder, "independent"))
                for extra, chance in PLAN["added"].get(code, {}).items():
                    if not s.planted and extra not in s.codes and rng.random() < chance:
                        s.codings.append((extra, coder, "independent"))
            if s.codings and person.id in both:
                s.codings += [(code, "consensus", "consensus") for code in s.codes]
    return rows


def number_segments(wave: Row, segments: list[Segment]) -> list[Segment]:
    """The segments that somebody coded, in reading order, with an id and the consent to quote."""
    rng = stream(wave, "numbering")
    coded = [s for s in segments if s.codings]
    coded.sort(key=lambda s: (s.person.id, s.place["document_id"], s.place["start"]))
    for number, s in enumerate(coded, start=1):
        s.segment_id = f"S{wave['wave'][2:]}-{number:04d}"
        refused = s.person.may_quote == "yes" and not s.planted and rng.random() < 0.05
        s.quote_consent = "no" if refused else s.person.may_quote
    return coded


def segment_rows(wave: Row, segments: list[Segment]) -> list[Row]:
    """One row for each code that one coder gave to one segment."""
    rng = stream(wave, "segment rows")
    rows = []
    for s in segments:
        for code, coder, stage in sorted(set(s.codings), key=lambda c: (c[2] == "consensus", c[1], c[0])):
            days = whole(rng, 45, 55) if stage == "consensus" else whole(rng, 5, 40)
            row = {"segment_id": s.segment_id, "participant_id": s.person.id}
            row |= {"code_id": code, "coder_id": coder, "memo": ""}
            row |= s.place | {"text": s.text, "n_words": len(s.text.split()), "round": stage}
            row |= {name: s.planted.get(name, "") for name in ("text_original", "translator")}
            row |= {"codebook_version": wave["codebook_version"], "quote_consent": s.quote_consent}
            row["coded_at"] = wave["closed"] + timedelta(days)
            if rng.random() < 0.03:
                row["memo"] = pick(rng, dict.fromkeys(PROSE["memos"], 1))
            rows.append(row)
    return rows


def consent_rows(wave: Row, people: list[Person], segments: list[Segment]) -> list[Row]:
    """What each person agreed to; a few take it back later."""
    rng = stream(wave, "consent")
    planted = {s.person.id for s in segments if s.planted}
    quoted = {s.person.id for s in segments if s.quote_consent == "yes"} - planted
    willing = [p for p in people if p.id in quoted and not p.left_out]
    for person in shuffled(rng, willing)[: 1 if wave["interview"] else 3]:
        person.quote_withdrawn = str(wave["closed"] + timedelta(whole(rng, 10, 50)))
    rows = []
    for person in people:
        answers = {"analyse": "yes", "quote": person.may_quote, "paraphrase": "yes"}
        answers["share"] = "yes" if rng.random() < 0.4 else "no"
        if person.may_quote != "yes" and rng.random() < 0.5:
            answers["paraphrase"] = "no"
        if person.left_out == "consent_withheld":
            answers = dict.fromkeys(answers, "no")
        gone = str(wave["closed"] + timedelta(whole(rng, 10, 50)))
        for scope, granted in answers.items():
            row = {"participant_id": person.id, "scope": scope, "granted": granted}
            if person.left_out == "consent_withdrawn":
                row["withdrawn_on"] = gone
            elif scope == "quote":
                row["withdrawn_on"] = person.quote_withdrawn
            rows.append(row)
    return rows


def review_rows(wave: Row, segments: list[Segment]) -> list[Row]:
    """Reviews of about 60 % of the passages that may be quoted; two of them are of an earlier wording."""
    rng = stream(wave, "reviews")
    candidates = {s.segment_id: s for s in segments if s.quote_consent == "yes"}
    decided = {}
    for key, s in candidates.items():
        if s.planted or rng.random() < 0.5:
            decided[key] = "release" if s.planted else pick(rng, PLAN["review"])
    plain = [key for key in decided if not candidates[key].planted and candidates[key].text.endswith(".")]
    stale = shuffled(rng, plain)[:2]
    # The team reads on until each theme has two quotes in each group, where there are two to be had.
    open_to_use = [s for s in candidates.values() if not s.person.left_out and not s.person.quote_withdrawn]
    for code, group in itertools.product(PLAN["shares"], PLAN["groups"]):
        about = (s for s in open_to_use if s.person.group == group)
        keys = [s.segment_id for s in about if code in {c for c, _, _ in s.codings}]
        ready = [key for key in keys if decided.get(key) == "release" and key not in stale]
        unread = [key for key in keys if key not in decided]
        decided |= dict.fromkeys(unread[: max(0, 2 - len(ready))], "release")
    rows = []
    for key, s in sorted((key, candidates[key]) for key in decided):
        text = s.text.removesuffix(".") if key in stale else s.text
        row = {"segment_id": key, "text_sha256": hashlib.sha256(text.encode()).hexdigest()}
        row |= {"decision": decided[key], "flags_answered": s.planted.get("flags", "")}
        original = s.planted.get("text_original", "")  # the reviewer has read it too
        row |= {"original_sha256": original and hashlib.sha256(original.encode()).hexdigest()}
        when = wave["closed"] + timedelta(whole(rng, 41, 60))
        rows.append(row | {"reviewer": f"reviewer_{whole(rng, 1, 2)}", "reviewed_on": when})
    return rows


def leave_cells_empty(wave: Row, people: list[Person]) -> None:
    """Missing values, more of them among people who dropped out and at site S3."""
    rng = stream(wave, "missing")
    for person, column in itertools.product(people, PLAN["empty"]):
        usual, dropped, third_site = PLAN["empty"][column]
        chance = usual + dropped * (person.group == "dropped_out")
        if rng.random() < chance + third_site * (person.row["site_id"] == "S3"):
            person.row[column] = ""


def make_errors(wave: Row, people: list[Person], segments: list[Segment], reviews: list[Row]) -> list[Row]:
    """Spoil a few cells as it happens in life, and return the corrections that put them right."""
    rng = stream(wave, "errors")
    read = {r["segment_id"] for r in reviews}
    plain = [s for s in segments if s.segment_id in read and not s.planted and not s.person.left_out]
    corrections = []
    for column in wave["errors"]:
        rows = [p.row for p in shuffled(rng, people) if not p.left_out]
        if column == "quote_consent":
            row = {"segment_id": shuffled(rng, plain)[0].segment_id}
            old, new, reason = "yes", "no", "asked not to be quoted on this"
        elif column == "baseline_severity":
            row = next(r for r in rows if r[column] == "")
            old, new, reason = "", "17", "score found in the referral letter"
        else:
            low, high = {"sessions_attended": (40, 99), "age": (12, 17)}[column]
            row = next(r for r in rows if low <= int(str(r[column] or 0)[::-1]) <= high)
            new, reason = str(row[column]), "typing error, checked against the record"
            old = row[column] = new[::-1]
        table = "coded_segments" if "segment_id" in row else "participants"
        key = row.get("segment_id") or row["participant_id"]
        correction = {"table": table, "key": key, "column": column, "old": old, "new": new, "reason": reason}
        when = wave["data_cut"] - timedelta(5)
        corrections.append(correction | {"corrected_by": "data_manager", "corrected_on": when})
    return corrections


def csv_text(table: str, rows: list[Row]) -> str:
    """The rows as csv, in those columns of the table's schema that hold anything or make up its key."""
    schema = yaml.safe_load((HERE.parent / "tables" / f"{table}.yaml").read_text(encoding="utf-8"))
    names = [f["name"] for f in schema["fields"]]
    if unknown := {name for row in rows for name in row} - set(names):
        raise ValueError(f"{table}: not in the schema: {', '.join(sorted(unknown))}")
    key = np.atleast_1d(schema["primaryKey"])
    columns = [n for n in names if n in key or any(row.get(n, "") != "" for row in rows)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return out.getvalue()


def make_wave(wave: Row) -> dict[str, str]:
    """All generated files of one wave, path to text."""
    people = draw_people(wave)
    draw_course(wave, people)
    draw_themes(wave, people)
    spoken = draw_segments(wave, people)
    tables = {"documents": place_in_documents(wave, people, spoken)}
    tables["assignments"] = code_segments(wave, people, spoken)
    segments = number_segments(wave, spoken)
    tables["consent"] = consent_rows(wave, people, segments)
    tables["quote_reviews"] = review_rows(wave, segments)
    leave_cells_empty(wave, people)
    tables["corrections"] = make_errors(wave, people, segments, tables["quote_reviews"])
    tables["participants"] = [p.row for p in people]
    tables["coded_segments"] = segment_rows(wave, segments)
    folder = f"waves/{wave['wave']}"
    files = {f"{folder}/{table}.csv": csv_text(table, rows) for table, rows in tables.items()}
    lines = [f"{key}: {wave[key]}  # {comment}\n" for key, comment in PROSE["wave_comments"].items()]
    return files | {f"{folder}/wave.yaml": "# SYNTHETIC example wave.\n" + "".join(lines)}


def make_codebook() -> str:
    """The example's own codebook: part of the core one, with one theme redefined on the way."""
    core = yaml.safe_load((HERE.parent / "codebook.yaml").read_text(encoding="utf-8"))
    themes = [theme for theme in core["themes"] if theme["id"] in {*PLAN["parents"], *PLAN["shares"]}]
    for theme in themes:
        theme["status"] = "active"
        if change := PROSE["redefined"].get(theme["id"]):
            note = f"{change['note']} Definition until then: {theme['definition']}"
            theme |= {"definition": change["definition"], "exclude": change["exclude"]}
            theme["history"] = [{"version": change["version"], "change": "redefined", "note": note}]
    used = " ".join(str(theme["source"]) for theme in themes)
    sources = {name: source for name, source in core["sources"].items() if name in used}

    def block(value: Any) -> str:
        return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)

    head = "# SYNTHETIC example, written by make_example_study.py from ../codebook.yaml.\n"
    head += block({"codebook": PROSE["codebook"], "sources": sources})
    listed = ("".join(f"  {line}\n" for line in block([theme]).splitlines()) for theme in themes)
    return f"{head}themes:\n" + "\n".join(listed)


def make_study() -> dict[str, str]:
    """Every file of the example study, path to text."""
    files: dict[str, str] = dict(PROSE["files"]) | {"codebook.yaml": make_codebook()}
    for wave in PLAN["waves"]:
        files |= make_wave(wave)
    return files


def main(argv: Sequence[str] | None = None) -> int:
    """Write the study, or compare it with what is on disk."""
    parser = argparse.ArgumentParser(description="Write the SYNTHETIC example study.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: this one)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file differs")
    options = parser.parse_args(argv)
    files = {options.out / path: text.encode() for path, text in make_study().items()}
    if options.check:
        wrong = [path for path, text in files.items() if not path.is_file() or path.read_bytes() != text]
        wrong += [path for path in (options.out / "waves").rglob("*") if path.is_file() and path not in files]
        print("".join(f"differs: {path.relative_to(options.out)}\n" for path in sorted(wrong)), end="")
        return 1 if wrong else 0
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
