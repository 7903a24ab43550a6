"""In which formats can a table go to other programs? One line per format; the end of a file's name names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analysis_lib.exporters.csv_files import csv_files
from analysis_lib.exporters.data_set import DataSet
from analysis_lib.exporters.parquet_file import parquet_file
from analysis_lib.exporters.sav_file import sav_file
from analysis_lib.exporters.workbook_file import workbook_file


@dataclass(frozen=True)
class TableFormat:
    """A format for a table.

    Parameters
    ----------
    title
        What it is called in a message.
    suffix
        How the name of its file ends.
    make
        End of each file's name -> content; None where more than the table is needed (the R script).
    """

    title: str
    suffix: str
    make: Callable[[DataSet], dict[str, bytes]] | None


TABLE_FORMATS = {
    "csv": TableFormat("Table", ".csv", csv_files),
    "xlsx": TableFormat("Excel workbook", ".xlsx", workbook_file),
    "parquet": TableFormat("Parquet file", ".parquet", parquet_file),
    "sav": TableFormat("SPSS file", ".sav", sav_file),
    "r": TableFormat("R script", ".R", None),
}
