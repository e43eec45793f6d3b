"""Which facts are known already: event id -> digest of the item that it came from.

The topics are the truth; this is a table on disk that follows them (`tail`) and may be deleted. It
can hold every event ever kept because it is a B-tree in a file, not a dictionary; what this process
appended itself, and the tail has not yet met, is held in memory beside it, so a resent message is
recognised at once. Two gateways may still race: then the first offset wins and workers drop the
later record (design, *Topics*).
"""

import sqlite3
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from hub.intake.idfilter import IdFilter
from hub.records import Spot

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (id BLOB PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tail (topic TEXT, part INTEGER, next INTEGER, PRIMARY KEY (topic, part));
CREATE TABLE IF NOT EXISTS origin (cluster TEXT PRIMARY KEY);
"""


class FactIndex:
    """The index of one process. `digest` may be called from any thread, `follow` from one."""

    def __init__(self, file: Path, origin: str) -> None:
        """`origin` names the log that is followed; a table of another log is thrown away."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._fresh: dict[bytes, bytes] = {}
        self._filter = IdFilter()
        self._lock = threading.Lock()
        self._writer = _open(file)
        found = self._writer.execute("SELECT cluster FROM origin").fetchone()
        if found != (origin,):
            with self._writer:
                for table in ("fact", "tail", "origin"):
                    self._writer.execute(f"DELETE FROM {table}")  # noqa: S608 - our own table names
                self._writer.execute("INSERT INTO origin VALUES (?)", (origin,))
        self._reader = _open(file)
        for (key,) in self._writer.execute("SELECT id FROM fact"):
            self._filter.add(key)

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


def _open(file: Path) -> sqlite3.Connection:
    # synchronous=OFF: after a power cut the table is rebuilt from the topics, never believed.
    connection = sqlite3.connect(file, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-8000")
    connection.executescript(_SCHEMA)
    return connection
