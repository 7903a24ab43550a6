"""Write data_schema/API.html from the docstrings: every public function and type on one page that opens offline.

The docstrings keep to the numpy form, and a test holds that they do, so six section names are all there is to parse.
Run as a script by ``make docs``; a test holds the page against what this module would write.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import analysis_lib as al
from analysis_lib.readable import Readable
from analysis_lib.schema import DATA_SCHEMA

PAGE = DATA_SCHEMA / "API.html"
TEMPLATE = Path(__file__).with_name("api_page.html.j2")
NO_TABLE = ("Notes", "Examples", "References", "See Also")
# In the order in which somebody meets them.
CHAPTERS = {
    "A study and its waves": ("new_study", "check_study", "load_study", "load_wave", "describe_wave", "author_notes",
                              "save_results", "export_wave", "EXAMPLE_STUDY", "TUTORIAL_FILES"),
    "Showing": ("show", "say", "explorer", "explore_themes", "quotes_behind"),
}  # fmt: skip
REST, ARRAYS, TYPES = "Questions and their results", "Statistics on plain arrays", "What comes back"
_SECTION = re.compile(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", re.MULTILINE)
_INLINE = re.compile(r"``(.+?)``|:\w+:`~?([^`]+)`|`([^`]+)`|\*(\w[^*]*\w)\*")
_BULLET = re.compile(r"^(?:- |\* )")


@dataclass(frozen=True)
class Entry:
    """One name of the library, ready to be printed."""

    name: str
    signature: str
    first: Markup
    more: Markup
    sections: list[tuple[str, list[tuple[Markup, Markup]], Markup]]


def page() -> str:
    """The page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=StrictUndefined,
    )  # fmt: skip
    return environment.get_template(TEMPLATE.name).render(chapters=chapters()) + "\n"


def chapters() -> dict[str, list[Entry]]:
    """Chapter -> its entries; every public name stands in exactly one."""
    named = {name for names in CHAPTERS.values() for name in names}
    found = {title: [entry(f"al.{n}", getattr(al, n)) for n in names] for title, names in CHAPTERS.items()}
    rest = sorted(set(al.__all__) - named - {"stats"}, key=str.casefold)
    found[REST] = [entry(f"al.{name}", getattr(al, name)) for name in rest]
    stats = sorted(al.stats.__all__, key=str.casefold)
    functions = [name for name in stats if not inspect.isclass(getattr(al.stats, name))]
    found[ARRAYS] = [entry(f"al.stats.{name}", getattr(al.stats, name)) for name in functions]
    kinds = [getattr(al.stats, name) for name in stats if name not in functions]
    kinds += [kind for kind in readable() if kind.__name__ not in {other.__name__ for other in kinds}]
    found[TYPES] = [entry(kind.__name__, kind) for kind in sorted(kinds, key=lambda kind: kind.__name__)]
    return found


def readable() -> list[type]:
    """The types of results that the public functions give back."""
    return [kind for kind in Readable.__subclasses__() if kind.__module__.startswith("analysis_lib.")]


def entry(name: str, thing: Any) -> Entry:
    """One name with its signature and the parts of its docstring."""
    if not callable(thing):
        return Entry(name, "", Markup(escape(str(type(thing).__mro__[1].__name__))), Markup(""), [])
    text = inspect.getdoc(thing) or ""
    before, *cut = _SECTION.split(text)
    first, _, more = before.strip().partition("\n\n")
    sections = []
    for title, body in zip(cut[::2], cut[1::2], strict=True):
        if title in NO_TABLE:
            sections.append((title, [], _example(body) if title == "Examples" else _prose(body)))
        else:
            typed = _types(thing) if title == "Parameters" else {}
            rows = [
                (_inline(term) + typed.get(term, Markup("")), _prose(said)) for term, said in _terms(body)
            ]
            sections.append((title, rows, Markup("")))
    return Entry(name, _signature(thing), _inline(first.replace("\n", " ")), _prose(more), sections)


def _signature(thing: Callable[..., Any]) -> str:
    """Names, kinds and defaults; the types stand in the table below it."""
    if inspect.isclass(thing):
        return ", ".join(field.name for field in fields(thing)) if is_dataclass(thing) else ""
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(thing).parameters.values()
    ]
    return str(inspect.Signature(plain))


def _types(thing: Callable[..., Any]) -> dict[str, Markup]:
    """Parameter -> its type, for docstrings that leave it to the signature."""
    if inspect.isclass(thing):
        given = {field.name: field.type for field in fields(thing)} if is_dataclass(thing) else {}
    else:
        given = {name: one.annotation for name, one in inspect.signature(thing).parameters.items()}
    said = {name: escape(str(kind), quote=False) for name, kind in given.items()}
    return {name: Markup(f'<br><span class="type">{kind}</span>') for name, kind in said.items()}


def _terms(body: str) -> Iterator[tuple[str, str]]:
    """Each term that stands at the margin, with what stands indented below it."""
    term, said = "", []
    for line in body.rstrip().splitlines():
        if line and not line[0].isspace():
            if term:
                yield term, inspect.cleandoc("\n".join(said))
            term, said = line, []
        else:
            said.append(line)
    if term:
        yield term, inspect.cleandoc("\n".join(said))


def _prose(text: str) -> Markup:
    parts = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = inspect.cleandoc(block).splitlines()
        if not lines:
            continue
        if _BULLET.match(lines[0]):
            items = re.split(r"\n(?=- |\* )", "\n".join(lines))
            listed = "".join(
                f"<li>{_inline(_BULLET.sub('', item).replace(chr(10), ' '))}</li>" for item in items
            )
            parts.append(f"<ul>{listed}</ul>")
        else:
            parts.append(f"<p>{_inline(' '.join(line.strip() for line in lines))}</p>")
    return Markup("".join(parts))


def _inline(text: str) -> Markup:
    """Code, links within the page, and emphasis; everything else is escaped."""
    said, at = "", 0
    for part in _INLINE.finditer(text):
        said += escape(text[at : part.start()], quote=False)
        literal, role, tick, emphasis = part.groups()
        if emphasis:
            said += f"<em>{escape(emphasis)}</em>"
        else:
            said += (
                f"<code>{escape((literal or role or tick).removeprefix('analysis_lib.'), quote=False)}</code>"
            )
        at = part.end()
    return Markup(said + escape(text[at:], quote=False))


def _example(body: str) -> Markup:
    return Markup(f'<pre tabindex="0">{escape(inspect.cleandoc(body), quote=False)}</pre>')


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
