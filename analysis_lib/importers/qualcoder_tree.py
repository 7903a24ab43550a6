"""Which codes and categories does a QualCoder project have, and where in its tree?

A category holds categories and codes; since version 17 a code may hold codes as well. Only codes can be given.

References: QualCoder 4.0, tables ``code_cat`` and ``code_name``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis_lib.errors import StudyError
from analysis_lib.importers.database import TOO_LARGE, Database, Value, whole, words
from analysis_lib.importers.ledger import Entry, Ledger
from analysis_lib.importers.project import Code

_MAX_DEPTH = 500
_MAX_PATHS = 20_000_000  # characters: names are repeated in the paths of all that hangs on them

SECOND_CODE = Entry("dropped", "codes", "Rows with the id of an earlier row, which no sound project holds.")
SAME_PATH = Entry("read", "codes", "Codes with the same path as another code or category.")
ROOTLESS = Entry(
    "guessed",
    "codes",
    "Codes and categories whose category does not exist; they stand at the root of the tree.",
)
CIRCLE = Entry(
    "guessed", "codes", "Codes and categories inside themselves; the tree was cut where it came round."
)


@dataclass(frozen=True)
class _Node:
    """A row of the code tree; ``above`` is the node it hangs on."""

    identity: str
    name: str
    memo: str
    above: str | None
    codable: bool


def read_codes(database: Database, ledger: Ledger) -> dict[str, Code]:
    """Codes and categories by ``cid:n`` and ``catid:n``; a code hangs on a code, else on a category.

    Raises
    ------
    StudyError
        The paths of all codes together are longer than can be held (M31).
    """
    rows = [
        _Node(node_id("catid", catid) or "", words(name), words(memo), node_id("catid", above), codable=False)
        for catid, name, memo, above in database.rows("code_cat", ["catid", "name", "memo", "supercatid"])
    ]
    columns = ["cid", "name", "memo", "catid", "supercid"]
    for cid, name, memo, catid, super_cid in database.rows("code_name", columns):
        above = node_id("cid", super_cid) or node_id("catid", catid)
        rows.append(_Node(node_id("cid", cid) or "", words(name), words(memo), above, codable=True))
    nodes: dict[str, _Node] = {}
    for node in rows:
        if node.identity in nodes:
            ledger.note(SECOND_CODE, node.identity)
        nodes.setdefault(node.identity, node)

    codes: dict[str, Code] = {}
    taken: set[str] = set()
    size = 0
    for node in nodes.values():
        path = _path(node, nodes, ledger)
        size += sum(map(len, path)) + len(path)
        if size > _MAX_PATHS:
            raise StudyError(
                TOO_LARGE.at(database.shown_as, allowed=f"at most {_MAX_PATHS} characters of paths")
            )
        key = "/".join(path)
        if key in taken:  # a code beside a category of the same name, or a name with a stroke in it
            key = f"{key}#{node.identity}"
            ledger.note(SAME_PATH, node.identity)
        taken.add(key)
        codes[node.identity] = Code(key, path, description=node.memo, codable=node.codable)
    return codes


def _path(node: _Node, nodes: Mapping[str, _Node], ledger: Ledger) -> tuple[str, ...]:
    names = [node.name]
    passed = {node.identity}
    above = node.above
    while above is not None:
        if above not in nodes:
            ledger.note(ROOTLESS, node.identity)
            break
        if above in passed or len(names) >= _MAX_DEPTH:
            ledger.note(CIRCLE, node.identity)
            break
        passed.add(above)
        names.append(nodes[above].name)
        above = nodes[above].above
    return tuple(reversed(names))


def node_id(kind: str, number: Value) -> str | None:
    """Return ``cid:7`` or ``catid:7``; None where there is no number.

    >>> node_id("cid", 7), node_id("catid", None)
    ('cid:7', None)
    """
    return None if whole(number) is None else f"{kind}:{whole(number)}"
