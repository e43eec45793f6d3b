"""Who is sent next: taken by dossier, marked together, sent in the order in which they were taken.

Marks are made ahead of the calls, many events to a mark. While the system is away or wants a person
one event at a time finds out whether it is back: one that has not failed, if there is any, for the
one that failed may itself be at fault.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from math import inf

from hub.delivery.companies import Companies, Item
from hub.delivery.dispatch import KeyedQueue
from hub.delivery.gate import Gate
from hub.delivery.held import Held, Key, Part
from hub.delivery.host import Host
from hub.delivery.line import Line, Ticket
from hub.delivery.settling import Receipts
from hub.delivery.versions import Version
from hub.records import Spot

# Times what the calls in flight hold: so many events are marked at most, sent or not. A mark takes
# 10 ms to be acknowledged (a flush, and the 5 ms in which it gathers others). With 3 a fast system
# waited for marks: 4,000 events a second at 32 calls in flight and two thirds of a core; with 5,
# 5,700; with 6 and more the core is what bounds it, 5,900. What is marked and not sent when the
# process is killed is in doubt to the next owner, so not more than that.
AHEAD = 6
AT_ONCE = 256  # events taken in one go: each is decoded, and everybody else waits meanwhile


class Departures:
    """One lane's. Belongs to its event loop.

    `open`: whether an event is to be sent now; otherwise it has been seen to. `start`: make the
    call of these, which ends with `gate.end`.
    """

    def __init__(
        self,
        host: Host,
        queue: KeyedQueue[Key, Held],
        gate: Gate,
        receipts: Receipts,
        companies: Companies,
        *,
        open: Callable[[Key, Held], bool],  # noqa: A002 - what a parcel office calls it, too
        start: Callable[[list[Item]], None],
    ) -> None:
        self._host = host
        self._queue = queue
        self._gate = gate
        self._receipts = receipts
        self._companies = companies
        self._open = open
        self._start = start
        self._line: Line[Item] = Line()  # waits for its mark
        self._outbox: deque[Item] = deque()  # marked, waits for a place
        self._probes = 0  # calls that a halted lane may start
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._closing = False

    @property
    def waiting(self) -> int:
        """Events that wait for the time of their next attempt."""
        return len(self._timers)

    def go(self) -> None:
        """Take, mark and send as much as there is place for."""
        if not self._closing:
            self._take()
            self._send()

    def probe(self) -> bool:
        """Let one event of a halted lane find out; False if there is none."""
        self._probes = 1
        self.go()
        return not self._probes or self._marked > 0

    # Taken and marked

    @property
    def _marked(self) -> int:
        return self._line.waiting + len(self._outbox)

    def _room(self) -> int:
        """How many events may be marked now."""
        if self._host.halted is not None or self._gate.broken is not None:
            return 0 if self._marked and not self._wants_probe() else 1
        if self._marked >= self._width:
            return 0
        return (AHEAD - 1) * self._width - self._marked

    @property
    def _width(self) -> int:
        """How many events the calls in flight may hold."""
        return self._gate.width * self._companies.largest

    def _wants_probe(self) -> bool:
        """Whether all that is marked has failed before, and another one could tell more."""
        untold = any(not held.failures for _, held in self._outbox)
        return self._gate.broken is not None and not (
            untold or self._line.waiting or not self._queue.untired
        )

    def _take(self) -> None:
        if self._gate.broken is None and self._host.halted is None:
            self._queue.rested()  # the system is well
        room = min(self._room(), AT_ONCE)
        taken: list[Item] = []
        while len(taken) < room and (item := self._queue.take()) is not None:
            if self._open(*item):
                taken.append(item)
        if taken:
            self._mark(taken)

    def _mark(self, taken: list[Item]) -> None:
        """Say what is about to be sent, before it is sent."""
        marks: dict[tuple[Spot, Version | None], list[Held]] = {}
        for _, held in taken:
            marks.setdefault((held.spot, held.version), []).append(held)
        ticket = self._line.add(taken, len(marks))
        for (spot, _), events in marks.items():
            self._receipts.mark(spot, events, lambda: self._acknowledged(ticket))

    def _acknowledged(self, ticket: Ticket[Item]) -> None:
        self._outbox.extend(self._line.acknowledged(ticket))
        self._send()

    # Sent

    def _send(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._outbox and not self._closing:
            place, seconds = self._next(now)
            if seconds > 0:
                self._ring(seconds)
                return
            key, held = self._outbox[place]
            del self._outbox[place]
            if self._host.may_go_on(held):
                others = self._company(held)
                self._probes = 0
                self._gate.start(key, now)
                self._start([(key, held), *others])
            else:
                self._host.let_go(key, held)
        if self._marked < self._width and len(self._queue):
            self._take()

    def _next(self, now: float) -> tuple[int, float]:
        """The place of the one that may be sent, and 0; or the seconds until one may.

        It is the first, or a probe: what has failed least tells most of the system.
        """
        idle = self._host.halted is not None and not self._probes
        if (seconds := inf if idle else self._gate.wait(now)) > 0:
            return 0, seconds
        if self._gate.broken is not None:
            failures = [held.failures for _, held in self._outbox]
            return failures.index(min(failures)), 0.0
        return self._companies.first(self._outbox, now) if self._gate.calls else (0, 0.0)

    def _company(self, held: Held) -> list[Item]:
        """Who goes in one call with it. A probe goes alone."""
        if self._gate.broken is not None or self._host.halted is not None:
            return []
        return self._companies.join(held, self._outbox)

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
        self.go()

    # Sent again

    def wait(self, key: Key, delay: float) -> None:
        """The event in hand of this dossier is due again after so many seconds.

        After 0 it stands behind all others: only these can tell whether the system is back.
        """
        self._queue.wait(key)
        if self._closing:
            return
        if delay > 0:
            loop = asyncio.get_running_loop()
            self._timers[key] = loop.call_later(delay, self._again, key)
        else:
            self._queue.later(key)

    def at_once(self, key: Key) -> None:
        """The event in hand of this dossier is due again, before the others."""
        self._queue.wait(key)
        self._queue.again(key)

    def _again(self, key: Key) -> None:
        del self._timers[key]
        if self._gate.broken is None:
            self._queue.again(key)
        else:
            self._queue.later(key)
        self.go()

    # Not sent

    def drop(self, parts: dict[Spot, Part]) -> list[Held]:
        """Forget what waits of these partitions; what went, but for what was in hand."""
        self._unmark(lambda item: item[1].part.going)
        keys = [key for key in self._queue if Spot(key[0], key[1]) in parts]
        for timer in filter(None, (self._timers.pop(key, None) for key in keys)):
            timer.cancel()
        return self._queue.drop(keys)

    def close(self) -> None:
        """Send nothing any more."""
        self._closing = True
        self._unmark(lambda _: True)
        for timer in (*self._timers.values(), *([self._alarm] if self._alarm else [])):
            timer.cancel()
        self._timers.clear()

    def _unmark(self, which: Callable[[Item], bool]) -> None:
        """Close marks of what is not going to be sent, so that nobody has to doubt it."""
        unsent = self._line.drop(which) + [item for item in self._outbox if which(item)]
        self._outbox = deque(item for item in self._outbox if not which(item))
        marks: dict[tuple[Part, Version | None], list[Held]] = {}
        for _, held in unsent:
            marks.setdefault((held.part, held.version), []).append(held)
        for events in marks.values():
            self._receipts.not_sent(events)
        for key, held in unsent:
            self._host.let_go(key, held)
