"""Who gets rows of people, who gets the released table, who gets nothing, and what is said of it."""

from __future__ import annotations

import io
import re
import zipfile

import pandas as pd
import pyreadstat
import pytest
from r_language import needs_r, run_r
from released_report import write_report
from small_study import small_study
from tiny_study import CANARY, CONSENT, FILES, table, write_study

import analysis_lib as al
from analysis_lib.__main__ import main
from analysis_lib.commands.keys import pseudonym_key
from analysis_lib.errors import StudyError
from analysis_lib.exporters.table_formats import TABLE_FORMATS
from analysis_lib.release import midpoint6, pseudonym
from analysis_lib.release_records import read_records
from analysis_lib.sharing import people_who_share

EXACT = "privacy: {counts: exact, reason: approval covers co-authors}\n"
FORMATS = sorted(TABLE_FORMATS)
ENDS = {name: each.suffix for name, each in TABLE_FORMATS.items()}


@pytest.fixture(autouse=True)
def configuration(tmp_path, monkeypatch):
    """The same key in every run, so that no pseudonym looks like an id by chance in one of them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    key = tmp_path / "configuration" / "themewave" / "tiny.key"
    key.parent.mkdir(parents=True)
    key.write_text("5e" * 32)
    key.chmod(0o600)


def sharing(*people: str) -> str:
    """consent.csv of the tiny study where these agreed to share and nobody has withdrawn anything."""
    return CONSENT.replace("2024-04-01", "") + "".join(f"{person},share,yes,\n" for person in people)


EVERYBODY = [f"P{i:02}" for i in range(1, 13)]


@pytest.fixture
def study(tmp_path):
    """Counts are midpoints of six, since nothing was decided."""
    return write_study(tmp_path / "study")


@pytest.fixture
def exact(tmp_path):
    """Counts may leave exact, and everybody agreed to share."""
    changed = {"study.yaml": FILES["study.yaml"] + EXACT, table("consent"): sharing(*EVERYBODY)}
    return write_study(tmp_path / "study", changed)


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A study with a released report of wave w1 for co-authors, counts rounded; nobody changes it."""
    folder = small_study().write(tmp_path_factory.mktemp("reported") / "small")
    write_report(folder, "w1", "coauthor")
    return folder


def code_of(function, *args, **kwargs):
    with pytest.raises(StudyError) as caught:
        function(*args, **kwargs)
    return caught.value.findings[0].code


def everything(folder):
    """All bytes of all files below a folder; of an archive, those that are packed in it."""
    found = b""
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    content = b"".join(archive.read(name) for name in archive.namelist())
            found += content
    return found


def ids_in(content):
    return re.findall(rb"(?<![0-9A-Z])P(?:0\d|1[012])(?![0-9A-Z])", content)


# Inside


@pytest.mark.parametrize("name", FORMATS)
def test_the_team_gets_everybody_who_agreed_under_a_name_that_says_internal(study, name, capsys):
    assert main(["export", str(study), "--wave", "w1", "--format", name]) == 0
    said = capsys.readouterr().out
    assert "10 people are in it." in said  # P09 did not agree, P03 has no material
    assert "keep it within the team" in said
    assert all(path.name.startswith("INTERNAL_tiny_w1") for path in (study / "exports").iterdir())
    content = everything(study / "exports")
    assert b"P01" in ids_in(content)
    assert b"P09" not in ids_in(content)
    assert b"INTERNAL" in content
    assert CANARY.encode() not in content


def test_a_second_export_replaces_the_first_by_the_same_bytes(study):
    contents = []
    for _ in range(2):
        for name in FORMATS:
            assert main(["export", str(study), "--wave", "w1", "--format", name]) == 0
        contents.append({path.name: path.read_bytes() for path in (study / "exports").iterdir()})
    assert contents[0] == contents[1]


@pytest.mark.parametrize("profile", ["internal", "coauthor", "public"])
def test_nothing_of_real_people_is_written_into_a_repository(exact, tmp_path, profile):
    (tmp_path / ".git").mkdir()
    wave = al.load_wave(exact, "w1")
    assert code_of(al.export_wave, wave, tmp_path / "out.csv", profile=profile) == "O02"
    assert not (tmp_path / "out.csv").exists()


