"""Delivery to one registration: events come in poll order, go out one per dossier, leave a receipt.

A lane belongs to the event loop; `Inbox` feeds it from a thread of its own and asks it what may be
committed. What is whose: `assigned`. Whether an event is to be sent: `opening`. Who is next:
`departures`. What is under way: `calls`. What a failure means: `failures`. What waits long:
`aside`. An event is settled when its receipt is acknowledged; its dossier goes on as soon as the
system has answered.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from adapters.http.messages import Client
from hub import metrics
from hub.delivery.archive import Archive
from hub.delivery.aside import Aside
from hub.delivery.assigned import Assigned
from hub.delivery.calls import Calls
from hub.delivery.clerk import Clerk
from hub.delivery.companies import Companies, Item
from hub.delivery.departures import AHEAD, Departures
from hub.delivery.dispatch import KeyedQueue
from hub.delivery.failures import Failures
from hub.delivery.gate import Gate
from hub.delivery.halting import HALT_PROBE, Halting
from hub.delivery.held import Held, Key, Part
from hub.delivery.intake import Intake
from hub.delivery.limits import Limits
from hub.delivery.opening import Opening
from hub.delivery.pace import Pace
from hub.delivery.places import Places
from hub.delivery.receipts import Outcome
from hub.delivery.returning import DueDates
from hub.delivery.settling import Author, Receipts
from hub.delivery.sighting import Sighting
from hub.delivery.stream import Stream
from hub.delivery.takeover import Past
from hub.delivery.versions import Name, Terms, Version, Versions
from hub.events.codec import Codec
from hub.log import get_logger, place_of
from hub.records import Spot, Writer

log = get_logger("hub.delivery")


@dataclass(frozen=True, slots=True)
class Means:
    """What a lane shares with others, or waits by.

    `archive` reads back what parked and what people decided; without it nothing parks. `places`: of
    the worker's lanes together. `share`: of the system's limits, this process's. `probe`: seconds
    between a halted lane's attempts. `due`: which of several parked dossiers goes on first.
    `stream`: what the worker's lanes read together; without it this one reads for itself.
    `digest_key`: of the digests by which receipts name what was said.
    """

    archive: Archive | None = None
    places: Places | None = None
    share: Fraction = Fraction(1)
    probe: float = HALT_PROBE
    due: DueDates | None = None
    stream: Stream | None = None
    digest_key: bytes = field(default=b"", repr=False)


class Lane:
    """One registration in one worker. All methods belong to the event loop."""

    def __init__(
        self,
        terms: Terms,
        client: Client,
        codec: Codec,
        writer: Writer,
        clock: Callable[[], int],
        means: Means = Means(),
    ) -> None:
        """`clock` gives epoch milliseconds. Raises Halt for limits that cannot be shared."""
        archive = means.archive
        self.name = terms.registration
        self.versions = Versions(Version(terms, client), lambda one: self.task(one.close()))
        self._share = means.share
        self._codec = codec
        self._clock = clock
        author = Author(terms.registration, self.versions, clock, means.digest_key)
        self._assigned = Assigned(terms.registration, terms.flows, codec)
        self.intake = Intake(terms.registration, self, means.stream or Stream())
        self._moved = asyncio.Event()  # set whenever something was settled, started or let go
        self._receipts = Receipts(codec, writer, author, self._moved.set)
        self.gate = self._gate(means)
        self._companies = companies = Companies(terms.flows.values())
        self._queue: KeyedQueue[Key, Held] = KeyedQueue(self._most(terms))
        self._departures = Departures(
            self,
            self._queue,
            self.gate,
            self._receipts,
            companies,
            open=self._open,
            start=self._start,
        )
        self._halting = Halting(terms.registration, means.probe, self._departures.probe)
        shelf = archive.parked if archive else None
        self._aside = Aside(self, self._queue, shelf, terms.delivery.retry.resume, means.due)
        self._failures = Failures(
            self,
            author,
            self.gate,
            self._halting,
            self._receipts,
            self._departures,
            self._aside,
        )
        self._calls = Calls(
            self,
            terms.registration,
            self.versions,
            clock,
            self.gate,
            self._halting,
            self._failures,
            companies,
        )
        self._opening = Opening(
            self,
            terms.registration,
            self.versions,
            codec,
            self._departures,
            self._failures,
        )
        self._clerk = Clerk(self, self._aside, archive, codec) if archive else None
        self._tasks: set[asyncio.Task[None]] = set()
        self.bugs = 0  # pieces of work that ended by one
        self.bytes = 0  # of the events taken and not settled
        self._watch(companies)

    def _gate(self, means: Means) -> Gate:
        delivery = self.versions.present.terms.delivery
        limits = Limits(delivery.limits, means.share)
        self._places = places = means.places or Places(delivery.in_flight)
        places.join(self.name, self.pump)
        return Gate(self.name, Pace(delivery.in_flight), limits, places, self._clock)

    def _most(self, terms: Terms) -> int:
        """Events worked on at once."""
        return AHEAD * terms.delivery.in_flight * self._companies.most

    def _watch(self, companies: Companies) -> None:
        name = self.name
        metrics.waiting.labels(name).set_function(lambda: len(self._queue))
        metrics.in_flight.labels(name).set_function(lambda: self.gate.calls)
        metrics.retrying.labels(name).set_function(lambda: self._departures.waiting)
        metrics.parked.labels(name).set_function(lambda: len(self._aside.parking))
        metrics.broken.labels(name).set_function(lambda: int(self.broken is not None))
        metrics.pace.labels(name).set_function(lambda: self.gate.width)
        metrics.batch.labels(name).set_function(lambda: companies.largest)

    # What it works by

    def take_up(self, terms: Terms, client: Client) -> None:
        """Go by these from now on; events that are opened go on as they began.

        Raises Halt, and nothing has changed, for limits that cannot be shared.
        """
        limits = Limits(terms.delivery.limits, self._share)
        before = self.versions.present.terms.name
        self.versions.take_up(terms, client)
        self._assigned.wanted = terms.flows
        self._companies.take_up(terms.flows.values())
        self._queue.limit = self._most(terms)
        self._aside.every = terms.delivery.retry.resume
        now = asyncio.get_running_loop().time()
        self.gate.take_up(terms.delivery.in_flight, limits, now)
        if terms.name != before:
            self._aside.all_again()
        self._halting.look_again()
        self.pump()

    # What comes

    async def adopt(self, past: Past) -> None:
        """These partitions are ours, with this past; their events come from now on."""
        self._assigned.adopt(past, asyncio.get_running_loop().time())
        for terms, client in past.earlier:
            self.versions.know(terms, client)
        for shelved in past.parked:
            self._aside.found(shelved)
        self._aside.look_again(self.versions.present.terms.bundle)
        if self._clerk is not None:
            parts = {spot: self._assigned[spot] for spot in past.journals}
            for spot, part in parts.items():
                self._clerk.take(part, past.decided[spot.partition])
            self.task(self._clerk.catch_up(parts))
        self.intake.hold({spot: journal.floor for spot, journal in past.journals.items()})

    def decided(self, partition: int) -> None:
        """There is a new act of a person about an event of this partition number."""
        if self._clerk is not None:
            self.task(self._clerk.catch_up(self._assigned.of_number(partition)))

    def take(self, seen: Sighting) -> bool:
        """Take what comes next of its partition; whether there is more to hold now."""
        held = self._assigned.take(seen)
        if held is not None:
            self.put(held)
        return held is not None

    def put(self, held: Held) -> None:
        """Queue an event behind the others of its dossier, wherever these wait."""
        past = held.part.journal
        failing = past.failing.pop(held.record.offset, None)
        if failing is not None:
            held.failures, held.failing_since = failing.failures, failing.since
        held.doubted = past.doubt(held.record.offset) is not None
        pin = past.pins.pop(held.record.offset, None)
        if pin is not None and pin.series == held.series:
            self.versions.called(held, Name(pin.bundle, pin.settings))
        self.bytes += held.size
        if not held.parked and self._aside.parking.holds(held.key):
            self._aside.behind(held, self.versions.present.terms.bundle)
        else:
            self._queue.put(held.key, held)

    # What goes out

    def pump(self) -> None:
        """Take, mark and send as much as there is place for."""
        self.intake.go_on()
        self._departures.go()
        self._moved.set()

    def _open(self, key: Key, held: Held) -> bool:
        return self._opening.opened(key, held)

    def _start(self, items: Sequence[Item]) -> None:
        self._calls.start(items)

    def task(self, work: Coroutine[object, object, None]) -> None:
        """Run it until the lane closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # a bug: what it had in hand stands still until the next owner
            self.bugs += 1
            at = place_of(error)
            log.error("lane_bug", registration=self.name, error=type(error).__name__, at=at)

    # What becomes of it

    def ended(self, key: Key, held: Held, outcome: Outcome | None, reason: str | None) -> None:
        """The end of the event in hand here: a receipt, and the dossier goes on.

        What happened at the system is written down whoever owns the partition now. What did not is
        for the owner to say.
        """
        if outcome is None:
            self._close(held, None)
        elif self._assigned.is_ours(held) or outcome == "DELIVERED":
            self.settle(held, outcome, reason)
        else:
            self._forget(held)
        self._queue.done(key)

    def settle(self, held: Held, outcome: Outcome, reason: str | None) -> None:
        """Write the receipt; the event is closed when the broker has it."""
        self._receipts.end(held, outcome, reason, lambda: self._close(held, outcome))

    def _close(self, held: Held, outcome: Outcome | None) -> None:
        """The event needs nothing more from us. Its own assignment is told, not a later one."""
        self._forget(held)
        offset = held.record.offset
        if outcome == "PARKED":
            self._aside.shelved(held)
        elif held.parked:
            self._receipts.take_off(held)
        if held.late:
            held.part.unrevived(offset)
        elif not held.parked:
            held.part.settled(offset)
        if held.act >= 0 and held.part.acts is not None:
            held.part.acts.carried_out(held.act)
        self._moved.set()

    def may_go_on(self, held: Held) -> bool:
        """Whether its partition is ours, and stays so."""
        return self._assigned.may_go_on(held)

    def part_of(self, key: Key) -> Part | None:
        """The dossier's partition, if it is ours and stays so."""
        return self._assigned.part_of(key)

    def let_go(self, key: Key, held: Held) -> None:
        """In hand, but its partition is another worker's now, who has this event too."""
        self._forget(held)
        self._queue.done(key)

    def _forget(self, held: Held) -> None:
        self.bytes -= held.size
        self.versions.ended(held)
        if self.intake.hungry:
            asyncio.get_running_loop().call_soon(self.pump)

    # What is asked from outside

    @property
    def halted(self) -> str | None:
        """Why nothing is sent until a person acts, or None."""
        return self._halting.reason

    @property
    def broken(self) -> str | None:
        """Why only probes are sent, or None."""
        return self.gate.broken

    @property
    def held(self) -> int:
        """Events taken and not settled."""
        return len(self._queue) + self._receipts.unacknowledged

    def committable(self) -> dict[Spot, tuple[int, str]]:
        """Per partition, what may be committed. The inbox's thread may ask."""
        return self._assigned.committable()

    # How it ends

    async def release(self, spots: Sequence[Spot], seconds: float) -> dict[Spot, tuple[int, str]]:
        """These partitions go: start nothing of theirs, let calls under way end, at most so long.

        Returns what may still be committed for them; after that they are forgotten here.
        """
        self.intake.let_go(spots)
        gone = self._assigned.leave(spots)
        self._aside.drop(lambda key: Spot(key[0], key[1]) in gone)
        for held in self._departures.drop(gone):
            self._forget(held)
        try:
            parts = gone.values()
            await asyncio.wait_for(
                self._until(lambda: not any(p.running or p.unacknowledged for p in parts)), seconds
            )
        except TimeoutError:
            log.warning("release_incomplete", registration=self.name)
        self._assigned.forget(gone)
        self.pump()
        return {spot: part.commit for spot, part in gone.items()}

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._moved.clear()
            await self._moved.wait()

    def _at_rest(self) -> bool:
        return self.gate.calls == 0 and self._receipts.unacknowledged == 0

    async def drain(self, seconds: float) -> None:
        """Start nothing new; wait for calls under way and their receipts, at most so long."""
        self._departures.close()
        self._halting.close()
        self._aside.close()
        self._moved.set()
        try:
            await asyncio.wait_for(self._until(self._at_rest), seconds)
        except TimeoutError:
            log.warning("drain_incomplete", registration=self.name, held=self.held)

    async def close(self) -> None:
        """End what still runs."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._places.leave(self.name)
        self.versions.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
