"""Delivery to one registration: events come in poll order, go out one per dossier, leave a receipt.

A lane belongs to the event loop; `Inbox` holds its partitions from a thread of its own, and asks it
what may be committed. Whence events come: `intake`. What is whose: `assigned`. Whether an event is
to be sent: `opening`. Who is next: `departures`. What is under way: `calls`. What a failure means:
`failures`. What waits long: `aside`. What becomes of it: `ends`.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from adapters.http.messages import Client
from hub.delivery.aside import Aside
from hub.delivery.assigned import Assigned
from hub.delivery.calls import Calls
from hub.delivery.chores import Chores
from hub.delivery.clerk import Clerk
from hub.delivery.companies import Companies, Item
from hub.delivery.departures import AHEAD, Departures
from hub.delivery.dispatch import KeyedQueue
from hub.delivery.ends import Ends
from hub.delivery.failures import Failures
from hub.delivery.gate import Gate
from hub.delivery.halting import Halting
from hub.delivery.held import Held, Key, Part
from hub.delivery.intake import Intake
from hub.delivery.limits import Limits
from hub.delivery.means import Means
from hub.delivery.measured import measure
from hub.delivery.movement import Movement
from hub.delivery.opening import Opening
from hub.delivery.pace import Pace
from hub.delivery.places import Places
from hub.delivery.receipts import Outcome
from hub.delivery.settling import Author, Receipts
from hub.delivery.sighting import Sighting
from hub.delivery.stream import Stream
from hub.delivery.takeover import Past
from hub.delivery.versions import Terms, Version, Versions
from hub.events.codec import Codec
from hub.log import get_logger
from hub.records import Spot, Writer

log = get_logger("hub.delivery")


class Lane:
    """One registration in one worker. All methods belong to the event loop."""

    def __init__(
        self,
        terms: Terms,
        client: Client,
        codec: Codec,
        writer: Writer,
        clock: Callable[[], int],
        means: Means | None = None,
    ) -> None:
        """`clock` gives epoch milliseconds. Raises Halt for limits that cannot be shared."""
        means = means or Means()
        archive = means.archive
        self.name = terms.registration
        self._chores = Chores(terms.registration)
        self.versions = Versions(Version(terms, client), lambda one: self.task(one.close()))
        self._share = means.share
        author = Author(terms.registration, self.versions, clock, means.digest_key)
        self._assigned = Assigned(terms.registration, terms.flows, codec)
        self.intake = Intake(terms.registration, self, means.stream or Stream())
        self._moved = Movement()
        self.gate = self._gate(means, clock)
        self._receipts = Receipts(codec, writer, author, self._moved.tell, self.gate.leased)
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
            self, author, self.gate, self._halting, self._receipts, self._departures, self._aside
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
            self, terms.registration, self.versions, codec, self._departures, self._failures
        )
        self._ends = Ends(
            self._queue, self._assigned, self._receipts, self.versions, self._aside, self._let
        )
        self._clerk = Clerk(self, self._aside, archive, codec) if archive else None
        measure(self.name, self._queue, self.gate, self._departures, self._aside, self._companies)

    def _gate(self, means: Means, clock: Callable[[], int]) -> Gate:
        delivery = self.versions.present.terms.delivery
        limits = Limits(delivery.limits, means.share)
        self._places = places = means.places or Places(delivery.in_flight)
        places.join(self.name, self.pump)
        return Gate(self.name, Pace(delivery.in_flight), limits, places, clock)

    def _most(self, terms: Terms) -> int:
        """Events worked on at once."""
        return AHEAD * terms.delivery.in_flight * self._companies.most

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
        self.versions.recall(held)
        self._ends.took(held)
        if not held.parked and self._aside.parking.holds(held.key):
            self._aside.behind(held, self.versions.present.terms.bundle)
        else:
            self._queue.put(held.key, held)

    # What goes out

    def pump(self) -> None:
        """Take, mark and send as much as there is place for."""
        self.intake.go_on()
        self._departures.go()
        self._moved.tell()

    def _open(self, key: Key, held: Held) -> bool:
        return self._opening.opened(key, held)

    def _start(self, items: Sequence[Item]) -> None:
        self._calls.start(items)

    def task(self, work: Coroutine[object, object, None]) -> None:
        """Run it until the lane closes."""
        self._chores.start(work)

    # What becomes of it

    def ended(self, key: Key, held: Held, outcome: Outcome | None, reason: str | None) -> None:
        """The end of the event in hand here: a receipt, and the dossier goes on."""
        self._ends.ended(key, held, outcome, reason)

    def settle(self, held: Held, outcome: Outcome, reason: str | None) -> None:
        """Write the receipt; the event is closed when the broker has it."""
        self._ends.settle(held, outcome, reason)

    def let_go(self, key: Key, held: Held) -> None:
        """In hand, but its partition is another worker's now, who has this event too."""
        self._ends.let_go(key, held)

    def _let(self) -> None:
        """One event less is held."""
        self._moved.tell()
        if self.intake.hungry:
            asyncio.get_running_loop().call_soon(self.pump)

    def may_go_on(self, held: Held) -> bool:
        """Whether its partition is ours, and stays so."""
        return self._assigned.may_go_on(held)

    def part_of(self, key: Key) -> Part | None:
        """The dossier's partition, if it is ours and stays so."""
        return self._assigned.part_of(key)

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

    @property
    def bytes(self) -> int:
        """Of the events taken and not settled."""
        return self._ends.bytes

    @property
    def bugs(self) -> int:
        """Pieces of work that ended by one."""
        return self._chores.bugs

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
            self._ends.forget(held)
        parts = gone.values()
        if not await self._moved.until(
            lambda: not any(part.running or part.unacknowledged for part in parts), seconds
        ):
            log.warning("release_incomplete", registration=self.name)
        self._assigned.forget(gone)
        self.pump()
        return {spot: part.commit for spot, part in gone.items()}

    async def lose(self, spots: Sequence[Spot]) -> None:
        """These partitions have gone already, and another may have sent and ended what is here."""
        for part in self._assigned.leave(spots).values():
            part.lost = True
        await self.release(spots, 0.0)

    def _at_rest(self) -> bool:
        return self.gate.calls == 0 and self._receipts.unacknowledged == 0

    async def drain(self, seconds: float) -> None:
        """Start nothing new; wait for calls under way and their receipts, at most so long."""
        self._departures.close()
        self._halting.close()
        self._aside.close()
        self._moved.tell()
        if not await self._moved.until(self._at_rest, seconds):
            log.warning("drain_incomplete", registration=self.name, held=self.held)

    async def close(self) -> None:
        """End what still runs."""
        await self._chores.close()
        self._places.leave(self.name)
        self.versions.close()
        await self._chores.rest()
