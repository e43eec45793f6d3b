"""From a consumer group into a lane: the thread that polls, pauses and commits.

kafka-python blocks and belongs to one thread, systems are awaited on the event loop; here the two
meet. The thread goes on polling while deliveries wait (or the group would expel it), but pauses its
partitions when the lane holds enough. It commits on a timer, never past an unsettled event.
"""

import asyncio
import threading
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hub import metrics
from hub.delivery.lane import Lane
from hub.delivery.starting import ensure_offsets, group_of
from hub.delivery.takeover import Takeover, committed_of
from hub.errors import HubError, Retry
from hub.log import get_logger, place_of
from hub.records import Broker, Member, Spot

T = TypeVar("T")
log = get_logger("hub.delivery")

POLL = 0.25  # seconds
COMMIT_EVERY = 0.25  # seconds
MEASURE_EVERY = 1.0  # seconds
MOST_EVENTS = 4_000  # in a lane, before its partitions pause
MOST_BYTES = 32 * 1024 * 1024
LANES = 4  # may hold so much; of more lanes, each has its share
RELEASE = 3.0  # seconds that calls under way get when partitions are revoked
# Each lane fetches every event, and a fetch costs about a millisecond of the core that all share:
# so the more lanes, the more events go into one. What comes after a longer pause does not wait.
GATHER = 0.005  # seconds for each lane beside the first
CROWD = 200  # records of one poll: there are more, and nothing to wait for
AGAIN = 1.0  # seconds until the broker is tried again


@dataclass(frozen=True, slots=True)
class Share:
    """What one lane may take of its process.

    `events`, `bytes`: so much it holds before its partitions pause. `gather`: seconds that events
    are given to come together.
    """

    events: int
    bytes: int
    gather: float


