"""``themewave lab`` without a browser: what it refuses, whom it answers, what it leaves behind."""

from __future__ import annotations

import json
import re
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from browser.lab_session import LabSession, until
from tiny_study import CANARY, write_study

from analysis_lib.__main__ import main
from analysis_lib.commands import lab as command
from analysis_lib.commands.lab_server import LOOPBACK, free_port
from analysis_lib.runner.notebooks import FIXED, NOTEBOOKS


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study")


@pytest.fixture(autouse=True)
def not_started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been opened, in the place of a server."""
    opened: list[str] = []
    monkeypatch.setattr(command, "_serve", lambda notebook, folder, **settings: opened.append(notebook))
    return opened


def typed(*words: object) -> int:
    return main(["lab", *map(str, words)])


# What is opened


def test_it_opens_the_notebook_to_explore_with_or_the_first_one(study: Path, not_started: list[str]) -> None:
    assert typed(study) == 0
    first = "00_explore" if (NOTEBOOKS / "00_explore.ipynb").exists() else "01_wave_intake"
    assert not_started == [f"w1/{first}.ipynb"]


@pytest.mark.parametrize("given", ["tutorial/1", "1_bring", "tutorial/1_bring_your_data.ipynb"])
def test_a_notebook_of_the_tutorial_is_named_with_its_folder_or_without(
    tmp_path: Path, not_started: list[str], given: str
) -> None:
    assert typed("--out", tmp_path, "--notebook", given) == 0
    assert not_started == ["2025a/tutorial/1_bring_your_data.ipynb"]


@pytest.mark.parametrize("given", ["03", "03_themes_by_outcome", "03_themes_by_outcome.ipynb"])
def test_a_notebook_is_named_by_how_it_begins(study: Path, not_started: list[str], given: str) -> None:
    assert typed(study, "--notebook", given) == 0
    assert not_started == ["w1/03_themes_by_outcome.ipynb"]


def test_the_last_wave_of_study_yaml_is_taken_where_none_is_named(
    tmp_path: Path, not_started: list[str]
) -> None:
    assert typed("--out", tmp_path, "--notebook", "01_wave") == 0
    assert not_started == ["2025a/01_wave_intake.ipynb"]


def test_copies_lie_beside_the_data(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(study) == 0
    folder = study / "notebooks" / "w1"
    assert {path.stem for path in folder.glob("*.ipynb")} == {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
    assert str(folder) in capsys.readouterr().out


def test_copies_lie_where_out_says_and_find_the_study(study: Path, tmp_path: Path) -> None:
    assert typed(study, "--out", tmp_path / "elsewhere") == 0
    copy = tmp_path / "elsewhere" / "tiny" / "w1" / "01_wave_intake.ipynb"
    assert 'study: str = \\"../../../study\\"' in copy.read_text(encoding="utf-8")
    assert not (study / "notebooks").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_copies_are_open_to_those_alone_to_whom_the_study_is(study: Path) -> None:
    study.chmod(0o750)
    assert typed(study) == 0
    assert stat.S_IMODE((study / "notebooks").stat().st_mode) == 0o750


def test_a_version_that_stays_away_is_told_with_the_way_to_it(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(study) == 0
    path = study / "notebooks" / "w1" / "01_wave_intake.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    book["cells"][0]["source"] = ["# Mine"]
    book["metadata"]["themewave"]["version"] = "an older one"
    path.write_text(json.dumps(book), encoding="utf-8")
    capsys.readouterr()
    assert typed(study) == 0
    told = "note L06  01_wave_intake.ipynb: there is a newer version, and yours has changes, so yours stays."
    assert told in capsys.readouterr().out


# What is refused


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--wave", "w9"], "stop W01  --wave: study.yaml lists no such wave. Allowed: w1."),
        (["--notebook", "09"], "stop L02  --notebook: there is no such notebook. Allowed: 0"),
        (["--notebook", "0"], "stop L02  --notebook: more than one notebook begins so. Allowed: 0"),
        (["--notebook", "03_theme_by_outcome"], 'Did you mean "03_themes_by_outcome"?'),
        (["--port", "0"], "stop L05  --port: there is no such port. Allowed: 1 to 65535."),
        (["--port", "70000"], "stop L05  --port: there is no such port. Allowed: 1 to 65535."),
    ],
)
def test_what_it_does_not_know_is_refused_before_anything_is_written(
    study: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert typed(study, *words) == 1
    assert told in capsys.readouterr().err
    assert not (study / "notebooks").exists()


def test_a_study_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(tmp_path / "none") == 1
    assert "there is no such folder." in capsys.readouterr().err


def test_a_wave_without_a_folder_is_told(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / "waves" / "w1").rename(study / "waves" / "w2")
    assert typed(study) == 1
    assert "stop W05  waves/w1: this wave has no folder." in capsys.readouterr().err
    assert not (study / "notebooks").exists()


@pytest.mark.parametrize("words", [[], ["--out", "elsewhere"]])
def test_notebooks_of_real_people_never_lie_in_a_git_work_tree(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    (study.parent / ".git").mkdir()
    monkeypatch.chdir(study.parent)
    assert typed(study, *words) == 1
    assert "stop L01" in capsys.readouterr().err
    assert not list(study.parent.rglob("*.ipynb"))


def test_without_jupyterlab_it_says_what_to_install(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    assert typed(study) == 1
    assert "stop L03  JupyterLab: JupyterLab is not installed beside Themewave." in capsys.readouterr().err


def test_a_port_in_use_is_told(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        assert typed(study, "--port", port) == 1
        assert free_port(port) is None
    printed = capsys.readouterr().err
    assert f"stop L04  --port {port}: another program" in printed
    assert "Traceback" not in printed


# A session


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose settings would open the server to everybody and put another program in the place of Python."""
    home = tmp_path_factory.mktemp("home")
    wrong = {"argv": ["false"], "display_name": "Python 3 (ipykernel)", "language": "python"}
    for folder in (home / ".local/share/jupyter", home / "more"):
        (folder / "kernels" / "python3").mkdir(parents=True)
        (folder / "kernels" / "python3" / "kernel.json").write_text(json.dumps(wrong))
    extension = home / ".local/share/jupyter" / "labextensions" / "stranger"
    extension.mkdir(parents=True)
    build = {"name": "stranger", "version": "1.0.0", "jupyterlab": {"_build": {"load": "static/load.js"}}}
    (extension / "package.json").write_text(json.dumps(build))
    (home / ".jupyter").mkdir()
    open_to_all = {"ServerApp": {"ip": "0.0.0.0"}, "IdentityProvider": {"token": ""}}
    (home / ".jupyter" / "jupyter_server_config.json").write_text(json.dumps(open_to_all))
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("raise SystemExit")
    return home


