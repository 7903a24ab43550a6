"""Bad inputs: what stands in a cell."""

from __future__ import annotations

from bad_inputs.case import (
    CANARY,
    CONSENT,
    PARTICIPANTS,
    REVIEWS,
    SEGMENTS,
    STUDY,
    C,
    Case,
    D,
    K,
    P,
    R,
    S,
    Y,
    added,
    spoilt,
)

HELPED = "perceived_helpfulness"


def aged(value: str) -> dict[str, str | bytes | None]:
    """The participants with one age spoilt."""
    return spoilt(P, ("T1,38", f"T1,{value}"))


def answered(value: str) -> dict[str, str | bytes | None]:
    """The participants with one answer about helpfulness spoilt."""
    return spoilt(P, ("P05,unhelpful", f"P05,{value}"))


OWN_GROUPS = STUDY.split("  from:\n")[0] + "dropout_definitions:" + STUDY.split("dropout_definitions:")[1]
HEAD, *PEOPLE = PARTICIPANTS.splitlines()
ONE_GROUP = "\n".join(
    ",".join([person, "helpful", "completed_agreed", *rest])
    for person, _, _, *rest in (line.split(",") for line in PEOPLE)
)
NOBODY = ONE_GROUP.replace("helpful,completed_agreed", "not_stated,ongoing")
WITH_GROUP = "\n".join(
    [f"{HEAD},outcome_group", f"{PEOPLE[0]},x", *(f"{line},helpful" for line in PEOPLE[1:])]
)
WITH_MINUTES = PARTICIPANTS.replace("2023-09-05", "2023-09-05T00:00:00")
SPELT = PARTICIPANTS.replace("P01,helpful", "P01,Helpful").replace("P02,helpful", "P02,HELPFUL").replace(
    "P03,helpful", "P03,helpful ")  # fmt: skip

