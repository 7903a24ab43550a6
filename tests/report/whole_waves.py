"""A wave of the example study as it leaves, with everything that checklists and methods texts tell of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from example_waves import Example

import analysis_lib as al
from analysis_lib.payload import Payload
from analysis_lib.release import release, rules_for
from analysis_lib.report.html import Stamp
from analysis_lib.report.sections import Section
from analysis_lib.views import payload_of, views

Wave = tuple[list[Section], Payload, Stamp]
KEY = b"not a secret: nobody stands behind this study"
LARGE = ("joint_display", "side_by_side", "quote_matrix", "typology")  # one display is enough for a test


def whole(example: Example) -> Wave:
    """Sections, cover and stamp of a wave, in the order of the notebooks."""
    early, late = example.closer_looks[:5], example.closer_looks[5:]
    shown: dict[str, tuple[object, ...]] = {
        "01 Who is in this wave?": (example.intake, example.wave),
        "02 Which codes can be counted on?": (
            al.coder_agreement(example.matrix),
            al.saturation(example.matrix),
        ),
        "03 Which themes go with which outcome?": (
            example.crosstab,
            example.omnibus,
            example.branches,
            *early,
        ),
        "04 What do numbers and words say together?": (example.display,),
        "05 What goes with termination?": (example.models, *late),
    }
    study = example.study
    rules = rules_for("coauthor", study.privacy, KEY)
    sections = []
    for title, results in shown.items():
        made = [payload_of(result, view) for result in results for view in views(result)]
        kept = [payload for payload in made if payload.template not in LARGE[1:]]
        notes = al.author_notes(example.wave, f"{title[:2]} Wave intake")
        sections.append(Section(title[:2], title[3:], ("Text.", *release(kept, rules).payloads, notes)))
    cover = next(part for part in sections[0].parts if isinstance(part, Payload) and part.template == "cover")
    stamp = Stamp(study.name, example.name, "coauthor", rules.counts, study.privacy.reason, "a1b2c3", ())
    return sections, cover, stamp


def with_facts(cover: Payload, **facts: Any) -> Payload:
    """The cover of a study that had decided otherwise."""
    return replace(cover, facts=dict(cover.facts) | facts)


def without(sections: list[Section], *templates: str) -> list[Section]:
    """The report without some payloads."""
    return [
        replace(
            section,
            parts=tuple(
                part for part in section.parts if isinstance(part, str) or part.template not in templates
            ),
        )
        for section in sections
    ]
