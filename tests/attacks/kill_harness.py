"""Is there ever half a report, a mixed one or one that only looks finished? A run is stopped in every way, many times.

A study of twelve people and two notebooks of three cells goes through the real command in a process of its own:
kernels, door, report, bundle check, renaming. Before each attempt the study changes, so that every file says which
attempt it is from. Then, at a moment drawn at random, two in three around the exchange of folders, something goes
wrong. Afterwards the folder has to hold either the earlier report or the new one, each whole, and whoever asked has to
be told.

Run as a script for the long version, which writes its table beside itself; a number takes that share of the runs::

    python tests/attacks/kill_harness.py
    python tests/attacks/kill_harness.py 0.2

A part that needs a file system of its own is mounted where that is allowed; elsewhere the size of files is limited.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

if __name__ == "__main__":  # pytest puts this folder on the path by itself
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kill_bench import Bench, Tally, attempt

TABLE = Path(__file__).with_suffix(".md")
TIMES = {
    "killed": 25, "all killed at once": 25, "kernel killed": 25, "every kernel killed": 25, "interrupted": 50,
    "asked to end": 10, "disk full": 10, "read-only": 10, "two runs": 10,
}  # fmt: skip


def _descendants(pid: int) -> list[int]:
    """Every process below one, nearest first."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    children.setdefault(int(fields[1]), []).append(int(name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found[1:]


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _orphans(pids: list[int]) -> Iterator[str]:
    """Work that goes on although nobody asks for it any more."""
    until = time.monotonic() + 30
    while any(map(_alive, pids)):
        if time.monotonic() > until:
            yield "work that goes on"
            return
        time.sleep(0.02)


def _told(client: subprocess.Popen[str], said: str, *codes: str) -> Iterator[str]:
    """What is wrong about how a client ended: exit code 1 with one of these sentences, or 0 in silence."""
    if "Traceback" in said:
        yield "a traceback"
    elif client.returncode == 1:
        told = {line.split()[1] for line in said.splitlines() if line.startswith("stop ")}
        if not told or told - set(codes):
            yield f"no sentence but {sorted(told)}"
    elif client.returncode != 0:
        yield f"exit code {client.returncode}"


# Each disturbs one run and says what is wrong besides the folder


def killed(bench: Bench) -> Iterator[str]:
    """The group of the client is killed, as a closed terminal or a batch system does."""
    client = bench.start()
    bench.wait(client)
    below = _descendants(client.pid)
    with suppress(ProcessLookupError):
        os.killpg(client.pid, signal.SIGKILL)
    client.communicate()
    yield from _orphans(below)


def all_killed(bench: Bench) -> Iterator[str]:
    """Everything is killed in the same moment, as when the machine goes down."""
    client = bench.start()
    bench.wait(client)
    for pid in (client.pid, *_descendants(client.pid)):
        _kill(pid)
    client.communicate()
    yield from _orphans([])


def _kernels(client: subprocess.Popen[str]) -> list[int]:
    """Processes that execute cells: forked by a worker, which the parent of all forks, or started with a file."""
    depth = {client.pid: 0}
    for pid in _descendants(client.pid):
        with suppress(OSError):
            depth[pid] = (
                depth.get(int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]), 0) + 1
            )
    return [pid for pid, steps in depth.items() if steps == 3]


def _kill_kernels(bench: Bench, *, every: bool) -> Iterator[str]:
    client = bench.start()
    time.sleep(bench.chance.uniform(0, 0.6 * bench.length))
    while client.poll() is None:
        kernels = _kernels(client)
        for pid in kernels:
            time.sleep(bench.chance.uniform(0, 0.3))
            _kill(pid)
        if kernels and not every:
            break
        time.sleep(0.01)
    _, said = client.communicate()
    yield from _told(client, said, "N03")


def kernel_killed(bench: Bench) -> Iterator[str]:
    """One kernel is killed, as when memory runs out; there is a second chance."""
    yield from _kill_kernels(bench, every=False)


def every_kernel_killed(bench: Bench) -> Iterator[str]:
    """Every kernel is killed that is there after some moment."""
    yield from _kill_kernels(bench, every=True)


def _signalled(bench: Bench, number: signal.Signals) -> Iterator[str]:
    client = bench.start()
    bench.wait(client)
    below = _descendants(client.pid)
    began = Path(f"/proc/{client.pid}/cmdline").exists() and bool(
        below
    )  # before that Python itself is starting
    client.send_signal(number)
    _, said = client.communicate()
    if began:
        yield from _told(client, said, "O24")
    yield from _orphans(below)


def interrupted(bench: Bench) -> Iterator[str]:
    """Ctrl-C."""
    yield from _signalled(bench, signal.SIGINT)


def asked_to_end(bench: Bench) -> Iterator[str]:
    """SIGTERM, as a batch system sends before it kills."""
    yield from _signalled(bench, signal.SIGTERM)


