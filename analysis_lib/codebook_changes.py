"""What changed in the codebook between two versions, and which earlier codes count for a theme today?

Themes come, are renamed, redefined, merged, split and retired. What the codebook declares with ``since``, ``history``
and ``replaced_by`` is applied; nothing is guessed. A theme whose earlier codings cannot be told to mean what it means
today is not compared, and the reason says why.

References: MacQueen et al. 1998, Cultural Anthropology Methods 10(2), 31-36, on codes that change over time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from analysis_lib.codebook import Codebook, Theme, version_order

NEW, RENAMED, REDEFINED = "new", "renamed", "redefined"
MERGED, SPLIT, RETIRED = "merged", "split", "retired"
KINDS = (NEW, RENAMED, REDEFINED, MERGED, SPLIT, RETIRED)
CHANGES = ["theme_id", "theme_label", "change", "version", "with_themes", "note", "comparable", "reason"]
NOT_IN_CODEBOOK = "not in its codebook"
_ENDS = (MERGED, SPLIT, RETIRED, RENAMED)  # entries of a retired theme's history that say when it went


@dataclass(frozen=True)
class Meaning:
    """What stood in an earlier wave for a theme of today.

    Parameters
    ----------
    codes
        Codes of the earlier wave that count for the theme today: itself, those below it, and those it took over.
    reason
        Why it cannot be compared with the earlier wave; None where it can.
    """

    codes: frozenset[str]
    reason: str | None


def changes_between(codebook: Codebook, earlier: str, later: str) -> pd.DataFrame:
    """Every change that the codebook declares between two of its versions.

    Parameters
    ----------
    codebook
        The newest codebook, retired themes included.
    earlier, later
        Two versions; changes after the first, up to and with the second.

    Returns
    -------
    DataFrame
        ``theme_id, theme_label, change, version, with_themes, note, comparable, reason``, in codebook order.
        ``change`` is one of new, renamed, redefined, merged, split, retired; ``with_themes`` labels of the themes that
        took over, separated by semicolons; ``comparable`` whether codings from before count for a theme of today.

    Notes
    -----
    A retired theme that names one successor is merged into it, or renamed where that successor is new and took over
    from nobody else; one that names several is split. The version is that of its history, else that of what
    replaced it, else the newest.
    """
    window = _Window(codebook, earlier, later)
    rows: list[tuple[object, ...]] = []
    for theme in codebook:
        label = (theme.id, theme.label)
        if theme.id in window.gone:
            kind, version = window.ending(theme), window.gone[theme.id]
            note = next((c.note for c in theme.history if c.change in _ENDS), "")
            successors = "; ".join(codebook[name].label for name in theme.replaced_by)
            whole = kind in (MERGED, RENAMED)
            why = None if whole else f"{kind} in {version}"
            rows.append((*label, kind, version, successors, note, whole, why))
            continue
        meaning = meaning_before(codebook, theme.id, earlier, later)
        after = (meaning.reason is None, meaning.reason)
        if window.holds(theme.since) and not window.replaced(theme.id):
            rows.append((*label, NEW, theme.since, "", "", False, NOT_IN_CODEBOOK))
        rows += [
            (*label, change.change, change.version, "", change.note, *after)
            for change in theme.history
            if window.holds(change.version)
        ]
    return pd.DataFrame(rows, columns=CHANGES)


def meaning_before(codebook: Codebook, theme: str, earlier: str, later: str) -> Meaning:
    """Which codes of an earlier version count for a theme as it is in a later one.

    Parameters
    ----------
    codebook
        The newest codebook.
    theme
        Id of a theme.
    earlier, later
        Versions, of which the first may be the later one; the order does not matter.

    Notes
    -----
    A code that was replaced in between counts for a theme if everything that replaced it is that theme or stands below
    it. If only a part of what replaced it does, earlier codings cannot be told apart and the theme is not compared.
    """
    return _Window(codebook, earlier, later).meaning(theme)


class _Window:
    """The changes of a codebook after one version, up to and with another."""

    def __init__(self, codebook: Codebook, earlier: str, later: str):
        self.codebook = codebook
        self.low, self.high = sorted((version_order(earlier), version_order(later)))
        ended = {theme.id: _ended(codebook, theme) for theme in codebook if theme.status == "retired"}
        self.gone = {name: version for name, version in ended.items() if self.holds(version)}

    def holds(self, version: str) -> bool:
        """Whether a version lies in it."""
        return self.low < version_order(version) <= self.high

    def successors(self, name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        """What a code that went in between became in the end; empty where nothing replaced it."""
        found: set[str] = set()
        for successor in self.codebook[name].replaced_by:
            if successor in self.gone and successor not in seen:
                found |= self.successors(successor, seen | {name})
            elif successor not in seen and successor != name:
                found.add(successor)
        return frozenset(found)

    def replaced(self, name: str) -> frozenset[str]:
        """Codes that went in between and that a theme took over, wholly or in part."""
        return frozenset(gone for gone in self.gone if name in self.successors(gone))

    def ending(self, theme: Theme) -> str:
        """How a theme went: merged, renamed, split or retired."""
        if len(theme.replaced_by) != 1:
            return SPLIT if theme.replaced_by else RETIRED
        (heir,) = theme.replaced_by
        others = [other for other in self.gone if heir in self.codebook[other].replaced_by]
        came_with_it = version_order(self.codebook[heir].since) == version_order(self.gone[theme.id])
        return RENAMED if came_with_it and others == [theme.id] else MERGED

    def meaning(self, theme: str) -> Meaning:
        """The earlier codes of a theme of today, or why there are none."""
        codebook = self.codebook
        if theme in self.gone:
            return Meaning(frozenset(), self._why_gone(theme))
        family = _below(codebook, theme)
        became = {gone: self.successors(gone) for gone in self.gone}
        absorbed = {gone for gone, heirs in became.items() if heirs and heirs <= family}
        torn = [gone for gone, heirs in became.items() if heirs & family and not heirs <= family]
        if torn:
            parts = ", ".join(f"“{codebook[gone].label}”" for gone in torn)
            return Meaning(frozenset(), f"it took over a part of {parts} in {self._newest(torn)}")
        moved = {gone for gone in family & set(self.gone) if became[gone] and gone not in absorbed}
        if codes := self._not_explained(theme, family - moved, absorbed):
            return Meaning(frozenset(), codes)
        return Meaning(frozenset((family - moved) | absorbed), None)

    def _not_explained(self, theme: str, family: Iterable[str], absorbed: set[str]) -> str | None:
        """The change that makes a theme mean something else; the theme's own before those of themes below it."""
        own: list[tuple[str, str]] = []
        below: list[str] = []
        for member in sorted(family):
            found = self._changes_of_meaning(member, absorbed)
            own += found if member == theme else []
            below += [version for _, version in found if member != theme]
        if own:
            what, version = max(own, key=lambda change: version_order(change[1]))
            return NOT_IN_CODEBOOK if what == NEW else f"{what} in {version}"
        newest = max(below, key=version_order, default=None)
        return None if newest is None else f"a theme below it changed in {newest}"

    def _changes_of_meaning(self, member: str, absorbed: set[str]) -> list[tuple[str, str]]:
        """Changes of one theme that ``replaced_by`` does not account for."""
        theme = self.codebook[member]
        if member in self.gone:
            return [] if member in absorbed else [(RETIRED, self.gone[member])]
        took_over = self.replaced(member)
        found = [(NEW, theme.since)] if self.holds(theme.since) and not took_over else []
        for change in theme.history:
            explained = change.change == RENAMED or (change.change == MERGED and bool(took_over))
            if self.holds(change.version) and not explained:
                found.append((change.change, change.version))
        return found

    def _why_gone(self, theme: str) -> str:
        heirs = [f"“{self.codebook[heir].label}”" for heir in self.codebook[theme].replaced_by]
        ending = self.ending(self.codebook[theme])
        verb = {RENAMED: "replaced by ", MERGED: "merged into ", SPLIT: "split into "}.get(ending, RETIRED)
        return f"{verb}{' and '.join(heirs)} in {self.gone[theme]}"

    def _newest(self, gone: Iterable[str]) -> str:
        return max((self.gone[name] for name in gone), key=version_order)


