"""Which files of coding programs can be read?

One module per format behind one dictionary. A format is added with its module and its line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from analysis_lib.importers import (
    atlasti,
    coded_table,
    dedoose,
    matrix,
    maxqda,
    nvivo,
    openqda,
    qualcoder,
    qualcoder_matrix,
    qualcoder_reports,
    refi,
    requal,
    rqda,
    survey,
    taguette,
    taguette_codebook,
    taguette_highlights,
)
from analysis_lib.importers.project import Project


@dataclass(frozen=True)
class Importer:
    """One format.

    Parameters
    ----------
    title
        Program and kind of file, for lists.
    recognises
        How sure one is that a file is of this format, 0 to 1, from its first bytes, table names or headers.
    read
        The project of a file.
    carries, loses
        What the format can and cannot hold, as phrases; printed in every import report and in the README.
    """

    title: str
    recognises: Callable[[Path], float]
    read: Callable[[Path], Project]
    carries: tuple[str, ...]
    loses: tuple[str, ...]

    @classmethod
    def of(cls, module: ModuleType) -> Importer:
        """The importer that a module describes by its constants."""
        return cls(module.TITLE, module.recognises, module.read, module.CARRIES, module.LOSES)


IMPORTERS: dict[str, Importer] = {
    "refi-qda": Importer.of(refi),
    "qualcoder": Importer.of(qualcoder),
    "qualcoder-report": Importer.of(qualcoder_reports),
    "qualcoder-matrix": Importer.of(qualcoder_matrix),
    "taguette": Importer.of(taguette),
    "taguette-highlights": Importer.of(taguette_highlights),
    "taguette-codebook": Importer.of(taguette_codebook),
    "maxqda": Importer.of(maxqda),
    "nvivo": Importer.of(nvivo),
    "atlasti": Importer.of(atlasti),
    "dedoose": Importer.of(dedoose),
    "openqda": Importer.of(openqda),
    "requal": Importer.of(requal),
    "rqda": Importer.of(rqda),
    "matrix": Importer.of(matrix),
    "coded-table": Importer.of(coded_table),
    "survey": Importer.of(survey),
}
