"""Loaded before nbval: keeps a slow import that no notebook needs out of nbformat."""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
