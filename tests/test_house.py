"""What holds of the repository as a whole: the direction of imports, the versions, and what may be tracked."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import data_schema_page
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "analysis_lib"

# The arrow goes down this list only: a module imports from earlier lines, and a package within itself.
LAYERS = (
    "errors wording readable",
    "disk_trouble file_names whole_files",
    "schema",
    "new_study",
    "readers",
    "importers",
    "yamlfile",
    "codebook",
    "study_checks",
    "study",
    "quote_flags",
    "canonical outcome late_starters import_map",
    "import_owners import_codes",
    "imported_wave",
    "project_tables",
    "wave_files",
    "quote_checks consent",
    "checks author_notes notes_wording",
    "wave",
    "earlier_waves",
    "segment_counts",
    "quantitize quotes notes sharing",
    "quote_review",
    "exporters",
    "stats",
    "coder_ratings",
    "unitising",
    "claimed_agreement",
    "reliability theme_cooccurrence theme_saturation",
    "agreement_by_wave",
    "termination_design dropout_followup",
    "strata large_sample cqr",
    "crosstab termination intake explore",
    "model_blocks therapists outcome_models dropout_time model_prediction imputed_models",
    "branches omnibus theme_patterns serious_codes explored_quotes main_table",
    "codebook_changes",
    "themes_as_now",
    "counts_by_wave",
    "share_changes attrition change_tests",
    "wave_comparison",
    "what_changed",
    "ways_of_counting",
    "other_bases",
    "specifications specification_table",
    "joint_display theme_bank coder_error waves across_waves",
    "sensitivity talkativeness",
    "payload formatting formatted",
    "views release",
    "tables",
    "sentences figures",
    "display result_files release_records review_form explorer",
    "in_brief",
    "report",
    "runner",
    "commands",
)
LAYER = {name: place for place, names in enumerate(LAYERS) for name in names.split()}
TOP = ("__init__", "__main__")  # what notebooks import, and what the command line calls
DRAWING = {"matplotlib", "seaborn", "IPython"}


def modules() -> list[Path]:
    return sorted(LIBRARY.rglob("*.py"))


def name_of(path: Path) -> str:
    """``tables.common`` for analysis_lib/tables/common.py, ``tables`` for its ``__init__``."""
    parts = path.relative_to(LIBRARY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports(path: Path, *, top_level: bool = False) -> Iterator[str]:
    """Full names of everything that a module imports when it runs; lines for the type checker alone aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        if top_level and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports by dots"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def ours(path: Path) -> set[str]:
    """First part of every module of this package that a module imports: ``tables`` for ``tables.common``."""
    found = {name.split(".")[1] for name in imports(path) if name.startswith("analysis_lib.")}
    return {name for name in found if name in LAYER or (LIBRARY / f"{name}.py").exists()}


# Direction


def test_every_module_has_its_place_in_the_list():
    parts = {name_of(path).split(".")[0] for path in modules()}
    assert sorted(parts - set(LAYER) - set(TOP)) == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_go_down_the_list_only(path):
    here = name_of(path).split(".")[0]
    if here in TOP:
        return
    above = [name for name in ours(path) if name != here and LAYER.get(name, 99) >= LAYER[here]]
    assert above == [], f"{name_of(path)} imports {above}"


def test_array_statistics_import_nothing_of_the_package_but_errors():
    for path in sorted((LIBRARY / "stats").glob("*.py")):
        assert ours(path) <= {"errors", "stats"}, path.name


def test_only_the_commands_import_runner_and_report():
    for path in modules():
        here = name_of(path).split(".")[0]
        for name in ("runner", "report"):
            assert name not in ours(path) or here in (name, "commands"), path.name


def test_the_runner_knows_no_statistics():
    for path in sorted((LIBRARY / "runner").glob("*.py")):
        assert ours(path) <= {"errors", "disk_trouble", "whole_files", "schema", "payload", "runner"}, (
            path.name
        )


def test_only_figures_draw_and_only_display_knows_notebooks():
    allowed = {"figures": DRAWING, "display": {"IPython"}}
    for path in modules():
        drawing = DRAWING & {name.split(".")[0] for name in imports(path)}
        here = name_of(path).split(".")[0]
        assert drawing <= allowed.get(here, set()), f"{name_of(path)} imports {drawing}"


@pytest.mark.parametrize(
    "slow", ["statsmodels", "matplotlib", "seaborn", "papermill", "nbformat", "firthmodels"]
)
def test_slow_packages_are_imported_inside_functions(slow):
    at_top = [name_of(p) for p in modules() if slow in {n.split(".")[0] for n in imports(p, top_level=True)}]
    assert at_top == []


def test_importing_the_library_loads_no_slow_package():
    slow = (
        "matplotlib",
        "seaborn",
        "statsmodels",
        "papermill",
        "IPython",
        "nbformat",
        "firthmodels",
        "sklearn",
    )
    code = f"import sys, analysis_lib; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Habits


def test_every_module_opens_with_what_it_answers():
    for path in modules():
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert said, name_of(path)
        assert len(said.split()) >= 8, name_of(path)


def test_nothing_is_validated_with_assert_and_no_error_is_swallowed():
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Assert), f"{name_of(path)}, line {node.lineno}"
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{name_of(path)}, line {node.lineno}"
                assert not (len(node.body) == 1 and isinstance(node.body[0], ast.Pass)), name_of(path)