@pytest.fixture(scope="module")
def session(
    surroundings: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LabSession, Path]]:
    """A server on a terminal, over a study of its own; returns it and the study."""
    study = write_study(tmp_path_factory.mktemp("data") / "study")
    settings = {
        "HOME": str(surroundings),
        "JUPYTER_PATH": str(surroundings / "more"),
        "TMPDIR": str(surroundings),
    }
    started = LabSession(study, environment=settings)
    assert started.address  # by now it has written the copies too
    yield started, study
    started.close()


@pytest.mark.runs
def test_the_address_is_printed_once_and_is_of_this_machine(session: tuple[LabSession, Path]) -> None:
    lab, _ = session
    token = lab.address[3]
    assert lab.shown.count(token) == 1
    assert len(token) >= 32
    assert lab.address[1].startswith("http://127.0.0.1:")


@pytest.mark.runs
def test_who_has_no_token_gets_nothing(session: tuple[LabSession, Path]) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{session[0].address[1]}/api/contents", timeout=20)
    assert refused.value.code == 403
    refused.value.close()


@pytest.mark.runs
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux lists who listens where")
def test_it_listens_on_loopback_alone(session: tuple[LabSession, Path]) -> None:
    port = int(session[0].address[1].rpartition(":")[2])
    listening = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            local, _, state = line.split()[1:4]
            if int(local.rpartition(":")[2], 16) == port and state == "0A":
                listening.add(local.rpartition(":")[0])
    assert listening == {"0100007F"}


