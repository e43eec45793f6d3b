"""Setting dossiers of a lane aside, and bringing them back.

What leaves the queue stands on `hub.parked` before its receipt says so. What comes back goes
through the dossier's own queue, in order, as a new series with the same keys; what arrives
meanwhile waits behind it.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from hub.delivery.acts import discard_reason, erase_reason
from hub.delivery.dispatch import KeyedQueue
from hub.delivery.held import Held, Key, Part
from hub.delivery.host import Host
from hub.delivery.parking import Parking, Waiting
from hub.delivery.returning import DueDates, Return, Returning
from hub.delivery.shelf import Shelved
from hub.errors import HubError
from hub.log import get_logger
from hub.records import Record, Spot
from hub.threads import apart

log = get_logger("hub.delivery")
BEHIND = "waits behind an earlier event of its dossier"
AGAIN = 5.0  # seconds until events that could not be read are read again
LOOK = 0.05  # seconds between looks for an event that is on its way to hub.parked

# (partition, places on hub.parked by the events' offsets) -> the events by offset; blocking
Shelf: TypeAlias = Callable[[Spot, Mapping[int, int]], Mapping[int, Record]]


class Aside:
    """The parked dossiers of one lane. Belongs to its event loop."""

    def __init__(
        self,
        host: Host,
        queue: KeyedQueue[Key, Held],
        shelf: Shelf | None,
        every: float,
        due: DueDates | None = None,
    ) -> None:
        """`shelf` reads events back. `every`: seconds until a dossier is tried again by itself."""
        self.parking = Parking()
        self._host = host
        self._queue = queue
        self._shelf = shelf
        self.every = every
        self._returning = Returning(due)
        self._bringing = False  # one dossier after the other
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    @property
    def possible(self) -> bool:
        """Whether anything can be parked here."""
        return self._shelf is not None

    def park(self, key: Key, held: Held, reason: str, bundle: str) -> None:
        """The dossier leaves the queue: the event in hand, and all that waits behind it."""
        self.parking.stopped(key)
        log.error("dossier_parked", event_id=held.event_id, failures=held.failures, reason=reason)
        rest = self._queue.drop((key,))
        self._set_aside(held, reason, bundle)
        for later in rest:
            self._set_aside(later, BEHIND, bundle)
        self._queue.done(key)
        self._try_in(key, self.every)

    def behind(self, held: Held, bundle: str) -> None:
        """An event of a parked dossier has come."""
        self._set_aside(held, BEHIND, bundle)

    def _set_aside(self, held: Held, reason: str, bundle: str) -> None:
        discarded, erased = held.discarded, held.erased
        if erased is not None:
            self._host.settle(held, "DEAD_LETTERED", erase_reason(erased))
            return
        if discarded is not None:
            self._host.settle(held, "DEAD_LETTERED", discard_reason(discarded))
            return
        offset = held.record.offset
        self.parking.add(held.key, offset, bundle, held.position, held.failing_since)
        self._host.settle(held, "PARKED", reason)

    def shelved(self, held: Held) -> None:
        """The broker has it on hub.parked, and its receipt."""
        if self.parking.holds(held.key):
            self.parking.placed(held.key, held.record.offset, held.position)

    def found(self, shelved: Shelved) -> None:
        """It was parked before this partition was ours."""
        key = (shelved.spot.topic, shelved.spot.partition, shelved.key)
        self.parking.add(key, shelved.offset, shelved.bundle, shelved.position, shelved.since)

    def look_again(self, bundle: str) -> None:
        """Resume what failed under another version of the connector; the rest in its time."""
        for key in self.parking.of_other_bundle(bundle):
            self.resume(key)
        for key in self.parking:
            if key not in self._timers:
                self._try_in(key, self.every * random.random())  # noqa: S311 - jitter

    def all_again(self) -> None:
        """Resume every dossier: another version may deliver it."""
        for key in self.parking:
            self.resume(key)

    def resume(self, key: Key, act: int = -1, done: Callable[[], None] | None = None) -> bool:
        """Bring a dossier back; False if it is not parked or on its way already.

        `done` is called when all of it is in the queue.
        """
        if self._shelf is None or not self.parking.begin(key):
            return False
        self._cancel(key)
        self._returning.add(Return(key, self.parking.since(key), act, done))
        if not self._bringing:
            self._bringing = True
            self._host.task(self._bring_back(self._shelf))
        return True

    async def _bring_back(self, shelf: Shelf) -> None:
        try:
            while (one := await self._returning.next()) is not None:
                log.info("dossier_resumed", act=one.act)
                await self._resume(one.key, one.act, shelf, one.done)
        finally:
            self._bringing = False

    async def _resume(
        self, key: Key, act: int, shelf: Shelf, done: Callable[[], None] | None
    ) -> None:
        while self.parking.resuming(key) and (waiting := self.parking.unqueued(key)):
            try:
                await self._bring_some(key, act, shelf, waiting)
            except HubError as error:
                log.warning("resume_postponed", reason=error.what)
                await asyncio.sleep(AGAIN)
        if self.parking.resuming(key):
            self.parking.resumed(key)
        if done is not None:
            done()

    async def _bring_some(
        self, key: Key, act: int, shelf: Shelf, waiting: Sequence[Waiting]
    ) -> None:
        if any(one.position < 0 for one in waiting):
            await asyncio.sleep(LOOK)  # its record is on its way
            return
        places = {one.offset: one.position for one in waiting}
        found = await apart(shelf, Spot(key[0], key[1]), places)
        part = self._host.part_of(key)
        if part is None:
            self.parking.forget(key)
            return
        for one in waiting:
            self._bring(key, one.offset, found.get(one.offset), part, act)
        self._host.pump()

    def _bring(self, key: Key, offset: int, record: Record | None, part: Part, act: int) -> None:
        waiting = self.parking.waiting(key, offset)
        if waiting is None:
            return
        waiting.queued = True
        if record is None:  # it ends without its bytes, and does not hold up the others (`opening`)
            record = Record(key[0], key[1], offset, 0, key[2], None, ())
        headers = dict(record.headers)
        held = Held(
            record,
            part,
            (headers.get("ce_id") or b"").decode(errors="replace"),
            (headers.get("ce_type") or b"").decode(errors="replace"),
            series=part.journal.parked.get(offset, 0) + 1,
            act=act,
            parked=True,
            position=waiting.position,
        )
        if act >= 0 and part.acts is not None:
            part.acts.awaits_end(act)
        self._host.put(held)

    def drop(self, gone: Callable[[Key], bool]) -> None:
        """These dossiers are another worker's."""
        for key in [key for key in self.parking if gone(key)]:
            self._cancel(key)
            self.parking.forget(key)

    def close(self) -> None:
        """Nothing is resumed any more."""
        for key in list(self._timers):
            self._cancel(key)

    def _try_in(self, key: Key, seconds: float) -> None:
        self._cancel(key)
        loop = asyncio.get_running_loop()
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def _due(self, key: Key) -> None:
        del self._timers[key]
        self.resume(key)

    def _cancel(self, key: Key) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
