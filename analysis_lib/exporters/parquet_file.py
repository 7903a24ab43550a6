"""How is a table written as Parquet so that pandas and R get levels as levels and labels beside them?

Levels become categories in their order. What each variable is called and what its values mean stands twice: with each
field, where Arrow keeps it (in R: ``arrow::schema``), and in ``DataFrame.attrs`` when pandas reads the file.

References: Apache Arrow columnar format, "Custom application metadata"; pandas developer guide, "Storing pandas
DataFrame objects in Apache Parquet format".
"""

from __future__ import annotations

import io
import json

from analysis_lib.exporters.data_set import DataSet


def parquet_file(data: DataSet) -> dict[str, bytes]:
    """End of the file's name -> content."""
    import pyarrow as pa  # noqa: PLC0415  (for this format alone)
    from pyarrow import parquet  # noqa: PLC0415

    frame = data.frame.copy(deep=False)
    frame.attrs = {
        "about": data.about,
        "labels": {variable.name: variable.label for variable in data.variables},
        "levels": {variable.name: dict(variable.levels) for variable in data.variables if variable.levels},
        "missing": {variable.name: variable.missing for variable in data.variables if variable.missing},
        "sources": {variable.name: variable.source for variable in data.variables},
    }
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fields = [
        table.schema.field(variable.name).with_metadata(
            {
                "label": variable.label,
                "levels": json.dumps(dict(variable.levels), ensure_ascii=False),
                "missing": variable.missing,
                "source": variable.source,
            }
        )
        for variable in data.variables
    ]
    table = table.cast(pa.schema(fields, metadata=table.schema.metadata))
    written = io.BytesIO()
    parquet.write_table(table, written)
    return {".parquet": written.getvalue()}
