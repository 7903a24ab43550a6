"""Write ``data_schema/IMPORTS.md`` from what every importer says of itself.

Run by ``make docs``; a test keeps the page in step.
"""

from __future__ import annotations

from pathlib import Path

from analysis_lib.importers import IMPORTERS

PAGE = Path(__file__).resolve().parents[1] / "data_schema" / "IMPORTS.md"
_HEAD = """\
# What can be imported

`themewave import FILE --study STUDY --wave W` turns the export of a coding program into the tables of a wave. A file is
recognised by what is in it; `--format` names it where that is not enough, `--dry-run` writes nothing. Beside the
tables stand `import_report.html` (what was read, guessed, merged, left out, with counts that add up), `import_map.yaml`
(every name that became an id; edit it and import again) and, for codes that the study does not have,
`import_codebook.yaml`. A project can also be named in wave.yaml and is then read at every run:

```yaml
sources: [{file: project.qdpx, format: refi-qda}]
```

People from SPSS, Stata, Excel or a csv stay where they are: a `participants` table that no import wrote is never
replaced, and codings join it by id. No vendor's program could be run for this page; layouts marked unverified in
[formats/](formats/README.md) say so in the report of each import.
"""


def page() -> str:
    """The page as text."""
    parts = [_HEAD]
    for name, importer in IMPORTERS.items():
        carries, loses = "; ".join(importer.carries), "; ".join(importer.loses)
        parts.append(f"\n## `{name}`: {importer.title}\n\nCarries: {carries}.\n\nCannot carry: {loses}.\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