def disk_full(bench: Bench) -> Iterator[str]:
    """The disk fills up in the middle, or no file may be larger than it gets."""
    if _has_own_disk(bench):
        client = bench.start()
        bench.wait(client)
        filler = bench.out / "filler"
        with suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(b"x" * 65_536)
        _, said = client.communicate()
        filler.unlink()
    else:
        most = bench.chance.choice([1_000, 10_000, 50_000, 150_000])
        client = bench.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))
        _, said = client.communicate()
    yield from _told(client, said, "O21", "O22")


def read_only(bench: Bench) -> Iterator[str]:
    """The folder cannot be written to."""
    remounted = _has_own_disk(bench)
    if remounted:
        subprocess.run(["mount", "-o", "remount,ro", str(bench.out)], check=True)
    else:
        bench.wave.parent.chmod(0o500)
    client = bench.start()
    _, said = client.communicate()
    if remounted:
        subprocess.run(["mount", "-o", "remount,rw", str(bench.out)], check=True)
    else:
        bench.wave.parent.chmod(0o700)
    yield from _told(client, said, "O20")
    if client.returncode == 0:
        yield "exit code 0"


def two_runs(bench: Bench) -> Iterator[str]:
    """Two runs at once."""
    first = bench.start()
    time.sleep(bench.chance.uniform(0, 0.9 * bench.length))
    second = bench.start()
    for client in (first, second):
        _, said = client.communicate()
        yield from _told(client, said, "O01")
    if first.returncode and second.returncode:
        yield "neither came to its end"


WAYS = {"killed": killed, "all killed at once": all_killed, "kernel killed": kernel_killed,
        "every kernel killed": every_kernel_killed, "interrupted": interrupted, "asked to end": asked_to_end,
        "disk full": disk_full, "read-only": read_only, "two runs": two_runs}  # fmt: skip


def _has_own_disk(bench: Bench) -> bool:
    return os.path.ismount(bench.out)


def can_be_read_only(bench: Bench) -> bool:
    """Whether this user can be kept from writing: root only by a file system of its own."""
    return _has_own_disk(bench) or os.geteuid() != 0


def harness(folder: Path, times: dict[str, int], *, seed: int) -> Iterator[tuple[str, Tally]]:
    """Disturb runs in an empty folder, as often in each way as is said; each way with what came of it.

    A folder ``out`` in it may be there, with a file system of its own.
    """
    bench = Bench(folder, seed)
    for way, n in times.items():
        if way == "read-only" and not can_be_read_only(bench):
            continue
        tally = Tally()
        for _ in range(n):
            attempt(bench, WAYS[way], tally)
        yield way, tally


def _mounted(folder: Path) -> bool:
    """Whether a small file system of its own could be put there."""
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=192m", "tmpfs", str(folder)],
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def _table(tallies: dict[str, Tally], minutes: float, *, mounted: bool) -> str:
    rows = "".join(
        f"| {way} | {tally.n} | {tally.earlier} | {tally.new} | "
        f"{', '.join(f'{what}: {n}' for what, n in sorted(tally.wrong.items())) or 0} |\n"
        for way, tally in tallies.items()
    )
    n, disk = (
        sum(tally.n for tally in tallies.values()),
        "a disk of 192 MB" if mounted else "files of limited size",
    )
    return (
        f"# Runs that are stopped\n\n{date.today().isoformat()}, {n} runs in {minutes:.0f} minutes; {disk} for the full"
        " disk. Written by `python tests/attacks/kill_harness.py`, which says what each line means. *Wrong* is a report"
        " that is half, mixed or looks done, work that goes on, a traceback, or an end without its sentence.\n\n"
        f"| stopped how | runs | earlier report left | new report finished | wrong |\n|---|---|---|---|---|\n{rows}"
    )


def main() -> int:
    """Run the long version and write its table as it grows; 1 if anything was wrong."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    times = {way: max(1, round(share * n)) for way, n in TIMES.items()}
    of_disks = {way: n for way, n in times.items() if way in ("disk full", "read-only")}
    others = {way: n for way, n in times.items() if way not in of_disks}
    began, tallies = time.monotonic(), {}
    with TemporaryDirectory() as place:
        plain, small = Path(place) / "plain", Path(place) / "small"
        plain.mkdir()
        (small / "out").mkdir(parents=True)
        mounted = _mounted(small / "out")
        try:
            for way, tally in chain(harness(small, of_disks, seed=2), harness(plain, others, seed=1)):
                tallies[way] = tally
                text = _table(tallies, (time.monotonic() - began) / 60, mounted=mounted)
                print(text.splitlines()[-1], flush=True)
                TABLE.write_text(text, encoding="utf-8", newline="\n")
        finally:
            if mounted:
                subprocess.run(["umount", "-l", str(small / "out")], check=False)
    return int(any(tally.wrong for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
