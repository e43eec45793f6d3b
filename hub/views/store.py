"""What the views know, in one SQLite file that may be deleted at any time.

A batch of records, what they changed and the positions behind them are one transaction: after a
crash the file says exactly which offsets it holds, and reading goes on there. An offset counts
once, whatever is read again. SQLite keeps memory small: only what a batch touches is ever loaded.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import msgspec

from hub import metrics
from hub.errors import HubError
from hub.log import get_logger, place_of
from hub.records import Record, Spot
from hub.views import deliveries, timeline
from hub.views.deliveries import Delivery
from hub.views.incoming import Decoder, Skipped, Told, ToldDelivery, ToldFact, ToldProcedure, read
from hub.views.timeline import Dossier

log = get_logger("hub.views")
VERSION = "1"  # of the file's layout and of the fold; another one is rebuilt
Key: TypeAlias = tuple[str, str]  # topic, key of the event

_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions
  (topic TEXT, partition INTEGER, next INTEGER, PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dossiers
  (code TEXT PRIMARY KEY, state BLOB, status TEXT, agency TEXT, judged INTEGER, finished INTEGER);
CREATE INDEX IF NOT EXISTS by_code ON dossiers (code, status, agency, judged, finished);
CREATE TABLE IF NOT EXISTS deliveries
  (topic TEXT, code TEXT, state BLOB, PRIMARY KEY (topic, code)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcomes
  (registration TEXT, outcome TEXT, n INTEGER, PRIMARY KEY (registration, outcome)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS skipped
  (topic TEXT, reason TEXT, n INTEGER, PRIMARY KEY (topic, reason)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS procedures
  (code TEXT PRIMARY KEY, name TEXT, public INTEGER, at INTEGER) WITHOUT ROWID;
"""
decode_dossier = msgspec.msgpack.Decoder(Dossier).decode
_FORGOTTEN = ("positions", "dossiers", "deliveries", "outcomes", "skipped", "procedures")
_deliveries = msgspec.msgpack.Decoder(tuple[Delivery, ...])
_encode = msgspec.msgpack.encode


@dataclass(slots=True)
class _Batch:
    """What a batch changed, before it is written."""

    next: dict[Spot, int] = field(default_factory=dict)
    dossiers: dict[str, Dossier] = field(default_factory=dict)
    deliveries: dict[Key, tuple[Delivery, ...]] = field(default_factory=dict)
    procedures: dict[str, ToldProcedure] = field(default_factory=dict)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)


class Store:
    """What the follower writes; `hub.views.asking` reads the same file. Thread-safe."""

    def __init__(self, file: Path, cluster: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = _open(file, cluster)
        rows = self._db.execute("SELECT topic, partition, next FROM positions")
        self._next: dict[Spot, int] = {Spot(topic, part): n for topic, part, n in rows}

    def close(self) -> None:
        """Nothing is lost: every batch is written when `apply` returns."""
        with self._lock:
            self._db.close()

    def positions(self) -> dict[Spot, int]:
        """The next offset to read, per partition that was read from."""
        return dict(self._next)

    def begin_at(self, begin: Mapping[Spot, int], end: Mapping[Spot, int]) -> bool:
        """Move behind what the topics no longer hold; forget all if they hold less than we know.

        Returns whether everything was forgotten (the topics were made anew).
        """
        with self._lock:
            again = any(self._next.get(spot, 0) > offset for spot, offset in end.items())
            if again:
                with _transaction(self._db):
                    for table in _FORGOTTEN:
                        self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - fixed names
                self._next.clear()
            for spot, offset in begin.items():
                self._next[spot] = max(offset, self._next.get(spot, 0))
        return again

    def apply(self, records: Sequence[Record], codec: Decoder) -> int:
        """Fold records in, whole or not at all; how many were new.

        Raises Retry (schema not known yet, registry down) and Halt, with nothing changed.
        """
        new = self._unseen(records)
        told = [(record, _told(record, codec)) for record in new]
        return self._keep(told)

    def skip(self, record: Record, reason: str) -> None:
        """Pass over one record that cannot be read, and count it."""
        self._keep([(one, Skipped(reason)) for one in self._unseen([record])])

    def _unseen(self, records: Sequence[Record]) -> list[Record]:
        following = dict(self._next)
        new = []
        for record in records:
            spot = Spot(record.topic, record.partition)
            expected = following.get(spot, 0)
            if record.offset > expected:
                log.warning("offsets_missing", **_place(record), expected=expected)
            if record.offset >= expected:
                following[spot] = record.offset + 1
                new.append(record)
        return new

    def _keep(self, told: Sequence[tuple[Record, Told]]) -> int:
        with self._lock:
            batch = _Batch()
            for record, what in told:
                batch.next[Spot(record.topic, record.partition)] = record.offset + 1
                try:
                    self._take(batch, record, what)
                except sqlite3.Error:
                    raise  # of the file, not of the record: nothing may be passed over
                except Exception as error:  # noqa: BLE001 - a bug costs one record, not the views
                    log.error("record_failed", **_place(record), bug=place_of(error))
                    batch.skipped[record.topic, "bug"] += 1
            with _transaction(self._db):
                _write(self._db, batch)
            self._next.update(batch.next)
        for (topic, reason), count in batch.skipped.items():
            metrics.views_skipped.labels(topic, reason).inc(count)
        return len(told)

    def _take(self, batch: _Batch, record: Record, what: Told) -> None:
        match what:
            case ToldFact():
                before = batch.dossiers.get(what.code) or self._dossier(what.code)
                batch.dossiers[what.code] = timeline.fold(before, what.fact)
            case ToldDelivery():
                self._deliver(batch, what)
            case ToldProcedure():
                batch.procedures[what.code] = what
            case Skipped():
                batch.skipped[record.topic, what.reason] += 1
                if what.reason not in ("mark", "bug"):
                    log.warning("record_skipped", **_place(record), reason=what.reason)

    def _deliver(self, batch: _Batch, told: ToldDelivery) -> None:
        key = (told.topic, told.code)
        before = batch.deliveries.get(key)
        if before is None:
            before = load_deliveries(self._db, key)
        after = deliveries.fold(before, told.delivery)
        if after is before:
            return
        old = next((one for one in before if one.place == told.delivery.place), None)
        if old is not None:
            batch.outcomes[old.registration, old.outcome] -= 1
        batch.outcomes[told.delivery.registration, told.delivery.outcome] += 1
        batch.deliveries[key] = after

    def _dossier(self, code: str) -> Dossier:
        return load_dossier(self._db, code) or Dossier(code)


def _told(record: Record, codec: Decoder) -> Told:
    try:
        return read(record, codec)
    except HubError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug costs one record, not the views
        log.error("record_failed", **_place(record), bug=place_of(error))
        return Skipped("bug")


def _place(record: Record) -> dict[str, object]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}


