"""What is in one wave, and who of it can be analysed?

Files are read, renamed, corrected, checked and frozen; every problem is reported at once. Afterwards a wave
does not change: who leaves the analysis leaves with a counted reason.

References: STROBE item 13 on numbers at each stage; von Elm et al. 2007.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis_lib.canonical import CanonicalTable, Correction, canonical_table, empty_table
from analysis_lib.checks import check_tables
from analysis_lib.errors import Finding, StudyError, did_you_mean, in_order
from analysis_lib.outcome import dropout_flags, outcome_groups
from analysis_lib.readers import READERS, RawTable, read_table
from analysis_lib.schema import TABLES, table_schema
from analysis_lib.study import Study, WaveFacts, load_study, load_wave_facts

# Order of reading: corrections first, since they apply to the others.
_REQUIRED = ("participants",)


@dataclass(frozen=True)
class Wave:
    """One wave of a study, checked and frozen.

    Parameters
    ----------
    participants
        Indexed by participant_id; the canonical columns, then ``outcome_group``, ``why_no_group``, one
        ``dropout_<definition>`` per definition, and the booleans ``agreed`` (consent to analysis),
        ``has_material`` (something to code) and ``analysed`` (agreed, has a group, has material).
    segments, assignments, documents, consent, quote_reviews
        Canonical tables of the people who agreed to analysis.
    findings
        Warnings and notes; a wave with a stop does not load.
    n_corrected
        Cells changed by corrections.csv.
    inputs
        File below the study folder -> SHA-256.
    claimed_agreement
        What coding programs printed about the coders; canonical table.
    """

    study: Study
    id: str
    facts: WaveFacts
    participants: pd.DataFrame
    segments: pd.DataFrame
    assignments: pd.DataFrame
    documents: pd.DataFrame
    consent: pd.DataFrame
    quote_reviews: pd.DataFrame
    findings: tuple[Finding, ...]
    n_corrected: int
    inputs: dict[str, str]
    claimed_agreement: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def analysed(self) -> pd.DataFrame:
        """The participants who are analysed by outcome group."""
        return self.participants[self.participants["analysed"]]

    @property
    def flow(self) -> pd.DataFrame:
        """Numbers at each stage: ``stage, n, excluded, reason``, one row per reason to leave."""
        people = self.participants
        rows: list[tuple[str, int, int, str]] = []
        n = len(people)
        if self.facts.n_invited is not None:
            declined = self.facts.n_declined or 0
            invited = self.facts.n_invited
            rows.append(("invited", invited, 0, ""))
            rows.append(("did not decline", invited - declined, declined, "declined"))
            if invited - declined != n:
                rows.append(("enrolled", n, invited - declined - n, "did not take part"))
        if not rows or rows[-1][1] != n or rows[-1][0] != "enrolled":
            rows.append(("enrolled", n, 0, ""))
        steps = [
            ("agreed to analysis", ~people["agreed"], "no consent to analysis, or withdrawn"),
            *(
                ("outcome group known", people["agreed"] & (people["why_no_group"] == reason), str(reason))
                for reason in sorted(people.loc[people["agreed"], "why_no_group"].dropna().unique())
            ),
            (
                "material to code",
                people["agreed"] & people["why_no_group"].isna() & ~people["has_material"],
                "no material to code",
            ),
        ]
        for stage, out, reason in steps:
            excluded = int(out.sum())
            n -= excluded
            rows.append((stage, n, excluded, reason if excluded else ""))
        rows.append(("analysed", n, 0, ""))
        return pd.DataFrame(rows, columns=["stage", "n", "excluded", "reason"])


def load_wave(study: Study | str | Path, wave: str) -> Wave:
    """Read, check and freeze one wave.

    Parameters
    ----------
    study
        A loaded study or its folder.
    wave
        Name of a wave that study.yaml lists.

    Raises
    ------
    StudyError
        With every stop, warning and note of the wave, if there is any stop.

    Examples
    --------
    >>> from analysis_lib.schema import EXAMPLE_STUDY
    >>> load_wave(EXAMPLE_STUDY, "2024a").analysed["outcome_group"].value_counts(sort=False).to_dict()
    {'helpful': 92, 'unhelpful': 37, 'mixed': 19, 'dropped_out': 31}
    """
    study = study if isinstance(study, Study) else load_study(study)
    result, findings = _read_wave(study, wave)
    if result is None:
        raise StudyError(findings)
    return result


def check_study(study: str | Path, waves: Iterable[str] | None = None) -> list[Finding]:
    """Every problem in every file of a study, without analysing anything.

    Parameters
    ----------
    study
        The study folder.
    waves
        Waves to look at; None for all that study.yaml lists.

    Returns
    -------
    list of Finding
        Sorted; empty when all is well.
    """
    try:
        loaded = load_study(study)
    except StudyError as error:
        return error.findings
    findings: list[Finding] = []
    people: dict[str, str] = {}
    for wave in waves or loaded.waves:
        result, found = _read_wave(loaded, wave)
        findings += found
        if result is not None and loaded.repeated == "independent":
            again = sorted(set(result.participants.index) & set(people))
            if again:
                what = f"{len(again)} participants stand in an earlier wave too, but waves are independent."
                fix = "Set `repeated: panel` in study.yaml, or give different people different ids."
                file = f"waves/{wave}"
                findings.append(Finding("warn", "X13", file, what, fix, column="participant_id"))
        if result is not None:
            people |= dict.fromkeys(result.participants.index, wave)
    return in_order(findings)


def _read_wave(study: Study, wave: str) -> tuple[Wave | None, list[Finding]]:
    if wave not in study.waves:
        fix = f"Add it to `waves:` in study.yaml, or name one of them.{did_you_mean(wave, study.waves)}"
        what = "study.yaml lists no such wave."
        return None, [Finding("stop", "W01", "wave", what, fix, allowed=", ".join(study.waves))]
    try:
        facts = load_wave_facts(study.folder, wave)
    except StudyError as error:
        return None, error.findings
    raws, findings = _read_files(study, wave, facts)
    tables: dict[str, CanonicalTable] = {}
    corrections = _corrections(raws.get("corrections"), study, findings)
    themes = {theme.id: theme.label for theme in study.codebook}
    for name in TABLES:
        raw = raws.get(name)
        if raw is None:
            tables[name] = empty_table(study.table(name), f"waves/{wave}/{name}.csv")
            continue
        mine = [correction for correction in corrections if correction.table == name]
        tables[name], found = canonical_table(raw, study.table(name), study.columns, mine, themes=themes)
        findings += found
    if not any(f.level == "stop" for f in findings):
        findings += check_tables(tables, study, facts, wave)
    findings = in_order(findings)
    if any(f.level == "stop" for f in findings):
        return None, findings
    return _freeze(study, wave, facts, tables, findings), findings


def _read_files(
    study: Study, wave: str, facts: WaveFacts
) -> tuple[dict[str, RawTable | None], list[Finding]]:
    """Each table's file as text; a table without a file is None."""
    raws: dict[str, RawTable | None] = {}
    findings: list[Finding] = []
    for name in TABLES:
        try:
            path, sheet = _file_of(study.folder / "waves" / wave, name, facts)
            if path is None:
                raws[name] = None
                continue
            shown_as = path.relative_to(study.folder).as_posix()
            raw = read_table(
                path,
                shown_as=shown_as,
                separator=study.columns.separator,
                encoding=study.columns.encoding,
                sheet=sheet,
            )
            raws[name] = raw
            findings += raw.notes
        except StudyError as error:
            findings += error.findings
            raws[name] = None
    have = {f.file.rsplit("/", 1)[-1].split(".")[0] for f in findings}
    for name in _REQUIRED:
        if raws[name] is None and name not in have:
            what = f"there is no {name} file."
            endings = ", ".join(READERS)
            fix = f"Put {name}.csv into waves/{wave}/."
            findings.append(Finding("stop", "W02", f"waves/{wave}/{name}", what, fix, allowed=endings))
    return raws, findings


