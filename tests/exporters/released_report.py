"""A report that stands as ``themewave run`` would have left it, with the tables that an export takes from it."""

from __future__ import annotations

from pathlib import Path

from analysis_lib.commands.due import due
from analysis_lib.commands.keys import pseudonym_key
from analysis_lib.crosstab import crosstab_themes
from analysis_lib.quantitize import quantitize
from analysis_lib.release import release, rules_for
from analysis_lib.result_files import result_files, write_csv
from analysis_lib.runner.manifest import manifest, write_manifest
from analysis_lib.runner.notebooks import IN_RUN, Executed
from analysis_lib.study import load_study
from analysis_lib.views import payload_of
from analysis_lib.wave import load_wave


def write_report(study: Path, wave: str, profile: str) -> Path:
    """Let the crosstab of a wave through the door and write its tidy tables and a manifest; returns the folder."""
    loaded = load_study(study)
    folder = study / "reports" / loaded.name / wave
    (folder / "results").mkdir(parents=True)
    result = crosstab_themes(quantitize(load_wave(loaded, wave)))
    rules = rules_for(profile, loaded.privacy, pseudonym_key(loaded))
    released = release([payload_of(result, view) for view in ("shares", "contrasts", "tests")], rules)
    for payload in released.payloads:
        for name, frame in result_files(payload).items():
            write_csv(folder / "results" / name, frame, significant_digits=6)
    _, states = due(loaded, [wave], folder.parent, profile=profile)
    content = manifest(
        study=loaded.name,
        wave=wave,
        state=states[wave],
        facts={"counts_rule": released.rules.counts},
        executed=[Executed(name, folder, 1.0, 0.5, None) for name in IN_RUN],
        folder=folder,
        started=0,
        ended=1,
    )
    write_manifest(folder, content)
    return folder
