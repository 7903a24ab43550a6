"""Who does a coding of an imported project belong to?

Decided in one order: the case that the format names, the case whose span holds the coding, the case of the whole
source, and, as a guess that is reported, the case whose name begins the name of the source. Where a program has
no cases, each source is a person. A coding across the border of two cases belongs to nobody.

References: REFI-QDA standard 1.5 (2019), on cases and their source references.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from analysis_lib.importers.project import Case, Coding, Project, Remark, Source

_BEGINS = 0.8  # confidence of a case whose name begins the name of a source
_SAME = 1.0


class Owners:
    """Who each coding and each source belongs to, by name; an owner is a case, or a source where there are no cases."""

    def __init__(self, project: Project, remarks: list[Remark]) -> None:
        self._project = project
        self._spans: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
        self._named: dict[str, str] = {}
        self._name_of = {source.key: source.name for source in project.sources}
        self.cases: dict[str, Case] = {}
        for case in project.cases:
            name = case.name or self._name_of_nameless(case)
            name = name if name not in self.cases else f"{name} ({case.key})"
            self.cases[name] = case
            self._named[case.key] = name
            for span in case.spans:
                start = -1.0 if span.start is None else float(span.start)
                end = float("inf") if span.end is None else float(span.end)
                self._spans[span.source].append((start, end, name))
        self._guess = self._guessed(remarks) if self.cases else {}
        self._report(remarks)

    @property
    def names(self) -> list[str]:
        """Every owner, in the order of the file."""
        if self.cases:
            return list(self.cases)
        return list(dict.fromkeys(source.name for source in self._project.sources))

    def __call__(self, coding: Coding) -> str | None:
        """Name of the owner of a coding; None where nobody is."""
        if coding.case is not None:
            return self._named.get(coding.case)
        return self._of(coding.source, coding.start, coding.end)

    def of_source(self, source: Source) -> str | None:
        """Name of the owner of a whole source; None where it belongs to nobody or to several."""
        owners = {name for *_, name in self._spans.get(source.key, ())}
        if len(owners) == 1:
            return owners.pop()
        return None if owners else self._fallback(source.key)

    def _of(self, source: str, start: int | None, end: int | None) -> str | None:
        spans = self._spans.get(source, [])
        low = -1.0 if start is None else float(start)
        high = float("inf") if end is None else float(end)
        if start is None and len({name for *_, name in spans}) == 1:
            return spans[0][2]
        holders = {name for first, last, name in spans if first <= low and high <= last}
        if len(holders) == 1:
            return holders.pop()
        return None if spans else self._fallback(source)

    def _fallback(self, source: str) -> str | None:
        if not self.cases:
            return self._name_of.get(source)
        return self._guess.get(source)

    def _name_of_nameless(self, case: Case) -> str:
        """A case without a name is called after its only source."""
        sources = {span.source for span in case.spans}
        names = [source.name for source in self._project.sources if source.key in sources]
        return names[0] if len(names) == 1 else case.key

    def _guessed(self, remarks: list[Remark]) -> dict[str, str]:
        """Source without a case -> the only case whose name is, or begins, its name."""
        found = {}
        for confidence in (_SAME, _BEGINS):
            ids = []
            for source in self._project.sources:
                if source.key in self._spans or source.key in found:
                    continue
                alike = [name for name in self.cases if _fits(name, source.name, confidence)]
                if len(alike) == 1:
                    found[source.key] = alike[0]
                    ids.append(source.key)
            if ids:
                how = "is the name of" if confidence == _SAME else "begins the name of"
                text = (
                    f"These sources were given to the only case whose name {how} the source, since the file"
                    " links them to none."
                )
                remarks.append(Remark("guessed", "sources", text, len(ids), tuple(ids), confidence))
        return found

    def _report(self, remarks: list[Remark]) -> None:
        times = Counter(source.name for source in self._project.sources)
        several = tuple(source.key for source in self._project.sources if times[source.name] > 1)
        if several and not self.cases:
            text = "These sources share a name; without cases a name is a person, so they were taken for one each."
            remarks.append(Remark("guessed", "participants", text, len(several), several, 0.5))
        linked = {name for spans in self._spans.values() for *_, name in spans} | set(self._guess.values())
        without = [case.key for name, case in self.cases.items() if name not in linked]
        if without:
            text = "These cases have no source; they are kept, and nothing is coded for them."
            remarks.append(Remark("orphaned", "cases", text, len(without), tuple(without)))


def _fits(case: str, source: str, confidence: float) -> bool:
    if confidence == _SAME:
        return case == source
    return bool(case) and source.startswith(case) and not source[len(case) :][:1].isalnum()
