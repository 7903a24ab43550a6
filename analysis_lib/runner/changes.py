"""What has changed since a wave was built, and what has to be done again because of it?

The result of a wave follows from its files, the files of the study, the waves before it where a notebook looks back,
the notebooks, the program with the packages it computes with, and who the report is for. All of that is kept as hashes
in the manifest. A notebook is executed again when anything that it follows from differs, a report is written again when
a notebook is; everything else is taken over as it is, so that the result is the same to the byte.

References: Make and its successors; Mokhov, Mitchell & Peyton Jones 2018, Build systems à la carte.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis_lib.runner import notebooks as suite
from analysis_lib.schema import DATA_SCHEMA, public_name

PACKAGE = Path(__file__).resolve().parents[1]
# Of the files beside the waves these are read, and study.yaml.
STUDY_FILES = ("codebook.yaml", "codebook.csv", ".themewave/code_guids.yaml")
# Packages whose version can change a number, a letter or a line.
PACKAGES = (
    "firthmodels", "formulaic", "ipykernel", "ipython", "jinja2", "jupyter-client", "lxml", "matplotlib", "mistune",
    "nbclient", "nbformat", "numpy", "odfpy", "openpyxl", "pandas", "papermill", "patsy", "pillow", "pyarrow",
    "pyreadstat", "python-docx", "pyyaml", "scikit-learn", "scipy", "seaborn", "statsmodels", "themewave",
)  # fmt: skip
NOT_BUILT = "it has not been built"
_NOT_CODE = ("example_study", "new_study")


@dataclass(frozen=True)
class State:
    """Everything that the result of a wave follows from.

    Parameters
    ----------
    inputs
        File below the study -> SHA-256, of the study's own files and of the wave's.
    earlier
        Each wave before this one -> one hash of all its files.
    notebooks
        Notebook of the run -> SHA-256.
    code
        One hash of every file of the program.
    versions
        Python and the packages that the program computes with.
    places
        One hash of the parameters that notebooks are given; they name folders, which a manifest does not.
    profile, pseudonyms
        Who the report is for, and a hash of the key of its pseudonyms; empty where ids stay.
    """

    inputs: dict[str, str]
    earlier: dict[str, str]
    notebooks: dict[str, str]
    code: str
    versions: dict[str, str]
    places: str
    profile: str
    pseudonyms: str


@dataclass(frozen=True)
class Plan:
    """What has to be done for one wave.

    Parameters
    ----------
    notebooks
        Notebooks to execute, in order; those of the run that are not among them are taken over.
    report
        Whether the report is written again.
    why
        What has changed, in words; empty where the wave is current.
    """

    wave: str
    notebooks: tuple[str, ...]
    report: bool
    why: tuple[str, ...]


def states_of(
    study: Path,
    waves: Sequence[str],
    chosen: Sequence[str],
    *,
    decisions: str,
    results: Callable[[str], Path],
    profile: str,
    pseudonym_key: bytes | None,
) -> dict[str, State]:
    """Everything that the results of some waves would follow from now.

    Parameters
    ----------
    study
        Folder of the study.
    waves, chosen
        Every wave of the study in its order, and those that are asked for.
    decisions
        SHA-256 of study.yaml without its list of waves.
    results
        Where the notebooks of a wave are told to write tables.
    """
    beside = [name for name in STUDY_FILES if (study / name).is_file()]
    own = {"study.yaml": decisions} | {name: sha256(study / name) for name in beside}
    last = max(waves.index(wave) for wave in chosen)
    files = {wave: _files_of(study, wave) for wave in waves[: last + 1]}
    digests = {wave: _digest(found) for wave, found in files.items()}
    notebooks = {name: sha256(suite.NOTEBOOKS / f"{name}.ipynb") for name in suite.IN_RUN}
    code, packages = _code(), _versions()
    return {
        wave: State(
            inputs=own | files[wave],
            earlier={name: digests[name] for name in waves[: waves.index(wave)]},
            notebooks=notebooks,
            code=code,
            versions=packages,
            places=_digest(notebook_parameters(study, wave, results(wave))),
            profile=profile,
            pseudonyms="" if pseudonym_key is None else hashlib.sha256(pseudonym_key).hexdigest(),
        )
        for wave in chosen
    }


def notebook_parameters(study: Path, wave: str, results: Path) -> dict[str, str]:
    """What every notebook of a wave is given; absolute paths, since a kernel may start anywhere."""
    return {"study": str(study.resolve()), "wave": wave, "results_dir": str(results)}


def plan(wave: str, now: State, manifest: Mapping[str, Any] | None, folder: Path) -> Plan:
    """What has to be done so that a wave is as a run from scratch would leave it.

    Parameters
    ----------
    now
        What the result would follow from.
    manifest
        That of the folder; None where there is none, or none that this program can have written.
    folder
        The finished folder of the wave.
    """
    failed = folder.with_name(f"{folder.name}.failed")
    remains = [f"the last run failed; its remains are in {failed.name}"] if failed.exists() else []
    if manifest is None:
        return Plan(wave, suite.IN_RUN, True, (NOT_BUILT, *remains))
    if "code" not in manifest:
        return Plan(wave, suite.IN_RUN, True, ("an earlier version of the program built it", *remains))
    known = {name: record["sha256"] for name, record in manifest["notebooks"].items()}
    altered = list(_altered(folder, manifest))
    inside = [name for name in altered if name.startswith("internal/")]
    everywhere = [
        *_changed_everywhere(now, manifest),
        *(f"{name} has been altered or removed" for name in inside[:1]),
    ]
    before = list(_different(now.earlier, manifest["earlier"]))
    of_notebooks = {
        name: [
            *([f"{name}.ipynb has changed"] if now.notebooks[name] != known.get(name) else []),
            *(f"the earlier wave {wave} has changed" for wave in before if name in suite.LOOKING_BACK),
        ]
        for name in suite.IN_RUN
    }
    of_report = list(_changed_for_readers(now, manifest))
    of_report += [f"{name}.ipynb is no longer run" for name in known if name not in now.notebooks]
    if altered and not inside:
        of_report.append(f"{altered[0]} has been altered or removed")
    of_report += remains
    why = everywhere or list(dict.fromkeys(reason for reasons in of_notebooks.values() for reason in reasons))
    due = [name for name in suite.IN_RUN if everywhere or of_notebooks[name]]
    return Plan(wave, tuple(due), bool(why or of_report), (*why, *of_report))


def _changed_everywhere(now: State, manifest: Mapping[str, Any]) -> Iterator[str]:
    """What every notebook follows from and is not as it was."""
    for name in _different(now.inputs, manifest["inputs"]):
        done = (
            "is gone"
            if name not in now.inputs
            else "is new"
            if name not in manifest["inputs"]
            else "has changed"
        )
        yield f"{name} {done}"
    for name in _different(now.versions, manifest["versions"]):
        old, new = manifest["versions"].get(name, "absent"), now.versions.get(name, "absent")
        yield f"{name} was {old} and is {new}"
    if now.code != manifest["code"]:
        yield "the program has changed"
    if now.places != manifest["places"]:
        yield "the study or its reports lie in another folder than before"


def _changed_for_readers(now: State, manifest: Mapping[str, Any]) -> Iterator[str]:
    """What the report alone follows from and is not as it was."""
    if now.profile != manifest["profile"]:
        yield f"the profile was {manifest['profile']} and is {now.profile}"
    if now.pseudonyms != manifest["pseudonyms"]:
        yield "the key of the pseudonyms has changed"


def _altered(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Files of a finished folder that are not as the run left them."""
    for name, known in manifest["outputs"].items():
        path = folder / name
        if not path.is_file() or sha256(path) != known:
            yield name


