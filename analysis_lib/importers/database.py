"""How are the tables of an SQLite file read without trusting anything in it?

A file of a coding program may come from anybody. It is opened for reading alone and as it lies on the disk, schema
code is not trusted, only ordinary tables are read and only by full scans, and size, time and memory have limits.
Columns that calculate something (generated columns), views, triggers and virtual tables are as if they were not there.

References: SQLite documentation, "Defense Against The Dark Arts" (untrusted database files) and "URI Filenames".
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from analysis_lib.errors import StudyError
from analysis_lib.readers.table import Rule

MAGIC = b"SQLite format 3\x00"
MAX_BYTES = 512 * 1024**2
MAX_SECONDS = 15.0  # of the processor, so that a busy machine refuses nothing
MAX_ROWS = 3_000_000
MAX_TEXT_BYTES = 128 * 1024**2
MAX_VALUE_BYTES = 32 * 1024**2
_STEPS = 10_000  # virtual machine steps between two looks at the clock
_MAX_TABLES = 1_000

DAMAGED = Rule(
    "M30",
    "stop",
    "The file cannot be read as the database that the coding program writes.",
    "Open the project in its program, save or export it there again, and import that file.",
)
TOO_LARGE = Rule(
    "M31",
    "stop",
    "The database is larger than can be read.",
    "Export the documents of this wave as a project of their own.",
)
TOO_SLOW = Rule(
    "M32",
    "stop",
    "Reading the database was given up because it took too long.",
    "Ask whoever sent the file for a fresh export; a database of this size is read in seconds.",
)
MISSING_PARTS = Rule(
    "M33",
    "stop",
    "The database lacks tables or columns that this program always writes.",
    "Open the project in a current version of its program, which brings it up to date, and export it again.",
)
UNFINISHED = Rule(
    "M34",
    "stop",
    "A journal file beside the database says that changes were not yet written into it.",
    "Close the project in its program; if the journal stays, open the project once and close it.",
)
NOT_A_FILE = Rule(
    "M36", "stop", "There is no ordinary file of this name.", "Check the spelling and the folder."
)

Value = int | float | str | None


@dataclass
class Database:
    """The ordinary tables of an open file.

    Parameters
    ----------
    columns
        Table -> names of its stored columns, in the spelling of the file.
    shown_as
        Name in findings.
    half_read
        How many values held bytes that are no text; each such byte is now U+FFFD.
    """

    connection: sqlite3.Connection
    columns: Mapping[str, tuple[str, ...]]
    shown_as: str
    half_read: int = 0
    _rows: int = 0
    _bytes: int = 0
    _ends: float = field(default_factory=lambda: time.process_time() + MAX_SECONDS)

    def require(self, expected: Mapping[str, Sequence[str]]) -> None:
        """Refuse a file in which one of these tables or columns is missing, naming all of them at once.

        Raises
        ------
        StudyError
            M33, with the missing ones as ``table.column``.
        """
        missing = [
            f"{table}.{column}"
            for table, names in expected.items()
            for column in names
            if column not in self.columns.get(table, ())
        ]
        if missing:
            raise StudyError(MISSING_PARTS.at(self.shown_as, allowed=f"with {', '.join(missing)}"))

    def rows(self, table: str, names: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        """Rows of a table in the order they lie in the file; a column or table it lacks gives None or nothing.

        Parameters
        ----------
        table, names
            Never taken from the file.
        """
        here = self.columns.get(table, ())
        wanted = [name for name in names if name in here]
        if not wanted:
            return
        listed = ", ".join(f'"{name}"' for name in wanted)
        places = [wanted.index(name) if name in here else -1 for name in names]  # -1: the None at the end
        cursor = self.connection.execute(f'SELECT {listed} FROM "{table}" NOT INDEXED ORDER BY rowid')
        for row in cursor:
            self._weigh(row)
            values = (*map(self._value, row), None)
            yield tuple([values[place] for place in places])

    def count(self, table: str) -> int:
        """Rows of a table; 0 if there is none of this name."""
        if table not in self.columns:
            return 0
        found = self.connection.execute(f'SELECT count(*) FROM "{table}" NOT INDEXED').fetchone()
        return int(found[0])

    def late(self) -> bool:
        """Whether the time for this file is over."""
        return time.process_time() > self._ends

    def _weigh(self, row: Sequence[object]) -> None:
        self._rows += 1
        self._bytes += sum(len(value) for value in row if isinstance(value, bytes))
        if self._rows > MAX_ROWS or self._bytes > MAX_TEXT_BYTES:
            allowed = f"at most {MAX_ROWS} rows and {MAX_TEXT_BYTES // 1024**2} MB of text"
            raise StudyError(TOO_LARGE.at(self.shown_as, allowed=allowed))

    def _value(self, value: object) -> Value:
        if not isinstance(value, bytes):
            return value if isinstance(value, int | float) else None
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            self.half_read += 1
            return value.decode("utf-8", errors="replace")


def is_database(path: Path) -> bool:
    """Whether a file starts as every SQLite file does; False for anything that cannot be opened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def has_tables(path: Path, names: Sequence[str]) -> bool:
    """Whether a file is a database that holds ordinary tables of all these names; never raises."""
    if not is_database(path):
        return False
    with suppress(StudyError), open_database(path, shown_as=path.name) as database:
        return set(names) <= set(database.columns)
    return False


