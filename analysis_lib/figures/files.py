"""How does a picture become a file, the same bytes on every machine?

In SVG every letter is a path, so that no viewer swaps the typeface; the same words lie over it as text that is not
painted, so that they can be searched and copied. Ids are the picture's own: several pictures may stand in one page. In
PNG a picture of few colours is stored by their numbers, without loss and at a quarter of the size.

References: W3C 2018, SVG 2 (title and desc elements); ISO/IEC 15948:2004 (PNG, colour type 3).
"""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from analysis_lib.figures.style import FONT_SIZE, house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

_MARGIN = re.compile(r"[ ]*\n[ ]*")
_COMMENT = re.compile(r"<!-- (.*?) -->\n(<g[^>]*translate\(([-\d.]+) ([-\d.]+)\)[^>]*>)", re.DOTALL)
_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'(?:xlink:href="|url\()#([^")]+)')
_LONG = re.compile(r"(-?\d+\.\d{3})\d+")
_WHITE = 0xFFFFFFFF


def as_svg(figure: Figure) -> str:
    """A figure as SVG without a prologue: no date, no address, the same text for the same payload.

    Parameters
    ----------
    figure
        From :func:`analysis_lib.figures.draw`; its question and its text alternative stand inside the file.
    """
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with house_style():
        figure.savefig(buffer, format="svg", metadata=nothing)
    text = buffer.getvalue()
    text = _LONG.sub(r"\1", text[text.index("<svg") :])
    text = _with_words(_MARGIN.sub("\n", text))
    return _with_own_ids(_described(text, str(figure.get_label())))


def _with_words(svg: str) -> str:
    """The words of each text as text that is not painted, in place of the comments that matplotlib leaves."""
    words: list[str] = []

    def noted(found: re.Match[str]) -> str:
        said, group, x, y = found.groups()
        words.append(f'<text x="{x}" y="{y}">{said}</text>')
        return group

    body = _COMMENT.sub(noted, svg)
    look = f'fill="none" stroke="none" font-family="DejaVu Sans, sans-serif" font-size="{FONT_SIZE:g}"'
    layer = "\n".join([f"<g {look}>", *words, "</g>"])
    return body.replace("</svg>", f"{layer}\n</svg>")


def _described(svg: str, label: str) -> str:
    """The picture with its question as title and its text alternative as description."""
    title, _, description = label.partition("\n")
    if not title:
        return svg
    inside = f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>\n"
    at = svg.index(">", svg.index("<svg")) + 1
    return f'<svg role="img"{svg[len("<svg") : at]}\n{inside}{svg[at:].lstrip()}'


def _with_own_ids(svg: str) -> str:
    """Ids that nothing points to are left out, the others become short and differ from those of any other picture."""
    own = hashlib.sha256(svg.encode("utf-8")).hexdigest()[:8]
    used = dict.fromkeys(_REFERENCE.findall(svg))
    short = {name: f"t{own}-{i:x}" for i, name in enumerate(used)}
    svg = _ID.sub(lambda found: f' id="{short[found[1]]}"' if found[1] in short else "", svg)
    return _REFERENCE.sub(lambda found: found[0].replace(f"#{found[1]}", f"#{short[found[1]]}"), svg)


def as_png(figure: Figure, *, dpi: int = 300) -> bytes:
    """A figure as PNG, the same bytes for the same payload.

    Parameters
    ----------
    figure
        From :func:`analysis_lib.figures.draw`.
    dpi
        Dots per inch; 300 for print.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - only who draws waits for it
    from PIL import Image  # noqa: PLC0415 - comes with matplotlib

    before = figure.get_dpi()
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    with house_style():
        canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.ascontiguousarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    figure.set_dpi(before)
    image = Image.fromarray(pixels)
    colours: list[tuple[int, Any]] | None = image.getcolors(256)
    image = image.convert("RGB") if colours is None else _by_number(pixels, sorted(one for _, one in colours))
    buffer = io.BytesIO()
    image.save(buffer, "png", dpi=(dpi, dpi))
    return buffer.getvalue()


def _by_number(pixels: NDArray[np.uint8], colours: list[tuple[int, int, int, int]]) -> Image.Image:
    """The same picture with a list of its colours and a number per pixel; only what is not white is looked up."""
    from PIL import Image  # noqa: PLC0415 - comes with matplotlib

    seen, known = pixels.view("<u4")[..., 0], np.array(colours, dtype=np.uint8).view("<u4")[:, 0]
    order = np.argsort(known)
    inked = seen != _WHITE
    numbers = np.full(seen.shape, np.argmax(known == _WHITE), dtype=np.uint8)
    numbers[inked] = order[np.searchsorted(known, seen[inked], sorter=order)]
    image = Image.fromarray(numbers)
    image.putpalette([part for colour in colours for part in colour[:3]])
    return image