@pytest.mark.runs
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="only Linux shows others' command lines")
def test_the_token_stands_neither_in_the_command_line_nor_in_what_kernels_inherit(
    session: tuple[LabSession, Path],
) -> None:
    lab, _ = session
    token = lab.address[3]
    for name in ("cmdline", "environ"):
        assert token.encode() not in Path(f"/proc/{lab.process.pid}/{name}").read_bytes()


@pytest.mark.runs
def test_the_kernel_is_this_python_whatever_others_are_registered(session: tuple[LabSession, Path]) -> None:
    found = session[0].ask("api/kernelspecs")
    assert (found["default"], list(found["kernelspecs"])) == ("python3", ["python3"])
    assert found["kernelspecs"]["python3"]["spec"]["argv"][0] == sys.executable


@pytest.mark.runs
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows others' surroundings")
def test_a_kernel_is_encrypted_and_counts_as_in_a_run(
    session: tuple[LabSession, Path], surroundings: Path
) -> None:
    lab, _ = session
    kernel = lab.ask("api/kernels", method="POST", content={})
    (connection,) = until(
        "a kernel is told where to connect", lambda: list(surroundings.rglob("kernel-*.json"))
    )
    assert json.loads(connection.read_text(encoding="utf-8"))["curve_publickey"]
    (process,) = until("the kernel's process is there", lambda: _processes_with(connection.name))
    inherited = dict(line.split("=", 1) for line in _read(process / "environ") if "=" in line)
    assert inherited.keys() >= FIXED.keys()
    assert "PYTHONSTARTUP" not in inherited
    lab.ask(f"api/kernels/{kernel['id']}", method="DELETE")


def _processes_with(word: str) -> list[Path]:
    return [
        path for path in Path("/proc").glob("[0-9]*") if any(word in each for each in _read(path / "cmdline"))
    ]


def _read(path: Path) -> list[str]:
    try:
        return path.read_bytes().decode("utf-8", errors="replace").split("\0")
    except OSError:  # it has ended
        return []


@pytest.mark.runs
def test_what_widgets_show_is_never_saved_even_if_jupyterlab_is_told_to(
    session: tuple[LabSession, Path],
) -> None:
    lab, study = session
    path = study / "notebooks" / "w1" / "01_wave_intake.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    book["metadata"]["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"state": {"a": {"value": CANARY}}}
    }
    content = {"type": "notebook", "format": "json", "content": book}
    lab.ask("api/contents/w1/01_wave_intake.ipynb", method="PUT", content=content)
    assert CANARY not in path.read_text(encoding="utf-8")
    assert "widgets" not in json.loads(path.read_text(encoding="utf-8"))["metadata"]


@pytest.mark.runs
def test_jupyterlab_asks_for_no_news_and_updates_and_takes_no_strangers_extension(
    session: tuple[LabSession, Path],
) -> None:
    lab, _ = session
    answered = lab.ask("lab/api/settings/@jupyterlab/apputils-extension:notification")["schema"]["properties"]
    assert (answered["fetchNews"]["default"], answered["checkForUpdates"]["default"]) == ("false", False)
    page = lab.text("lab")
    told = json.loads(re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    assert told["extensionManager"]["can_install"] is False
    assert told["news"] == {"disabled": True}
    assert "stranger" not in {each["name"] for each in told["federated_extensions"]}
    assert "@jupyter-widgets/jupyterlab-manager" in {each["name"] for each in told["federated_extensions"]}


@pytest.mark.runs
def test_control_c_ends_it_with_a_sentence_and_leaves_nothing_but_the_notebooks(
    session: tuple[LabSession, Path], surroundings: Path
) -> None:
    lab, study = session
    before = len(lab.shown)
    lab.ask("api/kernels", method="POST", content={})
    assert lab.press_control_c() == 0
    said = lab.shown[before:].removeprefix("^C").strip()
    assert said == f"JupyterLab has ended. What you saved is in {study / 'notebooks'}."
    assert not list(surroundings.rglob("themewave-*"))
    assert sorted(path.name for path in surroundings.iterdir()) == [".ipython", ".jupyter", ".local", "more"]
    assert not _processes_with(str(surroundings))
