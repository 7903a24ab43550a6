"""What ``import analysis_lib as al`` brings, and that it brings it only when it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import analysis_lib as al


def in_a_fresh_process(code):
    words = [sys.executable, "-c", code]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_package_imports_only_who_is_asked_how_a_result_reads():
    code = (
        "import sys, analysis_lib; print([name for name in sys.modules if name.startswith('analysis_lib.')])"
    )
    assert in_a_fresh_process(code) == "['analysis_lib.readable']"


@pytest.mark.parametrize("name", al.__all__)
def test_every_name_is_what_its_module_defines(name):
    module = import_module(f"analysis_lib.{al._PLACES[name]}")
    assert getattr(al, name) is (module if name == "stats" else getattr(module, name))
    assert isinstance(getattr(al, name), ModuleType) == (name == "stats")


def test_type_checkers_and_editors_see_the_same_names():
    tree = ast.parse(Path(al.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname: line.module for line in block.body for alias in line.names}
    places = {name: f"analysis_lib.{place}" for name, place in al._PLACES.items()}
    assert seen == places | {"stats": "analysis_lib"}


@pytest.mark.parametrize("first", ["al.branches", "import_module('analysis_lib.branches')"])
def test_a_function_wins_over_the_module_of_its_name(first):
    code = f"import analysis_lib as al; from importlib import import_module; {first}; print(type(al.branches).__name__)"
    assert in_a_fresh_process(code) == "function"


def test_a_module_that_is_no_name_of_the_package_can_be_imported_from_it():
    assert (
        in_a_fresh_process("from analysis_lib import figures; print(figures.__name__)")
        == "analysis_lib.figures"
    )


def test_an_unknown_name_is_said_to_be_unknown():
    with pytest.raises(AttributeError, match="no attribute 'crosstab_theme'"):
        al.crosstab_theme  # noqa: B018


def test_names_can_be_completed_before_they_were_used():
    assert in_a_fresh_process("import analysis_lib as al; print('load_wave' in dir(al))") == "True"


def test_a_run_that_finds_nothing_to_do_imports_no_large_package():
    slow = (
        "pandas",
        "numpy",
        "scipy",
        "pyarrow",
        "matplotlib",
        "IPython",
        "zmq",
        "jinja2",
        "tqdm",
        "distributed",
    )
    code = (
        "import sys; import analysis_lib.__main__, analysis_lib.commands.run, analysis_lib.commands.status;"
        f"print([name for name in {slow} if name in sys.modules])"
    )
    assert in_a_fresh_process(code) == "[]"
