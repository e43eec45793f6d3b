"""Acts of people reach the lanes: one thread hears of new ones, each lane reads its own.

Acts are rare, so that a lane reads them anew from the position that it knows; what is heard only
says that there is something to read.
"""

import asyncio
import threading
import time
from collections.abc import Callable

from hub.delivery.acts import KINDS
from hub.errors import HubError
from hub.log import get_logger, place_of
from hub.records import Broker, Reader, Record, Spot, every_spot
from hub.topics import ACT

log = get_logger("hub.delivery")
POLL = 0.5  # seconds
AGAIN = 1.0  # seconds until the topic is followed anew
COUNT_EVERY = 60.0  # seconds between looks whether the topic has grown


class Orders:
    """Follows `hub.act` from now on, for all lanes of a worker."""

    def __init__(self, broker: Broker, loop: asyncio.AbstractEventLoop) -> None:
        self._broker = broker
        self._loop = loop
        self._stop = threading.Event()
        self._heard: dict[Spot, int] = {}
        self._lanes: dict[str, Callable[[int], None]] = {}
        self._thread = threading.Thread(target=self._run, name="orders", daemon=True)

    def tell(self, registration: str, heard: Callable[[int], None]) -> None:
        """Call `heard` with a partition's number, on the loop, when there is an act for it."""
        self._lanes[registration] = heard

    def forget(self, registration: str) -> None:
        """Its lane has ended."""
        self._lanes.pop(registration, None)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except HubError as error:
                log.warning("orders_interrupted", reason=error.what)
            except Exception as error:  # noqa: BLE001 - this thread may not end while it is wanted
                log.error("orders_bug", error=type(error).__name__, at=place_of(error))
            self._stop.wait(AGAIN)

    def _follow(self) -> None:
        spots = every_spot(self._broker, (ACT,))
        grown = bool(self._heard)  # what is new then came after the start
        reader = self._broker.reader(spots)
        try:
            ends = reader.end()
            for spot in spots:
                self._heard.setdefault(spot, 0 if grown else ends[spot])
                reader.seek(spot, min(self._heard[spot], ends[spot]))
            self._read(reader, len(spots))
        finally:
            reader.close()

    def _read(self, reader: Reader, partitions: int) -> None:
        """Follow these, until there are others."""
        next_count = time.monotonic() + COUNT_EVERY
        while not self._stop.is_set():
            if time.monotonic() >= next_count:
                next_count += COUNT_EVERY
                if self._broker.partitions(ACT) != partitions:
                    return
            for record in reader.poll(POLL):
                self._heard[Spot(ACT, record.partition)] = record.offset + 1
                self._pass_on(record)

    def _pass_on(self, record: Record) -> None:
        headers = dict(record.headers)
        kind = headers.get("hub_act", b"").decode(errors="replace")
        if kind not in KINDS:
            return
        name = headers.get("hub_connector", b"").decode(errors="replace")
        for registration, heard in list(self._lanes.items()):
            if registration == name or kind == "ERASED":
                self._loop.call_soon_threadsafe(heard, record.partition)
