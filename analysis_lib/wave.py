"""What is in one wave, and who of it can be analysed?

Files are read, renamed, corrected, checked and frozen; every problem is reported at once. Afterwards a wave
does not change: who leaves the analysis leaves with a counted reason.

References: STROBE item 13 on numbers at each stage; von Elm et al. 2007.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from analysis_lib.author_notes import notes_problems
from analysis_lib.canonical import CanonicalTable, Correction, canonical_table, empty_table
from analysis_lib.checks import check_tables
from analysis_lib.consent import withdrawn_elsewhere
from analysis_lib.errors import (
    Finding,
    Findings,
    StudyError,
    did_you_mean,
    first_few,
    in_order,
    looks_like_a_name,
)
from analysis_lib.notes_wording import wording_problems
from analysis_lib.outcome import dropout_flags, outcome_groups
from analysis_lib.readable import Readable
from analysis_lib.readers import RawTable
from analysis_lib.schema import TABLES, public_name, table_schema
from analysis_lib.study import (
    Study,
    WaveFacts,
    examine_study,
    examine_wave_facts,
    hash_of_decisions,
    load_study,
)
from analysis_lib.wave_files import read_wave_files
from analysis_lib.yamlfile import shown_place


@dataclass(frozen=True, repr=False)
class Wave(Readable):
    """One wave of a study, checked and frozen.

    Parameters
    ----------
    participants
        Indexed by participant_id; the canonical columns, then ``outcome_group``, ``why_no_group``, one
        ``dropout_<definition>`` per definition, and the booleans ``agreed`` (consent to analysis),
        ``has_material`` (something to code) and ``analysed`` (agreed, has a group, has material).
    segments, assignments, documents, consent, quote_reviews
        Canonical tables of the people who agreed to analysis. ``quote_consent`` of a segment is missing only
        where the file has no such column; an empty cell of it is ``unknown``.
    findings
        Warnings and notes; a wave with a stop does not load.
    n_corrected
        Cells changed by corrections.csv.
    inputs
        File below the study folder -> SHA-256; of study.yaml without its list of waves.
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
            rows.append(("did not decline", invited - declined, declined, "declined" if declined else ""))
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

    Returns
    -------
    Wave
        Checked and frozen: it does not change when its files do.

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


def check_study(study: str | Path, waves: Iterable[str] | None = None) -> Findings:
    """Every problem in every file of a study, without analysing anything.

    Parameters
    ----------
    study
        The study folder.
    waves
        Waves to look at; None for all that study.yaml lists.

    Returns
    -------
    Findings
        A list of them, stops first, then by file and line; empty when all is well.

    Examples
    --------
    >>> import analysis_lib as al
    >>> al.check_study(al.EXAMPLE_STUDY).summary
    '0 to mend, 6 to look at, 1 to know.'
    """
    known, findings = examine_study(study)
    if known is None:
        if findings[0].code != "S01":
            what = "no wave was looked at, since study.yaml cannot be used as it stands."
            fix = "Mend what stands above and check again."
            findings.append(Finding("note", "W09", "waves", what, fix))
        return Findings(in_order(findings))
    sound = not any(finding.level == "stop" for finding in findings)
    findings += _unlisted_waves(known) if waves is None else []
    people: set[str] = set()
    facts: list[WaveFacts] = []
    chosen = list(dict.fromkeys(waves or known.waves))
    findings += withdrawn_elsewhere(known, chosen) if known.repeated == "panel" else []
    for wave in chosen:
        result, found = _read_wave(known, wave, sound=sound, earlier=people)
        findings += found
        if result is not None:
            people.update(result.participants.index if known.repeated == "independent" else ())
            facts.append(result.facts)
    return Findings(in_order([*findings, *_waves_in_order(facts)]))


def _waves_in_order(facts: list[WaveFacts]) -> list[Finding]:
    """Waves are listed as they followed one another, and each is a later look."""
    if all(one.opened <= other.opened and one.look < other.look for one, other in pairwise(facts)):
        return []
    what = "waves are not listed in the order of time, or the numbers of their looks do not rise."
    fix = "Order `waves:`, or correct opened and look in the wave.yaml of each."
    return [Finding("warn", "W10", "study.yaml", what, fix, column="waves")]


def _unlisted_waves(study: Study) -> list[Finding]:
    """Folders that look like waves and would never be read."""
    folder = study.folder / "waves"
    names = sorted(path.parent.name for path in folder.glob("*/wave.yaml"))
    what = "study.yaml does not list this wave, so it is not read."
    fix = "Add it to `waves:` in study.yaml, or move the folder elsewhere."
    return [
        Finding("warn", "W06", f"waves/{name}" if looks_like_a_name(f"w{name}") else "waves", what, fix)
        for name in names
        if name not in study.waves
    ]


