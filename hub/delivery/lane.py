"""Delivery to one registration: events come in poll order, go out one per dossier, leave a receipt.

A lane belongs to the event loop; `Inbox` feeds it from a thread of its own and asks it what may be
committed. An event is settled when its receipt is acknowledged; its dossier goes on as soon as the
system has answered. What waits for another attempt keeps its dossier, and nobody else's.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.http.messages import Client
from hub import metrics
from hub.delivery.dispatch import KeyedQueue
from hub.delivery.exchange import Job, attempt
from hub.delivery.outflow import Outflow
from hub.delivery.policy import pause
from hub.delivery.receipts import Outcome, Settled, as_document, dead_letter, receipt
from hub.delivery.tracker import OffsetTracker
from hub.errors import Halt, HubError, Reject, Retry
from hub.events.codec import Codec
from hub.events.headers import SOURCE
from hub.log import get_logger, place_of
from hub.records import Outgoing, Position, Record, Spot, Writer
from hub.registry.manifest import Delivery

log = get_logger("hub.delivery")
RECENT_IDS = (
    2_000  # per partition: two gateways race within seconds, not within thousands of events
)
HALT_PROBE = 60.0  # seconds until a halted lane tries one event again
RECEIPT_AGAIN = 1.0  # seconds until a receipt that was not acknowledged is appended again

Key = tuple[str, int, bytes]  # a dossier in its partition


@dataclass(slots=True)
class Held:
    """An event in the lane."""

    record: Record = field(repr=False)
    event_id: str
    event_type: str
    job: Job | None = None
    failures: int = 0
    failing_since: int = 0  # epoch ms of the first failure
    overdue: bool = False


@dataclass(slots=True)
class Part:
    """One assigned partition."""

    tracker: OffsetTracker
    recent: OrderedDict[str, int] = field(default_factory=OrderedDict)
    unacknowledged: int = 0  # receipts on their way to the broker


@dataclass(frozen=True, slots=True)
class Terms:
    """What a lane works by: the registration's flows by event type, its bounds, its versions."""

    registration: str
    flows: Mapping[str, Outflow]
    delivery: Delivery
    bundle: str
    settings: str


