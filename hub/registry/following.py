"""The thread by which a process knows what is registered, as long as it lives.

It follows `hub.registry` and hands on each new `Ledger`, whole. While the broker is away the last
one stands, also where the topic has gone: what is registered does not end because nobody can be
asked.
"""

import threading
from collections.abc import Callable

from hub.errors import HubError, Retry
from hub.log import get_logger, place_of
from hub.records import Broker, Reader, Spot
from hub.registry.ledger import Ledger, fold
from hub.topics import REGISTRY

log = get_logger("hub.registry")
SPOT = Spot(REGISTRY, 0)
POLL = 0.5  # seconds; a record that comes meanwhile ends the wait
AGAIN = 1.0  # seconds until the topic is followed anew
FIRST = 30.0  # seconds until what stood there at the start must be known


class Following:
    """Follows `hub.registry` until stopped.

    `changed` gets each new ledger, on the thread that follows; first, once, all that stood there at
    the start, also where that is nothing. What it raises is told in the log.
    """

    def __init__(self, broker: Broker, changed: Callable[[Ledger], None] = lambda _: None) -> None:
        self._broker = broker
        self._changed = changed
        self._stop = threading.Event()
        self._known = threading.Event()
        self._ledger = Ledger()
        self._next = 0  # offset of the next record
        self._thread = threading.Thread(target=self._run, name="following", daemon=True)

    @property
    def ledger(self) -> Ledger:
        """What is known now."""
        return self._ledger

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread, which may wait for the broker's answer."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(1)  # it may wait for the broker; it is a daemon

    def first(self, seconds: float = FIRST) -> Ledger:
        """The ledger once all is known that stood there at the start. Raises Retry before that."""
        if not self._known.wait(seconds):
            raise Retry("the registrations on hub.registry could not be read", system=True)
        return self._ledger

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except HubError as error:
                log.warning("following_interrupted", reason=error.what)
            except Exception as error:  # noqa: BLE001 - this thread may not end while it is wanted
                log.warning("following_interrupted", error=type(error).__name__, at=place_of(error))
            self._stop.wait(AGAIN)

    def _follow(self) -> None:
        if not self._broker.partitions(REGISTRY):  # nobody has registered anything yet
            if not self._known.is_set():
                self._take(Ledger())
            return
        reader = self._broker.reader([SPOT])
        try:
            end = reader.end()[SPOT]
            if end < self._next:
                raise Retry("hub.registry ends before what is known of it")
            reader.seek(SPOT, max(reader.begin()[SPOT], self._next))
            self._read(reader, end)
        finally:
            reader.close()

    def _read(self, reader: Reader, end: int) -> None:
        """Hand on what comes; what stood there before `end` at once: half of it is no state."""
        ledger = self._ledger
        while not self._stop.is_set():
            ledger = fold(ledger, reader.poll(POLL))
            if reader.position(SPOT) >= end:
                self._next = reader.position(SPOT)
                self._take(ledger)

    def _take(self, ledger: Ledger) -> None:
        if self._known.is_set() and ledger == self._ledger:
            return
        for key in sorted(ledger.unread - self._ledger.unread):
            log.error("registration_unread", key=key, fix="see who wrote to hub.registry")
        self._ledger = ledger
        self._known.set()
        try:
            self._changed(ledger)
        except Exception as error:  # noqa: BLE001 - a bug there does not end the following
            log.error("following_bug", error=type(error).__name__, at=place_of(error))
