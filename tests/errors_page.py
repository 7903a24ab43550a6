"""Write data_schema/ERRORS.md from the code: every code of a finding with its level, its sentences and its way out.

The readers' rules are objects and are taken as they are. Elsewhere a finding is made where it is found, so the
source is read: a call or tuple that holds a code is followed by what was found and what to do. The example of a code is
what the first bad input with it was told (``python tests/bad_input.py --examples`` writes them down), else its own
sentences. Run as a script by ``make docs``; a test holds the page against what this module would write.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from analysis_lib.readers.table import Rule
from analysis_lib.schema import DATA_SCHEMA

PAGE = DATA_SCHEMA / "ERRORS.md"
PACKAGE = DATA_SCHEMA.parent / "analysis_lib"
EXAMPLES = Path(__file__).parent / "bad_inputs" / "examples.json"
SLOT = "…"
ABOUT = {
    "C": "The codebook",
    "D": "The door: what may leave in a report",
    "E": "What endangers a study on this machine (`doctor`)",
    "G": "What a repository may not keep (`guard`)",
    "K": "Corrections",
    "L": "Opening JupyterLab (`lab`)",
    "M": "Importing from and exporting to coding programs",
    "N": "Notebooks",
    "O": "What `run` was asked for",
    "P": "Pseudonyms",
    "Q": "Reviewing quotes",
    "R": "Reading a file",
    "S": "study.yaml: decisions that point nowhere or contradict",
    "T": "One table: columns, cells, keys",
    "V": "A report beside its manifest and a rerun (`verify`)",
    "W": "Waves and their files",
    "X": "Tables against one another and against the study",
    "Y": "YAML files and their schema",
}
_CODE = re.compile(r"[A-Z]\d\d")
_LEVELS = ("stop", "warn", "note")
_HEAD = """\
# What a message means