class Lane:
    """One registration in one worker. All methods belong to the event loop."""

    def __init__(
        self, terms: Terms, client: Client, codec: Codec, writer: Writer, clock: Callable[[], int]
    ) -> None:
        """`clock` gives epoch milliseconds."""
        self.terms = terms
        self.halted: str | None = None
        self._client = client
        self._codec = codec
        self._writer = writer
        self._clock = clock
        self._queue: KeyedQueue[Key, Held] = KeyedQueue(terms.delivery.in_flight)
        self._parts: dict[Spot, Part] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self.bytes = 0  # of the events taken and not settled
        self.arrived = 0  # records handed over by the inbox, ever
        self._probe: asyncio.TimerHandle | None = None
        self._unacknowledged = 0
        self._closing = False
        self._moved = asyncio.Event()  # set whenever something was settled, started or let go
        self._me = (SOURCE + terms.registration).encode()
        labels = terms.registration
        self._gauges = metrics.waiting.labels(labels), metrics.in_flight.labels(labels)
        self._retrying = metrics.retrying.labels(labels)

    def arrive(self, records: Sequence[Record]) -> None:
        """Take what was polled, in poll order."""
        self.arrived += len(records)
        for record in records:
            self._arrive(record)
        self._pump()

    def _arrive(self, record: Record) -> None:
        spot = Spot(record.topic, record.partition)
        part = self._parts.get(spot)
        if part is None:
            part = self._parts[spot] = Part(OffsetTracker(record.offset))
        part.tracker.polled(record.offset)
        headers = dict(record.headers)
        kind = (headers.get("ce_type") or b"").decode(errors="replace")
        if headers.get("ce_source") == self._me or (kind and kind not in self.terms.flows):
            part.tracker.settled(record.offset)
            return
        event_id = (headers.get("ce_id") or b"").decode(errors="replace")
        self.bytes += len(record.value or b"")
        key = (record.topic, record.partition, record.key or b"")
        self._queue.put(key, Held(record, event_id, kind))

    def _pump(self) -> None:
        while self.halted is None and self._start_one():
            pass
        self._measure()

    def _start_one(self) -> bool:
        taken = None if self._closing else self._queue.take()
        if taken is None:
            return False
        task = asyncio.get_running_loop().create_task(self._work(*taken))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _work(self, key: Key, held: Held) -> None:
        """Carry one event as far as it goes now."""
        started = self._clock()
        try:
            outcome = await self._attempt(held)
        except Reject as error:
            self._settle(key, held, "DEAD_LETTERED", str(error))
        except Retry as error:
            self._later(key, held, error)
        except Halt as error:
            self._halt(key, error)
        except Exception as error:  # noqa: BLE001 - a bug is set aside with its event, and work goes on
            log.error(
                "delivery_bug",
                registration=self.terms.registration,
                event_id=held.event_id,
                error=type(error).__name__,
                at=place_of(error),
            )
            self._settle(key, held, "DEAD_LETTERED", f"bug: {type(error).__name__}")
        else:
            self._resume()
            if outcome is None:
                self._skip(key, held)
            else:
                self._settle(key, held, outcome, None)
        metrics.call_seconds.labels(self.terms.registration).observe(
            (self._clock() - started) / 1e3
        )

    async def _attempt(self, held: Held) -> Outcome | None:
        """The outcome, or None where the event is not for this registration."""
        if held.job is None:
            job = self._open(held)
            if job is None:
                return None
            held.job = job
            if self._seen_before(held):
                return "DUPLICATE"
        delivered = await attempt(held.job, self._client, self._clock)
        return "DELIVERED" if delivered else "NOTHING_TO_SEND"

    def _open(self, held: Held) -> Job | None:
        """Decode; None where no flow wants the event, or another agency is meant."""
        name, record = self._codec.decode(held.record.value or b"")
        if held.event_type and name != held.event_type:
            raise Reject(f"the header says {held.event_type}, the bytes {name}", code="headers")
        if not held.event_id:
            raise Reject("has no ce_id", where="headers", code="headers")
        held.event_type = name
        flow = self.terms.flows.get(name)
        if flow is None or not flow.takes(record):
            return None
        return Job(held.event_id, record, flow)

    def _seen_before(self, held: Held) -> bool:
        """Whether an earlier offset of this partition holds the same fact (two gateways raced)."""
        part = self._parts.get(Spot(held.record.topic, held.record.partition))
        if part is None:
            return False
        first = part.recent.setdefault(held.event_id, held.record.offset)
        while len(part.recent) > RECENT_IDS:
            part.recent.popitem(last=False)
        return first != held.record.offset

    def _later(self, key: Key, held: Held, error: Retry) -> None:
        held.failures += 1
        self._age(held)
        delay = pause(self.terms.delivery.retry, held.failures, error.after, random.random())  # noqa: S311 - jitter
        log.info(
            "delivery_retry",
            registration=self.terms.registration,
            event_id=held.event_id,
            failures=held.failures,
            seconds=round(delay, 2),
            system=error.system,
            reason=error.what,
        )
        metrics.attempts.labels(self.terms.registration, "retry").inc()
        self._wait(key, delay)

    def _age(self, held: Held) -> None:
        """An alert for what fails longer than the registration wants to try."""
        held.failing_since = held.failing_since or self._clock()
        seconds = (self._clock() - held.failing_since) / 1000
        if not held.overdue and seconds > self.terms.delivery.retry.give_up:
            held.overdue = True
            metrics.overdue.labels(self.terms.registration).inc()
            log.error(
                "delivery_overdue",
                registration=self.terms.registration,
                event_id=held.event_id,
                failures=held.failures,
                seconds=round(seconds),
            )

    def _halt(self, key: Key, error: Halt) -> None:
        if self.halted is None:
            log.error(
                "registration_halted", registration=self.terms.registration, reason=str(error)
            )
        self.halted = str(error)
        metrics.halted.labels(self.terms.registration).set(1)
        self._queue.wait(key)
        self._queue.again(key)
        if self._probe is None:
            self._probe = asyncio.get_running_loop().call_later(HALT_PROBE, self._try_one)
        self._measure()

    def _try_one(self) -> None:
        """One event finds out whether a person has mended it; the others wait for its answer."""
        self._probe = None
        if self.halted is not None and not self._start_one():
            self._probe = asyncio.get_running_loop().call_later(HALT_PROBE, self._try_one)

    def _resume(self) -> None:
        if self.halted is not None:
            log.info("registration_resumed", registration=self.terms.registration)
            self.halted = None
            metrics.halted.labels(self.terms.registration).set(0)

    def _wait(self, key: Key, delay: float) -> None:
        self._queue.wait(key)
        loop = asyncio.get_running_loop()
        self._timers[key] = loop.call_later(delay, self._again, key)
        self._pump()

    def _again(self, key: Key) -> None:
        del self._timers[key]
        self._queue.again(key)
        self._pump()

    def _skip(self, key: Key, held: Held) -> None:
        self._close(held.record)
        self._queue.done(key)
        self._pump()

    def _settle(self, key: Key, held: Held, outcome: Outcome, reason: str | None) -> None:
        """The end of this event here: a receipt, and the dossier goes on."""
        if held.overdue:
            metrics.overdue.labels(self.terms.registration).dec()
        job = held.job
        note = (job.note if job else "") or None
        if job and job.was_in_doubt and note is None:
            note = "was in doubt"
        settled = Settled(
            outcome=outcome,
            event_id=held.event_id,
            event_type=held.event_type,
            registration=self.terms.registration,
            record=held.record,
            bundle=self.terms.bundle,
            settings=self.terms.settings,
            at=self._clock(),
            reason=reason,
            operation=job.operation if job else None,
            note=note,
            attempts=tuple(job.attempts) if job else (),
        )
        if outcome == "DEAD_LETTERED":
            log.error(
                "dead_lettered",
                registration=settled.registration,
                event_id=settled.event_id,
                type=settled.event_type,
                reason=reason,
            )
        self._write(settled)
        self._queue.done(key)
        self._pump()

    def _write(self, settled: Settled) -> None:
        outgoing = [receipt(settled, self._codec.encode("hub.v1.Receipt", as_document(settled)))]
        if settled.outcome == "DEAD_LETTERED":
            outgoing.insert(0, dead_letter(settled))
        missing = len(outgoing)
        part = self._parts.get(Spot(settled.record.topic, settled.record.partition))
        self._unacknowledged += 1
        if part is not None:
            part.unacknowledged += 1

        def acknowledged() -> None:
            nonlocal missing
            missing -= 1
            if missing == 0:
                self._unacknowledged -= 1
                if part is not None:
                    part.unacknowledged -= 1
                self._close(settled.record)
                self._count(settled)
                self._measure()

        for record in outgoing:
            self._append(record, acknowledged)

    def _append(self, outgoing: Outgoing, acknowledged: Callable[[], None]) -> None:
        """Append until it is acknowledged; nothing new is polled meanwhile beyond the bound."""
        loop = asyncio.get_running_loop()

        def done(result: Position | HubError) -> None:
            if isinstance(result, Position):
                acknowledged()
            else:
                log.warning("receipt_not_acknowledged", reason=result.what)
                loop.call_later(RECEIPT_AGAIN, self._append, outgoing, acknowledged)

        try:
            self._writer.append(outgoing, done)
        except Retry as full:
            done(full)

    def _count(self, settled: Settled) -> None:
        metrics.outcomes.labels(settled.registration, settled.outcome).inc()
        seconds = max(0.0, (settled.at - settled.record.timestamp) / 1000)
        metrics.delivered_seconds.labels(settled.registration).observe(seconds)

    def _close(self, record: Record) -> None:
        """The event at this offset needs nothing more from us."""
        self.bytes -= len(record.value or b"")
        part = self._parts.get(Spot(record.topic, record.partition))
        if part is not None:
            part.tracker.settled(record.offset)

    def _measure(self) -> None:
        waiting, running = self._gauges
        waiting.set(len(self._queue))
        running.set(self._queue.running)
        self._retrying.set(len(self._timers))
        self._moved.set()

    @property
    def held(self) -> int:
        """Events taken and not settled."""
        return len(self._queue) + self._unacknowledged

    def committable(self) -> dict[Spot, int]:
        """Per partition, the offset that may be committed. The inbox's thread may ask."""
        return {spot: part.tracker.committable for spot, part in list(self._parts.items())}

    async def release(self, spots: Sequence[Spot], seconds: float) -> dict[Spot, int]:
        """These partitions go: start nothing of theirs, let calls under way end, at most so long.

        Returns what may still be committed for them; after that they are forgotten here.
        """
        gone = set(spots)
        for key in self._queue:
            if Spot(key[0], key[1]) in gone:
                timer = self._timers.pop(key, None)
                if timer is not None:
                    timer.cancel()
                self.bytes -= sum(len(h.record.value or b"") for h in self._queue.drop(key))
        try:
            await asyncio.wait_for(self._until(lambda: not self._busy(gone)), seconds)
        except TimeoutError:
            log.warning("release_incomplete", registration=self.terms.registration)
        released = {s: self._parts[s].tracker.committable for s in gone if s in self._parts}
        for spot in gone:
            self._parts.pop(spot, None)
        self._measure()
        return released

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._moved.clear()
            await self._moved.wait()

    def _at_rest(self) -> bool:
        return self._queue.running == 0 and self._unacknowledged == 0

    def _busy(self, spots: set[Spot]) -> bool:
        if any(Spot(key[0], key[1]) in spots for key in self._queue):
            return True
        return any(s in self._parts and self._parts[s].unacknowledged for s in spots)

    async def drain(self, seconds: float) -> None:
        """Start nothing new; wait for calls under way and their receipts, at most so long."""
        self._closing = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._probe is not None:
            self._probe.cancel()
        self._measure()
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
