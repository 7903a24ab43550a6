"""Nine exports of one codebook on its way from 120 to 22 codes: a correct account of every step.

What is expected is worked out here with sets, from the raw file alone. No export says which code took over from which,
so nothing may be merged; where a new code has the very words of an old one's description, that is a hint.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import studies
import yaml

import analysis_lib as al
from analysis_lib.codebook import Codebook, Theme
from analysis_lib.codebook_changes import changes_between, compare_codebooks, meaning_before
from analysis_lib.importers.taguette_codebook import read

SIZES = (120, 80, 61, 49, 41, 25, 22, 22, 22)
# step -> new, gone, described in other words; counted with awk and comm
STEPS = {
    1: (10, 50, 2),
    2: (1, 20, 1),
    3: (1, 13, 1),
    4: (2, 10, 3),
    5: (3, 19, 6),
    6: (1, 4, 0),
    7: (1, 1, 0),
    8: (0, 0, 0),
}
each_step = pytest.mark.parametrize("step", STEPS)

Export = dict[str, str]  # code -> description


def exports() -> list[Export]:
    """The nine exports as they stand in the raw file."""
    found: list[Export] = [{} for _ in SIZES]
    for row in studies.rows_of(studies.DATA / "taguette_codebook_iterations.csv"):
        found[int(row["iteration"])][row["code"]] = row["description"].strip()
    return found


@pytest.fixture(scope="module")
def codebooks(tmp_path_factory: pytest.TempPathFactory) -> list[Codebook]:
    """The exports as the importer of Taguette's codebooks reads them."""
    folder, made = tmp_path_factory.mktemp("exports"), []
    rows = studies.rows_of(studies.DATA / "taguette_codebook_iterations.csv")
    for i in range(len(SIZES)):
        mine = [
            (row["code"], row["description"], row["n_highlights"])
            for row in rows
            if row["iteration"] == str(i)
        ]
        header = ("tag", "description", "number of highlights")
        studies.write_rows(
            folder / f"{i}.csv", (*header, "number of documents"), [(*row, "1") for row in mine]
        )
        project = read(folder / f"{i}.csv")
        themes = tuple(
            Theme(code.key, " ".join(code.path), definition=code.description) for code in project.codes
        )
        made.append(Codebook(str(i), themes))
    return made


def test_the_importer_reads_every_code_of_every_export(codebooks: list[Codebook]) -> None:
    assert tuple(len(codebook.themes) for codebook in codebooks) == SIZES
    for codebook, raw in zip(codebooks, exports(), strict=True):
        assert {theme.label for theme in codebook} == set(raw)


@each_step
def test_each_step_has_its_new_its_lost_and_its_reworded_codes(codebooks: list[Codebook], step: int) -> None:
    earlier, later = exports()[step - 1 : step + 1]
    found = compare_codebooks(codebooks[step - 1], codebooks[step])
    by_kind = {kind: set(rows["theme_label"]) for kind, rows in found.groupby("change")}
    reworded = {code for code in earlier.keys() & later.keys() if earlier[code] != later[code]}
    expected = {
        "new": later.keys() - earlier.keys(),
        "retired": earlier.keys() - later.keys(),
        "redefined": reworded,
    }
    assert by_kind == {kind: codes for kind, codes in expected.items() if codes}
    assert tuple(len(expected[kind]) for kind in ("new", "retired", "redefined")) == STEPS[step]
    assert not found["comparable"].any()


def test_a_code_with_the_very_words_of_a_lost_one_is_a_hint_and_no_merger(codebooks: list[Codebook]) -> None:
    found = compare_codebooks(codebooks[6], codebooks[7]).set_index("theme_label")
    assert found.at["Moderator comment", "note"] == "Defined in the same words: Moderator assist."
    assert found.at["Moderator comment", "change"] == "retired"


# The same history as one codebook of a study


def history(folder: Path) -> None:
    """A codebook.yaml in which every code says when it came, changed and went."""
    found = exports()
    themes = []
    for code in dict.fromkeys(code for export in found for code in export):
        there = [i for i, export in enumerate(found) if code in export]
        assert there == list(range(there[0], there[-1] + 1)), code  # none goes and comes back
        changes = [
            {"version": str(i), "change": "redefined"}
            for i in there[1:]
            if found[i][code] != found[i - 1][code]
        ]
        entry = {"id": studies.theme_id(code), "label": code, "since": str(there[0])}
        if there[-1] < len(SIZES) - 1:
            entry["status"] = "retired"
            changes.append({"version": str(there[-1] + 1), "change": "retired"})
        themes.append(entry | {"history": changes})
    whole = {"codebook": {"version": str(len(SIZES) - 1)}, "themes": themes}
    (folder / "codebook.yaml").write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
def codebook(tmp_path_factory: pytest.TempPathFactory) -> Codebook:
    """The whole history, as a study reads it."""
    folder = tmp_path_factory.mktemp("history") / "study"
    studies.taguette_project(folder)
    (folder / "codebook.csv").unlink()
    history(folder)
    return al.load_study(folder).codebook


@each_step
def test_the_declared_history_gives_the_same_account(codebook: Codebook, step: int) -> None:
    found = changes_between(codebook, str(step - 1), str(step))
    n = found["change"].value_counts()
    assert tuple(int(n.get(kind, 0)) for kind in ("new", "retired", "redefined")) == STEPS[step]


@each_step
def test_a_code_counts_for_itself_exactly_where_it_stayed_as_it_was(codebook: Codebook, step: int) -> None:
    earlier, later = exports()[step - 1 : step + 1]
    for code in earlier.keys() | later.keys():
        stayed = code in earlier and earlier[code] == later.get(code)
        meaning = meaning_before(codebook, studies.theme_id(code), str(step - 1), str(step))
        assert (meaning.reason is None) == stayed, code


def test_from_the_first_export_to_the_last_only_unchanged_codes_are_compared(codebook: Codebook) -> None:
    found = exports()
    whole = [code for code in found[0] if all(export.get(code) == found[0][code] for export in found)]
    alike = {
        code
        for code in found[-1]
        if meaning_before(codebook, studies.theme_id(code), "0", str(len(SIZES) - 1)).reason is None
    }
    assert alike == set(whole)
    assert whole
