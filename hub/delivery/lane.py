"""Delivery to one registration: events come in poll order, go out one per dossier, leave a receipt.

A lane belongs to the event loop; `Inbox` feeds it from a thread of its own and asks it what may be
committed. An event is settled when its receipt is acknowledged; its dossier goes on as soon as the
system has answered. What waits for another attempt keeps its dossier, and nobody else's.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from adapters.http.messages import Client
from hub import metrics
from hub.delivery import lateness
from hub.delivery.dispatch import KeyedQueue
from hub.delivery.exchange import REFUSED, Job, attempt
from hub.delivery.halting import HALT_PROBE, Halting
from hub.delivery.held import Held, Key, Part
from hub.delivery.outflow import Outflow
from hub.delivery.policy import pause
from hub.delivery.receipts import Outcome
from hub.delivery.settling import Receipts, note_twin, settled_of
from hub.delivery.tracker import OffsetTracker
from hub.errors import Halt, Reject, Retry
from hub.events.codec import Codec
from hub.events.headers import SOURCE
from hub.log import get_logger, place_of
from hub.records import Record, Spot, Writer
from hub.registry.manifest import Delivery

log = get_logger("hub.delivery")


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
        self,
        terms: Terms,
        client: Client,
        codec: Codec,
        writer: Writer,
        clock: Callable[[], int],
        probe: float = HALT_PROBE,
    ) -> None:
        """`clock` gives epoch milliseconds. `probe`: seconds between a halted lane's attempts."""
        self.terms = terms
        self._client = client
        self._codec = codec
        self._receipts = Receipts(codec, writer)
        self._clock = clock
        self._halting = Halting(terms.registration, probe, self._start_one)
        self._queue: KeyedQueue[Key, Held] = KeyedQueue(terms.delivery.in_flight)
        self._parts: dict[Spot, Part] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self.bytes = 0  # of the events taken and not settled
        self.arrived = 0  # records handed over by the inbox, ever
        self._closing = False
        self._moved = asyncio.Event()  # set whenever something was settled, started or let go
        self._me = (SOURCE + terms.registration).encode()
        self._seconds = metrics.call_seconds.labels(terms.registration)
        metrics.waiting.labels(terms.registration).set_function(lambda: len(self._queue))
        metrics.in_flight.labels(terms.registration).set_function(lambda: self._queue.running)
        metrics.retrying.labels(terms.registration).set_function(lambda: len(self._timers))

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
        try:
            part.tracker.polled(record.offset)
        except ValueError:  # taken before, or settled; the others of this poll are not
            log.warning("offset_again", registration=self.terms.registration, offset=record.offset)
            return
        headers = dict(record.headers)
        kind = (headers.get("ce_type") or b"").decode(errors="replace")
        if headers.get("ce_source") == self._me or (kind and kind not in self.terms.flows):
            part.tracker.settled(record.offset)
            return
        event_id = (headers.get("ce_id") or b"").decode(errors="replace")
        held = Held(record, part, event_id, kind)
        if event_id:
            held.twin = part.twin(event_id, headers.get("hub_digest") or b"", record.offset)
        self.bytes += held.size
        self._queue.put(held.key, held)

    def _pump(self) -> None:
        while self.halted is None and self._start_one():
            pass
        self._moved.set()

    def _start_one(self) -> bool:
        """Start the next event that is still ours; False if there is none now."""
        while not self._closing:
            taken = self._queue.take()
            if taken is None:
                return False
            key, held = taken
            if self._may_go_on(held):
                held.part.running += 1
                task = asyncio.get_running_loop().create_task(self._work(key, held))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                return True
            self._let_go(key, held)
        return False

    def _is_ours(self, held: Held) -> bool:
        return self._parts.get(held.spot) is held.part

    def _may_go_on(self, held: Held) -> bool:
        return self._is_ours(held) and not held.part.going

    def _let_go(self, key: Key, held: Held) -> None:
        """In hand, but its partition is another worker's now, who has this event too."""
        self._forget(held)
        self._queue.done(key)

    def _forget(self, held: Held) -> None:
        self.bytes -= held.size
        lateness.over(held, self.terms.registration)

    async def _work(self, key: Key, held: Held) -> None:
        """Carry one event as far as it goes now."""
        started = time.monotonic()
        try:
            ended = await self._carry(key, held)
        finally:
            held.part.running -= 1
            self._moved.set()
        self._seconds.observe(time.monotonic() - started)
        self._halting.tried(settled=ended)

    async def _carry(self, key: Key, held: Held) -> bool:
        """Whether the event has come to its end here."""
        try:
            outcome = await self._attempt(held)
        except Reject as error:
            if error.code == REFUSED:
                self._halting.end()  # for the credential is good
            self._settle(key, held, "DEAD_LETTERED", str(error))
        except Retry as error:
            return self._later(key, held, error)
        except Halt as error:
            return self._halt(key, held, error)
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
            if outcome == "DELIVERED":
                self._halting.end()
            self._settle(key, held, outcome, None)
        return True

    async def _attempt(self, held: Held) -> Outcome | None:
        """The outcome, or None where the event is not for this registration."""
        if held.job is None:
            job = await self._open(held)
            if job is None:
                return None
            held.job = job
            if held.twin:
                note_twin(held, job, self.terms.registration)
                return "DUPLICATE"
        delivered = await attempt(held.job, self._client, self._clock)
        return "DELIVERED" if delivered else "NOTHING_TO_SEND"

    async def _open(self, held: Held) -> Job | None:
        """Decode; None where no flow wants the event, or another agency is meant."""
        raw = held.record.value or b""
        if self._codec.knows(raw):
            name, record = self._codec.decode(raw)
        else:  # the registry is asked, which blocks
            name, record = await asyncio.to_thread(self._codec.decode, raw)
        if held.event_type and name != held.event_type:
            raise Reject(f"the header says {held.event_type}, the bytes {name}", code="headers")
        if not held.event_id:
            raise Reject("has no ce_id", where="headers", code="headers")
        held.event_type = name
        flow = self.terms.flows.get(name)
        if flow is None or not flow.takes(record):
            return None
        return Job(held.event_id, record, flow)

    def _later(self, key: Key, held: Held, error: Retry) -> bool:
        """Whether that was the end of it here; otherwise it is tried again."""
        if not self._may_go_on(held):
            self._let_go(key, held)
            self._pump()
            return True
        policy = self.terms.delivery.retry
        lateness.failed(held, self.terms.registration, self._clock(), policy.give_up)
        delay = pause(policy, held.failures, error.after, random.random())  # noqa: S311 - jitter
        log.info(
            "delivery_retry",
            registration=self.terms.registration,
            event_id=held.event_id,
            failures=held.failures,
            seconds=round(delay, 2),
            system=error.system,
            reason=error.what,
        )
        self._wait(key, delay)
        return False

    def _halt(self, key: Key, held: Held, error: Halt) -> bool:
        """Whether the event has come to its end here."""
        mine = self._may_go_on(held)
        if mine:
            self._queue.wait(key)
            self._queue.again(key)
        else:
            self._let_go(key, held)
        self._halting.begin(error)
        self._moved.set()
        return not mine

    def _wait(self, key: Key, delay: float) -> None:
        self._queue.wait(key)
        if not self._closing:
            loop = asyncio.get_running_loop()
            self._timers[key] = loop.call_later(delay, self._again, key)
        self._pump()

    def _again(self, key: Key) -> None:
        del self._timers[key]
        self._queue.again(key)
        self._pump()

    def _settle(self, key: Key, held: Held, outcome: Outcome | None, reason: str | None) -> None:
        """The end of this event here: a receipt, and the dossier goes on.

        What happened at the system is written down whoever owns the partition now. What did not is
        for the owner to say.
        """
        if outcome is None:
            self._close(held)
        elif self._is_ours(held) or outcome == "DELIVERED":
            terms = self.terms
            settled = settled_of(
                held,
                outcome,
                reason,
                registration=terms.registration,
                bundle=terms.bundle,
                settings=terms.settings,
                at=self._clock(),
            )
            lateness.over(held, self.terms.registration)
            self._receipts.write(held, settled, lambda: self._close(held))
        else:
            self._forget(held)
        self._queue.done(key)
        self._pump()

    def _close(self, held: Held) -> None:
        """The event needs nothing more from us. Its own assignment is told, not a later one."""
        self._forget(held)
        held.part.tracker.settled(held.record.offset)
        self._moved.set()

    @property
    def halted(self) -> str | None:
        """Why nothing is sent until a person acts, or None."""
        return self._halting.reason

    @property
    def held(self) -> int:
        """Events taken and not settled."""
        return len(self._queue) + self._receipts.unacknowledged

    def committable(self) -> dict[Spot, int]:
        """Per partition, the offset that may be committed. The inbox's thread may ask."""
        return {spot: part.tracker.committable for spot, part in list(self._parts.items())}

    async def release(self, spots: Sequence[Spot], seconds: float) -> dict[Spot, int]:
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
        self._moved.set()
        return {spot: part.tracker.committable for spot, part in gone.items()}

    def _stop(self, gone: Mapping[Spot, Part]) -> None:
        """Nothing of theirs starts any more; what waits is forgotten."""
        for part in gone.values():
            part.going = True
        for key in self._queue:
            if Spot(key[0], key[1]) in gone:
                timer = self._timers.pop(key, None)
                if timer is not None:
                    timer.cancel()
                for held in self._queue.drop(key):
                    self._forget(held)

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._moved.clear()
            await self._moved.wait()

    def _at_rest(self) -> bool:
        return self._queue.running == 0 and self._receipts.unacknowledged == 0

    async def drain(self, seconds: float) -> None:
        """Start nothing new; wait for calls under way and their receipts, at most so long."""
        self._closing = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._halting.close()
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