def _read_wave(
    study: Study, wave: str, *, sound: bool = True, earlier: Collection[str] = ()
) -> tuple[Wave | None, list[Finding]]:
    """A wave and its findings; None where there is a stop, or where the study itself is not sound."""
    if wave not in study.waves:
        fix = f"Add it to `waves:` in study.yaml, or name one of them.{did_you_mean(wave, study.waves)}"
        what = "study.yaml lists no such wave."
        return None, [Finding("stop", "W01", "wave", what, fix, allowed=", ".join(study.waves))]
    if not (study.folder / "waves" / wave).is_dir():
        what, fix = "this wave has no folder.", "Make it, or take the wave out of `waves:` in study.yaml."
        return None, [Finding("stop", "W05", f"waves/{wave}", what, fix)]
    facts, findings = examine_wave_facts(study.folder, wave)
    raws, found = read_wave_files(study, wave, facts)
    findings += found + _unused_names(study, wave, raws)
    findings += notes_problems(study.folder, wave, study.codebook)
    findings += wording_problems(study.folder, wave, foretells=study.foretells)
    tables, found = _canonical_tables(study, wave, raws)
    findings += found
    whole = {name: table for name, table in tables.items() if table.whole}
    findings += check_tables(whole, study, facts, wave)
    if facts is None or not sound or any(finding.level == "stop" for finding in findings):
        return None, in_order(findings)
    inputs = _input_hashes(study, wave, [raw.file for raw in raws.values() if raw is not None])
    result = _freeze(study, wave, facts, tables, inputs)
    findings += _seen_before(tables["participants"], earlier)
    findings = in_order([*findings, *_left_to_compare(result, tables["participants"].file)])
    if any(finding.level == "stop" for finding in findings):
        return None, findings
    return replace(result, findings=tuple(findings)), findings


def _canonical_tables(
    study: Study, wave: str, raws: Mapping[str, RawTable | None]
) -> tuple[dict[str, CanonicalTable], list[Finding]]:
    """Every table that could be read, corrected and typed, and what was found on the way."""
    tables: dict[str, CanonicalTable] = {}
    corrections, findings = _corrections(raws.get("corrections"), study)
    themes = {theme.id: theme.label for theme in study.codebook}
    for name, raw in raws.items():
        if name == "corrections":
            continue
        mine = [correction for correction in corrections if correction.table == name]
        if raw is not None:
            tables[name], found = canonical_table(raw, study.table(name), study.columns, mine, themes=themes)
            findings += found
            continue
        tables[name] = empty_table(study.table(name), f"waves/{wave}/{name}.csv")
        what, fix = "this wave has no such table.", "Remove the line, or add the table."
        findings += first_few(Finding("stop", "K03", c.file, what, fix, c.line, "table") for c in mine)
    return tables, findings


def _seen_before(participants: CanonicalTable, earlier: Collection[str]) -> list[Finding]:
    again = np.flatnonzero(participants.frame["participant_id"].isin(list(earlier)))
    if not len(again):
        return []
    what = f"{len(again)} participants stand in an earlier wave too, but waves are independent."
    fix = "Set `repeated: panel` in study.yaml, or give different people different ids."
    line = participants.lines[again[0]]
    return [Finding("warn", "X13", participants.file, what, fix, line, "participant_id")]


def _left_to_compare(wave: Wave, file: str) -> list[Finding]:
    """Whether anybody is left to analyse, and anybody to compare them with."""
    sizes = wave.analysed["outcome_group"].value_counts(sort=False)
    present = [str(group) for group, n in sizes.items() if n]
    reference = wave.study.outcome.reference
    if not present:
        enrolled = wave.flow[wave.flow["stage"].eq("enrolled").cumsum() > 0]
        reasons = enrolled.loc[enrolled["excluded"] > 0, ["excluded", "reason"]]
        listed = "; ".join(f"{reason} ({n})" for n, reason in reasons[1:].itertuples(index=False))
        what, fix = f"nobody is left to analyse: {listed}.", "See to the reasons for which people leave."
        return [Finding("stop", "X01", file, what, fix)]
    if len(present) == 1:
        what = "everybody who is analysed is in one outcome group; there is no comparison group, so no test."
        return [Finding("note", "X24", file, what, "Nothing to do if the wave was meant so.")]
    if reference not in present:
        what = "nobody who is analysed is in the reference group, so there is no comparison and no test."
        fix = "Name another reference in study.yaml, or check how groups are derived."
        return [Finding("warn", "X24", file, what, fix, allowed=", ".join(present))]
    return []


