"""Which facts are known already: event id -> digest of the item that it came from.

The topics are the truth; this is a table on disk that follows them (`tail`) and may be deleted:
where it is damaged, follows another log or knows more than the log, it is begun anew. It can hold
every event ever kept because it is a B-tree in a file, not a dictionary; what this process appended
itself, and the tail has not yet met, is held in memory beside it, so a resent message is recognised
at once. Two gateways may still race: then the first offset wins and workers drop the later record
(design, *Topics*).
"""

import sqlite3
import struct
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from hub.errors import Halt
from hub.intake.idfilter import IdFilter
from hub.log import get_logger
from hub.records import Spot

log = get_logger("hub.intake")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (id BLOB PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tail (topic TEXT, part INTEGER, next INTEGER, PRIMARY KEY (topic, part));
CREATE TABLE IF NOT EXISTS origin (cluster TEXT PRIMARY KEY);
"""


class FactIndex:
    """The index of one process. `digest` may be called from any thread, `follow` from one."""

    def __init__(self, file: Path, origin: str) -> None:
        """`origin` names the log that is followed; a table of another log is thrown away.

        Raises Halt where the file cannot be used.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._origin = origin
        self._lock = threading.Lock()
        try:
            self._open()
        except (sqlite3.OperationalError, OSError) as error:
            raise Halt(
                f"cannot be used ({error})",
                where=f"{file.parent.name}/{file.name}",
                fix="look at the disk, and at who owns the file or has it open",
            ) from error

    def renew(self) -> None:
        """Forget everything, to be read anew from the topics; for the thread that follows."""
        with self._lock:
            self.close()
            _remove(self._file)
            self._open()

    def _open(self) -> None:
        self._fresh: dict[bytes, bytes] = {}
        try:
            self._filter = _ids(self._file, self._origin)
        except _Unusable as error:
            log.warning("index_thrown_away", why=str(error))
            _remove(self._file)
            self._filter = _ids(self._file, self._origin)
        self._writer = _connect(self._file)
        self._reader = _connect(self._file)

    def digest(self, event_id: str) -> bytes | None:
        """The digest that this event was kept with, or None if it is not known."""
        key = key_of(event_id)
        fresh = self._fresh.get(key)
        if fresh is not None:
            return fresh
        with self._lock:
            return self._followed(key)

    def kept(self, event_id: str, digest: bytes) -> None:
        """The event was acknowledged to this process; it counts before the tail meets it."""
        key = key_of(event_id)
        with self._lock:
            if self._followed(key) is None:  # the tail may have been faster than the answer
                self._fresh.setdefault(key, digest)

    def follow(self, facts: Iterable[tuple[str, bytes]], positions: Mapping[Spot, int]) -> None:
        """Take over records of the topics and how far they have been read; the first one counts."""
        rows = [(key_of(event_id), digest) for event_id, digest in facts]
        for key, _ in rows:
            self._filter.add(key)  # before the row is there: "no" has to stay certain
        with self._writer:
            self._writer.executemany("INSERT OR IGNORE INTO fact VALUES (?, ?)", rows)
            self._writer.executemany(
                "INSERT OR REPLACE INTO tail VALUES (?, ?, ?)",
                [(spot.topic, spot.partition, offset) for spot, offset in positions.items()],
            )
        with self._lock:
            for key, _ in rows:
                self._fresh.pop(key, None)

    def positions(self) -> dict[Spot, int]:
        """From where the topics have to be read."""
        rows = self._writer.execute("SELECT topic, part, next FROM tail").fetchall()
        return {Spot(topic, partition): offset for topic, partition, offset in rows}

    def _followed(self, key: bytes) -> bytes | None:
        if not self._filter.may_hold(key):
            return None
        found = self._reader.execute("SELECT digest FROM fact WHERE id = ?", (key,)).fetchone()
        return None if found is None else bytes(found[0])

    @property
    def waiting(self) -> int:
        """Events kept here that the tail has not met yet."""
        return len(self._fresh)

    def close(self) -> None:
        """Close the file."""
        self._writer.close()
        self._reader.close()


def key_of(event_id: str) -> bytes:
    """The 16 bytes of an event's id. Raises ValueError if it is none."""
    key = bytes.fromhex(event_id.replace("-", ""))
    if len(key) != 16:  # noqa: PLR2004 - a UUID
        raise ValueError("an event's id has 16 bytes")
    return key


class _Unusable(Exception):
    """What the file holds is of another log, or damaged."""


def _ids(file: Path, origin: str) -> IdFilter:
    """The ids in the file, which is made if there is none. Raises _Unusable."""
    found = IdFilter()
    connection = None
    try:
        connection = _connect(file)
        with connection:
            connection.execute("INSERT OR IGNORE INTO origin VALUES (?)", (origin,))
        if connection.execute("SELECT cluster FROM origin").fetchall() != [(origin,)]:
            raise _Unusable("it follows another log")
        for (key,) in connection.execute("SELECT id FROM fact"):  # every page: damage shows
            found.add(key)
    except sqlite3.OperationalError:  # of the disk or another process, not of what is there
        raise
    except (sqlite3.DatabaseError, TypeError, struct.error) as error:
        raise _Unusable(f"it is damaged ({type(error).__name__})") from error
    finally:
        if connection is not None:
            connection.close()
    return found


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        # A power cut may cost the last transactions, but each whole: no position without its facts.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-8000")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _remove(file: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
