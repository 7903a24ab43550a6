"""A synthetic study of any size: people, nested themes and coded segments, whole waves or single tables.

    python tests/benchmarks/large_study.py FOLDER --people 1000 --segments 20000 --themes 100 --waves 3

The same numbers and seed give the same files. Themes differ between outcome groups by as much as their number says,
so that a test has something to find and something to leave alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

GROUPS = ("helpful", "unhelpful", "mixed", "dropped_out")
SHARES = (0.5, 0.2, 0.1, 0.2)
THEMES_PER_BRANCH = 10


def codebook(n_themes: int) -> str:
    """codebook.yaml with branches of ten themes; every branch is a theme too."""
    lines = ["themes:"]
    for i in range(n_themes):
        branch = i // THEMES_PER_BRANCH
        own = f"{{id: B{branch}, label: Branch {branch}}}"
        below = f"{{id: B{branch}.t{i}, label: Theme {i}, parent: B{branch}}}"
        lines.append(f"  - {own if i % THEMES_PER_BRANCH == 0 else below}")
    return "\n".join(lines) + "\n"


def theme_ids(n_themes: int) -> list[str]:
    """Ids of the codebook in its order."""
    per = THEMES_PER_BRANCH
    return [f"B{i // per}" if i % per == 0 else f"B{i // per}.t{i}" for i in range(n_themes)]


def tables(n_people: int, n_segments: int, n_themes: int, *, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``participants`` and ``coded_segments`` of one wave."""
    rng = np.random.default_rng(seed)
    width = len(str(n_people))
    people = pd.Series(np.arange(n_people)).astype(str).str.zfill(width).radd("P")
    group = rng.choice(len(GROUPS), n_people, p=SHARES)
    participants = pd.DataFrame(
        {
            "participant_id": people,
            "outcome_group": np.array(GROUPS)[group],
            "age": rng.integers(18, 80, n_people),
            "sessions_attended": rng.integers(1, 20, n_people),
        }
    )
    who = np.sort(rng.integers(0, n_people, n_segments))
    # Early themes lean towards the reference group, late ones away from it, those in the middle nowhere.
    lean = np.linspace(-0.4, 0.4, n_themes)
    weight = np.exp(np.where(np.arange(4)[:, None] == 0, -lean, lean))
    ladder = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    drawn = rng.random(n_segments)
    code = np.empty(n_segments, dtype=np.int64)
    for number in range(len(GROUPS)):
        here = group[who] == number
        code[here] = np.minimum(np.searchsorted(ladder[number], drawn[here]), n_themes - 1)
    segments = pd.DataFrame(
        {
            "segment_id": pd.Series(np.arange(n_segments)).astype(str).radd("S"),
            "participant_id": people.to_numpy()[who],
            "code_id": pd.Categorical.from_codes(code, theme_ids(n_themes)).astype(str),
        }
    )
    return participants, segments


def write_study(
    folder: Path,
    *,
    people: int,
    segments: int,
    themes: int,
    waves: int = 1,
    seed: int = 1,
    form: str = "parquet",
) -> Path:
    """A whole study folder, ready for ``themewave check`` and ``themewave run``."""
    names = [f"w{i + 1}" for i in range(waves)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "codebook.yaml").write_text(codebook(themes), encoding="utf-8")
    (folder / "study.yaml").write_text(
        "study: large\ntitle: Large (SYNTHETIC)\nsynthetic: yes\ntradition: codebook\ntheme_timing: after_outcome\n"
        f"coders_blind_to_outcome: no\nwaves: [{', '.join(names)}]\nplanned_looks: {waves}\n"
        f"outcome: {{groups: [{', '.join(GROUPS)}], reference: helpful}}\n"
        "privacy: {counts: exact, reason: synthetic}\n",
        encoding="utf-8",
    )
    for i, name in enumerate(names):
        place = folder / "waves" / name
        place.mkdir(parents=True, exist_ok=True)
        opened = f"20{10 + i // 12:02d}-{1 + i % 12:02d}"
        (place / "wave.yaml").write_text(
            f"opened: {opened}-01\nclosed: {opened}-20\ndata_cut: {opened}-28\ncodebook_version: '1'\nlook: {i + 1}\n",
            encoding="utf-8",
        )
        for table, frame in zip(
            ("participants", "coded_segments"), tables(people, segments, themes, seed=seed + i), strict=True
        ):
            if form == "parquet":
                frame.astype(str).to_parquet(place / f"{table}.parquet", index=False)
            else:
                frame.to_csv(place / f"{table}.csv", index=False)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    for name, default in (
        ("people", 1_000),
        ("segments", 20_000),
        ("themes", 100),
        ("waves", 1),
        ("seed", 1),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--form", choices=("parquet", "csv"), default="parquet")
    write_study(**vars(parser.parse_args()))
