"""The waves of the example study, each result computed at its first use."""

from __future__ import annotations

from functools import cached_property

import analysis_lib as al
from analysis_lib.branches import Branches
from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.intake import WaveIntake
from analysis_lib.joint_display import JointDisplay
from analysis_lib.omnibus import Omnibus
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.study import Study
from analysis_lib.termination import TerminationModels
from analysis_lib.views import payload_of, views
from analysis_lib.wave import Wave

FEW = {"omnibus": 199, "minp": 199}


class Example:
    """One wave of the example study; what a test asks for is computed at its first use."""

    def __init__(self, study: Study, wave: str) -> None:
        self.study, self.name = study, wave

    @cached_property
    def wave(self) -> Wave:
        return al.load_wave(self.study, self.name)

    @cached_property
    def matrix(self) -> ThemeMatrix:
        return al.quantitize(self.wave)

    @cached_property
    def intake(self) -> WaveIntake:
        return al.describe_wave(self.wave)

    @cached_property
    def crosstab(self) -> ThemeCrosstab:
        return al.crosstab_themes(self.matrix)

    @cached_property
    def omnibus(self) -> Omnibus:
        return al.omnibus_test(self.crosstab)

    @cached_property
    def branches(self) -> Branches:
        return al.branches(self.crosstab)

    @cached_property
    def models(self) -> TerminationModels:
        return al.fit_termination(self.matrix)

    @cached_property
    def display(self) -> JointDisplay:
        return al.joint_display(self.crosstab, self.models)

    @cached_property
    def results(self) -> tuple[object, ...]:
        """Everything that can be shown."""
        early = (
            self.wave,
            self.intake,
            self.crosstab,
            self.omnibus,
            self.branches,
            self.models,
            self.display,
        )
        return (*early, *self.closer_looks)

    @cached_property
    def closer_looks(self) -> tuple[object, ...]:
        """What notebooks 03 and 05 look at more closely."""
        about_themes = (
            al.sensitivity,
            al.talkativeness,
            al.pooled_bank,
            al.with_coder_error,
            al.across_waves,
        )
        about_models = (al.nested_blocks, al.clustered_models, al.fit_imputed, al.prediction_measures)
        about_people = (al.co_occurrence, al.fit_outcome_groups, al.time_to_dropout)
        over_waves = al.compare_waves(self.wave)
        return (
            *(analysis(self.crosstab) for analysis in about_themes),
            *(analysis(self.models) for analysis in about_models),
            *(analysis(self.matrix) for analysis in about_people),
            over_waves,
            al.what_changed(over_waves),
            al.wave_attrition(self.wave, earlier=over_waves.earlier),
        )

    @cached_property
    def payloads(self) -> tuple[Payload, ...]:
        """Every view of everything that can be shown."""
        return tuple(payload_of(result, view) for result in self.results for view in views(result))
