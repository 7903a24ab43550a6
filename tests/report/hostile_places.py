"""Twenty texts that would do something if a browser took them for markup, and the places where a study's texts stand.

Each text calls ``ran`` with the name of its place if it runs at all, asks a machine for something if it is loaded, or
ends the element around it. The pages are small and made by the functions that make every report.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from report_by_hand import GROUPS, STAMP, a_cover, contrasts, joint, notes, quote_matrix, shares

from analysis_lib.payload import Payload
from analysis_lib.report.html import IndexRow, Section, render_index, render_report
from analysis_lib.report.import_report import render_import_report

RAN = "ran(`@`)"  # @ stands for the place
PAYLOADS = {
    "script": f"<script>{RAN}</script>",
    "image": f'<img src=x onerror="{RAN}">',
    "end of everything": f"</title></style></textarea></table></blockquote></script><svg onload='{RAN}'>",
    "end of an attribute": f'" autofocus onfocus="{RAN}" tabindex="1',
    "end of a quoted attribute": f"' autofocus onfocus='{RAN}' x='",
    "frame": f"<iframe srcdoc='<script>parent.{RAN}</script>'></iframe>",
    "link": f'<a href="javascript:{RAN}">here</a>',
    "Markdown link": f"[here](javascript:{RAN})",
    "details": f"<details open ontoggle={RAN}>x</details>",
    "style": f"<style>@import 'http://other.example/{RAN}.css'; main {{ display: none }}</style>",
    "style sheet": f'<link rel="stylesheet" href="http://other.example/{RAN}">',
    "base": f'<base href="http://other.example/{RAN}/">',
    "refresh": f'<meta http-equiv="refresh" content="0;url=http://other.example/{RAN}">',
    "form": f'<form action="http://other.example"><button autofocus onfocus="{RAN}">x</button></form>',
    "object": f'<object data="data:text/html,<script>parent.{RAN}</script>"></object>',
    "comment": f"--><!--[if gte IE 4]><script>{RAN}</script><![endif]--><!--",
    "template": f"{{{{ cycler.__init__.__globals__.os }}}} {{% for x in y %}} ${{{RAN}}} #{{{RAN}}}",
    "escaped already": f"&lt;script&gt;{RAN}&lt;/script&gt; &#60;img src=x onerror={RAN}&#62;",
    "hidden letters": f"\u202e<scr\x00ipt>{RAN}</scr\x00ipt>\u2066<ſcript>{RAN}</ſcript>\ufeff",
    "everywhere at once": f"jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk={RAN} )//%0D%0A//</stYle/</scRipt/--!>"
    f"\\x3csVg/<sVg/oNloAd={RAN}//>\\x3e",
}


def _of_report(**given: str) -> str:
    """A report with a text in one place."""
    label = given.get("label", "Felt heard")
    groups = replace(GROUPS, rows=tuple((key, given.get("group", name), n) for key, name, n in GROUPS.rows))
    quotes = quote_matrix(
        ("A.heard", "helpful", given.get("speaker", "K7"), given.get("quote", "He listened."))
    )
    parts: tuple[str | Payload, ...] = (
        given.get("prose", "How this was done."),
        contrasts("sentences", label=label),
        shares("figure", "theme_dots", label),
        shares(label=label),
        contrasts(label=label),
        joint(quote=given.get("quote", "He listened."), label=label, reading=given.get("reading", "So.")),
        _defined(quotes, given.get("definition", "The person felt heard.")),
        notes("03 Themes by outcome", given.get("note", "We read it so.")),
    )
    shown = tuple(
        part
        if isinstance(part, str)
        else replace(part, tables=dict(part.tables) | {"groups": groups})
        if "groups" in part.tables
        else part
        for part in parts
    )
    facts = {name: given[name] for name in ("title", "setting", "codebook_version") if name in given}
    cover = replace(a_cover(**facts), tables={"groups": groups})
    stamp = replace(
        STAMP,
        study=given.get("study", "example"),
        wave=given.get("wave", "2024a"),
        counts_reason=given.get("reason", "anonymous"),
    )
    return render_report(
        [Section("03", given.get("heading", "Which themes?"), shown)], cover=cover, stamp=stamp
    )


def _defined(payload: Payload, definition: str) -> Payload:
    """The payload with another definition of its first theme."""
    themes = payload.tables["themes"]
    names = [name for name, _ in themes.columns]
    first = tuple(
        definition if name == "definition" else v for name, v in zip(names, themes.rows[0], strict=True)
    )
    return replace(
        payload, tables=dict(payload.tables) | {"themes": replace(themes, rows=(first, *themes.rows[1:]))}
    )


def _of_index(**given: str) -> str:
    rows = [
        IndexRow(
            given.get("wave", "2024a"),
            "1 of 4",
            "for co-authors",
            "179",
            f"{given.get('wave', 'w')}/report.html",
        )
    ]
    return render_index(given.get("title", "What helped"), False, rows)


def _of_import(**given: str) -> str:
    counts = dict.fromkeys(("codes", "sources", "cases", "codings"), 1)
    remark = {"what": "guessed", "kind": "code", "text": given.get("text", "a code"), "n": 1, "confidence": 0.9,
              "ids": [given.get("text", "x")], "more": 0}  # fmt: skip
    facts = {
        "format": "refi-qda", "title": "REFI-QDA", "origin": given.get("origin", "a program"),
        "source_sha256": "0" * 64, "found": counts, "read": counts, "unaccounted": {},
        "rows": dict.fromkeys(("participants", "documents", "coded_segments"), 1),
        "untagged": 0, "coders": 1, "dates": {}, "remarks": [remark],
        "offsets": [{"source": given.get("source", "interview"), "rule": "r", "score": 1.0, "runner_up": 0.5, "n": 1}],
        "codes": [{"path": given.get("path", "Helped"), "code_id": "A.x", "how": "by name", "n_codings": 1}],
        "added": [], "carries": ["texts"], "loses": ["memos"], "written": {}, "kept": [],
    }  # fmt: skip
    return render_import_report(facts, study=given.get("study", "s"), wave="w1")


# Page -> what makes it, and the places on it: the argument that its text goes to -> its name.
PAGES: dict[str, tuple[Callable[..., str], dict[str, str]]] = {
    "report": (
        _of_report,
        {
            "label": "theme label", "quote": "quote", "speaker": "speaker", "group": "group label",
            "definition": "definition", "title": "title", "setting": "setting", "study": "study", "wave": "wave",
            "reason": "reason for exact counts", "codebook_version": "version of the codebook",
            "heading": "heading of a notebook", "reading": "reading", "note": "notes of the authors", "prose": "prose",
        },
    ),
    "index": (_of_index, {"title": "title of the index", "wave": "wave in the index"}),
    "import": (
        _of_import,
        {"path": "code", "text": "remark", "source": "source", "origin": "program", "study": "study of an import"},
    ),
}  # fmt: skip
# Some signs mean something there: the words have to be on the page, and not each sign.
IN_MARKDOWN = {"reading", "notes of the authors", "prose"}


def page_with(page: str, payload: str) -> tuple[str, dict[str, str]]:
    """A page with one payload in every place of it, and place -> text that stands there."""
    make, places = PAGES[page]
    texts = {argument: payload.replace("@", place) for argument, place in places.items()}
    return make(**texts), {place: texts[argument] for argument, place in places.items()}
