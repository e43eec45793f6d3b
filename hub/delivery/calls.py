"""The calls of a lane that are under way, and what each came to for the events in it."""

import asyncio
import time
from collections.abc import Sequence

from hub import metrics
from hub.delivery.companies import Companies, Item
from hub.delivery.exchange import Clock, Job, attempt
from hub.delivery.failures import Failures
from hub.delivery.gate import Gate
from hub.delivery.halting import Halting
from hub.delivery.held import Held
from hub.delivery.host import Host
from hub.delivery.together import attempt_together
from hub.delivery.versions import Versions
from hub.errors import Retry


class Calls:
    """One lane's. Belongs to its event loop."""

    def __init__(
        self,
        host: Host,
        registration: str,
        versions: Versions,
        clock: Clock,
        gate: Gate,
        halting: Halting,
        failures: Failures,
        companies: Companies,
    ) -> None:
        self._host = host
        self._versions = versions
        self._clock = clock
        self._gate = gate
        self._halting = halting
        self._failures = failures
        self._companies = companies
        self._seconds = metrics.call_seconds.labels(registration)
        self._free = False  # whether a task has ended its call, and makes the next one
        self._next: Sequence[Item] = ()  # for that task

    def start(self, items: Sequence[Item]) -> None:
        """Make the call of these; the gate knows that it has started."""
        for _, held in items:
            held.part.running += 1
        if self._free:
            self._free, self._next = False, items
        else:
            self._host.task(self._work(items))

    async def _work(self, items: Sequence[Item]) -> None:
        """Make this call, then the one that starts when it has ended, as long as one does.

        A task for each call would cost about as much as to write its request.
        """
        while items:
            await self._call(items)
            self._free = True
            try:
                self._host.pump()
            finally:
                self._free, items, self._next = False, self._next, ()
            self._gate.ask_others()

    async def _call(self, items: Sequence[Item]) -> None:
        """Carry the events of one call as far as they go now."""
        started = time.monotonic()
        try:
            ends = await self._tried(items)
            settled = self._came_to(items, ends, time.monotonic() - started)
        finally:
            for _, held in items:
                held.part.running -= 1
            self._gate.end()
        self._seconds.observe(time.monotonic() - started)
        self._halting.tried(settled=settled)

    async def _tried(self, items: Sequence[Item]) -> Sequence[bool | Exception]:
        """Of each: whether it was delivered (or had nothing to send), or its error.

        They are of one version.
        """
        client = self._versions.of(items[0][1]).client
        jobs = [_job(held) for _, held in items]
        first, joining = jobs[0], jobs[0].flow.joining
        if joining is not None and first.part is not None:
            size = self._companies.size(joining)
            return await attempt_together(jobs, joining, client, self._clock, size)
        try:
            return [await attempt(first, client, self._clock)]
        except Exception as error:  # noqa: BLE001 - told apart where failures are
            return [error]

    def _came_to(
        self, items: Sequence[Item], ends: Sequence[bool | Exception], seconds: float
    ) -> bool:
        """Whether any of them has come to its end here."""
        now = asyncio.get_running_loop().time()
        taken = ends.count(True)
        if taken:
            self._halting.end()
            self._gate.answered(items[0][0], now, seconds, taken)
        settled = told = False
        for (key, held), end in zip(items, ends, strict=True):
            if isinstance(end, Exception):
                system = isinstance(end, Retry) and end.system
                known = told if system else taken > 0  # it is not the system's if it took others
                settled |= self._failures.failed(key, held, end, known=known)
                told |= system
                continue
            if not end:
                self._gate.said_nothing(key, now)
            self._host.ended(key, held, "DELIVERED" if end else "NOTHING_TO_SEND", None)
            settled = True
        return settled


def _job(held: Held) -> Job:
    if held.job is None:
        raise RuntimeError("only a job is sent")
    return held.job
