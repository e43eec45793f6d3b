"""Delivery to one registration: events come in poll order, go out one per dossier, leave a receipt.

A lane belongs to the event loop; `Inbox` feeds it from a thread of its own and asks it what may be
committed. Events are taken by dossier, marked together, and sent in the order in which they were
taken when the mark is acknowledged. An event is settled when its receipt is acknowledged; its
dossier goes on as soon as the system has answered.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf

from adapters.http.messages import Client
from hub import metrics
from hub.contract.types import Document
from hub.delivery.archive import Archive
from hub.delivery.aside import Aside
from hub.delivery.clerk import Clerk
from hub.delivery.dispatch import KeyedQueue
from hub.delivery.exchange import REFUSED, attempt
from hub.delivery.gate import Gate
from hub.delivery.halting import HALT_PROBE, Halting
from hub.delivery.held import Held, Key, Part
from hub.delivery.limits import Limits
from hub.delivery.line import Line, Ticket
from hub.delivery.opening import open_job
from hub.delivery.outflow import Outflow
from hub.delivery.pace import Pace
from hub.delivery.places import Places
from hub.delivery.policy import pause
from hub.delivery.receipts import Outcome
from hub.delivery.settling import Author, Receipts, note_twin
from hub.delivery.takeover import Past
from hub.delivery.tracker import OffsetTracker
from hub.errors import Halt, Reject, Retry
from hub.events.codec import Codec
from hub.events.headers import SOURCE
from hub.log import get_logger, place_of
from hub.records import Record, Spot, Writer
from hub.registry.manifest import Delivery

log = get_logger("hub.delivery")
AHEAD = 3  # times the calls in flight: so many events are marked at most, sent or not
Item = tuple[Key, Held]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a lane works by: the registration's flows by event type, its bounds, its versions."""

    registration: str
    flows: Mapping[str, Outflow]
    delivery: Delivery
    bundle: str
    settings: str


