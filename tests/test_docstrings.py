"""Every public name explains itself: what it answers, its parameters, what comes back, and an example that runs."""

from __future__ import annotations

import doctest
import inspect
import re

import pytest

import analysis_lib as al

FUNCTIONS = {name: getattr(al, name) for name in al.__all__ if inspect.isfunction(getattr(al, name))}
OF_ARRAYS = {
    f"stats.{name}": getattr(al.stats, name)
    for name in al.stats.__all__
    if inspect.isfunction(getattr(al.stats, name))
}
EVERY = FUNCTIONS | OF_ARRAYS
# Asked again and again by the examples; what they give is frozen, so one of each is enough.
MADE_ONCE = ("load_wave", "quantitize", "crosstab_themes", "fit_termination")
# What these do happens in a notebook or in files, so there is nothing that an example could print.
NO_EXAMPLE = {"review_quotes", "explorer"}


def sections(function) -> list[str]:
    return re.findall(r"^([A-Z][a-z]+)\n-{3,}$", inspect.getdoc(function) or "", re.MULTILINE)


def once(function):
    """The function, called once with the same arguments; results hold tables, so arguments are told by identity."""
    made: dict[tuple, tuple] = {}

    def asked(*given, **chosen):
        key = (*(one if isinstance(one, str) else id(one) for one in given), repr(chosen))
        if key not in made:
            made[key] = (
                given,
                function(*given, **chosen),
            )  # what was given is kept, so that no id is used again
        return made[key][1]

    return asked


@pytest.fixture(scope="module")
def made_once():
    with pytest.MonkeyPatch.context() as patch:
        for name in MADE_ONCE:
            patch.setitem(al.__dict__, name, once(FUNCTIONS[name]))
        yield


@pytest.mark.parametrize("name", EVERY)
def test_the_first_line_is_a_sentence_that_fits_a_line(name):
    first = (inspect.getdoc(EVERY[name]) or "").partition("\n")[0]
    assert re.fullmatch(r"[A-Z“].{8,110}\.", first), first


@pytest.mark.parametrize("name", EVERY)
def test_every_parameter_is_told(name):
    documented = (inspect.getdoc(EVERY[name]) or "").partition("Parameters\n---")[2]
    terms = re.findall(r"^(\*{0,2}\w[\w, ]*?)(?: : .*)?$", documented, re.MULTILINE)
    told = {part.strip() for term in terms for part in term.split(",")}
    assert [one for one in inspect.signature(EVERY[name]).parameters if one not in told] == []


@pytest.mark.parametrize("name", EVERY)
def test_what_comes_back_is_told(name):
    if inspect.signature(EVERY[name]).return_annotation in (None, "None"):
        pytest.skip("nothing comes back")
    assert "Returns" in sections(EVERY[name])


@pytest.mark.parametrize("name", EVERY)
def test_the_parts_stand_in_the_usual_order(name):
    usual = ["Parameters", "Returns", "Raises", "Notes", "References", "Examples"]
    assert [one for one in usual if one in sections(EVERY[name])] == sections(EVERY[name])


@pytest.mark.parametrize("name", sorted(EVERY.keys() - NO_EXAMPLE))
def test_its_example_runs_and_prints_what_it_says(name, made_once):
    found = doctest.DocTestFinder(recurse=False).find(EVERY[name], name)
    assert [one for one in found if one.examples], "no example"
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for one in found:
        said: list[str] = []
        runner.run(one, out=said.append)
        assert runner.failures == 0, "".join(said)
