"""On what was it measured?"""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path


def machine() -> str:
    """What it was measured on; no name of it."""
    info = Path("/proc/cpuinfo")
    models = re.findall(r"^model name\s*: (.*)$", info.read_text() if info.exists() else "", re.MULTILINE)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {models[0] if models else platform.machine()},"
        f" Python {platform.python_version()}, load {load:.1f} when it began"
    )
