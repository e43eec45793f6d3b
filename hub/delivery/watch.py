"""Which worker polls: the member of a consumer group to whom `hub.cursor`'s one partition is given.

The group decides, so one worker polls and the others stand by; when that one ends, another reads
the positions anew and goes on.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence

from hub.delivery.starting import ensure_offsets
from hub.errors import HubError, Retry
from hub.log import get_logger, place_of
from hub.records import Broker, Spot
from hub.topics import CURSOR

log = get_logger("hub.poll")
GROUP = "hub.polls"
SPOT = Spot(CURSOR, 0)
POLL = 0.5  # seconds
AGAIN = 1.0  # seconds until the group is joined again
CATCH_UP = 100  # polls at most until the topic's end is reached


class Watch:
    """Tells the loop when this process may poll (`begin`) and when no longer (`end`)."""

    def __init__(
        self,
        broker: Broker,
        loop: asyncio.AbstractEventLoop,
        begin: Callable[[dict[bytes, bytes | None]], None],
        end: Callable[[], None],
    ) -> None:
        """`begin` gets the last record of each key of `hub.cursor`."""
        self._broker = broker
        self._loop = loop
        self._begin = begin
        self._end = end
        self._due = False  # the partition is ours and `begin` was not told yet
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Join the group."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the group and wait for the thread, which may wait for the broker's answer."""
        self._stop.set()
        self._thread.join(30)

    def assigned(self, spots: Sequence[Spot]) -> None:
        # what is due is done after the poll: an error in here would stay in the library
        self._due = self._due or SPOT in spots

    def revoked(self, spots: Sequence[Spot]) -> Mapping[Spot, tuple[int, str]]:
        if SPOT in spots:
            self._due = False
            self._loop.call_soon_threadsafe(self._end)
        return {}  # positions are kept by the polls themselves

    def lost(self, spots: Sequence[Spot]) -> None:
        self.revoked(spots)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except HubError as error:
                self._interrupted(reason=error.what)
            except Exception as error:  # noqa: BLE001 - this thread may not end while it is wanted
                self._interrupted(error=type(error).__name__, at=place_of(error))

    def _follow(self) -> None:
        ensure_offsets(self._broker, GROUP, [CURSOR], "now")
        member = self._broker.member(GROUP, [CURSOR], self)
        try:
            while not self._stop.is_set():
                member.poll(POLL)
                if self._due:
                    positions = read_last(self._broker, SPOT)
                    self._due = False
                    self._loop.call_soon_threadsafe(self._begin, positions)
        finally:
            member.close()

    def _interrupted(self, **why: str) -> None:
        log.warning("watch_interrupted", **why)
        self._due = False
        self._loop.call_soon_threadsafe(self._end)
        self._stop.wait(AGAIN)


def read_last(broker: Broker, spot: Spot) -> dict[bytes, bytes | None]:
    """The last record of each key of a compacted partition, up to its end as it is now.

    Raises Retry if the end is not reached: an old position is worse than none.
    """
    found: dict[bytes, bytes | None] = {}
    reader = broker.reader([spot])
    try:
        end, begin = reader.end()[spot], reader.begin()[spot]
        reader.seek(spot, begin)
        for _ in range(CATCH_UP):
            if reader.position(spot) >= end:
                return found
            for record in reader.poll(POLL):
                if record.key is not None:
                    found[record.key] = record.value
    finally:
        reader.close()
    raise Retry("the positions could not be read to their end", where=spot.topic)