CASES = [
    # levels
    Case("unknown level", answered("unhelpfull"), "T06", P, 6, HELPED,
         ("Allowed: helpful, unhelpful, mixed, not_stated", 'Did you mean "unhelpful"?', "corrections.csv"),
         never=("unhelpfull",)),
    Case("free text for a level", answered(f"{CANARY} all the time"), "T06", P, 6, HELPED,
         ("text of 23 characters is not a level", "map it under `columns: values:`")),
    Case("spellings of one level", {P: SPELT}, "T06", P, 2, HELPED, ("a word of 7 characters", 'mean "helpful"?')),
    Case("level in the words of a missing value", answered("N/A"), "T06", P, 6, HELPED, ("Allowed: helpful",)),
    Case("level as a number", answered("1"), "T06", P, 6, HELPED, ("a number is not a level", "map it under")),
    Case("level of another column", answered("completed_agreed"), "T06", P, 6, HELPED, ("Allowed: helpful",)),
    Case("unknown outcome group", {Y: OWN_GROUPS, P: WITH_GROUP.replace("2023-12-11,x", "2023-12-11,helpfull")}, "T06",
         P, 2, "outcome_group", ("Allowed: helpful, unhelpful, mixed, dropped_out", 'Did you mean "helpful"?')),
    Case("consent that is neither yes nor no", spoilt(C, ("P05,analyse,yes", "P05,analyse,Yes")), "T06", C, 6,
         "granted", ("Allowed: yes, no, unknown", 'Did you mean "yes"?')),
    Case("consent in another language", spoilt(C, ("P05,analyse,yes", "P05,analyse,ja")), "T06", C, 6, "granted",
         ("Allowed: yes, no, unknown",)),
    Case("consent left blank", spoilt(C, ("P05,analyse,yes", "P05,analyse,")), "T05", C, 6, "granted",
         ("the cell is empty", "Fill it in")),
    Case("consent as a tick", spoilt(C, ("P05,analyse,yes", "P05,analyse,✓")), "T06", C, 6, "granted",
         ("Allowed: yes, no, unknown",)),
    Case("scope of a consent misspelt", spoilt(C, ("P05,analyse,yes", "P05,analyze,yes")), "T06", C, 6, "scope",
         ('Did you mean "analyse"?',)),
    Case("withdrawal that is no date", spoilt(C, ("P05,quote,yes,2024-04-01", "P05,quote,yes,yes")), "T07", C, 16,
         "withdrawn_on", ("a word of 3 characters stands where a date belongs",)),
    # numbers
    Case("negative age", aged("-38"), "T09", P, 6, "age",
         ("out of range", "Allowed: 0 to 120 years", "Check it against the record")),
    Case("age of 340 years", aged("340"), "T09", P, 6, "age", ("Allowed: 0 to 120 years",)),
    Case("age in words", aged(CANARY), "T08", P, 6, "age",
         ("a word of 10 characters stands where a number belongs", "a number of years")),
    Case("age with its unit", aged("38 years"), "T08", P, 6, "age", ("a number of years", "leave it empty if unknown")),
    Case("age in the words of a missing value", aged("n/a"), "T08", P, 6, "age", ("leave it empty if unknown",)),
    Case("age that is not a number to computers", aged("NaN"), "T08", P, 6, "age", ("leave it empty if unknown",)),
    Case("age without end", aged("inf"), "T08", P, 6, "age", ("a number of years",)),
    Case("age of three hundred digits", aged("9" * 300), "T08", P, 6, "age", ("a number of years",)),
    Case("decimal comma", aged('"38,5"'), "T08", P, 6, "age", ("Set `decimal_mark` in study.yaml",)),
    Case("comma between thousands", spoilt(D, ("P05,D05,105", 'P05,D05,"1,050"')), "T08", D, 6, "n_words",
         ("a whole number of words",)),
    Case("half a session", spoilt(P, ("12,12,T1,38", "12,11.5,T1,38")), "T08", P, 6, "sessions_attended",
         ("a whole number of sessions",)),
    Case("sessions in scientific notation", spoilt(P, ("12,12,T1,38", "12,1e1,T1,38")), "T08", P, 6,
         "sessions_attended", ("a whole number of sessions",)),
    Case("sessions as a share", spoilt(P, ("12,12,T1,38", "12,100%,T1,38")), "T08", P, 6, "sessions_attended",
         ("a whole number of sessions",)),
    Case("fewer sessions than none", spoilt(P, ("12,12,T1,38", "12,-1,T1,38")), "T09", P, 6, "sessions_attended",
         ("0 to",)),
    Case("more sessions than any therapy", spoilt(P, ("12,12,T1,38", "12,12000,T1,38")), "T09", P, 6,
         "sessions_attended", ("Check it against the record",)),
    Case("more sessions than planned", spoilt(P, ("12,12,T1,38", "12,30,T1,38")), "X06", P, 6, "sessions_attended",
         ("more sessions attended than planned", "leave them if the plan was extended"), "warn",
         like=spoilt(P, ("12,12,T1,38", "12,30,T1,38"))),
    Case("a place before the document begins", spoilt(S, ("D06,10,44", "D06,-10,44")), "T09", S, 8, "start",
         ("0 or more",)),
    # dates
    Case("day first", spoilt(P, ("2023-09-05", "05.09.2023")), "T07", P, 6, "started_on",
         ("something like a date stands where a date belongs", "such as 2024-03-28"), never=("05.09.2023",)),
    Case("month first", spoilt(P, ("2023-09-05", "09/05/2023")), "T07", P, 6, "started_on", ("year, month and day",),
         never=("09/05/2023",)),
    Case("two digits for the year", spoilt(P, ("2023-09-05", "23-09-05")), "T07", P, 6, "started_on", ("ISO 8601",)),
    Case("a date as a spreadsheet counts it", spoilt(P, ("2023-09-05", "45174")), "T07", P, 6, "started_on",
         ("a number stands where a date belongs",)),
    Case("impossible day", spoilt(P, ("2023-09-05", "2023-02-30")), "T07", P, 6, "started_on", ("2024-03-28",)),
    Case("year that nobody meant", spoilt(P, ("2023-09-05", "0023-09-05")), "T07", P, 6, "started_on", ("ISO 8601",)),
    Case("a time behind a date", spoilt(P, ("2023-09-05", "2023-09-05T10:30")), "T07", P, 6, "started_on",
         ("year, month and day",)),
    Case("midnight behind a date", {P: WITH_MINUTES}, "", P),
    Case("therapy that ends before it starts", spoilt(P, ("2023-12-12", "2022-12-12")), "X07", P, 6, "ended_on",
         ("ends before it starts", "Correct one of the dates")),
    Case("therapy after the data cut", spoilt(P, ("2024-02-05,", "2024-12-05,")), "X07", P, 13, "started_on",
         ("after the data cut of wave.yaml", "Correct the date or data_cut")),
    # the outcome
    Case("one outcome group", {P: f"{HEAD}\n{ONE_GROUP}\n"}, "X24", P, None, None,
         ("there is no comparison group, so no test",), "note", rows={"participants": 12}),
    Case("empty reference group", {P: PARTICIPANTS.replace(",helpful,", ",mixed,")}, "X24", P, None, None,
         ("nobody who is analysed is in the reference group", "Allowed: unhelpful, mixed, dropped_out"), "warn",
         rows={"participants": 12}),
    Case("nobody left", {P: f"{HEAD}\n{NOBODY}\n"}, "X01", P, None, None,
         ("nobody is left to analyse", "therapy still under way (11)")),
    Case("nobody agreed", {C: CONSENT.replace(",analyse,", ",share,")}, "X01", P, None, None,
         ("no consent to analysis, or withdrawn (12)",)),
    Case("outcome column missing", {Y: OWN_GROUPS}, "X09", P, None, "outcome_group", ("missing or empty throughout",)),
    Case("outcome that nobody has", {P: PARTICIPANTS.replace(HELPED, "was_it_good")}, "X09", P, None, HELPED,
         ("missing or empty throughout", "map its raw name under `columns:`")),
    Case("outcome column beside rules", {P: WITH_GROUP.replace(",x", ",mixed")}, "X17", P, None, "outcome_group",
         ("is not used",), "warn"),
    # reviews and corrections
    Case("fingerprint cut short", {R: added(REVIEWS, "S03,abc,release,r1,2024-05-02")}, "T12", R, 4, "text_sha256",
         ("64 of the characters", "Copy it again")),
    Case("decision of a review misspelt", spoilt(R, (",withhold,", ",witheld,")), "T06", R, 3, "decision",
         ('Did you mean "withhold"?',)),
    Case("correction without a reason", spoilt(K, ("typing error", "")), "T05", K, 2, "reason", ("Fill it in",)),
    Case("correction to nonsense", spoilt(K, (",33,3,", f",33,{CANARY},")), "T08", P, 12, "sessions_attended",
         ("a whole number of sessions",)),
    Case("round misspelt", spoilt(S, ("Once.,independent", "Once.,indepedent")), "T06", S, 8, "round",
         ('Did you mean "independent"?', "Allowed: independent, consensus")),
    Case("consent to quote in capitals", {S: SEGMENTS.replace(",unknown", ",YES")}, "T06", S, 8, "quote_consent",
         ("Allowed: yes, no, unknown", 'Did you mean "yes"?')),
]  # fmt: skip
