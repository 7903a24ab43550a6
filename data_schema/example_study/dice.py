"""How is anything drawn for the example study so that no release of numpy can change its files?

Whatever is drawn here uses nothing but ``Generator.random()``, whose stream is promised to stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


def normal(rng: np.random.Generator) -> float:
    """One standard normal number."""
    return NormalDist().inv_cdf(min(max(rng.random(), 1e-12), 1 - 1e-12))


def whole(rng: np.random.Generator, low: int, high: int) -> int:
    """One whole number from low to high, both included."""
    return low + int(rng.random() * (high - low + 1))


def pick(rng: np.random.Generator, chances: Mapping[Any, float]) -> Any:
    """One of the keys, in proportion to its chance."""
    at = rng.random() * sum(chances.values())
    for key, chance in chances.items():
        at -= chance
        if at < 0:
            return key
    return list(chances)[-1]


def shuffled(rng: np.random.Generator, items: Sequence[T]) -> list[T]:
    """The items in random order."""
    return [items[i] for _, i in sorted((rng.random(), i) for i in range(len(items)))]