def _different(now: Mapping[str, str], before: Mapping[str, str]) -> Iterator[str]:
    """Names that stand for something else, or only on one side."""
    return (name for name in sorted({*now, *before}) if now.get(name) != before.get(name))


def program() -> dict[str, str]:
    """What has to be the same wherever the program runs: its files as one hash, and the versions."""
    return {"code": _code()} | _versions()


def _code() -> str:
    """One hash of every file of the program: the package, its templates, the contracts of data."""
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    files += [
        path
        for path in DATA_SCHEMA.rglob("*")
        if path.is_file() and path.suffix != ".md" and path.relative_to(DATA_SCHEMA).parts[0] not in _NOT_CODE
    ]
    root = PACKAGE.parent
    return _digest({path.relative_to(root).as_posix(): sha256(path) for path in sorted(files)})


def _versions() -> dict[str, str]:
    """Version of Python and of each package that is installed; the folders' names say it, and need no import."""
    found: dict[str, str] = {}
    for place in map(Path, sys.path):
        if place.is_dir():
            for path in place.glob("*.dist-info"):
                name, _, number = path.name.removesuffix(".dist-info").partition("-")
                found.setdefault(name.lower().replace("_", "-").replace(".", "-"), number)
    return {"python": platform.python_version()} | {name: found[name] for name in PACKAGES if name in found}


def _files_of(study: Path, wave: str) -> dict[str, str]:
    """Every file of a wave that somebody could have put there -> SHA-256; import reports are written, not read.

    The manifest is sent along, so a file under a name of its own is called by a digest.
    """
    folder = study / "waves" / wave
    return {
        public_name(path.relative_to(study).as_posix()): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith((".", "~", "import_report"))
    }


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(content: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("utf-8")).hexdigest()
