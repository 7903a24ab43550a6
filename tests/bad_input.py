"""Write bad inputs into a folder to look at: ``python tests/bad_input.py FOLDER ["name of a case" ...]``.

Each becomes a folder ``bad_<name>`` with the spoilt study and, in ``command.txt``, the words to try. Without a folder
the names are listed. ``--examples`` writes down what the first case of each code is told, for data_schema/ERRORS.md.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from bad_inputs import EXAMPLE_OF, KINDS
from bad_inputs.case import Case, Export
from bad_inputs.reading import message_of, printed

from analysis_lib.__main__ import main as command_line

EXAMPLES = Path(__file__).parent / "bad_inputs" / "examples.json"


def folder_name(case: Case | Export) -> str:
    """The name of a case as that of a folder."""
    return "bad_" + re.sub(r"\W+", "_", case.name).strip("_")


def write(case: Case | Export, parent: Path) -> Path:
    """Write a case into a folder of its own."""
    folder = parent / folder_name(case)
    folder.mkdir(parents=True)
    case.write(folder)
    (folder / "command.txt").write_text(f"themewave {' '.join(case.command(folder))}\n", encoding="utf-8")
    return folder


def example(case: Case | Export) -> str:
    """What the command says of a case under its code."""
    out, err = io.StringIO(), io.StringIO()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(out), redirect_stderr(err):
        case.write(Path(folder))
        command_line(case.command(Path(folder)))
    return message_of(case.code, printed(out.getvalue(), err.getvalue()))


def main(words: list[str]) -> int:
    if words == ["--examples"]:
        said = {code: example(case) for code, case in sorted(EXAMPLE_OF.items())}
        EXAMPLES.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return 0
    if not words:
        for kind, cases in KINDS.items():
            print(f"{kind} ({len(cases)})")
            for case in cases:
                print(f"  {case.name}")
        return 0
    wanted = set(words[1:])
    found = [case for cases in KINDS.values() for case in cases if not wanted or case.name in wanted]
    for case in found:
        print(write(case, Path(words[0])))
    return int(not found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
