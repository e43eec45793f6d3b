"""The evidence gate: a gateway stops accepting when nothing has been signed for too long.

It learns that from `hub.checkpoint`, where the auditor tells its heads every few seconds, and, when
it cannot sign, why. It resumes by itself with the next heads.
"""

import threading
import time
from collections.abc import Callable

from hub.audit.published import HEADS, PLACE, TROUBLE
from hub.errors import HubError
from hub.log import get_logger, place_of
from hub.records import Broker, Reader, Record

log = get_logger("hub.gateway")
POLL = 0.5  # seconds
AGAIN = 1.0  # seconds until the topic is followed anew


class Gate:
    """Follows `hub.checkpoint` until stopped."""

    def __init__(self, broker: Broker, grace: float, now_ms: Callable[[], int]) -> None:
        """`grace`: seconds without signed heads that are let pass."""
        self._broker = broker
        self._grace = grace
        self._now_ms = now_ms
        self._heard = time.monotonic()  # when heads were published; before the first, when we began
        self._why = ""
        self._next: int | None = None  # the offset that is read next
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gate", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._stop.set()
        self._thread.join(10)

    def problem(self) -> str | None:
        """Why nothing may be accepted now, or None."""
        silent = time.monotonic() - self._heard
        if silent <= self._grace:
            return None
        why = f": {self._why}" if self._why else "; is an auditor running?"
        return f"evidence has not been written for {silent:.0f} s{why}"

    def read(self, record: Record) -> None:
        """Take note of one record of the topic."""
        if record.key == HEADS:
            age = max(0, self._now_ms() - record.timestamp) / 1000
            self._heard, self._why = time.monotonic() - age, ""
        elif record.key == TROUBLE:
            self._why = (record.value or b"").decode(errors="replace")

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except HubError as error:
                log.warning("gate_interrupted", reason=error.what)
            except Exception as error:  # noqa: BLE001 - this thread may not end while it is wanted
                log.error("gate_bug", error=type(error).__name__, at=place_of(error))
            self._stop.wait(AGAIN)

    def _follow(self) -> None:
        reader = self._broker.reader([PLACE])
        try:
            begin = reader.begin()[PLACE]
            reader.seek(PLACE, begin if self._next is None else max(begin, self._next))
            self._read(reader)
        finally:
            reader.close()

    def _read(self, reader: Reader) -> None:
        while not self._stop.is_set():
            for record in reader.poll(POLL):
                self.read(record)
                self._next = record.offset + 1