# One call from a notebook


def test_the_end_of_the_name_decides_the_format(study, tmp_path):
    wave = al.load_wave(study, "w1")
    for end in ENDS.values():
        written = al.export_wave(wave, tmp_path / f"mine{end}", overwrite=True)
        assert written.files[0] == tmp_path / f"mine{end}"
        assert all(path.is_file() for path in written.files)
    frame, _ = pyreadstat.read_sav(tmp_path / "mine.sav")
    assert frame["participant_id"].tolist() == pd.read_csv(tmp_path / "mine.csv")["participant_id"].tolist()


def test_a_name_with_another_end_is_refused_with_those_that_are_known(study, tmp_path):
    wave = al.load_wave(study, "w1")
    with pytest.raises(StudyError, match=re.escape("Allowed: .csv, .xlsx, .parquet, .sav, .r.")) as caught:
        al.export_wave(wave, tmp_path / "mine.dta")
    assert caught.value.findings[0].code == "M88"


def test_a_file_that_is_there_is_written_over_only_where_one_says_so(study, tmp_path):
    wave = al.load_wave(study, "w1")
    (tmp_path / "mine_dictionary.csv").write_text("precious")
    assert code_of(al.export_wave, wave, tmp_path / "mine.csv") == "M82"
    assert not (tmp_path / "mine.csv").exists()
    assert (tmp_path / "mine_dictionary.csv").read_text() == "precious"
    al.export_wave(wave, tmp_path / "mine.csv", overwrite=True)
    assert (tmp_path / "mine_dictionary.csv").read_text() != "precious"