def _corrections(raw: RawTable | None, study: Study) -> tuple[list[Correction], list[Finding]]:
    if raw is None:
        return [], []
    # A correction says what stands in the raw files, so none of its own values is mapped.
    as_written = replace(study.columns, values={}, missing=())
    table, findings = canonical_table(raw, table_schema("corrections"), as_written)
    frame = table.frame.astype("string").fillna("")
    corrections = [
        Correction(row["table"], row["key"], row["column"], row["old"], row["new"], table.file, line)
        for line, row in zip(table.lines, frame.to_dict("records"), strict=True)
        if row["table"] and row["key"] and row["column"]
    ]
    return corrections if table.whole else [], findings


def _unused_names(study: Study, wave: str, raws: Mapping[str, RawTable | None]) -> list[Finding]:
    """Raw column names that study.yaml maps and no table of the wave has; one that cannot be read may have any."""
    columns = {name: set(raw.columns) for name, raw in raws.items() if raw is not None}
    anywhere = {name for names in columns.values() for name in names}
    mapped = study.columns.names if set(TABLES) <= raws.keys() else ()
    unused: list[tuple[str, ...]] = [("columns", raw) for raw in mapped if raw not in anywhere]
    for table, names in study.columns.names_in.items():
        here = columns.get(table)
        unused += [("columns", table, raw) for raw in names if here is not None and raw not in here]
    what = f"no table of wave {wave} has this raw column name."
    fix = "Correct it, or remove it if the column is gone for good."
    return first_few(
        Finding("warn", "W08", "study.yaml", what, fix, column=shown_place(place)) for place in unused
    )


def _freeze(
    study: Study,
    wave: str,
    facts: WaveFacts,
    tables: Mapping[str, CanonicalTable],
    inputs: dict[str, str],
) -> Wave:
    people = tables["participants"].frame.set_index("participant_id").sort_index()
    flags = dropout_flags(people, study)
    groups = outcome_groups(people, flags, study)
    people = people.drop(columns="outcome_group").join(groups).join(flags.add_prefix("dropout_"))
    people["agreed"] = _agreed(people.index, tables["consent"].frame)
    people["has_material"] = _has_material(people.index, tables)
    people["analysed"] = people["agreed"] & people["outcome_group"].notna() & people["has_material"]
    agreed = people.index[people["agreed"]]
    kept = {
        name: tables[name].frame[tables[name].frame["participant_id"].isin(agreed)].reset_index(drop=True)
        for name in ("coded_segments", "assignments", "documents", "consent")
    }
    if "quote_consent" in tables["coded_segments"].given:
        consent = kept["coded_segments"]["quote_consent"]
        kept["coded_segments"]["quote_consent"] = consent.fillna("unknown")
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
        findings=(),
        n_corrected=sum(table.n_corrected for table in tables.values()),
        inputs=inputs,
        claimed_agreement=tables["claimed_agreement"].frame,
    )


def _has_material(people: pd.Index, tables: Mapping[str, CanonicalTable]) -> pd.Series:
    """Whether there is something to code; it is taken to be there where no document table says otherwise."""
    documents, segments = tables["documents"].frame, tables["coded_segments"].frame
    if not len(documents):
        return pd.Series(True, index=people)
    with_words = documents.loc[documents["n_words"].fillna(1) > 0, "participant_id"]
    return pd.Series(people.isin(with_words) | people.isin(segments["participant_id"]), index=people)


def _agreed(people: pd.Index, consent: pd.DataFrame) -> pd.Series:
    """Whether each person agrees to analysis; everybody does where no consent table is kept."""
    if not len(consent):
        return pd.Series(True, index=people)
    yes = (consent["scope"] == "analyse") & (consent["granted"] == "yes") & consent["withdrawn_on"].isna()
    return pd.Series(people.isin(consent.loc[yes, "participant_id"]), index=people)


def _input_hashes(study: Study, wave: str, tables: Iterable[str]) -> dict[str, str]:
    names = ["study.yaml", "codebook.yaml", "codebook.csv", f"waves/{wave}/wave.yaml"]
    names += [f"waves/{wave}/author_notes.md", f"waves/{wave}/import_map.yaml", *tables]
    paths = {name: study.folder / name for name in sorted(set(names))}
    hashes = {
        public_name(name): hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in paths.items()
        if path.is_file()
    }
    return hashes | {"study.yaml": hash_of_decisions(study.folder)}
