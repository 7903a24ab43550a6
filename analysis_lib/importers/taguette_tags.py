"""Which tree do the tags of a Taguette project stand for?

Taguette's tags are a flat list; that ``alliance.rupture`` belongs below ``alliance`` is a convention of its users,
who write a dot, a stroke or a backslash. Whoever reads tags as a tree guesses, and says so.

References: Taguette 1.5, ``export.py`` (a tag's GUID is made from its path).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from uuid import UUID, uuid5

from analysis_lib.importers.project import Code, Remark

_NAMESPACE = UUID(
    "51B2B2B7-27EB-4ECB-9D56-E75B0A0496C2"
)  # Taguette's own, so that its .qdc has the same GUIDs
# A separator has something on both sides that is no blank; a dot between digits is a decimal point.
_SEPARATOR = re.compile(r"(?<=\S)(?:[/\\]|(?<!\d)\.|\.(?!\d))(?=\S)")


def tag_path(tag: str) -> tuple[str, ...]:
    """Levels of a tag, by convention.

    Examples
    --------
    >>> tag_path("alliance.felt heard"), tag_path("ending/dropped out"), tag_path("unused code")
    (('alliance', 'felt heard'), ('ending', 'dropped out'), ('unused code',))
    >>> tag_path("3.5 sessions"), tag_path("Dr. Who"), tag_path("..."), tag_path("rupture.")
    (('3.5 sessions',), ('Dr. Who',), ('...',), ('rupture.',))
    """
    levels = tuple(level for level in _SEPARATOR.split(tag) if level)
    return levels if levels and all(re.search(r"\w", level) for level in levels) else (tag,)


def tag_code(tag: str, description: str = "") -> Code:
    """Return the code of a tag, under the GUID that Taguette's codebook gives it."""
    guid = str(uuid5(_NAMESPACE, tag))
    return Code(guid, tag_path(tag), guid, description)


def tree_remarks(codes: Mapping[str, Code]) -> list[Remark]:
    """Say that the tree is a guess, and how sure one is: the share of lower tags that are not alone in their branch.

    Parameters
    ----------
    codes
        By the id of the tag.
    """
    lower = {identity: code for identity, code in codes.items() if len(code.path) > 1}
    if not lower:
        return []
    branches = Counter(code.path[0] for code in codes.values())
    together = sum(branches[code.path[0]] > 1 for code in lower.values())
    text = (
        "Tags with dots, strokes or backslashes were read as lower levels of a tree, which is a convention of "
        "Taguette's users and not kept by the program."
    )
    remarks = [Remark("guessed", "codes", text, len(lower), tuple(lower), together / len(lower))]
    paths = Counter(code.path for code in codes.values())
    twins = tuple(identity for identity, code in codes.items() if paths[code.path] > 1)
    if twins:
        text = "Tags that differ only in the sign between levels; each stays a code of its own."
        remarks.append(Remark("read", "codes", text, len(twins), twins))
    return remarks