@contextmanager
def open_database(path: Path, *, shown_as: str) -> Iterator[Database]:
    """Open a database that nobody vouches for.

    Parameters
    ----------
    path
        A regular file; nothing beside it is created or changed.
    shown_as
        Its name in findings.

    Yields
    ------
    Database
        For reading inside the ``with`` block.

    Raises
    ------
    StudyError
        M30 to M36: not a file, not a database, unfinished, too large, or too slow; also for what goes wrong inside
        the block while rows are read.
    """
    _check_file(path, shown_as)
    late = False
    uri = f"file:{quote(os.fspath(path.resolve()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            database = Database(connection, {}, shown_as)

            def give_up() -> bool:
                nonlocal late
                late = database.late()
                return late

            connection.set_progress_handler(give_up, _STEPS)
            _harden(connection)
            database.columns = _tables(connection)
            connection.set_authorizer(_reading_only)
            connection.text_factory = bytes
            yield database
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError):
        raise StudyError((TOO_SLOW if late else DAMAGED).at(shown_as)) from None


def _check_file(path: Path, shown_as: str) -> None:
    try:
        facts = path.stat()
        beside = [Path(f"{os.fspath(path)}{ending}") for ending in ("-wal", "-journal")]
        unfinished = any(each.is_file() and each.stat().st_size for each in beside)
    except (OSError, ValueError):
        raise StudyError(NOT_A_FILE.at(shown_as)) from None
    if not stat.S_ISREG(facts.st_mode):
        raise StudyError(NOT_A_FILE.at(shown_as))
    if facts.st_size > MAX_BYTES:
        raise StudyError(TOO_LARGE.at(shown_as, allowed=f"at most {MAX_BYTES // 1024**2} MB"))
    if not is_database(path):
        raise StudyError(DAMAGED.at(shown_as))
    if unfinished:
        raise StudyError(UNFINISHED.at(shown_as))


def _harden(connection: sqlite3.Connection) -> None:
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)


def _tables(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Names of stored columns by ordinary table; ``rootpage`` is 0 for views and virtual tables."""
    named = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND typeof(name) = 'text'"
    ).fetchmany(_MAX_TABLES)
    found = {}
    for (name,) in named:
        columns = connection.execute("SELECT name FROM pragma_table_info(?)", (name,)).fetchall()
        found[name] = tuple(column for (column,) in columns)
    return found


def _reading_only(
    action: int, first: str | None, second: str | None, schema: str | None, inside: str | None
) -> int:
    """Allow plain SELECTs on tables; ``inside`` names the view or trigger that something comes from."""
    if inside is not None:
        return sqlite3.SQLITE_DENY
    counting = action == sqlite3.SQLITE_FUNCTION and second == "count"
    allowed = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ) or counting
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def whole(value: Value) -> int | None:
    """Return a position or id as a whole number however the file stores it; None for anything else.

    Examples
    --------
    >>> [whole(x) for x in (91, "91", 91.0, " 91 ", "9l", 9.5, None)]
    [91, 91, 91, 91, None, None, None]
    """
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else None
    if isinstance(value, str) and value.strip().isascii() and len(value) <= 20:
        with suppress(ValueError):
            return int(value)
    return None


def words(value: Value) -> str:
    """Return a value as text; empty for NULL.

    Examples
    --------
    >>> words(None), words(18), words("18 ")
    ('', '18', '18 ')
    """
    return "" if value is None else str(value)


def moment(value: Value) -> str:
    """Return a time stamp of the form ``2026-11-22 10:00:00`` in ISO 8601, any other as it is written.

    Examples
    --------
    >>> moment("2026-11-22 10:00:00"), moment("2026-11-22 00:01:16.432275"), moment(None)
    ('2026-11-22T10:00:00', '2026-11-22T00:01:16.432275', '')
    """
    text = words(value).strip()
    return f"{text[:10]}T{text[11:]}" if len(text) >= 19 and text[10] == " " else text
