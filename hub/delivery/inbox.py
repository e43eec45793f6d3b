"""A lane's member of its consumer group: the thread that holds partitions, polls and commits.

kafka-python blocks and belongs to one thread, systems are awaited on the event loop; here the two
meet. The thread goes on polling while deliveries wait (or the group would expel it), but fetches
only what the lane wants of it (`stream`): nothing of what is read for all, nothing while the lane
is full. It commits on a timer, never past an unsettled event.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TypeVar

from hub import metrics
from hub.delivery.intake import Brought
from hub.delivery.lane import Lane
from hub.delivery.sighting import sightings
from hub.delivery.starting import ensure_offsets, group_of
from hub.delivery.stream import Task
from hub.delivery.takeover import Takeover, committed_of
from hub.errors import HubError, Retry
from hub.log import get_logger, place_of
from hub.records import Broker, Member, Record, Spot

T = TypeVar("T")
log = get_logger("hub.delivery")

POLL = 0.25  # seconds
MEASURE_EVERY = 1.0  # seconds
RELEASE = 3.0  # seconds that calls under way get when partitions are revoked
CROWD = 200  # records of one poll: there are more, and nothing to wait for
AGAIN = 1.0  # seconds until the broker is tried again
LEASE_LEFT = 2.0  # seconds that a lease has to last: what starts now leaves within STALE of `fresh`


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
        ends: Callable[[], Mapping[Spot, int]] = dict,
    ) -> None:
        """`ends`: the newest offsets that whoever reads for all has heard of; may be asked here."""
        self._broker = broker
        self._lane = lane
        self._topics = tuple(topics)
        self._loop = loop
        self._start = start
        self._takeover = takeover
        self._group = group_of(lane.name)
        self._stop = threading.Event()
        self._handed = 0
        self._ends = ends
        self._mine: set[Spot] = set()
        self._fetched: set[Spot] = set()  # not paused
        self._turns: dict[Spot, int] = {}  # of what is fetched, since when
        self._committed: dict[Spot, tuple[int, str]] = {}
        self._new: list[Spot] = []  # assigned, and not taken over yet
        self._member: Member | None = None
        self.ready = threading.Event()
        self.last_poll = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"inbox-{self._group}", daemon=True)

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
        self._fetched.update(spots)
        self._new += spots
        log.info("partitions_assigned", group=self._group, partitions=_numbers(spots))

    def revoked(self, spots: Sequence[Spot]) -> Mapping[Spot, tuple[int, str]]:
        if not self._lane.gate.leased():  # somebody else may have them, and have been at work
            self.lost(spots)
            return {}
        self._forget(spots)
        offsets = self._call(self._lane.release(spots, RELEASE))
        log.info("partitions_revoked", group=self._group, partitions=_numbers(spots))
        return {s: c for s, c in offsets.items() if self._committed.pop(s, None) != c}

    def lost(self, spots: Sequence[Spot]) -> None:
        self._forget(spots)
        self._call(self._lane.lose(spots))
        log.warning("partitions_lost", group=self._group, partitions=_numbers(spots))

    def _forget(self, spots: Sequence[Spot]) -> None:
        self._mine.difference_update(spots)
        self._fetched.difference_update(spots)
        for spot in spots:
            self._turns.pop(spot, None)

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
        next_commit = next_measure = time.monotonic()
        while not self._stop.is_set():
            if self._fetched or member.joining:
                self._hand_over(member.poll(POLL))
            else:  # the library would look ten times a second whether there is something to fetch
                self._hand_over(member.poll(0))
                self._stop.wait(POLL)
            if self._new:
                self._take_over(member)
            self.last_poll = time.monotonic()
            self._fetch(member)
            if self.last_poll >= next_commit:
                next_commit = self.last_poll + self._lane.intake.share.commit
                self._commit(self._settled())
            if self.last_poll >= next_measure:
                next_measure = self.last_poll + MEASURE_EVERY
                self._measure(member)
        self._commit(self._settled())

    def _hand_over(self, records: list[Record]) -> None:
        """Give the lane what came under a turn.

        What came before its partition was taken over comes again: the lane says from where.
        """
        found = sightings(records, shared=False)
        came = [Brought(s, self._turns[s], seen) for s, seen in found.items() if s in self._turns]
        if not came:
            return
        count = sum(len(one.seen) for one in came)
        self._handed += count
        self._loop.call_soon_threadsafe(self._lane.intake.bring, came, count)
        if len(records) < CROWD:
            self._stop.wait(self._lane.intake.share.gather)

    def _take_over(self, member: Member) -> None:
        """Read the past of new partitions before their first event reaches the lane."""
        spots = [spot for spot in self._new if spot in self._mine]
        self._new.clear()
        if not spots:  # gone again before this
            return
        committed = committed_of(self._broker, self._group, spots)
        if anew := self._takeover.set_back(committed):
            member.commit(anew)
            raise Retry("offsets of another are set back; what they passed is read")

        def leased() -> bool:
            return time.monotonic() + LEASE_LEFT < member.lease_until

        past = self._takeover.take(spots, committed, leased)
        self._lane.gate.lease = leased  # before the lane has what it could send
        self._call(self._lane.adopt(past))
        self.ready.set()

    def _fetch(self, member: Member) -> None:
        """Fetch what the lane wants of its own reader, from where it wants it."""
        wanted = self._wanted()
        for spot, task in wanted.items():
            if self._turns.get(spot) != task.turn:
                member.seek(spot, task.offset)
                self._turns[spot] = task.turn
        if idle := self._fetched - wanted.keys():
            member.pause(idle)
        if again := wanted.keys() - self._fetched:
            member.resume(again)
        self._fetched = set(wanted)

    def _wanted(self) -> dict[Spot, Task]:
        """Nothing while the lane holds enough, and until it has room for a good part again."""
        intake = self._lane.intake
        held = self._lane.held + self._handed - intake.arrived
        part = 1.0 if self._fetched else 0.5
        if held >= intake.share.events * part or self._lane.bytes >= intake.share.bytes * part:
            return {}
        cursors = list(intake.cursors.items())
        tasks = [(spot, cursor.task) for spot, cursor in cursors if spot in self._mine]
        return {spot: task for spot, task in tasks if task is not None}

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
        ends, common = member.end(), self._ends()
        ends = {spot: max(ends.get(spot, 0), common.get(spot, 0)) for spot in self._mine}
        behind = (ends[s] - o for s, (o, _) in self._committed.items() if s in ends)
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
