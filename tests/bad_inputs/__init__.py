"""Bad inputs of every kind that 07_privacy_reliability names, as tables of cases; files are made when they are needed.

``python tests/bad_input.py`` lists them and writes any of them into a folder to look at.
"""

from __future__ import annotations

from bad_inputs import (
    configuration,
    csv_shape,
    databases,
    ids,
    parquet_files,
    payload_texts,
    projects,
    references,
    text_encodings,
    values,
    waves,
    workbooks,
    yaml_files,
)
from bad_inputs.case import Case, Export

KINDS: dict[str, list[Case | Export]] = {
    "encodings": [*text_encodings.CASES],
    "csv shape": [*csv_shape.CASES],
    "ids": [*ids.CASES],
    "values": [*values.CASES],
    "references": [*references.CASES],
    "waves": [*waves.CASES],
    "workbooks": [*workbooks.CASES, *parquet_files.CASES],
    "yaml": [*yaml_files.CASES],
    "projects (qdpx)": [*projects.CASES],
    "databases (sqlite)": [*databases.CASES],
    "payload texts": [*payload_texts.CASES],
    "configuration": [*configuration.CASES],
}
EVERY = [case for cases in KINDS.values() for case in cases]
# Code -> the case that shows it: the first, and one that is refused before one that is read all the same.
EXAMPLE_OF = {
    case.code: case
    for case in sorted(EVERY, key=lambda case: case.level != "stop")[::-1]
    if case.code and " " not in case.code
}
