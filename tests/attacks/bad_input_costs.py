"""How long does each bad input take, and how much memory? ``python tests/attacks/bad_input_costs.py``

Every case of the corpus goes through the real command line in a process of its own (:mod:`bad_inputs.warm_command`).
The table beside this file is written; promised are 20 seconds and 600 MB for each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from bad_inputs import KINDS  # noqa: E402
from bad_inputs.case import CANARY, Case, Export  # noqa: E402

PAGE = Path(__file__).with_suffix(".md")
MOST_SECONDS, MOST_MEGABYTES = 20.0, 600


def measured(cases: list[Case | Export], folder: Path) -> list[dict[str, object]]:
    """What each case came to."""
    commands = []
    for number, case in enumerate(cases):
        here = folder / str(number)
        here.mkdir()
        case.write(here)
        commands.append(case.command(here))
    ran = subprocess.run(
        [sys.executable, "-m", "bad_inputs.warm_command"],
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TESTS, TESTS.parent)))},
    )
    return list(json.loads(ran.stdout))


def verdict(case: Case | Export, result: dict[str, object]) -> str:
    """What is wrong with how a case ended; empty where nothing is."""
    said = f"{result['out']}{result['err']}"
    read = isinstance(case, Export) and case.codings is not None
    expected = 1 if case.level == "stop" and case.code and not read else 0
    faults = {
        "traceback": "Traceback" in said,
        "code": result["code"] != expected or (expected == 1 and case.code not in said),
        "leak": any(secret in said for secret in (CANARY, *case.never)),
        "slow": float(str(result["seconds"])) > MOST_SECONDS,
        "large": int(str(result["megabytes"])) > MOST_MEGABYTES,
    }
    return ", ".join(name for name, there in faults.items() if there)


def main() -> int:
    rows, summary, bad = [], [], 0
    for kind, cases in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            results = measured(cases, Path(folder))
        seconds = [float(str(result["seconds"])) for result in results]
        memory = [int(str(result["megabytes"])) for result in results]
        wrong = [verdict(case, result) for case, result in zip(cases, results, strict=True)]
        bad += sum(map(bool, wrong))
        summary.append(
            f"| {kind} | {len(cases)} | {sum(map(bool, wrong))} | {sum(seconds):.1f} | {max(seconds):.2f} "
            f"| {max(memory)} |"
        )
        rows += [
            f"| {kind} | {case.name} | {case.code or '-'} | {used:.2f} | {peak} | {fault or 'as promised'} |"
            for case, used, peak, fault in zip(cases, seconds, memory, wrong, strict=True)
        ]
    total = sum(map(len, KINDS.values()))
    PAGE.write_text(
        f"# Bad inputs through the command line, {datetime.now(UTC).date()}\n\n"
        f"{total} cases, {bad} not as promised (at most {MOST_SECONDS:g} s and {MOST_MEGABYTES} MB each; no traceback, "
        "the expected code, nothing repeated).\nSeconds are processor seconds without the imports, MB the peak of the "
        "process with them. Written by `python tests/attacks/bad_input_costs.py`.\n\n"
        "| kind | cases | not as promised | seconds | longest | largest MB |\n|---|---|---|---|---|---|\n"
        + "\n".join(summary)
        + "\n\n| kind | case | code | seconds | MB | |\n|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n",
        encoding="utf-8",
    )
    print("\n".join(summary))
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
