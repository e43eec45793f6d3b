"""Files that are searched: rows in Parquet, in the order of dossiers. The one home of DuckDB.

A search by dossier reads the few row groups whose range holds its code, so that the size of the
archive hardly matters. DuckDB opens nothing but the files that it is given: no extension is loaded,
nothing is fetched.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from hub.audit.archive.query import Query
from hub.audit.archive.rows import Moved, Row, printable
from hub.errors import Halt, Retry

MEMORY = "48MB"  # of DuckDB where it writes: the whole auditor stays below 300 MB (ops/bench)
PIECE = 60_000  # rows that are sorted together: 30 MB at most; of 250,000 rows it was 100 MB
SEARCHING = "96MB"  # where it searches, in a process of its own
SAMPLE = 2_000  # rows by which a day is parted
GROUP = 10_240  # rows of a group; a search reads some of them whole
ORDER = "dossier, ms, topic, part, place"
_NUMBERS = {"ms": "BIGINT", "part": "INTEGER", "place": "BIGINT", "start": "BIGINT"}
_NUMBERS["length"] = "INTEGER"
COLUMNS = {name: _NUMBERS.get(name, "VARCHAR") for name in Row._fields}
_TYPES = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items()) + "}"
_NAMES = ", ".join(COLUMNS)


def write_rows(rows: Iterable[Row], folder: Path) -> bytes:
    """A Parquet file of these rows. `folder`: for what is written on the way."""
    with TemporaryDirectory(dir=folder) as beside:
        source, made = Path(beside, "rows.csv"), Path(beside, "rows.parquet")
        with source.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows(map(printable, rows))
        with _database(beside, MEMORY) as database:
            options = "header=false, delim=',', quote='\"', escape='\"', auto_detect=false"
            options += f", nullstr='\\N', buffer_size=1048576, columns={_TYPES}"
            database.execute(
                f"COPY (SELECT * FROM read_csv({_quoted(source)}, {options}) ORDER BY {ORDER})"  # noqa: S608 - our names
                f" TO {_quoted(made)} ({_FORMAT})"
            )
        return made.read_bytes()


def merge_rows(files: Sequence[Path], folder: Path, moved: Moved | None = None) -> Iterator[bytes]:
    """Parquet files of all rows of several, each of a range of dossiers, in order.

    A range has some `PIECE` rows, so that sorting it takes no more memory however long a day was.
    `moved`: where the content of some segments lies now.
    """
    found = moved or {}
    names, shifts = [name for name, _ in found.values()], [shift for _, shift in found.values()]
    places = {"olds": list(found), "news": names, "shifts": shifts}
    with TemporaryDirectory(dir=folder) as beside:
        bounds = _bounds(files, beside)
        for low, high in pairwise((None, *bounds, None)):
            made = Path(beside, "rows.parquet")
            tests = [f"dossier >= {_text(low)}"] if low is not None else []
            tests += [f"dossier < {_text(high)}"] if high is not None else []
            where = " AND ".join(tests) or "true"
            with _database(beside, MEMORY) as database:
                database.execute(_MOVED, places)
                database.execute(
                    f"COPY (SELECT {_NAMES} FROM (SELECT * REPLACE ("  # noqa: S608 - our names
                    "coalesce(new, segment) AS segment, start + coalesce(shift, 0) AS start)"
                    f" FROM {_read(files)} LEFT JOIN moved ON segment = old WHERE {where})"
                    f" ORDER BY {ORDER}) TO {_quoted(made)} ({_FORMAT})"
                )
            yield made.read_bytes()


def _bounds(files: Sequence[Path], beside: str) -> list[str]:
    """Dossiers that part all rows into ranges of some `PIECE`; fewer where few have most rows."""
    with _database(beside, MEMORY) as database:
        found = database.execute(f"SELECT count(*) FROM {_read(files)}").fetchone()  # noqa: S608 - our names
        pieces = (found[0] if found else 0) // PIECE + 1
        if pieces == 1:
            return []
        sample = database.execute(
            f"SELECT dossier FROM {_read(files)} USING SAMPLE {SAMPLE} ROWS (reservoir, 1)"  # noqa: S608 - our names
        ).fetchall()
    codes = sorted(code for (code,) in sample)
    return sorted({codes[len(codes) * number // pieces] for number in range(1, pieces)})


def search_rows(files: Sequence[Path], query: Query, all_files: Sequence[Path] = ()) -> list[Row]:
    """The last `most` rows that fit, in the order of recording.

    `all_files`: where a procedure may be named; in `files` where none are given.
    """
    if not files:
        return []
    tests = ["true"]
    values: dict[str, object] = {"most": query.most}
    for name, test in (
        ("kind", "kind = $kind"),
        ("system", "system = $system"),
        ("outcome", "outcome = $outcome"),
        ("since", "ms >= $since"),
        ("until", "ms < $until"),
        ("mentions", "contains(says, $mentions)"),
    ):
        wanted = getattr(query, name)
        if wanted is not None:
            tests.append(test)
            values[name] = wanted
    if query.dossiers is not None:
        # written one by one, so that the ranges of the row groups are asked
        names = [f"dossier{number}" for number in range(len(query.dossiers))]
        values |= dict(zip(names, query.dossiers, strict=True))
        tests.append(f"dossier IN ({', '.join(f'${name}' for name in names)})")
    source = _read(files)
    if query.procedure is not None:
        values["procedure"] = query.procedure
        named_in = _read(all_files or files)
        tests.append(f"dossier IN (SELECT dossier FROM {named_in} WHERE procedure = $procedure)")  # noqa: S608 - our names
    where = " AND ".join(tests)
    text = f"SELECT {_NAMES} FROM {source} WHERE {where} ORDER BY ms DESC, topic DESC, part DESC, place DESC LIMIT $most"  # noqa: S608, E501 - our names
    with TemporaryDirectory() as beside, _database(beside, SEARCHING) as database:
        found = database.execute(text, values).fetchall()
    return [Row(*row) for row in reversed(found)]


def naming(files: Sequence[Path], procedure: str, dossiers: Iterable[str]) -> set[str]:
    """Those of the dossiers of which an event names the procedure."""
    codes = sorted(set(dossiers))
    if not files or not codes:
        return set()
    text = f"SELECT DISTINCT dossier FROM {_read(files)} WHERE procedure = $procedure"  # noqa: S608 - our names
    text += " AND dossier IN (SELECT unnest($codes))"
    with TemporaryDirectory() as beside, _database(beside, SEARCHING) as database:
        found = database.execute(text, {"procedure": procedure, "codes": codes}).fetchall()
    return {code for (code,) in found}


_MOVED = (
    "CREATE TABLE moved AS SELECT unnest($olds::VARCHAR[]) AS old,"
    " unnest($news::VARCHAR[]) AS new, unnest($shifts::BIGINT[]) AS shift"
)
_FORMAT = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP}"


@contextmanager
def _database(beside: str, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB in memory; what takes more than `memory` goes to the folder `beside` meanwhile.

    Raises Halt for a file that it cannot read, Retry where there is no room.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": "1",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": beside,
        "preserve_insertion_order": "false",  # every question says its order
    }
    database = duckdb.connect(config=settings)
    try:
        yield database
    except (duckdb.OutOfMemoryException, OSError) as error:
        raise Retry(
            "there is no room for it", where="archive", fix="narrow it, or free some of the disk"
        ) from error
    except duckdb.Error as error:
        raise Halt(
            f"what is searched of the archive cannot be read ({type(error).__name__})",
            fix="restore the archive from its copy",
        ) from error
    finally:
        database.close()


def _read(files: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(map(_quoted, files))}])"


def _quoted(path: Path) -> str:
    return _text(str(path))


def _text(text: str) -> str:
    """As SQL writes it."""
    inside = text.replace("'", "''")
    return f"'{inside}'"
