"""Is a bundle what it should be, before it gets its final name and again whenever somebody asks?

The files of a bundle are read again and held against its manifest: none missing, none changed, none that nobody
listed, none of a kind that has no place there. The page is complete, forbids everything but its own script, and points
to nothing outside itself. What its numbers may say is the business of the door.

References: OpenSAFELY output checking (allowed file types); Content Security Policy level 3.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis_lib.errors import Finding
from analysis_lib.runner.changes import sha256
from analysis_lib.runner.disk import MEGABYTE
from analysis_lib.runner.manifest import read_manifest

PAGE = "report.html"
# Whatever else turns up beside a report was not written by the report.
_SENT = (".bib", ".csv", ".docx", ".html", ".json", ".png", ".svg")
_KEPT = (*_SENT, ".ipynb", ".md")  # below internal/
_PRINTED = "report.pdf"  # made afterwards from the page; its bytes differ at each printing
_LARGEST = 64 * MEGABYTE
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_OWN = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)  # what stands in these is no markup
# A tag as our templates write it: attributes in double quotes, everything in them escaped.
_TAG = re.compile(r'<([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"<>]*")?)*)\s*/?>')
_OPENED = re.compile(r"<[a-zA-Z]")
_ATTRIBUTE = re.compile(r'\s([a-zA-Z:-]+)(?:="([^"]*)")?')
_ACTIVE = {
    "applet", "audio", "base", "button", "embed", "form", "frame", "iframe", "input", "link", "math", "object",
    "script", "style", "svg", "template", "video",
}  # fmt: skip
_ADDRESSES = {"action", "background", "cite", "data", "formaction", "href", "poster", "src", "srcset"}
_WITHIN = ("#", "data:image/")


def faults(folder: Path) -> list[Finding]:
    """Everything about the folder of a wave that is not as a finished run leaves it; empty if all is well.

    Parameters
    ----------
    folder
        With report, tables, figures and manifest.json.
    """
    fix = "Run the wave again with --force."
    manifest = read_manifest(folder)
    if manifest is None or not isinstance(manifest.get("outputs"), dict):
        what = "there is no manifest that can be read, so this is not the folder of a finished report."
        return [Finding("stop", "V01", "manifest.json", what, fix)]
    return [*_files(folder, manifest), *_page(folder / PAGE)]


def _files(folder: Path, manifest: dict[str, Any]) -> Iterator[Finding]:
    """Files that are missing, changed, not listed, or of a kind that has no place here."""
    again = "Run the wave again with --force."
    listed: dict[str, str] = manifest["outputs"]
    found = [path for path in sorted(folder.rglob("*")) if path.is_symlink() or not path.is_dir()]
    there = {path.relative_to(folder).as_posix(): path for path in found}
    for name, known in listed.items():
        path = there.get(name)
        if path is None or path.is_symlink():
            yield Finding("stop", "V02", name, "the manifest lists this file, and it is not there.", again)
        elif sha256(path) != known:
            what = "this file is not as the run left it: its SHA-256 differs from the manifest's."
            yield Finding("stop", "V03", name, what, f"Do not send it. {again}")
    for name, path in there.items():
        if name not in listed and name not in ("manifest.json", _PRINTED):
            what = "the manifest does not list this file, so the run did not write it."
            yield Finding("stop", "V04", _shown(name), what, "Move it out of the folder before this is sent.")
        elif name in listed and path.suffix not in (
            kinds := _KEPT if name.startswith("internal/") else _SENT
        ):
            what = "a file of this kind has no place here."
            yield Finding("stop", "V05", name, what, again, allowed=", ".join(kinds))
        elif path.stat().st_size > _LARGEST:
            what = f"this file is larger than {_LARGEST // MEGABYTE} MB."
            fix = "Ask for fewer quotes or waves: nobody could open it, and no review would cover it."
            yield Finding("stop", "V06", name, what, fix)


def _page(page: Path) -> Iterator[Finding]:
    """What the report lacks to be whole and harmless."""
    if not page.is_file():
        return  # the manifest lists it
    again = "Run the wave again with --force."
    text = page.read_text(encoding="utf-8", errors="replace")
    if not (text.startswith("<!DOCTYPE html>") and text.rstrip().endswith("</html>")):
        yield Finding("stop", "V07", PAGE, "the page is not complete.", again)
    scripts = [own for kind, own in _OWN.findall(text) if kind == "script"]
    policies = _POLICY.findall(text)
    if (
        len(policies) != 1
        or not policies[0].startswith("default-src 'none';")
        or _allowed(policies[0]) != [_hash_of(script) for script in scripts]
    ):
        what = "the page does not forbid everything but its own script."
        yield Finding("stop", "V08", PAGE, what, f"Do not send or open it. {again}")
    markup = _OWN.sub("", text)
    tags = _TAG.findall(markup)
    attributes = [each for _, inside in tags for each in _ATTRIBUTE.findall(inside)]
    strange = len(tags) != len(_OPENED.findall(markup)) or bool(_ACTIVE & {name.lower() for name, _ in tags})
    if strange or any(name.lower().startswith("on") for name, _ in attributes):
        what = "the page holds markup that no template of this program writes."
        yield Finding("stop", "V10", PAGE, what, f"Do not send or open it. {again}")
    if any(name.lower() in _ADDRESSES and not value.startswith(_WITHIN) for name, value in attributes):
        what = "the page points to something outside itself, which could tell others that it was opened."
        yield Finding("stop", "V09", PAGE, what, f"Do not send it. {again}")


def _allowed(policy: str) -> list[str]:
    """What a policy lets run."""
    parts = [part.split() for part in policy.split(";")]
    return [source for part in parts if part[:1] == ["script-src"] for source in part[1:]]


def _hash_of(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _shown(name: str) -> str:
    """A name that a run gives, or the folder of one that somebody else gave: it may say whom it is about."""
    folder, _, last = name.rpartition("/")
    ours = re.fullmatch(
        r"[a-z_0-9]+\.(?:bib|csv|docx|html|json|png|svg)|INTERNAL_[a-z_0-9]+\.(?:ipynb|md)", last
    )
    return name if ours else f"{folder or '.'}/…"