def test_an_unknown_profile_writes_nothing(study, tmp_path):
    wave = al.load_wave(study, "w1")
    assert code_of(al.export_wave, wave, tmp_path / "mine.csv", profile="co-author") == "O03"
    assert list(tmp_path.glob("mine*")) == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--wave", "w1", "--format", "refi-qda", "--profile", "coauthor"], "M83"),
        (["--wave", "w1", "--format", "csv", "--out", "mine.xlsx"], "M88"),
        (["--wave", "w1", "--format", "csv", "--profile", "publik"], "O03"),
        (["--wave", "w1", "--format", "sav", "--profile", "public"], "D09"),
        (["--format", "sav"], "M81"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_nothing_is_written(study, words, code, capsys):
    assert main(["export", str(study), *words]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"stop {code}  --" in line or f"stop {code}  profile" in line
    assert not (study / "exports").exists()


def test_a_place_that_cannot_be_written_to_is_said(study, tmp_path):
    (tmp_path / "file").write_text("in the way")
    wave = al.load_wave(study, "w1")
    assert code_of(al.export_wave, wave, tmp_path / "file" / "mine.csv") == "M84"


# Rows that leave the team


@pytest.mark.parametrize("name", FORMATS)
def test_where_exact_counts_leave_co_authors_get_rows_under_pseudonyms_and_no_covariates(
    exact, tmp_path, name
):
    wave = al.load_wave(exact, "w1")
    out = tmp_path / "out"
    out.mkdir()
    written = al.export_wave(wave, out / f"x{ENDS[name]}", profile="coauthor")
    content = everything(out)
    assert ids_in(content) == []
    assert CANARY.encode() not in content
    assert b"INTERNAL" not in content
    assert "9 people who agreed to share are in it" in written.notes[0]
    assert written.notes[1].startswith("1 person is left out:")  # P12 has no outcome group
    assert written.notes[2].endswith("for this reason: approval covers co-authors.")
    if name == "csv":
        frame = pd.read_csv(out / "x.csv")
        assert "age" not in frame
        assert sorted(frame["participant_id"]) == frame["participant_id"].tolist()
        assert len(set(frame["participant_id"])) == 9


def test_pseudonyms_of_rows_are_stable_and_not_those_beside_quotes(exact, tmp_path):
    wave = al.load_wave(exact, "w1")
    names = []
    for run in "ab":
        al.export_wave(wave, tmp_path / f"{run}.csv", profile="coauthor")
        names.append(pd.read_csv(tmp_path / f"{run}.csv")["participant_id"].tolist())
    assert names[0] == names[1]
    beside_quotes = {pseudonym(person, pseudonym_key(wave.study)) for person in EVERYBODY}
    assert not set(names[0]) & beside_quotes


def test_without_a_consent_to_share_nobodys_row_leaves(exact, tmp_path):
    write_study(exact, {"study.yaml": FILES["study.yaml"] + EXACT})  # consent.csv names no scope share
    wave = al.load_wave(exact, "w1")
    assert code_of(al.export_wave, wave, tmp_path / "x.csv", profile="coauthor") == "D07"


def test_rows_stay_where_those_left_out_could_be_told_by_subtraction(exact, tmp_path):
    write_study(exact, {"study.yaml": FILES["study.yaml"] + EXACT, table("consent"): sharing(*EVERYBODY[1:])})
    wave = al.load_wave(exact, "w1")
    assert code_of(al.export_wave, wave, tmp_path / "x.csv", profile="coauthor") == "D08"
    assert list(tmp_path.glob("x*")) == []


@pytest.mark.parametrize(
    "line", ["P01,share,yes,2024-06-01", "P01,share,no,", "P01,share,unknown,", "P01,quote,yes,2024-06-01"]
)
def test_a_consent_that_is_refused_unknown_or_withdrawn_in_any_scope_keeps_the_row_inside(exact, line):
    kept = [text for text in sharing(*EVERYBODY).splitlines() if not text.startswith(line.rsplit(",", 2)[0])]
    write_study(
        exact, {"study.yaml": FILES["study.yaml"] + EXACT, table("consent"): "\n".join([*kept, line, ""])}
    )
    assert "P01" not in people_who_share(al.load_wave(exact, "w1"))


def test_many_who_do_not_share_are_left_out_and_counted(tmp_path):
    small = small_study()
    small.instead("privacy: {minimum_count: 6}", EXACT)
    folder = small.write(tmp_path / "small")
    people = small.this["participant_id"]
    agreed = "".join(f"{person},analyse,yes,\n" for person in people)
    groups = al.load_wave(folder, "w1").participants["outcome_group"]
    shared = "".join(f"{person},share,yes,\n" for person in people if groups[person] != "helpful")
    (folder / "waves/w1/consent.csv").write_text(
        f"participant_id,scope,granted,withdrawn_on\n{agreed}{shared}"
    )
    wave = al.load_wave(folder, "w1")
    written = al.export_wave(wave, tmp_path / "x.csv", profile="coauthor")
    n_helpful = int((wave.participants["outcome_group"] == "helpful").sum())
    assert f"{n_helpful} people are left out" in written.notes[1]
    assert set(pd.read_csv(tmp_path / "x.csv")["outcome_group"]) == {"unhelpful", "mixed", "dropped_out"}
    assert f"{n_helpful} people are left out" in (tmp_path / "x_dictionary.csv").read_text(
        encoding="utf-8-sig"
    )


def test_status_names_the_file_once_somebody_withdraws_from_sharing(exact, tmp_path, capsys):
    al.export_wave(al.load_wave(exact, "w1"), exact / "exports" / "x.csv", profile="coauthor")
    ((record,), _) = read_records(exact)
    assert (record.report, record.profile, len(record.people)) == ("exports/x.csv", "coauthor", 9)
    assert main(["status", str(exact)]) == 0
    assert "withdrawn" not in capsys.readouterr().out
    write_study(
        exact,
        {
            "study.yaml": FILES["study.yaml"] + EXACT,
            table("consent"): sharing(*EVERYBODY).replace("P01,share,yes,", "P01,share,yes,2024-08-01"),
        },
    )
    assert main(["status", str(exact)]) == 0
    assert "exports/x.csv" in capsys.readouterr().out


# The released table


@pytest.mark.parametrize("name", FORMATS)
def test_where_counts_are_rounded_co_authors_get_the_numbers_of_their_report(reported, tmp_path, name):
    wave = al.load_wave(reported, "w1")
    out = tmp_path / "out"
    out.mkdir()
    al.export_wave(wave, out / f"x{ENDS[name]}", profile="coauthor")
    assert not re.search(rb"w[01]P\d\d", everything(out))
    if name != "csv":
        return
    exact = al.crosstab_themes(al.quantitize(wave)).table
    shown = pd.read_csv(out / "x.csv")
    assert len(shown) == len(exact)
    both = shown.merge(exact, on=["theme_id", "group"], suffixes=("", "_exact"))
    for count in ("n_with_theme", "n_total"):
        # The whole is the sum of its rounded parts.
        kept = both[both[count].notna() & (both["group"] != "all")]
        assert len(kept) > 0
        assert kept[count].tolist() == [midpoint6(int(n)) for n in kept[f"{count}_exact"]]
    shares = both["n_with_theme"] / both["n_total"]
    assert (shares - both["share"]).abs().max() < 1e-12
    assert set(shown["p_value"].dropna()) <= {0.001, 0.01, 0.05, 1.0}
    assert set(shown["counts_rule"]) == {"midpoint6"}


def test_no_profile_but_internal_ever_gets_rows_of_people_where_counts_are_rounded(reported, tmp_path):
    wave = al.load_wave(reported, "w1")
    al.export_wave(wave, tmp_path / "x.csv", profile="coauthor")
    assert "participant_id" not in pd.read_csv(tmp_path / "x.csv")
    # The report is for co-authors, so nothing of it is public.
    assert code_of(al.export_wave, wave, tmp_path / "y.csv", profile="public") == "D09"


def test_public_never_gets_rows_also_where_counts_are_exact(tmp_path):
    small = small_study()
    small.instead("privacy: {minimum_count: 6}", EXACT)
    folder = small.write(tmp_path / "small")
    write_report(folder, "w1", "public")
    al.export_wave(al.load_wave(folder, "w1"), tmp_path / "x.csv", profile="public")
    shown = pd.read_csv(tmp_path / "x.csv")
    assert "participant_id" not in shown
    assert set(shown["counts_rule"]) == {"midpoint6"}


def test_a_report_of_other_data_gives_nothing(tmp_path):
    folder = small_study().write(tmp_path / "small")
    write_report(folder, "w1", "coauthor")
    people = folder / "waves/w1/participants.csv"
    people.write_text(people.read_text().replace(",T3,", ",T4,"))
    wave = al.load_wave(folder, "w1")
    with pytest.raises(
        StudyError, match=r"waves/w1/participants.csv has changed since it was made"
    ) as caught:
        al.export_wave(wave, tmp_path / "x.csv", profile="coauthor")
    assert caught.value.findings[0].code == "D09"


def test_a_report_whose_numbers_were_altered_gives_nothing(tmp_path):
    folder = small_study().write(tmp_path / "small")
    results = write_report(folder, "w1", "coauthor") / "results"
    shares = results / "theme_by_outcome.csv"
    shares.write_text(shares.read_text().replace(",3,", ",4,"))
    with pytest.raises(StudyError, match=r"results/theme_by_outcome.csv has been altered"):
        al.export_wave(al.load_wave(folder, "w1"), tmp_path / "x.csv", profile="coauthor")


@needs_r
def test_the_script_of_a_released_table_makes_it_again_from_its_counts(reported, tmp_path):
    written = al.export_wave(al.load_wave(reported, "w1"), tmp_path / "x.R", profile="coauthor")
    assert [path.name for path in written.files] == ["x.R", "x.csv", "x_dictionary.csv"]
    code, said = run_r(tmp_path / "x.R")
    assert code == 0, said
    table = pd.read_csv(tmp_path / "x.csv").drop(columns="p_value")
    assert f"all equal: {table.select_dtypes('number').notna().to_numpy().sum()} numbers" in said
    assert "p-values left as upper ends of bands" in said