Generated from the code by `make docs`. A *stop* has to be mended before anything runs; a *warn* runs, but a number may
mislead; a *note* is there to be known. Each message also names file, line and column, and what is allowed there. It
never repeats what stands in a cell. … stands for a name or a number. Below each table every message stands once as
somebody saw it.
"""
# Where a message without an example of its own would be seen.
_SEEN = {
    "D": "wave 2024a",
    "E": "Jupyter",
    "G": "notes.md",
    "L": "lab",
    "M": "project.qdpx",
    "N": "notebook",
    "O": "--out",
    "P": "pseudonym_key",
    "R": "waves/w1/participants.csv",
    "V": "results/flow.csv",
}

Saying = tuple[str, str, str]  # level, what, fix


def page() -> str:
    """The page as the code has it."""
    sayings = collected()
    examples = example_messages(sayings)
    parts = [_HEAD]
    for letter in sorted({code[0] for code in sayings}):
        rows = "\n".join(_row(code, sayings[code]) for code in sorted(sayings) if code[0] == letter)
        parts.append(
            f"\n## {letter}: {ABOUT[letter]}\n\n| code | level | what | what to do |\n|---|---|---|---|\n{rows}\n"
        )
        seen = "\n".join(examples[code] for code in sorted(sayings) if code[0] == letter)
        parts.append(f"\n```text\n{seen}\n```\n")
    return "".join(parts)


def example_messages(sayings: dict[str, list[Saying]]) -> dict[str, str]:
    """Code -> one message as it is printed: of a bad input where one provokes it, else of its own sentences."""
    seen = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return {code: seen.get(code) or _typical(code, said) for code, said in sayings.items()}


def _typical(code: str, said: list[Saying]) -> str:
    level, what, fix = said[0]
    return f"{level} {code}  {_SEEN.get(code[0], 'study.yaml')}: {what.split(' / ')[0]} {fix.split(' / ')[0]}"


def _row(code: str, sayings: list[Saying]) -> str:
    levels = ", ".join(level for level in _LEVELS if level in {saying[0] for saying in sayings})
    pairs = list(dict.fromkeys((what, fix) for _, what, fix in sayings))
    what, fix = (
        "<br>".join(part.replace("|", "\\|") for part in column) for column in zip(*pairs, strict=True)
    )
    return f"| {code} | {levels} | {what} | {fix} |"


@cache
def collected() -> dict[str, list[Saying]]:
    """Code -> everything that is said under it.

    Raises
    ------
    ValueError
        A code without a sentence and a way out, which the page could not explain.
    """
    sayings: dict[str, list[Saying]] = defaultdict(list)
    named: set[str] = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name in ("readers", "importers"):
            for rule in _rules(path):
                sayings[rule.code].append((rule.level, rule.what.replace("{n}", SLOT), rule.fix))
        if path.parent.name == "readers":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for code, saying in _found(tree):
            named.add(code)
            if saying is not None:
                sayings[code if saying[1] != SLOT else f"{code} {SLOT}"].append(saying)
    # a sentence that is made elsewhere is a slot, where nothing else is said under the code
    elsewhere = {code.split()[0]: sayings.pop(code) for code in list(sayings) if code.endswith(SLOT)}
    for code, said in elsewhere.items():
        sayings.setdefault(code, said)
    if mute := sorted(named - sayings.keys()):
        raise ValueError(f"no sentence was found for {', '.join(mute)}")
    return dict(sayings)


def _rules(path: Path) -> Iterator[Rule]:
    package = f"analysis_lib.{path.parent.name}"
    module = import_module(package if path.stem == "__init__" else f"{package}.{path.stem}")
    source = path.read_text(encoding="utf-8")
    for label, value in vars(module).items():
        if isinstance(value, Rule) and re.search(rf"^{label} = Rule\(", source, re.MULTILINE):
            yield value


def _found(tree: ast.Module) -> Iterator[tuple[str, Saying | None]]:
    """Every literal code that is followed by something, and what is said there if it is said there."""
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef):
            continue
        for node in ast.walk(scope):
            if isinstance(node, ast.Call):
                yield from _said(node.args, {k.arg: k.value for k in node.keywords}, scope, node.lineno)
            elif isinstance(node, ast.Tuple):
                yield from _said(node.elts, {}, scope, node.lineno)


def _said(
    args: list[ast.expr], keywords: dict[str | None, ast.expr], scope: ast.FunctionDef, line: int
) -> Iterator[tuple[str, Saying | None]]:
    values = [arg.value if isinstance(arg, ast.Constant) else None for arg in args]
    at = next(
        (i for i, value in enumerate(values) if isinstance(value, str) and _CODE.fullmatch(value)), None
    )
    if at is None:
        return
    given = [_text(arg, scope, line) for arg in args[at + 1 :]]
    sentences = [text for text in given if text and _is_sentence(text)]
    levels = [keywords["level"]] if "level" in keywords else args[:at]
    if len(sentences) == 1 and len(given) >= 3 and sentences == given[2:3]:
        sentences.insert(0, SLOT)
    if len(sentences) < 2:
        yield str(values[at]), None
        return
    for level in [level for arg in levels for level in _levels(arg, scope)] or ["stop"]:
        yield str(values[at]), (level, sentences[0], sentences[1])


def _is_sentence(text: str) -> bool:
    return " " in text and bool(re.search(r"[.!]( |$)|[.!]…$", text))


def _levels(node: ast.expr, scope: ast.FunctionDef) -> list[str]:
    """Every level that an expression can be."""
    if isinstance(node, ast.Name):
        node = _assigned(node.id, scope, node.lineno) or node
    constants = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return [value for value in constants if value in _LEVELS]


def _text(node: ast.expr, scope: ast.FunctionDef, line: int) -> str | None:
    """A text as it is written, with a slot for each part that is filled in later."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else SLOT for p in node.values)
    if isinstance(node, ast.Name):
        value = _assigned(node.id, scope, line)
        changed = value is not None and any(
            isinstance(part, ast.Name) and part.id == node.id for part in ast.walk(value)
        )  # a name made from itself, such as a path that is resolved
        return None if value is None or changed else _text(value, scope, value.lineno)
    if isinstance(node, ast.IfExp):
        both = [_text(part, scope, line) for part in (node.body, node.orelse)]
        return " / ".join(text for text in both if text) or None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):  # a text that is stripped
        return _text(node.func.value, scope, line)
    return None


def _assigned(name: str, scope: ast.FunctionDef, line: int) -> ast.expr | None:
    """What a name was given last before a line."""
    last: ast.expr | None = None
    for node in ast.walk(scope):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            value = _value_of(name, target, node.value)  # type: ignore[union-attr]
            if value is not None and node.lineno <= line and (last is None or value.lineno > last.lineno):
                last = value
    return last


def _value_of(name: str, target: ast.expr, value: ast.expr | None) -> ast.expr | None:
    if isinstance(target, ast.Name) and target.id == name:
        return value
    if isinstance(target, ast.Tuple):
        names = [part.id if isinstance(part, ast.Name) else "" for part in target.elts]
        if name in names:
            return value.elts[names.index(name)] if isinstance(value, ast.Tuple) else value
    return None


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
