"""A bundle is read again before it gets its name: nothing missing, changed, strange, active or pointing elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from analysis_lib.runner import bundle_check
from analysis_lib.runner.bundle_check import faults
from analysis_lib.runner.changes import sha256

SCRIPT = "const shown = 1 < 2;"
DIGEST = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
POLICY = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{DIGEST}'"
PAGE = f"""<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<style>p > b {{ color: red }}</style></head>
<body><a class="skip" href="#main">Skip</a><main id="main"><p dir="auto">&lt;img src=x onerror=alert(1)&gt;</p>
<img src="data:image/svg+xml,%3Csvg/%3E" alt="a figure"><br></main>
<script>{SCRIPT}</script></body></html>
"""


def bundle(folder, page=PAGE, **files):
    """A finished folder with a manifest that lists what is in it."""
    everything = {
        "report.html": page,
        "results/flow.csv": "n\n3\n",
        "internal/INTERNAL_01_x.ipynb": "{}",
    } | files
    for name, text in everything.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "manifest.json").write_text(
        json.dumps({"outputs": {name: sha256(folder / name) for name in everything}})
    )
    return folder


def codes(folder):
    return [(finding.code, finding.file) for finding in faults(folder)]


def test_a_folder_as_the_run_left_it_has_no_fault(tmp_path):
    assert codes(bundle(tmp_path)) == []


def test_a_printed_copy_beside_the_report_is_no_fault(tmp_path):
    bundle(tmp_path)
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    assert codes(tmp_path) == []


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"outputs": 3}', "\xff"])
def test_without_a_manifest_it_is_no_report(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
    assert codes(tmp_path) == [("V01", "manifest.json")]


def test_one_byte_more_is_found(tmp_path):
    bundle(tmp_path)
    with (tmp_path / "results" / "flow.csv").open("a") as file:
        file.write(" ")
    assert codes(tmp_path) == [("V03", "results/flow.csv")]


def test_a_file_that_is_gone_is_found(tmp_path):
    bundle(tmp_path)
    (tmp_path / "results" / "flow.csv").unlink()
    assert codes(tmp_path) == [("V02", "results/flow.csv")]


def test_a_link_in_the_place_of_a_file_counts_as_gone(tmp_path):
    bundle(tmp_path / "w1")
    path = tmp_path / "w1" / "results" / "flow.csv"
    path.rename(tmp_path / "elsewhere.csv")
    path.symlink_to(tmp_path / "elsewhere.csv")
    assert codes(tmp_path / "w1") == [("V02", "results/flow.csv")]


def test_a_file_that_no_run_wrote_is_found_and_its_name_is_not_said(tmp_path):
    bundle(tmp_path)
    (tmp_path / "results" / "Anna Kowalska.csv").write_text("")
    (tmp_path / "extra.csv").write_text("")
    assert codes(tmp_path) == [("V04", "extra.csv"), ("V04", "results/…")]


@pytest.mark.parametrize("name", ["results/a.xlsx", "run.sh", "a.ipynb", "internal/a.exe", "page.js"])
def test_a_kind_of_file_that_a_report_does_not_hold_is_found(tmp_path, name):
    assert codes(bundle(tmp_path, **{name: ""})) == [("V05", name)]


def test_a_file_too_large_to_be_looked_at_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle_check, "_LARGEST", len(PAGE))
    assert codes(bundle(tmp_path, **{"tables/a.csv": "x" * (len(PAGE) + 1)})) == [("V06", "tables/a.csv")]


@pytest.mark.parametrize("end", ["</html>", "<!DOCTYPE html>"])
def test_a_page_that_was_cut_off_is_found(tmp_path, end):
    assert ("V07", "report.html") in codes(bundle(tmp_path, PAGE.replace(end, "")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("default-src 'none'", "default-src *"),
        ('http-equiv="Content-Security-Policy"', 'name="none"'),
        (DIGEST, "other"),
        ("1 < 2", "1 < 3"),
        ("script-src ", "script-src 'unsafe-inline' "),
        ("</script>", "</script><script>more()</script>"),
    ],
)
def test_a_page_whose_policy_lets_more_than_its_own_script_run_is_found(tmp_path, old, new):
    assert codes(bundle(tmp_path, PAGE.replace(old, new))) == [("V08", "report.html")]


@pytest.mark.parametrize(
    "markup",
    [
        "<img src='x'>", "<b onclick=\"x()\">", "<iframe srcdoc=\"x\">", "<object>", "<base>", "<form>", "<svg>",
        "<script src=\"#x\">", "<SCRIPT>", "<style>", "<input>", "<a href=#x>", '<b title="<">',
    ],
)  # fmt: skip
def test_markup_that_no_template_writes_is_found(tmp_path, markup):
    assert ("V10", "report.html") in codes(bundle(tmp_path, PAGE.replace("<br>", markup)))


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="https://x.example">',
        '<img src="x.png">',
        '<a href="javascript:x()">',
        '<img src="data:text/html,x">',
    ],
)
def test_an_address_outside_the_page_is_found(tmp_path, markup):
    assert codes(bundle(tmp_path, PAGE.replace("<br>", markup))) == [("V09", "report.html")]
