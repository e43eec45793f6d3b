"""The thread that reads the topics of evidence for somebody, from where he is, for ever.

What cannot be done now is tried again from the same place; what needs a person ends the following
and is told to the process. Nothing is skipped: only the sink says where to go on.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from hub.errors import Halt, HubError, Retry
from hub.log import get_logger, place_of
from hub.records import Broker, Reader, Record, Spot, every_spot

log = get_logger("hub.audit")
POLL = 0.2  # seconds
AGAIN = 1.0  # seconds until it is tried again
LOOK_AT_END = 2.0  # seconds between looks at how far the topics go
COUNT_EVERY = 60.0  # seconds between looks whether the topics have grown
STALE = 15.0  # seconds without an answer of the broker


class Sink(Protocol):
    """Who is given the records. All is called on the follower's thread."""

    def begin(self, begins: Mapping[Spot, int], ends: Mapping[Spot, int]) -> Mapping[Spot, int]:
        """Where each partition is to be read from, of what the broker holds.

        Raises Retry or Halt.
        """
        ...

    def take(self, records: Sequence[Record]) -> None:
        """What comes next, in order per partition. Raises Retry or Halt: `begin` is asked anew."""
        ...

    def tend(self) -> None:
        """Between two polls: do what is due. Raises Retry or Halt, as `take`."""
        ...

    def trouble(self, error: HubError) -> None:
        """Something could not be done; it is tried again, unless it is a Halt. Never raises."""
        ...

    def end(self) -> None:
        """Nothing more comes: finish what can be finished. Raises Retry or Halt."""
        ...


class Follower:
    """Follows `topics` for one sink until stopped."""

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[str],
        sink: Sink,
        halted: Callable[[HubError], None],
        yields: Callable[[], bool] = lambda: False,
    ) -> None:
        """`halted` is called, on the thread, when a person must act; then it has ended.

        Nothing is read while `yields` says so: somebody else's work comes first.
        """
        self._broker = broker
        self._topics = tuple(topics)
        self._sink = sink
        self._halted = halted
        self._yields = yields
        self._stop = threading.Event()
        self._heard: float | None = None  # when the broker said last how far the topics go
        self._trouble = "the topics are not read yet"
        self._told = ""
        self.behind = 0  # records, at the last look
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End, and wait for the thread at most so long."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def problem(self) -> str | None:
        """Why not everything that stands on the topics is taken, or soon will be."""
        if self._trouble:
            return self._trouble
        if self._heard is None or time.monotonic() - self._heard > STALE:
            return "the broker does not answer"
        return None

    def _run(self) -> None:
        while not self._stop.is_set():
            error = self._tried(self._follow)
            if error is not None:
                self._tell(error)
                if isinstance(error, Halt):
                    self._halted(error)
                    break
            self._stop.wait(AGAIN)
        error = self._tried(self._sink.end)
        if error is not None:
            self._tell(error)

    def _tried(self, work: Callable[[], None]) -> HubError | None:
        """What stood in its way, if something did."""
        try:
            work()
        except HubError as error:
            return error
        except OSError as error:  # a disk that is full, or away
            return Retry(f"cannot be written ({error.strerror})", where="disk", system=True)
        except Exception as error:  # noqa: BLE001 - this thread may not end while it is wanted
            log.error("follower_bug", error=type(error).__name__, at=place_of(error))
            return Retry("an error of the hub itself", system=True)
        return None

    def _tell(self, error: HubError) -> None:
        self._trouble = str(error)
        if self._told != self._trouble:
            self._told = self._trouble
            log.error("evidence_not_written", where=error.where, what=error.what, fix=error.fix)
        self._sink.trouble(error)

    def _follow(self) -> None:
        spots = every_spot(self._broker, self._topics)
        reader = self._broker.reader(spots)
        try:
            for spot, offset in self._sink.begin(reader.begin(), reader.end()).items():
                reader.seek(spot, offset)
            self._read(reader, spots)
        finally:
            reader.close()

    def _read(self, reader: Reader, spots: Sequence[Spot]) -> None:
        next_look, next_count = 0.0, time.monotonic() + COUNT_EVERY
        while not self._stop.is_set():
            now = time.monotonic()
            if now >= next_count:
                next_count = now + COUNT_EVERY
                if every_spot(self._broker, self._topics) != spots:
                    return  # followed anew
            if now >= next_look:
                self._look(reader, spots)
                next_look = now + LOOK_AT_END
            if self._yields():
                self._stop.wait(POLL)
            elif records := reader.poll(POLL):
                self._sink.take(records)
            self._sink.tend()
            self._trouble = self._told = ""

    def _look(self, reader: Reader, spots: Sequence[Spot]) -> None:
        """Ask how far the topics go. Raises Retry where they end before what was read."""
        ends = reader.end()
        for spot in spots:
            if reader.position(spot) > ends[spot]:
                raise Retry(
                    f"ends at {ends[spot]}, before what was read of it",
                    where=f"{spot.topic}/{spot.partition}",
                    system=True,
                )
        self.behind = sum(ends[spot] - reader.position(spot) for spot in spots)
        self._heard = time.monotonic()
