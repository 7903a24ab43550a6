"""What on a machine endangers a study is said, each with what to do; what is safe is not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import namedtuple

import pytest
from tiny_study import FILES, write_study

from analysis_lib.__main__ import main
from analysis_lib.commands import doctor as module
from analysis_lib.commands.jupyter_settings import jupyter_findings
from analysis_lib.commands.keys import key_file, pseudonym_key
from analysis_lib.study import load_study

Usage = namedtuple("Usage", "total used free")
posix = pytest.mark.skipif(os.name != "posix", reason="rights are others elsewhere")


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A machine without settings, a key or a running server, on which nobody is root; returns its Jupyter folder."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "")
    monkeypatch.setattr("jupyter_core.paths.SYSTEM_CONFIG_PATH", [])
    monkeypatch.setattr("jupyter_core.paths.ENV_CONFIG_PATH", [])
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    (tmp_path / "jupyter_config_dir").mkdir()
    (tmp_path / "jupyter_runtime_dir").mkdir()
    return tmp_path / "jupyter_config_dir"


def codes(findings):
    return [(finding.level, finding.code) for finding in findings]


# Jupyter


def test_a_machine_without_settings_is_safe():
    assert list(jupyter_findings()) == []


SETTINGS = [
    ("IdentityProvider", "token", "", "E01"),
    ("NotebookApp", "token", "", "E01"),
    ("ServerApp", "ip", "0.0.0.0", "E02"),
    ("ServerApp", "ip", "*", "E02"),
    ("ServerApp", "ip", "", "E02"),
    ("ServerApp", "allow_origin", "*", "E03"),
    ("ServerApp", "allow_origin_pat", ".*", "E03"),
    ("ServerApp", "disable_check_xsrf", True, "E04"),
    ("ServerApp", "allow_unauthenticated_access", True, "E04"),
    ("ServerApp", "allow_root", True, "E05"),
    ("ServerApp", "allow_remote_access", True, "E05"),
]


@pytest.mark.parametrize(("section", "name", "value", "code"), SETTINGS)
@pytest.mark.parametrize("kind", ["json", "py"])
def test_each_setting_that_lets_others_in_is_named(machine, section, name, value, code, kind):
    if kind == "json":
        (machine / "jupyter_server_config.json").write_text(json.dumps({section: {name: value}}))
    else:
        text = f"# mine\nc = get_config()\nc.{section}.{name} = {value!r}\n"
        (machine / "jupyter_server_config.py").write_text(text)
    (finding,) = jupyter_findings()
    assert (finding.code, finding.column, finding.file) == (code, name, f"jupyter_server_config.{kind}")
    assert finding.line == (3 if kind == "py" else None)


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("ServerApp", "ip", "localhost"), ("ServerApp", "ip", "127.0.0.1"), ("ServerApp", "allow_origin", ""),
        ("ServerApp", "disable_check_xsrf", False), ("IdentityProvider", "token", "long"), ("Other", "token", ""),
        ("ServerApp", "port", 8889),
    ],
)  # fmt: skip
def test_a_setting_that_lets_nobody_in_is_not(machine, section, name, value):
    (machine / "jupyter_lab_config.py").write_text(f"c.{section}.{name} = {value!r}\n")
    assert list(jupyter_findings()) == []


def test_an_address_that_is_computed_counts_as_an_open_one(machine):
    (machine / "jupyter_server_config.py").write_text("import os\nc.ServerApp.ip = os.environ['IP']\n")
    assert codes(jupyter_findings()) == [("stop", "E02")]


def test_settings_are_read_and_never_run(machine, tmp_path):
    mark = tmp_path / "ran"
    (machine / "jupyter_server_config.py").write_text(
        f"open({str(mark)!r}, 'w')\nc.ServerApp.ip = '0.0.0.0'\n"
    )
    assert codes(jupyter_findings()) == [("stop", "E02")]
    assert not mark.exists()


@pytest.mark.parametrize(("name", "text"), [("py", "c.ServerApp.ip = ("), ("json", "{")])
def test_settings_that_cannot_be_read_are_said(machine, name, text):
    (machine / f"jupyter_server_config.{name}").write_text(text)
    assert codes(jupyter_findings()) == [("warn", "E08")]


@posix
def test_settings_that_others_may_write_are_said(machine):
    path = machine / "jupyter_server_config.py"
    path.write_text("")
    path.chmod(0o664)
    assert codes(jupyter_findings()) == [("stop", "E07")]


def test_work_as_root_is_said(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    assert codes(jupyter_findings()) == [("warn", "E06")]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"token": ""}, [("stop", "E09")]),
        ({"token": "", "password": True}, []),
        ({"hostname": "0.0.0.0"}, [("stop", "E10")]),
        ({"token": "", "pid": 2**22 + 1}, []),  # it has ended
    ],
)
def test_a_server_that_is_running_is_asked_for_what_it_wrote(tmp_path, changed, expected):
    said = {"pid": os.getpid(), "token": "t", "password": False, "hostname": "localhost"} | changed
    (tmp_path / "jupyter_runtime_dir" / "jpserver-1.json").write_text(json.dumps(said))
    assert codes(jupyter_findings()) == expected


# The study and the machine


@pytest.fixture
def study(tmp_path):
    folder = write_study(tmp_path / "study")
    folder.chmod(0o700)
    return folder


def about(study, capsys):
    """(level, code) of what is said of a study, versions and room aside, and the exit code."""
    code = main(["doctor", str(study), "--json"])
    records = json.loads(capsys.readouterr().out)
    apart = {"E20", "E21", "E40", "E41"}
    return [(each["level"], each["code"]) for each in records if each["code"] not in apart], code


def test_a_study_that_nobody_else_can_read_needs_only_its_key(study, capsys):
    assert about(study, capsys) == ([("note", "E25")], 0)
    pseudonym_key(load_study(study))
    assert about(study, capsys) == ([], 0)


@posix
@pytest.mark.parametrize(
    ("mode", "expected"), [(0o755, ("warn", "E24")), (0o777, ("stop", "E23")), (0o750, None)]
)
def test_who_else_may_read_or_change_the_study_is_said(study, capsys, mode, expected):
    pseudonym_key(load_study(study))
    study.chmod(mode)
    found, code = about(study, capsys)
    assert found == ([expected] if expected else [])
    assert code == int(expected is not None and expected[0] == "stop")


@posix
def test_a_key_that_others_may_read_is_said(study, capsys):
    pseudonym_key(load_study(study))
    key_file(load_study(study)).chmod(0o644)
    assert about(study, capsys) == ([("stop", "P04")], 1)


def test_a_study_that_cannot_be_read_does_not_hide_what_is_wrong_with_the_machine(tmp_path, machine, capsys):
    (machine / "jupyter_server_config.py").write_text("c.ServerApp.ip = '0.0.0.0'\n")
    study = write_study(tmp_path / "study", {"study.yaml": "study: tiny\n"})
    found, code = about(study, capsys)
    assert code == 1
    assert ("stop", "E02") in found
    assert any(each[1].startswith("Y") for each in found)


@pytest.mark.parametrize("name", ["Dropbox", "OneDrive - University", "Nextcloud"])
def test_a_folder_that_is_copied_to_other_machines_is_said(tmp_path, capsys, name):
    folder = write_study(tmp_path / name / "study")
    folder.chmod(0o700)
    assert ("warn", "E34") in about(folder, capsys)[0]


def test_a_folder_with_the_mark_of_such_a_program_is_said(tmp_path, study, capsys):
    (tmp_path / ".stfolder").mkdir()
    assert ("warn", "E34") in about(study, capsys)[0]


def in_git(study, *words):
    subprocess.run(["git", "-C", str(study), *words], check=True, capture_output=True)


def test_a_study_in_a_work_tree_is_said_and_more_so_once_its_waves_are_tracked(tmp_path, capsys, monkeypatch):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    top = tmp_path / "repository"
    study = write_study(top / "study")
    study.chmod(0o700)
    pseudonym_key(load_study(study))
    in_git(top, "init", "-q")
    assert about(study, capsys) == ([("stop", "E31"), ("warn", "E33")], 1)
    (study / ".gitignore").write_text("*\n")
    assert about(study, capsys) == ([("warn", "E33"), ("warn", "E32")], 0)
    monkeypatch.chdir(top)
    assert main(["guard", "--install"]) == 0
    capsys.readouterr()
    assert about(study, capsys) == ([("warn", "E32")], 0)
    in_git(study, "add", "-f", "waves")
    assert about(study, capsys) == ([("stop", "E30")], 1)


def test_a_synthetic_study_has_nobody_to_protect(tmp_path, capsys):
    folder = write_study(tmp_path / "Dropbox", {"study.yaml": FILES["study.yaml"] + "synthetic: yes\n"})
    folder.chmod(0o777)
    assert about(folder, capsys) == ([], 0)


@pytest.mark.parametrize(
    ("megabytes", "expected"), [(63, [("stop", "E40")]), (1000, [("warn", "E41")]), (1024, [])]
)
def test_little_room_is_said(tmp_path, monkeypatch, megabytes, expected):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Usage(0, 0, megabytes * 1024**2))
    assert codes(module._room(tmp_path)) == expected


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Usage(0, 0, 2**40))
    monkeypatch.setattr(module.os, "access", lambda path, mode: False)
    assert codes(module._room(tmp_path)) == [("warn", "E42")]


def test_where_rights_are_not_looked_at_that_is_said(study, monkeypatch):
    loaded = load_study(study)
    monkeypatch.setattr(module.sys, "platform", "win32")
    assert codes(module._rights(loaded)) == [("note", "E22")]


def test_packages_of_other_versions_are_said_and_the_locked_ones_not(monkeypatch):
    assert "E21" not in [code for _, code in codes(module._versions())]
    right = module.version
    monkeypatch.setattr(module, "version", lambda name: "0.1" if name == "scipy" else right(name))
    (finding,) = [each for each in module._versions() if each.code == "E21"]
    assert finding.what.startswith("scipy is 0.1, and the numbers were checked with ")


def test_on_a_machine_as_it_should_be_one_sentence_says_so(monkeypatch, capsys):
    monkeypatch.setattr(module, "_versions", lambda: [])
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Usage(0, 0, 2**40))
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.startswith("Nothing to mend")
