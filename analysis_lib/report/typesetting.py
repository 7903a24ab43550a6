"""Which small things hold text together: what must not break, what stands at the foot of a printed page?"""

from __future__ import annotations

import re

from markupsafe import Markup, escape


def unbroken(text: str) -> Markup:
    """Escaped text in which no line ends inside ``p = .036``.

    >>> print(unbroken("less <b> (p < .001)."))
    less &lt;b&gt; (<span class="whole">p &lt; .001).</span>
    """
    parts = re.split(r"(\bp [=<>≥] [.\d]+\)?\.?)", text)
    whole = Markup('<span class="whole">{}</span>')
    return Markup("").join(whole.format(part) if i % 2 else escape(part) for i, part in enumerate(parts))


def print_marks(*words: str) -> Markup:
    """What stands at the foot of every printed page, as CSS."""
    foot, pages = _css_string(" · ".join(words)), "counter(page) ' / ' counter(pages)"
    return Markup(f"@page {{ @bottom-left {{ content: {foot}; }} @bottom-right {{ content: {pages}; }} }}")


def _css_string(text: str) -> str:
    r"""A CSS string that no character can end.

    >>> print(_css_string("a'</b>"))
    'a\27 \3c \2f b\3e '
    """
    return "'" + re.sub(r"[^A-Za-z0-9]", lambda found: f"\\{ord(found[0]):x} ", text) + "'"
