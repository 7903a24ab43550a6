"""``themewave check``: every problem in every file at once."""

from __future__ import annotations

import json
from collections import Counter

from analysis_lib.wave import check_study


def check(study: str, waves: list[str] | None, *, as_json: bool) -> int:
    """Print the findings of a study; returns 1 if any is a stop."""
    findings = check_study(study, waves)
    stops = any(finding.level == "stop" for finding in findings)
    if as_json:
        print(json.dumps([finding.as_record() for finding in findings], indent=2, ensure_ascii=False))
        return int(stops)
    for finding in findings:
        print(finding)
    counted = Counter(finding.level for finding in findings)
    print(f"{counted['stop']} to mend, {counted['warn']} to look at, {counted['note']} to know.")
    return int(stops)
