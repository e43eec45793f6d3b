"""The thread that lets an index follow the topics.

A gateway answers 503 until it has caught up once, and whenever it has not heard from the broker for
a while: an index that lags would let a resent message in twice.
"""

import threading
import time
from collections.abc import Sequence

from hub.errors import HubError
from hub.intake.index import FactIndex, key_of
from hub.log import get_logger
from hub.records import Broker, Reader, Record, Spot

log = get_logger("hub.intake")
POLL = 0.2  # seconds
STALE = 10.0  # seconds without an answer of the broker
GATHER = 0.1  # seconds between polls that found little: one transaction takes many records
PLENTY = 1_000  # records of a poll behind which more will stand
LOOK_AT_END = 2.0  # seconds between looks at how far the topics go
MOST_BEHIND = 20_000  # records


class Tail:
    """Follows `topics` until stopped."""

    def __init__(self, broker: Broker, topics: Sequence[str], index: FactIndex) -> None:
        self._broker = broker
        self._topics = tuple(topics)
        self._index = index
        self._stop = threading.Event()
        self._heard = 0.0
        self._behind: int | None = None
        self._thread = threading.Thread(target=self._run, name="tail", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._stop.set()
        self._thread.join(10)

    def problem(self) -> str | None:
        """Why the index may not be believed now, or None."""
        if self._behind is None or self._behind > MOST_BEHIND:
            return "the index of known events is not up to date yet"
        if time.monotonic() - self._heard > STALE:
            return "the broker does not answer"
        return None

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except HubError as error:
                log.warning("tail_interrupted", reason=error.what)
            except Exception as error:  # noqa: BLE001 - the client's own errors; begun anew below
                log.warning("tail_interrupted", error=type(error).__name__)
            self._stop.wait(1.0)

    def _follow(self) -> None:
        spots = [Spot(t, p) for t in self._topics for p in range(self._broker.partitions(t))]
        reader = self._broker.reader(spots)
        try:
            begin, known = reader.begin(), self._index.positions()
            for spot in spots:
                reader.seek(spot, max(begin[spot], known.get(spot, 0)))
            self._read(reader, spots)
        finally:
            reader.close()

    def _read(self, reader: Reader, spots: Sequence[Spot]) -> None:
        next_look = 0.0
        while not self._stop.is_set():
            now = time.monotonic()
            if now >= next_look:
                ends = reader.end()
                self._behind = sum(max(0, ends[s] - reader.position(s)) for s in spots)
                self._heard = now
                next_look = now + LOOK_AT_END
            records = reader.poll(POLL)
            if records:
                self._take(records)
            if len(records) < PLENTY:
                self._stop.wait(GATHER)

    def _take(self, records: list[Record]) -> None:
        positions: dict[Spot, int] = {}
        facts: list[tuple[str, bytes]] = []
        for record in records:
            positions[Spot(record.topic, record.partition)] = record.offset + 1
            fact = _fact(dict(record.headers))
            if fact is not None:
                facts.append(fact)
        self._index.follow(facts, positions)


def _fact(headers: dict[str, bytes]) -> tuple[str, bytes] | None:
    """Event id and digest; None for a record that is not one of ours."""
    try:
        event_id = headers["ce_id"].decode()
        key_of(event_id)
        return event_id, bytes.fromhex(headers["hub_digest"].decode())
    except (KeyError, ValueError):
        return None