def _ended(codebook: Codebook, theme: Theme) -> str:
    """The version in which a retired theme went."""
    said = [change.version for change in theme.history if change.change in _ENDS]
    heirs = [codebook[heir] for heir in theme.replaced_by]
    said = said or [c.version for heir in heirs for c in heir.history if c.change in (MERGED, SPLIT)]
    said = said or [heir.since for heir in heirs if version_order(heir.since) > version_order(theme.since)]
    return max(said, key=version_order, default=codebook.version)


def _below(codebook: Codebook, theme: str) -> frozenset[str]:
    """A theme and everything below it."""
    return frozenset(name for name in codebook.ids if name == theme or theme in codebook.ancestors(name))


def compare_codebooks(earlier: Codebook, later: Codebook) -> pd.DataFrame:
    """What differs between two codebooks that are files of their own, such as two exports of one project.

    Parameters
    ----------
    earlier, later
        Two codebooks; a theme is the same where its id is.

    Returns
    -------
    DataFrame
        The columns of :func:`changes_between`. Codes that are gone and name no successor are retired; whether one of
        the new codes is the old one under another name is for the team to say: where both have the same words of
        definition, the note says so, and nothing is made of it.
    """
    said: dict[str, list[str]] = {}
    for theme in later:
        if theme.id not in earlier and theme.definition:
            said.setdefault(theme.definition, []).append(theme.label)
    rows: list[tuple[object, ...]] = []
    for theme in earlier:
        if theme.id in later:
            continue
        alike = said.get(theme.definition, [])
        heirs = [name for name in theme.replaced_by if name in later]
        kind = (RETIRED, MERGED, SPLIT)[min(len(heirs), 2)]
        note = f"Defined in the same words: {'; '.join(alike)}." if alike and not heirs else ""
        labels = "; ".join(later[name].label for name in heirs)
        why = None if kind == MERGED else f"{kind} in {later.version}"
        rows.append((theme.id, theme.label, kind, later.version, labels, note, kind == MERGED, why))
    for theme in later:
        if theme.id not in earlier:
            rows.append((theme.id, theme.label, NEW, later.version, "", "", False, NOT_IN_CODEBOOK))
            continue
        before = earlier[theme.id]
        if before.label != theme.label:
            note = f"Until then: {before.label}."
            rows.append((theme.id, theme.label, RENAMED, later.version, "", note, True, None))
        if _words(before) != _words(theme):
            why = f"{REDEFINED} in {later.version}"
            rows.append((theme.id, theme.label, REDEFINED, later.version, "", "", False, why))
    return pd.DataFrame(rows, columns=CHANGES)


def _words(theme: Theme) -> tuple[str, str, str]:
    return (theme.definition.strip(), theme.include.strip(), theme.exclude.strip())
