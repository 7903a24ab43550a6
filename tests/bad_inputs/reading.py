"""What a message has to be, and how findings are read back from what a command prints."""

from __future__ import annotations

import json
import re

from analysis_lib.errors import Finding

LEVELS = ("stop", "warn", "note")
# Words of a program, not of a psychologist.
JARGON = re.compile(
    r"\b(NaN|None|dtype|tuple|dict|str|int|float|bool|DataFrame|Series|Traceback|KeyError|\w+Error|"
    r"stderr|null|regex|0x[0-9a-f]+|<class)\b"
)
_LINE = re.compile(r"(stop|warn|note) ([A-Z]\d\d)  (.*?): (\S.*)")
_PLACE = re.compile(
    r"^(?P<file>.*?)(, sheet (?P<sheet>.*?))?(, line (?P<line>\d+))?(, column (?P<column>.*))?$"
)


def printed(out: str, err: str) -> list[Finding]:
    """The findings of a command, whether it printed them as JSON or as lines; ``what`` then holds the whole message."""
    if out.startswith("["):
        return [Finding(**record) for record in json.loads(out)]
    found = []
    for line in [*out.splitlines(), *err.splitlines()]:
        if not (matched := _LINE.fullmatch(line)):
            continue
        level, code, place, what = matched.groups()
        parts = _PLACE.match(place)
        if parts is None or level not in LEVELS:
            continue
        at = int(parts["line"]) if parts["line"] else None
        finding = Finding(level, code, parts["file"], what, "", at, parts["column"], parts["sheet"])  # type: ignore[arg-type]
        found.append(finding)
    return found


def faults(message: str) -> list[str]:
    """What is wrong with a message as a sentence; empty where nothing is."""
    found, message = [], message.strip()
    if JARGON.search(message):
        found.append("words of a program")
    if not re.search(r"[.?!)]$", message):
        found.append("no full stop")
    if len(re.findall(r"[^.!?]+[.!?]", message)) < 2:
        found.append("no next step")
    if not 40 <= len(message) <= 1_500:
        found.append("too short or too long to be read")
    if re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", message):
        found.append("signs that a terminal obeys")
    return found


def message_of(code: str, found: list[Finding]) -> str:
    """The first message of a code as it is printed."""
    return str(next(finding for finding in found if finding.code == code)).strip()
