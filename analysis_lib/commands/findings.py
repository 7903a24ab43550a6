"""How does a command say what it has found, and with which exit code does it end?"""

from __future__ import annotations

import json
from collections.abc import Sequence

from analysis_lib.errors import Finding


def tell(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print findings, for people or for programs; returns 1 if any is a stop, else 0."""
    if as_json:
        print(json.dumps([finding.as_record() for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            print(finding)
    return int(any(finding.level == "stop" for finding in findings))