def _file_of(folder: Path, name: str, facts: WaveFacts) -> tuple[Path | None, str | None]:
    for source in facts.sources:
        if source.get("table") == name:
            return folder / source["file"], source.get("sheet")
    found = [folder / f"{name}{ending}" for ending in READERS if (folder / f"{name}{ending}").exists()]
    if len(found) > 1:
        files = ", ".join(path.name for path in found)
        what = f"several files hold this table: {files}."
        fix = "Keep one, or name it under `sources:` in wave.yaml."
        raise StudyError(Finding("stop", "W03", f"waves/{folder.name}/{name}", what, fix))
    return (found[0] if found else None), None


def _corrections(raw: RawTable | None, study: Study, findings: list[Finding]) -> list[Correction]:
    if raw is None:
        return []
    table, found = canonical_table(raw, table_schema("corrections"), study.columns)
    findings += found
    if any(f.level == "stop" for f in found):
        return []
    frame = table.frame.astype("string").fillna("")
    return [
        Correction(row["table"], row["key"], row["column"], row["old"], row["new"], table.file, line)
        for line, row in zip(table.lines, frame.to_dict("records"), strict=True)
    ]


def _freeze(
    study: Study, wave: str, facts: WaveFacts, tables: dict[str, CanonicalTable], findings: list[Finding]
) -> Wave:
    people = tables["participants"].frame.set_index("participant_id").sort_index()
    flags = dropout_flags(people, study)
    groups = outcome_groups(people, flags, study)
    people = people.drop(columns="outcome_group").join(groups).join(flags.add_prefix("dropout_"))
    people["agreed"] = _agreed(people.index, tables["consent"].frame)
    documents = tables["documents"].frame
    if len(documents):
        with_words = documents.loc[documents["n_words"].fillna(1) > 0, "participant_id"]
        people["has_material"] = people.index.isin(with_words)
    else:
        people["has_material"] = True
    people["analysed"] = people["agreed"] & people["outcome_group"].notna() & people["has_material"]
    agreed = people.index[people["agreed"]]
    kept = {
        name: tables[name].frame[tables[name].frame["participant_id"].isin(agreed)].reset_index(drop=True)
        for name in ("coded_segments", "assignments", "documents", "consent")
    }
    return Wave(
        study=study,
        id=wave,
        facts=facts,
        participants=people,
        segments=kept["coded_segments"],
        assignments=kept["assignments"],
        documents=kept["documents"],
        consent=kept["consent"],
        quote_reviews=tables["quote_reviews"].frame,
        findings=tuple(findings),
        n_corrected=sum(table.n_corrected for table in tables.values()),
        inputs=_input_hashes(study, wave, tables),
        claimed_agreement=tables["claimed_agreement"].frame,
    )


def _agreed(people: pd.Index, consent: pd.DataFrame) -> pd.Series:
    """Whether each person agrees to analysis; everybody does where no consent table is kept."""
    if not len(consent):
        return pd.Series(True, index=people)
    yes = (consent["scope"] == "analyse") & (consent["granted"] == "yes") & consent["withdrawn_on"].isna()
    return pd.Series(people.isin(consent.loc[yes, "participant_id"]), index=people)


def _input_hashes(study: Study, wave: str, tables: dict[str, CanonicalTable]) -> dict[str, str]:
    names = ["study.yaml", "codebook.yaml", "codebook.csv", f"waves/{wave}/wave.yaml"]
    names += [f"waves/{wave}/author_notes.md", *(table.file for table in tables.values())]
    paths = {name: study.folder / name for name in sorted(set(names))}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items() if path.is_file()
    }
