"""The common reader: one thread that reads for all lanes of a worker what they read together.

Where it reads is for `stream` to say. When it cannot, the lanes read for themselves until it can
again, each from where it stands.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping

from hub.delivery.intake import Intake
from hub.delivery.sighting import Sighting, sightings
from hub.delivery.stream import Stream, Task
from hub.errors import HubError
from hub.log import get_logger, place_of
from hub.records import Broker, Reader, Spot

log = get_logger("hub.delivery")

POLL = 0.25  # seconds
REVIEW_EVERY = 1.0  # seconds
AGAIN = 1.0  # seconds until the broker is tried again
TAKEN = 30.0  # seconds for the event loop to take what was read
# A fetch costs about a millisecond: what comes in quick succession is fetched together, the longer
# the more lanes look at it. A lane that reads alone never waits.
GATHER = 0.005  # seconds for each lane beside the first
GATHER_LONGEST = 0.05
CROWD = 500  # records of one poll: there are more, and nothing to wait for


class Tail:
    """Of one worker. `start`, `stop` and `join` may be called from anywhere."""

    def __init__(self, broker: Broker, stream: Stream, loop: asyncio.AbstractEventLoop) -> None:
        self._broker = broker
        self._stream = stream
        self._loop = loop
        self._stop = threading.Event()
        self._taken = threading.Event()
        self._intakes: list[Intake] = []
        self._turns: dict[Spot, int] = {}  # what is being read, and under which turn
        self._next_review = 0.0
        self.ends: Mapping[Spot, int] = {}  # the newest that was heard of
        self._turned = time.monotonic()  # when it last came round
        self._thread = threading.Thread(target=self._run, name="tail", daemon=True)

    def reads_for(self, intakes: list[Intake]) -> None:
        """The lanes of this worker are these from now on."""
        self._intakes = intakes

    def start(self) -> None:
        """Begin reading, where anybody wants to read together."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stop.set()

    def join(self, seconds: float) -> None:
        """Wait for the thread."""
        self._thread.join(seconds)

    @property
    def silent(self) -> float:
        """Seconds since it last came round: it stands still in the broker's client, or has ended.

        The lanes that read together get nothing meanwhile.
        """
        return time.monotonic() - self._turned

    def _run(self) -> None:
        while not self._stop.is_set():
            self._turned = time.monotonic()
            try:
                self._tell(self._stream.open)
                self._read()
            except HubError as error:
                log.warning("tail_interrupted", reason=str(error))
            except Exception as error:  # noqa: BLE001 - the lanes go on without it
                log.error("tail_bug", error=type(error).__name__, at=place_of(error))
            self._tell(self._stream.close)
            self._stop.wait(AGAIN)

    def _read(self) -> None:
        """Read until the stop, with a reader only while there is something to read."""
        while not self._stop.is_set():
            self._turned = time.monotonic()
            spots = list(self._stream.tasks)
            if not spots:
                self._review()
                self._stop.wait(POLL)
                continue
            reader = self._broker.reader(spots)
            try:
                self._read_with(reader)
            finally:
                self._turns.clear()
                reader.close()

    def _read_with(self, reader: Reader) -> None:
        while not self._stop.is_set() and (tasks := self._stream.tasks):
            self._turned = time.monotonic()
            self._review()
            self._go_to(reader, tasks)
            if not self._room():
                self._stop.wait(GATHER_LONGEST)
                continue
            records = reader.poll(POLL)
            self.ends = reader.heard()
            if records:
                self._hand_over(sightings(records, shared=True))
            if len(records) < CROWD:
                self._stop.wait(min(GATHER_LONGEST, GATHER * (len(self._intakes) - 1)))

    def _review(self) -> None:
        now = time.monotonic()
        if now >= self._next_review:
            self._next_review = now + REVIEW_EVERY
            self._tell(self._stream.review)

    def _go_to(self, reader: Reader, tasks: Mapping[Spot, Task]) -> None:
        """Read what is wanted, from where it is wanted."""
        if tasks.keys() != self._turns.keys():
            reader.assign(list(tasks))
        for spot, task in tasks.items():
            if self._turns.get(spot) != task.turn:
                reader.seek(spot, task.offset)
        self._turns = {spot: task.turn for spot, task in tasks.items()}

    def _room(self) -> bool:
        """Whether anybody can take what would come; who cannot now will not hold up the others."""
        return any(not one.starved and one.together for one in self._intakes)

    def _hand_over(self, came: dict[Spot, list[Sighting]]) -> None:
        """Wait until the event loop has taken it, so that there is never more than this."""
        turns = dict(self._turns)
        self._taken.clear()
        self._tell(lambda: self._spread(came, turns))
        deadline = time.monotonic() + TAKEN
        while not self._taken.wait(POLL):
            self._turned = time.monotonic()  # it waits for the event loop, not for the broker
            if self._stop.is_set():
                return
            if time.monotonic() > deadline:
                log.warning("tail_waits", seconds=TAKEN)
                deadline += TAKEN

    def _spread(self, came: dict[Spot, list[Sighting]], turns: dict[Spot, int]) -> None:
        for spot, seen in came.items():
            self._stream.came(spot, turns[spot], seen)
        for intake in self._intakes:
            self._loop.call_soon(intake.pull)
        self._loop.call_soon(self._spent, came)

    def _spent(self, came: dict[Spot, list[Sighting]]) -> None:
        for seen in came.values():
            for one in seen:
                one.all_have_looked()
        self._taken.set()

    def _tell(self, what: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(what)
