"""The thread that lets an index follow the topics.

A gateway answers 503 until the index knows what stood on the topics at the start, and whenever it
is seconds behind or has not heard from the broker for a while: an index that lags would let a
resent message in twice. One that is ahead (the broker lost records) would refuse what is not there.
"""

import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence

from hub.errors import HubError, Retry
from hub.intake.index import FactIndex, key_of
from hub.log import get_logger, place_of
from hub.records import Broker, Reader, Record, Spot, every_spot

log = get_logger("hub.intake")
POLL = 0.2  # seconds
STALE = 10.0  # seconds without an answer of the broker
GATHER = 0.1  # seconds between polls that found little: one transaction takes many records
PLENTY = 1_000  # records of a poll behind which more will stand
LOOK_AT_END = 2.0  # seconds between looks at how far the topics go
COUNT_EVERY = 60.0  # seconds between looks whether the topics have grown
MOST_BEHIND = 5.0  # seconds
AGAIN = 1.0  # seconds until the topics are followed anew
AHEAD = 3  # times that topics end too early until that is believed: a new leader may lag a moment
CATCHING_UP = "the index of known events is not up to date yet"


class Tail:
    """Follows `topics` until stopped."""

    def __init__(self, broker: Broker, topics: Sequence[str], index: FactIndex) -> None:
        self._broker = broker
        self._topics = tuple(topics)
        self._index = index
        self._stop = threading.Event()
        self._heard: float | None = None  # when the broker said last how far the topics go
        self._goal: tuple[float, Mapping[Spot, int]] | None = None  # how far, and when that was
        self._knows: float | None = None  # all that stood on the topics at that time is known
        self._behind = 0  # records
        self._ahead = 0  # times in a row
        self._spoilt = ""  # why the index is to be begun anew
        self._thread = threading.Thread(target=self._run, name="tail", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread, which may wait for the broker's answer."""
        self._stop.set()
        self._thread.join(30)

    def problem(self) -> str | None:
        """Why the index may not be believed now, or None."""
        heard, knows = self._heard, self._knows
        if heard is not None and time.monotonic() - heard > STALE:
            return "the broker does not answer"
        if heard is None or knows is None or heard - knows > MOST_BEHIND:
            return f"{CATCHING_UP}: {self._behind} records to go"
        return None

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._spoilt:
                    self._renew()
                self._follow()
            except HubError as error:
                log.warning("tail_interrupted", reason=error.what)
            except Exception as error:  # noqa: BLE001 - the client's own errors; begun anew below
                log.warning("tail_interrupted", error=type(error).__name__, at=place_of(error))
                if type(error) is sqlite3.DatabaseError:  # damaged; a full disk is another kind
                    self._spoilt = "damaged"
            self._stop.wait(AGAIN)

    def _renew(self) -> None:
        """Begin the index anew; where that fails (a full disk), the next round tries once more."""
        log.error("index_renewed", why=self._spoilt)
        self._doubt()
        self._index.renew()
        self._spoilt = ""

    def _doubt(self) -> None:
        """Nothing is accepted until it has caught up again."""
        self._knows = self._goal = None

    def _follow(self) -> None:
        spots = every_spot(self._broker, self._topics)
        reader = self._broker.reader(spots)
        try:
            begin, known = reader.begin(), self._known(reader.end())
            for spot in spots:
                reader.seek(spot, max(begin[spot], known.get(spot, 0)))
            self._read(reader, spots)
        finally:
            reader.close()

    def _known(self, ends: Mapping[Spot, int]) -> Mapping[Spot, int]:
        """How far the topics were read. Raises Retry where they may end before that."""
        known = self._index.positions()
        if all(offset <= ends.get(spot, 0) for spot, offset in known.items()):
            self._ahead = 0
            return known
        self._doubt()
        self._ahead += 1
        if self._ahead < AHEAD:
            raise Retry("the topics end before what is known of them")
        self._spoilt = "ahead of its topics"
        self._renew()
        return {}

    def _read(self, reader: Reader, spots: Sequence[Spot]) -> None:
        next_look, next_count = 0.0, time.monotonic() + COUNT_EVERY
        while not self._stop.is_set():
            now = time.monotonic()
            if now >= next_count:
                next_count = now + COUNT_EVERY
                if every_spot(self._broker, self._topics) != spots:
                    return  # followed anew
            if now >= next_look:
                self._look(reader, spots, now)
                next_look = now + LOOK_AT_END
            records = reader.poll(POLL)
            if records:
                self._take(records)
            self._measure(reader)
            if len(records) < PLENTY:
                self._stop.wait(GATHER)

    def _look(self, reader: Reader, spots: Sequence[Spot], now: float) -> None:
        """Ask how far the topics go. Raises Retry where they end before what was read."""
        ends = reader.end()
        if any(reader.position(spot) > ends[spot] for spot in spots):
            raise Retry("the topics end before what was read of them")
        self._behind = sum(ends[spot] - reader.position(spot) for spot in spots)
        self._goal = self._goal or (now, ends)
        self._heard = now

    def _measure(self, reader: Reader) -> None:
        """Whether all is known that stood there when the goal was set."""
        if self._goal and all(reader.position(s) >= end for s, end in self._goal[1].items()):
            self._knows, self._goal = self._goal[0], None

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
