"""The waves of the example study as they leave, made once for all tests of the end of a report."""

from __future__ import annotations

import pytest
from example_waves import Example
from whole_waves import Wave, whole


@pytest.fixture(scope="session")
def waves(examples: dict[str, Example]) -> dict[str, Wave]:
    """The three waves of the example study."""
    return {name: whole(example) for name, example in examples.items()}


@pytest.fixture(scope="session")
def first(waves: dict[str, Wave]) -> Wave:
    """The first wave: four groups, every kind of result."""
    return waves["2024a"]
