"""A study whose every report says which attempt it is from, the client that makes it, and what is left of both."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mini_suite import notebook
from tiny_study import FILES, write_study

from analysis_lib.commands.due import due
from analysis_lib.payload import MIME
from analysis_lib.runner import notebooks as suite
from analysis_lib.runner.bundle_check import faults
from analysis_lib.study import load_study
from analysis_lib.views import payload_of
from analysis_lib.wave import load_wave

NAMES = ("01_first", "02_second")
# Every process imports as usual, but only what two notebooks and a report take.
CLIENT = f"""\
import sys
from pathlib import Path
from analysis_lib.__main__ import main
from analysis_lib.runner import notebooks, warm
notebooks.NOTEBOOKS, notebooks.IN_RUN = Path(sys.argv[1]), {NAMES}
few = "import papermill, ipykernel.kernelapp, ipykernel.zmqshell, analysis_lib.report.bundle, analysis_lib.wave"
warm._START = warm._START.replace(" warm.", f" warm; warm._import_everything = lambda: exec('{{few}}'); warm.")
sys.exit(main(["run", sys.argv[2], "--out", sys.argv[3], "--jobs", "1"]))
"""
SHOW = f"""\
import json, pathlib
from IPython.display import display
said = json.loads((pathlib.Path(study) / "waves" / "w1" / "shown.json").read_text())
display({{"{MIME}": said, "text/plain": ""}}, raw=True)
"""
WRITE = """\
folder = pathlib.Path(results_dir)
folder.mkdir(parents=True, exist_ok=True)
(folder / "{name}.csv").write_text(said["facts"]["title"] + "\\n" + "x" * 200_000)
"""


@dataclass
class Tally:
    """What came of one way of going wrong."""

    n: int = 0
    new: int = 0
    earlier: int = 0
    wrong: Counter[str] = field(default_factory=Counter)


class Bench:
    """A study, its reports and the client that is disturbed.

    Parameters
    ----------
    folder
        An empty folder for everything.
    seed
        Decides the moments.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.study = folder / "study"
        self.out = folder / "out"
        self.out.mkdir(exist_ok=True)  # another file system may be mounted there
        self.notebooks = folder / "notebooks"
        self.notebooks.mkdir()
        for name in NAMES:
            notebook(self.notebooks, name, "# A notebook", SHOW, WRITE.format(name=name))
        suite.NOTEBOOKS, suite.IN_RUN = self.notebooks, NAMES  # for the question what is due
        self.environment = os.environ | {
            "XDG_CONFIG_HOME": str(folder / "configuration"),
            "PYTHONHASHSEED": "0",
        }
        os.environ["XDG_CONFIG_HOME"] = self.environment["XDG_CONFIG_HOME"]
        self.generation = 0
        self.change()
        began = time.monotonic()
        client = self.start()
        _, said = client.communicate()
        self.length = time.monotonic() - began
        if client.returncode or self.state() != ("whole", 1):
            raise RuntimeError(f"the undisturbed run failed: {said or self.state()}")

    @property
    def wave(self) -> Path:
        """The folder that everything is about."""
        return self.out / "tiny" / "w1"

    def change(self) -> None:
        """Another generation of the study: its title is what every file of a report says."""
        self.generation += 1
        title = f"Generation {self.generation}."
        text = FILES["study.yaml"].replace("title: A tiny study", f"title: {title}")
        write_study(self.study, {"study.yaml": text + "synthetic: yes\n"})
        cover = payload_of(load_wave(load_study(self.study), "w1"), "cover").as_json()
        (self.study / "waves" / "w1" / "shown.json").write_text(json.dumps(cover))

    def start(self, **settings: object) -> subprocess.Popen[str]:
        """A client in a session of its own."""
        words = [sys.executable, "-c", CLIENT, *map(str, (self.notebooks, self.study, self.out))]
        return subprocess.Popen(
            words, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True, **settings,
        )  # fmt: skip

    def wait(self, client: subprocess.Popen[str]) -> None:
        """Wait for a moment: at random over the length of a run, or else around the exchange of folders.

        A third of them lie in the half second after the manifest has been written, in which everything is read again
        and forced to the disk, and a third just after the folder's name has come to stand for another folder.
        """
        staged, before = self.wave.with_name(".w1.staging") / "manifest.json", _number_of(self.wave)
        until, kind = time.monotonic() + self.chance.uniform(0, 1.05 * self.length), self.chance.randrange(3)
        while kind and client.poll() is None:
            if staged.exists() if kind == 1 else _number_of(self.wave) != before:
                until, kind = time.monotonic() + self.chance.uniform(0, 0.5 if kind == 1 else 0.02), 0
            time.sleep(0.001)
        while client.poll() is None and time.monotonic() < until:
            time.sleep(0.001)

    def state(self) -> tuple[str, int]:
        """``whole``, ``half``, ``mixed`` or ``looks done``, and the generation of the report."""
        if not self.wave.is_dir() or faults(self.wave):
            return "half", 0
        places = ("report.html", *(f"internal/results/{name}.csv" for name in NAMES))
        texts = [(self.wave / name).read_text() for name in places]
        texts += [(self.wave / "internal" / f"INTERNAL_{name}.ipynb").read_text() for name in NAMES]
        said = [{int(number) for number in re.findall(r"Generation (\d+)\.", text)} for text in texts]
        if len(set(map(frozenset, said))) != 1 or len(said[0]) != 1:
            return "mixed", 0
        (generation,) = said[0]
        (plan,), _ = due(load_study(self.study), ["w1"], self.wave.parent, profile=None)
        is_new, remains = generation == self.generation, self.wave.with_name("w1.failed").exists()
        if not is_new and not plan.report:
            return "looks done", generation
        if is_new and plan.report and not remains:
            return f"done, and said to be due since {plan.why[0]}", generation
        return "whole", generation


def attempt(bench: Bench, disturb: Callable[[Bench], Iterator[str]], tally: Tally) -> None:
    """Change the study, have it go wrong, and look at what is left."""
    before = bench.state()[1]
    bench.change()
    tally.n += 1
    wrong = list(disturb(bench))
    state, generation = bench.state()
    if state != "whole":
        wrong.append(state)
    elif generation not in (before, bench.generation):
        wrong.append("neither the earlier nor the new report")
    tally.new += generation == bench.generation
    tally.earlier += generation == before
    visible = {path.name for path in bench.wave.parent.iterdir() if not path.name.startswith(".")}
    if visible - {"index.html", "w1", "w1.failed"}:
        wrong.append("something else is left in sight")
    tally.wrong.update(wrong)


def _number_of(folder: Path) -> int:
    """Which folder a name stands for now; 0 for none."""
    try:
        return folder.stat().st_ino
    except OSError:
        return 0
