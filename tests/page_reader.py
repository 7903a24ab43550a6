"""A page as a tree: every tag is closed, and text is asked for as readers see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "col", "input", "link", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    parent: Element | None
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its text without that of scripts; a style sheet's text is its own."""
        inner = (
            child if isinstance(child, str) else child.text
            for child in self.children
            if isinstance(child, str) or child.tag not in ("script", "style")
        )
        return "".join(inner)

    @property
    def inside(self) -> list[Element]:
        found = []
        for child in self.children:
            if isinstance(child, Element):
                found += [child, *child.inside]
        return found

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.inside if element.tag in tags]

    def by_id(self, name: str) -> Element:
        (found,) = [element for element in self.inside if element.attributes.get("id") == name]
        return found

    def by_class(self, name: str) -> list[Element]:
        return [e for e in self.inside if name in (e.attributes.get("class") or "").split()]


class Reader(HTMLParser):
    """Builds the tree; a tag that closes nothing or stays open is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.open = Element("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), self.open)
        self.open.children.append(element)
        if tag not in VOID:
            self.open = element

    def handle_endtag(self, tag: str) -> None:
        if tag != self.open.tag or self.open.parent is None:
            raise AssertionError(f"</{tag}> closes <{self.open.tag}>")
        self.open = self.open.parent

    def handle_data(self, data: str) -> None:
        self.open.children.append(data)


def read(html: str) -> Element:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open is reader.root, f"<{reader.open.tag}> is never closed"
    return reader.root