def share_of(lanes: int) -> Share:
    """The share of each of so many lanes."""
    of = max(LANES, lanes)
    return Share(MOST_EVENTS * LANES // of, MOST_BYTES * LANES // of, GATHER * (lanes - 1))


class Inbox:
    """The poll thread of one lane."""

    def __init__(
        self,
        broker: Broker,
        lane: Lane,
        topics: Sequence[str],
        loop: asyncio.AbstractEventLoop,
        takeover: Takeover,
        start: str = "beginning",
    ) -> None:
        self._broker = broker
        self._lane = lane
        self._topics = tuple(topics)
        self._loop = loop
        self._start = start
        self._takeover = takeover
        self._group = group_of(lane.name)
        self._stop = threading.Event()
        self._handed = 0
        self._share = share_of(1)
        self._mine: set[Spot] = set()
        self._paused: set[Spot] = set()
        self._committed: dict[Spot, tuple[int, str]] = {}
        self._new: list[Spot] = []  # assigned, and not taken over yet
        self._member: Member | None = None
        self.ready = threading.Event()
        self.last_poll = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"inbox-{self._group}", daemon=True)

    def share(self, lanes: int) -> None:
        """It is one of so many lanes of this process from now on."""
        self._share = share_of(lanes)

    def start(self) -> None:
        """Begin polling."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stop.set()

    def join(self, seconds: float) -> None:
        """Wait for the thread."""
        self._thread.join(seconds)

    @property
    def silent(self) -> float:
        """Seconds since the broker was last polled."""
        return time.monotonic() - self.last_poll

    # Rebalance: called inside poll or close, perhaps on the library's own thread

    def assigned(self, spots: Sequence[Spot]) -> None:
        self._mine.update(spots)
        self._new += spots
        log.info("partitions_assigned", group=self._group, partitions=_numbers(spots))

    def revoked(self, spots: Sequence[Spot]) -> Mapping[Spot, tuple[int, str]]:
        self._mine.difference_update(spots)
        self._paused.difference_update(spots)
        if self._handed != self._lane.arrived:
            # records handed over must reach the lane before it lets go of their partitions
            self._call(_nothing())
        offsets = self._call(self._lane.release(spots, RELEASE))
        log.info("partitions_revoked", group=self._group, partitions=_numbers(spots))
        return {s: c for s, c in offsets.items() if self._committed.pop(s, None) != c}

    def lost(self, spots: Sequence[Spot]) -> None:
        self._mine.difference_update(spots)
        self._paused.difference_update(spots)
        self._call(self._lane.release(spots, 0.0))
        log.warning("partitions_lost", group=self._group, partitions=_numbers(spots))

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._broker.together():
                    ensure_offsets(self._broker, self._group, self._topics, self._start)
                self._member = self._broker.member(self._group, self._topics, self)
                self._poll(self._member)
            except HubError as error:
                log.warning("inbox_interrupted", group=self._group, reason=str(error))
                self._stop.wait(AGAIN)
            except Exception as error:  # noqa: BLE001 - this thread may not end while it is wanted
                log.error(
                    "inbox_bug", group=self._group, error=type(error).__name__, at=place_of(error)
                )
                self._stop.wait(AGAIN)
            finally:
                self._leave()

    def _leave(self) -> None:
        """Close the member, whatever state it is in, and let go of what it still had."""
        member, self._member = self._member, None
        try:
            if member is not None:
                member.close()
            if self._mine:
                self.lost(list(self._mine))
        except Exception as error:  # noqa: BLE001 - as above
            log.warning("inbox_left_hard", group=self._group, error=type(error).__name__)

    def _poll(self, member: Member) -> None:
        next_commit = next_measure = time.monotonic() + COMMIT_EVERY
        while not self._stop.is_set():
            records = member.poll(POLL)
            if self._new:
                self._take_over(member)
            self.last_poll = time.monotonic()
            if records:
                self._handed += len(records)
                self._loop.call_soon_threadsafe(self._lane.arrive, records)
                if len(records) < CROWD:
                    self._stop.wait(self._share.gather)
            self._balance(member)
            if self.last_poll >= next_commit:
                next_commit = self.last_poll + COMMIT_EVERY
                self._commit(self._settled())
            if self.last_poll >= next_measure:
                next_measure = self.last_poll + MEASURE_EVERY
                self._measure(member)
        self._commit(self._settled())

    def _take_over(self, member: Member) -> None:
        """Read the past of new partitions before their first event reaches the lane."""
        spots = [spot for spot in self._new if spot in self._mine]
        self._new.clear()
        committed = committed_of(self._broker, self._group, spots)
        if anew := self._takeover.set_back(committed):
            member.commit(anew)
            raise Retry("offsets of another are set back; what they passed is read")
        past = self._takeover.take(spots, committed)
        self._call(self._lane.adopt(past))
        self._lane.gate.leased = lambda: time.monotonic() < member.lease_until
        self.ready.set()

    def _balance(self, member: Member) -> None:
        """Pause when the lane holds enough, resume when it has room again."""
        held = self._lane.held + self._handed - self._lane.arrived
        events, size = self._share.events, self._share.bytes
        full = held >= events or self._lane.bytes >= size
        room = held < events // 2 and self._lane.bytes < size // 2
        if full and self._mine - self._paused:
            member.pause(self._mine - self._paused)
            self._paused = set(self._mine)
        elif room and self._paused:
            member.resume(self._paused & self._mine)
            self._paused.clear()

    def _settled(self) -> dict[Spot, tuple[int, str]]:
        # reading another thread's trackers is safe: what each says only rises
        return {s: c for s, c in self._lane.committable().items() if s in self._mine}

    def _commit(self, offsets: dict[Spot, tuple[int, str]]) -> None:
        new = {s: c for s, c in offsets.items() if self._committed.get(s) != c}
        if not new or self._member is None:
            return
        try:
            self._member.commit(new)
        except Retry as error:
            log.warning("commit_refused", group=self._group, reason=error.what)
        else:
            self._committed.update(new)

    def _measure(self, member: Member) -> None:
        ends = member.end()
        behind = (
            ends[s] - o for s, (o, _) in self._committed.items() if s in ends and s in self._mine
        )
        metrics.lag.labels(self._lane.name).set(sum(max(0, n) for n in behind))

    def _call(self, work: Coroutine[object, object, T]) -> T:
        """Run it on the lane's loop and wait for it; what is late is broken off, not left running.

        Else a lane could adopt partitions after its inbox has given them up.
        """
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return running.result(RELEASE + 5)
        finally:
            running.cancel()  # does nothing where it is done


def _numbers(spots: Sequence[Spot]) -> list[str]:
    return sorted(f"{spot.topic}/{spot.partition}" for spot in spots)


async def _nothing() -> None:
    """Runs after whatever was handed to the loop before it."""
