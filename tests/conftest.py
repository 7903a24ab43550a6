"""What several test files share: the example study with few permutations, each result computed once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_waves import FEW, Example

import analysis_lib as al
from analysis_lib.study import Study


@pytest.fixture(scope="session")
def example_study() -> Study:
    """The example study with few permutations: a p-value of one in two hundred is the smallest."""
    return replace(al.load_study(al.EXAMPLE_STUDY), n_permutations=FEW)


@pytest.fixture(scope="session")
def examples(example_study: Study) -> dict[str, Example]:
    """The waves of the example study by name."""
    return {wave: Example(example_study, wave) for wave in example_study.waves}


@pytest.fixture(scope="session")
def example(examples: dict[str, Example]) -> Example:
    """The first wave: four groups, every kind of result."""
    return examples["2024a"]


@pytest.fixture(scope="session")
def without_comparison(examples: dict[str, Example]) -> Example:
    """The second wave: 24 people, all in one outcome group."""
    return examples["2024b"]
