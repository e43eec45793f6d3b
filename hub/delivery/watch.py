"""Which worker polls: the member of a consumer group to whom `hub.cursor`'s one partition is given.

The group decides, so one worker polls and the others stand by; when that one ends, another reads
the positions anew and goes on.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence

from hub.delivery.inbox import ensure_offsets
from hub.errors import HubError
from hub.log import get_logger
from hub.records import Broker, Spot
from hub.topics import CURSOR

log = get_logger("hub.poll")
GROUP = "hub.polls"
SPOT = Spot(CURSOR, 0)
POLL = 0.5  # seconds
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
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Join the group."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the group and wait for the thread."""
        self._stop.set()
        self._thread.join(10)

    def assigned(self, spots: Sequence[Spot]) -> None:
        if SPOT in spots:
            positions = read_last(self._broker, SPOT)
            self._loop.call_soon_threadsafe(self._begin, positions)

    def revoked(self, spots: Sequence[Spot]) -> None:
        if SPOT in spots:
            self._loop.call_soon_threadsafe(self._end)

    def lost(self, spots: Sequence[Spot]) -> None:
        self.revoked(spots)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                ensure_offsets(self._broker, GROUP, [CURSOR], "now")
                member = self._broker.member(GROUP, [CURSOR], self)
                try:
                    while not self._stop.is_set():
                        member.poll(POLL)
                finally:
                    member.close()
            except HubError as error:
                log.warning("watch_interrupted", reason=error.what)
                self._loop.call_soon_threadsafe(self._end)
                self._stop.wait(1.0)


def read_last(broker: Broker, spot: Spot) -> dict[bytes, bytes | None]:
    """The last record of each key of a compacted partition, up to its end as it is now."""
    found: dict[bytes, bytes | None] = {}
    reader = broker.reader([spot])
    try:
        end, begin = reader.end()[spot], reader.begin()[spot]
        reader.seek(spot, begin)
        for _ in range(CATCH_UP):
            if reader.position(spot) >= end:
                break
            for record in reader.poll(POLL):
                if record.key is not None:
                    found[record.key] = record.value
    finally:
        reader.close()
    return found
