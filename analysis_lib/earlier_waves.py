"""Which waves came before this one, each read once however many notebooks of a run ask for it?

Several notebooks of every wave look back at all earlier ones, so that reading grows with the square of their number.
A run therefore names a folder of its own, open to its owner alone and gone with the run, in which a wave that one
notebook has read and checked is kept for the others, under a fingerprint of every file that it was read from. Outside a
run, and where a wave is large, each is read anew.

References: Python documentation, pickle, "Restricting Globals": only what one has written oneself is read back.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from analysis_lib.errors import StudyError
from analysis_lib.schema import EARLIER_WAVES
from analysis_lib.study import Study
from analysis_lib.wave import Wave, load_wave
from analysis_lib.whole_files import write_whole

_MOST_BYTES = 50_000_000  # of files; a larger wave costs more room than reading it costs time


def waves_before(wave: Wave) -> list[tuple[str, Wave | None]]:
    """The waves that study.yaml lists before this one, in its order; None for one that does not load.

    Parameters
    ----------
    wave
        A loaded wave.

    Examples
    --------
    >>> import analysis_lib as al
    >>> [name for name, _ in waves_before(al.load_wave(al.EXAMPLE_STUDY, "2025a"))]
    ['2024a', '2024b']
    """
    found: list[tuple[str, Wave | None]] = []
    for name in wave.study.waves[: wave.study.waves.index(wave.id)]:
        try:
            found.append((name, _read(wave.study, name)))
        except StudyError:
            found.append((name, None))
    return found


def _read(study: Study, name: str) -> Wave:
    """A wave from its files, or as an earlier notebook of this run has read them."""
    folder = os.environ.get(EARLIER_WAVES)
    fingerprint = _fingerprint(study, name) if folder else None
    if not folder or fingerprint is None:
        return load_wave(study, name)
    kept = Path(folder) / f"{fingerprint}.pickle"
    with suppress(OSError):  # not there yet, or the run is being stopped
        wave: Wave = pickle.loads(kept.read_bytes())
        return replace(wave, study=study)
    wave = load_wave(study, name)
    with suppress(OSError):  # without room for it every notebook reads for itself
        write_whole(kept, pickle.dumps(wave, protocol=pickle.HIGHEST_PROTOCOL), mode=0o600)
    return wave


def _fingerprint(study: Study, name: str) -> str | None:
    """Of every file that a wave can be read from; None where they are large, or anything is not a plain file there."""
    folder = study.folder / "waves" / name
    everything = [path for path in folder.rglob("*") if not path.is_dir()]
    shared = [study.folder / each for each in ("study.yaml", "codebook.yaml", "codebook.csv")]
    files = sorted(everything) + [path for path in shared if path.exists()]
    if any(path.is_symlink() or not path.is_file() for path in files):
        return None
    if sum(path.stat().st_size for path in files) > _MOST_BYTES:
        return None
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(study.folder)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
