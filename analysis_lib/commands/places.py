"""Where does a study lie, and where do its reports go?"""

from __future__ import annotations

from pathlib import Path

from analysis_lib.runner.notebooks import NOTEBOOKS
from analysis_lib.schema import EXAMPLE_STUDY
from analysis_lib.study import Study

BUILT = NOTEBOOKS.parent / "reports" / "built"


def study_folder(given: str | None) -> Path:
    """The folder that was named, or that of the synthetic example."""
    return EXAMPLE_STUDY if given is None else Path(given).expanduser()


def reports_folder(study: Study, out: str | None) -> Path:
    """The study's own folder below OUT: by default STUDY/reports, for the example the repository's own."""
    if out is not None:
        base = Path(out).expanduser()
    elif study.folder.resolve() == EXAMPLE_STUDY:
        base = BUILT
    else:
        base = study.folder / "reports"
    return base.resolve() / study.name