@dataclass(frozen=True, slots=True)
class Means:
    """What a lane shares with others, or waits by.

    `archive` reads back what parked and what people decided; without it nothing parks. `places`: of
    the worker's lanes together. `share`: of the system's limits, this process's. `probe`: seconds
    between a halted lane's attempts.
    """

    archive: Archive | None = None
    places: Places | None = None
    share: Fraction = Fraction(1)
    probe: float = HALT_PROBE


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
        self.terms = terms
        self._client = client
        self._codec = codec
        author = Author(terms.registration, terms.bundle, terms.settings, clock)
        self._moved = asyncio.Event()  # set whenever something was settled, started or let go
        self._receipts = Receipts(codec, writer, author, self._moved.set)
        self._clock = clock
        self._halting = Halting(terms.registration, means.probe, self._start_one)
        places = means.places or Places(terms.delivery.in_flight)
        places.join(terms.registration, self.pump)
        limits = Limits(terms.delivery.limits, means.share)
        pace = Pace(terms.delivery.in_flight)
        self.gate = Gate(terms.registration, pace, limits, places, clock)
        self._queue: KeyedQueue[Key, Held] = KeyedQueue(AHEAD * terms.delivery.in_flight)
        self._line: Line[Item] = Line()  # waits for its mark
        self._outbox: deque[Item] = deque()  # marked, waits for a place
        shelf = archive.parked if archive else None
        self._aside = Aside(self, self._queue, shelf, terms.delivery.retry.resume)
        self._clerk = Clerk(self, self._aside, archive, codec) if archive else None
        self._parts: dict[Spot, Part] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._probes = 0  # calls that a halted lane may start
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self.bytes = 0  # of the events taken and not settled
        self.arrived = 0  # records handed over by the inbox, ever
        self._closing = False
        self._me = (SOURCE + terms.registration).encode()
        self._seconds = metrics.call_seconds.labels(terms.registration)
        self._watch()

    def _watch(self) -> None:
        name = self.terms.registration
        metrics.waiting.labels(name).set_function(lambda: len(self._queue))
        metrics.in_flight.labels(name).set_function(lambda: self.gate.calls)
        metrics.retrying.labels(name).set_function(lambda: len(self._timers))
        metrics.parked.labels(name).set_function(lambda: len(self._aside.parking))
        metrics.broken.labels(name).set_function(lambda: int(self.broken is not None))
        metrics.pace.labels(name).set_function(lambda: self.gate.width)

    # What comes

    async def adopt(self, past: Past) -> None:
        """These partitions are ours, with this past; their events arrive from now on."""
        now = asyncio.get_running_loop().time()
        for spot, journal in past.journals.items():
            part = Part(OffsetTracker(journal.floor), journal, now, acts=past.acts[spot])
            self._parts[spot] = part
        for shelved in past.parked:
            self._parts[shelved.spot].journal.parked.setdefault(shelved.offset, 0)
            self._aside.found(shelved)
        self._aside.look_again(self.terms.bundle)
        if self._clerk is not None:
            for spot in past.journals:
                self._clerk.take(self._parts[spot], past.decided[spot.partition])
                self.task(self._clerk.catch_up(self._parts[spot], spot.partition))

    def decided(self, partition: int) -> None:
        """There is a new act of a person about an event of this partition number."""
        for spot, part in self._parts.items():
            if spot.partition == partition and self._clerk is not None:
                self.task(self._clerk.catch_up(part, partition))

    def arrive(self, records: Sequence[Record]) -> None:
        """Take what was polled, in poll order."""
        self.arrived += len(records)
        for record in records:
            self._arrive(record)
        self.pump()

    def _arrive(self, record: Record) -> None:
        spot = Spot(record.topic, record.partition)
        part = self._parts.get(spot)
        if part is None:
            part = self._parts[spot] = Part(OffsetTracker(record.offset))
        try:
            part.polled(record.offset)
        except ValueError:  # taken before, or settled; the others of this poll are not
            log.warning("offset_again", registration=self.terms.registration, offset=record.offset)
            return
        headers = dict(record.headers)
        kind = (headers.get("ce_type") or b"").decode(errors="replace")
        if headers.get("ce_source") == self._me or (kind and kind not in self.terms.flows):
            part.settled(record.offset)
            return
        event_id = (headers.get("ce_id") or b"").decode(errors="replace")
        held = Held(record, part, event_id, kind)
        if event_id:
            held.twin = part.twin(event_id, headers.get("hub_digest") or b"", record.offset)
        if part.journal.knows_end(record.offset):
            part.settled(record.offset)
        else:
            self.put(held)

    def put(self, held: Held) -> None:
        """Queue an event behind the others of its dossier, wherever these wait."""
        past = held.part.journal
        failing = past.failing.pop(held.record.offset, None)
        if failing is not None:
            held.failures, held.failing_since = failing.failures, failing.since
        held.doubted = past.doubt(held.record.offset) is not None
        self.bytes += held.size
        if not held.parked and self._aside.parking.holds(held.key):
            self._aside.behind(held, self.terms.bundle)
        else:
            self._queue.put(held.key, held)

    # What goes out: taken, marked, sent

    def pump(self) -> None:
        """Take, mark and send as much as there is place for."""
        if not self._closing:
            self._take()
            self._send()
        self._moved.set()

    def _take(self) -> None:
        """Mark ahead of the calls, many events to a mark; without a system, one event at most."""
        marked = self._line.waiting + len(self._outbox)
        if self.halted is not None or self.broken is not None:
            room = 0 if marked and not self._wants_probe() else 1
        elif marked >= self.gate.width:
            room = 0
        else:
            room = (AHEAD - 1) * self.gate.width - marked
        taken: list[Item] = []
        while len(taken) < room and (item := self._queue.take()) is not None:
            if self._opened(*item):
                taken.append(item)
        if taken:
            self._mark(taken)

    def _wants_probe(self) -> bool:
        """Whether all that is marked has failed before, and another one could tell more."""
        untold = any(not held.failures for _, held in self._outbox)
        return (
            self.broken is not None and not (untold or self._line.waiting) and self._queue.untired
        )

    def _opened(self, key: Key, held: Held) -> bool:
        """Whether this event is to be sent now; otherwise it has been seen to."""
        if not self._may_go_on(held):
            self._let_go(key, held)
        elif held.doubted and (seconds := self._answer_due(held)) > 0:
            self._wait(key, seconds)
        elif held.job is not None:
            return True
        elif self._codec.knows(held.record.value or b""):
            try:
                return self._became_job(key, held, *self._codec.decode(held.record.value or b""))
            except Exception as error:  # noqa: BLE001 - a bug is set aside with its event
                self._failed(key, held, error)
        else:
            self.task(self._learn_schema(key, held))
        return False

    def _answer_due(self, held: Held) -> float:
        """Seconds until a call that an earlier owner may have made is surely over."""
        over = held.part.taken + self.terms.delivery.timeout
        return over - asyncio.get_running_loop().time()

    def _became_job(self, key: Key, held: Held, name: str, record: Document) -> bool:
        job = open_job(held, name, record, self.terms.flows.get(name))
        if job is None:
            self._settle(key, held, None, None)
            return False
        held.job = job
        if held.twin:
            note_twin(held, job, self.terms.registration)
            self._settle(key, held, "DUPLICATE", None)
            return False
        return True

    async def _learn_schema(self, key: Key, held: Held) -> None:
        """Ask the registry, which blocks; the dossier waits, and nothing overtakes."""
        try:
            await asyncio.to_thread(self._codec.decode, held.record.value or b"")
        except Retry as error:
            log.info("schema_postponed", registration=self.terms.registration, reason=error.what)
            held.failures += 1
            self._wait(key, pause(self.terms.delivery.retry, held.failures, error.after, 0.5))
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(key, held, error)
        else:
            self._queue.wait(key)
            self._queue.again(key)
            self.pump()

    def _mark(self, taken: list[Item]) -> None:
        """Say what is about to be sent, before it is sent."""
        parts: dict[Spot, list[Held]] = {}
        for _, held in taken:
            parts.setdefault(held.spot, []).append(held)
        ticket = self._line.add(taken, len(parts))
        for spot, events in parts.items():
            self._receipts.mark(spot, events, lambda: self._marked(ticket))

    def _marked(self, ticket: Ticket[Item]) -> None:
        self._outbox.extend(self._line.acknowledged(ticket))
        self._send()

    def _send(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._outbox and not self._closing:
            idle = self.halted is not None and not self._probes
            if (seconds := inf if idle else self.gate.wait(now)) > 0:
                self._ring(seconds)
                return
            key, held = self._next()
            if self._may_go_on(held):
                self._start(key, held, now)
            else:
                self._let_go(key, held)
        if len(self._outbox) + self._line.waiting < self.gate.width and len(self._queue):
            self._take()

    def _next(self) -> Item:
        """The first, or a probe: what has failed least tells most of the system."""
        if self.broken is None:
            return self._outbox.popleft()
        probe = min(self._outbox, key=lambda item: item[1].failures)
        self._outbox.remove(probe)
        return probe

    def _start(self, key: Key, held: Held, now: float) -> None:
        self._probes = 0
        self.gate.start(key, now)
        held.part.running += 1
        self.task(self._work(key, held))

    def _start_one(self) -> bool:
        """Let one event of a halted lane find out; False if there is none."""
        self._probes = 1
        self.pump()
        return not self._probes or bool(self._outbox) or self._line.waiting > 0

    def _ring(self, seconds: float) -> None:
        """Look again after so long, or earlier; one alarm is enough."""
        if seconds == inf:
            return
        loop = asyncio.get_running_loop()
        if self._alarm is not None:
            if self._alarm.when() <= loop.time() + seconds:
                return
            self._alarm.cancel()
        self._alarm = loop.call_later(seconds, self._rung)

    def _rung(self) -> None:
        self._alarm = None
        self.pump()

    def task(self, work: Coroutine[object, object, None]) -> None:
        """Run it until the lane closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, key: Key, held: Held) -> None:
        """Carry one event as far as it goes now."""
        started = time.monotonic()
        try:
            ended = await self._carry(key, held, started)
        finally:
            held.part.running -= 1
            self.gate.end()
        self._seconds.observe(time.monotonic() - started)
        self._halting.tried(settled=ended)
        self.pump()
        self.gate.ask_others()

    async def _carry(self, key: Key, held: Held, started: float) -> bool:
        """Whether the event has come to its end here."""
        if held.job is None:
            raise RuntimeError("only a job is sent")
        try:
            delivered = await attempt(held.job, self._client, self._clock)
        except Exception as error:  # noqa: BLE001 - told apart there
            return self._failed(key, held, error)
        now = asyncio.get_running_loop().time()
        if delivered:
            if self.broken is not None or self.halted is not None:
                self._queue.rested()  # it is well again
            self._halting.end()
            self.gate.answered(now, time.monotonic() - started)
        else:
            self.gate.said_nothing(key, now)
        self._settle(key, held, "DELIVERED" if delivered else "NOTHING_TO_SEND", None)
        return True

    # What becomes of it

    def _failed(self, key: Key, held: Held, error: Exception) -> bool:
        """Whether that was the end of the event here."""
        now = asyncio.get_running_loop().time()
        if isinstance(error, Retry):
            return self._later(key, held, error, now)
        if isinstance(error, Halt):
            self.gate.said_nothing(key, now)
            return self._halt(key, held, error)
        reason = str(error)
        if isinstance(error, Reject) and error.code == REFUSED:
            self._halting.end()  # for the credential is good
            self.gate.answered(now)
        else:
            self.gate.said_nothing(key, now)
        if not isinstance(error, Reject):  # it is set aside with its event, and work goes on
            reason = f"bug: {type(error).__name__}"
            log.error(
                "delivery_bug",
                registration=self.terms.registration,
                event_id=held.event_id,
                error=type(error).__name__,
                at=place_of(error),
            )
        self._settle(key, held, "DEAD_LETTERED", reason)
        return True

    def _later(self, key: Key, held: Held, error: Retry, now: float) -> bool:
        """Whether that was the end of it here; otherwise it is tried again."""
        if not self._may_go_on(held):
            self.gate.said_nothing(key, now)
            self._let_go(key, held)
            return True
        self._receipts.tried(held, error)
        before = held.taken_before if held.failures else None
        held.taken_before = self.gate.taken
        systems = self.gate.failed(key, error, now, before=before)
        held.failures += 1
        metrics.counter(metrics.attempts, self.terms.registration, "retry").inc()
        if systems:
            held.failing_since = 0  # no window runs
        held.failing_since = held.failing_since or self._clock()
        if not systems and self._parks(held):
            self._aside.park(key, held, error.what, self.terms.bundle)
            return True
        self._wait(key, self._pause(held, error))
        return False

    def _pause(self, held: Held, error: Retry) -> float:
        """Seconds until it is tried again; while the breaker is open, it says when."""
        policy, chance = self.terms.delivery.retry, random.random()  # noqa: S311 - jitter
        if self.broken is not None:
            return 0.0
        delay = pause(policy, held.failures, error.after, chance)
        log.info(
            "delivery_retry",
            registration=self.terms.registration,
            event_id=held.event_id,
            failures=held.failures,
            seconds=round(delay, 2),
            system=error.system,
            reason=error.what,
        )
        return delay

    def _parks(self, held: Held) -> bool:
        """Whether it has failed for long enough."""
        if not self._aside.possible:
            return False
        return self._clock() - held.failing_since >= self.terms.delivery.retry.give_up * 1000

    def _halt(self, key: Key, held: Held, error: Halt) -> bool:
        """Whether the event has come to its end here."""
        mine = self._may_go_on(held)
        if mine:
            self._receipts.tried(held, error)
            self._queue.wait(key)
            self._queue.later(key)  # another dossier is the next probe: this one may be at fault
        else:
            self._let_go(key, held)
        self._halting.begin(error)
        return not mine

    def _wait(self, key: Key, delay: float) -> None:
        self._queue.wait(key)
        if self._closing:
            return
        if delay > 0:
            loop = asyncio.get_running_loop()
            self._timers[key] = loop.call_later(delay, self._again, key)
        else:
            self._queue.later(key)

    def _again(self, key: Key) -> None:
        del self._timers[key]
        if self.broken is None:
            self._queue.again(key)
        else:
            self._queue.later(key)  # a dossier that has not failed is the better probe
        self.pump()

    def _settle(self, key: Key, held: Held, outcome: Outcome | None, reason: str | None) -> None:
        """The end of this event here: a receipt, and the dossier goes on.

        What happened at the system is written down whoever owns the partition now. What did not is
        for the owner to say.
        """
        if outcome is None:
            self._close(held, None)
        elif self._is_ours(held) or outcome == "DELIVERED":
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
            held.part.journal.parked[offset] = held.series
            self._aside.shelved(held)
        elif held.parked:
            self._receipts.take_off(held)
        if held.late:
            held.part.revived.discard(offset)
            held.part.pinned.pop(offset, None)
            if held.part.acts is not None:
                held.part.acts.carried_out(held.act)
        elif not held.parked:
            held.part.settled(offset)
        self._moved.set()

    def _is_ours(self, held: Held) -> bool:
        return self._parts.get(held.spot) is held.part

    def _may_go_on(self, held: Held) -> bool:
        return self._is_ours(held) and not held.part.going

    def part_of(self, key: Key) -> Part | None:
        """The dossier's partition, if it is ours and stays so."""
        part = self._parts.get(Spot(key[0], key[1]))
        return None if part is None or part.going else part

    def _let_go(self, key: Key, held: Held) -> None:
        """In hand, but its partition is another worker's now, who has this event too."""
        self._forget(held)
        self._queue.done(key)

    def _forget(self, held: Held) -> None:
        self.bytes -= held.size

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
        return {spot: part.commit for spot, part in list(self._parts.items())}

    # How it ends

    async def release(self, spots: Sequence[Spot], seconds: float) -> dict[Spot, tuple[int, str]]:
        """These partitions go: start nothing of theirs, let calls under way end, at most so long.

        Returns what may still be committed for them; after that they are forgotten here.
        """
        gone = {spot: self._parts[spot] for spot in spots if spot in self._parts}
        self._stop(gone)
        try:
            parts = gone.values()
            await asyncio.wait_for(
                self._until(lambda: not any(p.running or p.unacknowledged for p in parts)), seconds
            )
        except TimeoutError:
            log.warning("release_incomplete", registration=self.terms.registration)
        for spot, part in gone.items():
            if self._parts.get(spot) is part:
                del self._parts[spot]
        self.pump()
        return {spot: part.commit for spot, part in gone.items()}

    def _stop(self, gone: Mapping[Spot, Part]) -> None:
        """Nothing of theirs starts any more; what waits is forgotten."""
        for part in gone.values():
            part.going = True
        self._unmark(lambda item: item[1].part.going)
        self._aside.drop(lambda key: Spot(key[0], key[1]) in gone)
        for key in self._queue:
            if Spot(key[0], key[1]) in gone:
                timer = self._timers.pop(key, None)
                if timer is not None:
                    timer.cancel()
                for held in self._queue.drop(key):
                    self._forget(held)

    def _unmark(self, which: Callable[[Item], bool]) -> None:
        """Close marks of what is not going to be sent, so that nobody has to doubt it."""
        unsent = self._line.drop(which) + [item for item in self._outbox if which(item)]
        self._outbox = deque(item for item in self._outbox if not which(item))
        parts: dict[Part, list[Held]] = {}
        for key, held in unsent:
            parts.setdefault(held.part, []).append(held)
            self._let_go(key, held)
        for events in parts.values():
            self._receipts.not_sent(events)

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._moved.clear()
            await self._moved.wait()

    def _at_rest(self) -> bool:
        return self.gate.calls == 0 and self._receipts.unacknowledged == 0

    async def drain(self, seconds: float) -> None:
        """Start nothing new; wait for calls under way and their receipts, at most so long."""
        self._closing = True
        self._unmark(lambda _: True)
        for timer in (*self._timers.values(), *([self._alarm] if self._alarm else [])):
            timer.cancel()
        self._timers.clear()
        self._halting.close()
        self._aside.close()
        self._moved.set()
        try:
            await asyncio.wait_for(self._until(self._at_rest), seconds)
        except TimeoutError:
            log.warning("drain_incomplete", registration=self.terms.registration, held=self.held)

    async def close(self) -> None:
        """End what still runs."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()
