"""Which payloads does each result offer?

One module per kind of result: it picks columns and says what each holds. Nothing is computed, worded, rounded or
masked here.
"""

from __future__ import annotations

from analysis_lib.errors import CallError, did_you_mean
from analysis_lib.payload import Payload
from analysis_lib.views import (  # noqa: F401  (importing a module registers its results)
    across_waves,
    blocks,
    coder_error,
    cooccurrence,
    dropout_time,
    explore,
    imputed,
    intake,
    joint,
    omnibus,
    outcome_models,
    patterns,
    pooled,
    prediction,
    reliability,
    saturation,
    sensitivity,
    serious,
    termination,
    themes,
    therapists,
    wave_comparison,
)
from analysis_lib.views.common import SENTENCES, Views, views
from analysis_lib.views.intake import author_notes

__all__ = ["SENTENCES", "Views", "author_notes", "payload_of", "views"]


def payload_of(result: object, view: str | None = None) -> Payload:
    """One view of a result as a payload.

    Raises
    ------
    CallError
        If the result has no such view; the message lists those it has.
    """
    offered = views(result)
    name = view if view is not None else next(iter(offered))
    if name not in offered:
        known = ", ".join(offered)
        hint = did_you_mean(name, offered)
        raise CallError(f'{type(result).__name__} has no view "{name}".{hint} It has: {known}.')
    return offered[name]()


@views.register
def _payload_views(payload: Payload) -> Views:
    return {payload.template: lambda: payload}