def _open(file: Path, cluster: str) -> sqlite3.Connection:
    """The database; begun anew if it is broken, or of another cluster or layout."""
    try:
        return _opened(file, cluster)
    except (sqlite3.DatabaseError, _ForeignError) as error:
        log.warning("views_state_rebuilt", reason=type(error).__name__)
        for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
            file.with_name(name).unlink(missing_ok=True)
        return _opened(file, cluster)


def _opened(file: Path, cluster: str) -> sqlite3.Connection:
    db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        # After a power cut the file is rebuilt from the topics, if it is not whole.
        db.execute("PRAGMA synchronous=NORMAL")
        db.executescript(_TABLES)
        _claim(db, {"cluster": cluster, "version": VERSION})
    except (sqlite3.DatabaseError, _ForeignError):
        db.close()
        raise
    return db


def _claim(db: sqlite3.Connection, wanted: dict[str, str]) -> None:
    about = dict(db.execute("SELECT name, value FROM about"))
    if not about:
        db.executemany("INSERT INTO about VALUES (?, ?)", wanted.items())
    elif about != wanted:
        raise _ForeignError


def trouble(error: BaseException) -> str:
    """What is wrong with the file, for a person; empty if the error is not about it."""
    if not isinstance(error, sqlite3.OperationalError):
        return ""
    return f"a state that can be written ({error.sqlite_errorname}): look at the disk of HUB_HOME"


class _ForeignError(Exception):
    """The file is of another cluster or layout."""


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _write(db: sqlite3.Connection, batch: _Batch) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
        [(spot.topic, spot.partition, following) for spot, following in batch.next.items()],
    )
    db.executemany(
        "INSERT OR REPLACE INTO dossiers VALUES (?, ?, ?, ?, ?, ?)",
        [
            (code, _encode(d), d.status, d.agency, d.judged, d.finished)
            for code, d in batch.dossiers.items()
        ],
    )
    db.executemany(
        "INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?)",
        [(topic, code, _encode(state)) for (topic, code), state in batch.deliveries.items()],
    )
    db.executemany(
        "INSERT OR REPLACE INTO procedures VALUES (?, ?, ?, ?)",
        [(p.code, p.name, p.public, p.at) for p in batch.procedures.values()],
    )
    for table, counted in (("outcomes", batch.outcomes), ("skipped", batch.skipped)):
        db.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?)"  # noqa: S608 - two fixed names
            " ON CONFLICT DO UPDATE SET n = n + excluded.n",
            [(*key, n) for key, n in counted.items()],
        )


def load_dossier(db: sqlite3.Connection, code: str) -> Dossier | None:
    """A dossier as it was last written."""
    row = db.execute("SELECT state FROM dossiers WHERE code = ?", (code,)).fetchone()
    return None if row is None else decode_dossier(row[0])


def load_deliveries(db: sqlite3.Connection, key: Key) -> tuple[Delivery, ...]:
    """What became of the events with that key, as it was last written."""
    row = db.execute("SELECT state FROM deliveries WHERE topic = ? AND code = ?", key).fetchone()
    return () if row is None else _deliveries.decode(row[0])
