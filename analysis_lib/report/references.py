"""Which works does this report cite, and how does APA style print them?

The list is made of what the methods text and the checklists cite, and of nothing else. An address is printed as text:
nothing on the page leads out of it.

References: APA 2020, Publication Manual, 7th ed., chapters 9 and 10.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from analysis_lib.errors import did_you_mean
from analysis_lib.schema import DATA_SCHEMA

_BIBTEX = {"article": "article", "book": "book", "chapter": "incollection", "thesis": "phdthesis"}
# What would end a field or start a command in BibTeX.
_SPECIAL = re.compile(r"([&%$#_])")


@dataclass(frozen=True)
class Entry:
    """One reference in APA style.

    Parameters
    ----------
    key
        Its key in references.yaml.
    parts
        (text, whether it stands in italics), in order.
    """

    key: str
    parts: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The reference as plain text."""
        return "".join(text for text, _ in self.parts)


def references(keys: Iterable[str]) -> tuple[Entry, ...]:
    """The cited works in the order of a reference list, each once.

    Raises
    ------
    KeyError
        If references.yaml has no such key.

    Examples
    --------
    >>> [entry.text for entry in references(["firth1993"])]
    ['Firth, D. (1993). Bias reduction of maximum likelihood estimates. Biometrika, 80(1), 27–38. https://doi.org/10.1093/biomet/80.1.27']
    """
    return tuple(Entry(key, _apa(works()[key])) for key in _in_order(keys))


def cited(keys: Iterable[str]) -> str:
    """Works as they are cited in brackets at the end of a sentence.

    >>> cited(["firth1993", "agresti1999", "puhr2017"])
    '(Agresti & Liu, 1999; Firth, 1993; Puhr et al., 2017)'
    """
    named = [f"{_short(works()[key]['authors'])}, {works()[key]['year']}" for key in _in_order(keys)]
    return f"({'; '.join(named)})" if named else ""


def as_bibtex(keys: Iterable[str]) -> str:
    """The cited works as a BibTeX file, for reference managers."""
    return "\n".join(_bibtex(key, works()[key]) for key in _in_order(keys))


@cache
def works() -> Mapping[str, Mapping[str, Any]]:
    """Every work of references.yaml by its key."""
    loaded: dict[str, Mapping[str, Any]] = yaml.safe_load(
        (DATA_SCHEMA / "references.yaml").read_text(encoding="utf-8")
    )
    return loaded


def _in_order(keys: Iterable[str]) -> list[str]:
    """Keys by author, year and title, each once."""
    wanted = dict.fromkeys(keys)
    for key in wanted:
        if key not in works():
            raise KeyError(f"references.yaml has no work {key!r}.{did_you_mean(key, works())}")

    def place(key: str) -> tuple[Any, ...]:
        work = works()[key]
        return [_plain(author) for author in work["authors"]], work["year"], _plain(work["title"])

    return sorted(wanted, key=place)


def _plain(text: str) -> str:
    """Letters without accents, for sorting."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").casefold()


def _apa(work: Mapping[str, Any]) -> tuple[tuple[str, bool], ...]:
    """The parts of a reference with what stands in italics."""
    head = f"{_authors(work)} ({work['year']}). "
    match work["kind"]:
        case "article":
            issue = f"({work['issue']})" if "issue" in work else ""
            parts = [
                (f"{head}{_ended(work['title'])} ", False), (f"{work['journal']}, {work['volume']}", True),
                (f"{issue}, {work['pages']}.", False),
            ]  # fmt: skip
        case "book":
            edition = f" ({work['edition']})" if "edition" in work else ""
            parts = [(head, False), (work["title"], True), (f"{edition}. {work['publisher']}.", False)]
        case "chapter":
            editors = " & ".join(_given_first(editor) for editor in work["editors"])
            plural = "s" if len(work["editors"]) > 1 else ""
            parts = [
                (f"{head}{_ended(work['title'])} In {editors} (Ed{plural}.), ", False), (work["book"], True),
                (f" (Vol. {work['volume']}, pp. {work['pages']}). {work['publisher']}.", False),
            ]  # fmt: skip
        case _:
            parts = [
                (head, False),
                (work["title"], True),
                (f" [{work['degree']}, {work['publisher']}].", False),
            ]
    doi = [(f" https://doi.org/{work['doi']}", False)] if "doi" in work else []
    return (*parts, *doi)


def _authors(work: Mapping[str, Any]) -> str:
    """Authors as APA lists them; of more than twenty the first nineteen and the last."""
    names: Sequence[str] = work["authors"]
    if work.get("more_authors"):
        return f"{', '.join(names[:-1])}, . . . {names[-1]}"
    return ", & ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _short(authors: Sequence[str]) -> str:
    """Authors as they are named inside a text."""
    surnames = [author.split(",")[0] for author in authors]
    if len(surnames) > 2:
        return f"{surnames[0]} et al."
    return " & ".join(surnames)


def _given_first(name: str) -> str:
    """``Neyman, J.`` becomes ``J. Neyman``."""
    surname, given = name.split(", ", 1)
    return f"{given} {surname}"


def _ended(title: str) -> str:
    """A title with a stop, unless it asks."""
    return title if title.endswith(("?", "!")) else f"{title}."


def _bibtex(key: str, work: Mapping[str, Any]) -> str:
    fields = {
        "author": " and ".join([*work["authors"], *(["others"] if work.get("more_authors") else [])]),
        "year": work["year"],
        "title": f"{{{work['title']}}}",
        "journal": work.get("journal"),
        "booktitle": work.get("book"),
        "editor": " and ".join(work.get("editors", [])),
        "volume": work.get("volume"),
        "number": work.get("issue"),
        "pages": str(work.get("pages", "")).replace("–", "--"),
        "edition": work.get("edition"),
        "school" if work["kind"] == "thesis" else "publisher": work.get("publisher"),
        "doi": work.get("doi"),
    }
    lines = [f"  {name} = {{{_escaped(name, value)}}}" for name, value in fields.items() if value]
    return f"@{_BIBTEX[work['kind']]}{{{key},\n" + ",\n".join(lines) + "\n}\n"


def _escaped(name: str, value: Any) -> str:
    """A value that ends no field; an identifier stays as it is."""
    return str(value) if name == "doi" else _SPECIAL.sub(r"\\\1", str(value))