def test_only_commands_print():
    for path in modules():
        if name_of(path).split(".")[0] in ("commands", "__main__"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            assert not (called and node.func.id == "print"), f"{name_of(path)}, line {node.lineno}"


def test_there_is_no_drawer_for_odds_and_ends():
    assert not [
        path for path in modules() if path.stem in ("utils", "util", "helpers", "common_utils", "misc")
    ]


# Versions


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def required() -> list[Requirement]:
    named = project()
    return [Requirement(text) for text in (*named["dependencies"], *named["optional-dependencies"]["test"])]


def locked() -> dict[str, list[Requirement]]:
    """Distribution -> its lines in the lock: one, or one per Python version."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            pin = Requirement(line.rstrip(" \\"))
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def test_every_required_package_is_in_the_lock_at_a_version_that_fits():
    pins = locked()
    for requirement in required():
        name = canonicalize_name(requirement.name)
        assert name in pins, name
        for pin in pins[name]:
            (exact,) = pin.specifier
            assert exact.operator == "=="
            assert requirement.specifier.contains(exact.version), f"{name} {exact.version}"


def test_every_line_of_the_lock_is_one_version_with_a_hash():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(blocks) > 100
    for block in blocks:
        assert re.match(r"[A-Za-z0-9_.-]+==\S+", block), block[:60]
        assert "--hash=sha256:" in block, block[:60]


def test_what_is_installed_is_what_is_locked():
    for name, pins in locked().items():
        for pin in pins:
            if pin.marker is None or pin.marker.evaluate():
                assert version(name) == next(iter(pin.specifier)).version, name


def test_the_conda_environment_installs_the_lock_on_a_python_that_fits():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["name"] == project()["name"]
    *plain, last = environment["dependencies"]
    assert last == {"pip": ["-r requirements.lock"]}
    (python,) = (text.split("=")[1] for text in plain if text.startswith("python="))
    assert SpecifierSet(project()["requires-python"]).contains(f"{python}.0")


def test_no_file_of_versions_holds_an_address():
    for name in ("pyproject.toml", "requirements.lock", "environment.yml"):
        assert not re.search(r"[a-z]+://", (ROOT / name).read_text(encoding="utf-8")), name


# Import names that come with a declared package, and the names under which others are declared.
COMES_WITH = {
    "nbformat": "papermill",
    "nbclient": "papermill",
    "jupyter_client": "papermill",
    "jupyter_core": "jupyterlab",
    "packaging": "jupyterlab",
    "ipykernel": "jupyterlab",
    "jupyter_server": "jupyterlab",
    "markupsafe": "jinja2",
    "traitlets": "anywidget",
}
DECLARED_AS = {"yaml": "pyyaml", "odf": "odfpy", "docx": "python-docx", "PIL": "pillow"}


def test_every_package_that_the_library_imports_is_declared():
    named = [*project()["dependencies"], *project()["optional-dependencies"]["cluster"]]
    declared = {canonicalize_name(Requirement(text).name) for text in named}
    for path in modules():
        for name in (
            {full.split(".")[0] for full in imports(path)} - {"analysis_lib"} - set(sys.stdlib_module_names)
        ):
            known = COMES_WITH.get(name) or DECLARED_AS.get(name) or canonicalize_name(name)
            assert known in declared, f"{name_of(path)} imports {name}"


# Documents


def test_the_page_of_the_data_contract_is_in_step_with_the_schemas():
    assert data_schema_page.PAGE.read_text(encoding="utf-8") == data_schema_page.page()


# What may be tracked


def git(*words: str) -> str:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so there is nothing that git tracks")
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout


def tracked() -> list[Path]:
    """Files that are tracked, or would be with the next commit."""
    names = git("ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_tracked_file_names_a_registry_or_a_path_of_this_machine():
    # Written apart, so that this file passes too.
    hosts = [
        ".".join(parts)
        for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("anaconda", "org"))
    ]
    forbidden = [*hosts, f"{ROOT}/", f"{Path.home()}/"]
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="replace")
        assert not [word for word in forbidden if word in text], path.relative_to(ROOT)


@pytest.mark.parametrize(
    "name",
    [
        "waves/2026a/participants.csv",
        "my_study/waves/2026a/coded_segments.csv",
        "data_schema/my_study/waves/w1/participants.csv",
        "project.qdpx",
        "data/project.qda",
        "interviews.mx24",
        "interviews.nvp",
        "project.sqlite3",
        "answers.xlsx",
        "answers.sav",
        "my.key",
        "my_study/.themewave/ledger.json",
        "reports/built/study/w1/report.html",
        "reports/my_study/w1/internal/INTERNAL_01_wave_intake.ipynb",
        "INTERNAL_03_themes_by_outcome.ipynb",
        "notebooks/.ipynb_checkpoints/01_wave_intake-checkpoint.ipynb",
    ],
)
def test_git_refuses_what_could_hold_a_participant(name):
    assert git("check-ignore", "--no-index", name).strip() == name


@pytest.mark.parametrize(
    "name",
    ["data_schema/example_study/waves/2024a/participants.csv", "notebooks/01_wave_intake.ipynb", "README.md"],
)
def test_git_keeps_the_example_and_the_suite(name):
    assert git("check-ignore", "--no-index", name) == ""


def test_the_only_tracked_study_is_the_synthetic_example():
    studies = [path for path in tracked() if path.name == "study.yaml" and "new_study" not in path.parts]
    assert studies == [ROOT / "data_schema" / "example_study" / "study.yaml"]
    assert yaml.safe_load(studies[0].read_text(encoding="utf-8"))["synthetic"] is True
