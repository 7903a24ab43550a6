"""``themewave check``: every problem in every file at once."""

from __future__ import annotations

from analysis_lib.commands.findings import tell
from analysis_lib.wave import check_study


def check(study: str, waves: list[str] | None, *, as_json: bool) -> int:
    """Print the findings of a study; returns 1 if any is a stop."""
    findings = check_study(study, waves)
    code = tell(findings, as_json=as_json)
    if as_json:
        return code
    print(findings.summary)
    return code
