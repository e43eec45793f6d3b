"""What is live in one process: at its start, and as it changes while the process runs.

The files are read once; on top of them the process follows `hub.registry`. Nobody is asked whether
a change may be taken up: with the control plane away, what was live goes on.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from hub import metrics
from hub.errors import Retry
from hub.log import get_logger
from hub.records import Broker
from hub.registry.difference import difference, succeed
from hub.registry.earlier import earlier
from hub.registry.following import FIRST, Following
from hub.registry.ledger import Ledger
from hub.registry.live import Landscape, Live
from hub.registry.present import present
from hub.registry.renewals import EVERY, Renewals
from hub.serving import ended
from hub.settings import resolve
from hub.threads import apart

log = get_logger("hub.registry")
END = 4.0  # seconds that the following thread gets to end


class Landscapes:
    """The landscape of this process. Belongs to its event loop, but for `earlier`."""

    def __init__(self, broker: Broker, files: Landscape) -> None:
        """`files`: what the process read at its start."""
        self._files = files
        self._newest: Landscape | None = None  # the following thread's own
        self._known = threading.Event()
        self._following = Following(broker, self._changed)
        self._changing = threading.Lock()  # the following thread, and who looks after secrets
        self._renewals = Renewals(resolve)
        self._renewed: Counter[str] = Counter()  # by reference
        self._looking: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._take_up: list[Callable[[Landscape], None]] = []
        self.now = files

    def tell(self, take_up: Callable[[Landscape], None]) -> None:
        """Call it with what is live, at once and at each change.

        What a change does not touch is the same object as before.
        """
        self._take_up.append(take_up)
        take_up(self.now)

    def earlier(self, name: str, bundle: str, settings: str) -> Live | None:
        """What this registration was when receipts named it so. May take a second; any thread."""
        return earlier(name, bundle, settings, self._files, self._following.ledger)

    async def start(self) -> None:
        """Know what is live. Raises Retry where the broker does not say it in time."""
        self._following.start()
        await asyncio.to_thread(self._wait)
        self.now = self._newest or self.now
        self._looking = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Follow no more."""
        if self._looking is not None:
            self._looking.cancel()
        await ended(self._following.stop, END, "following")

    def _wait(self) -> None:
        self._following.first()
        if not self._known.wait(FIRST):
            raise Retry("what is registered could not be made ready in time")

    async def _look(self) -> None:
        """See each second whether a secret was renewed where it lies."""
        while True:
            await asyncio.sleep(EVERY)
            await apart(self._take_renewed)

    def _take_renewed(self) -> None:
        """A registration with a secret that was renewed is another one to whoever runs it."""
        with self._changing:
            if self._newest is None:
                return
            changed = self._renewals.look()
            if not changed:
                return
            self._renewed.update(changed)
            for live in self._newest.live:
                for name, reference in live.registration.secrets.items():
                    if reference in changed:
                        log.info("secret_renewed", registration=live.name, secret=name)
            self._newest = succeed(self._newest, self._marked(self._newest))
            self._loop.call_soon_threadsafe(self._hand_on, self._newest)

    def _marked(self, landscape: Landscape) -> Landscape:
        """The same, with how often each registration's secrets were renewed."""
        return replace(landscape, live=tuple(self._with_renewals(one) for one in landscape.live))

    def _with_renewals(self, live: Live) -> Live:
        count = sum(self._renewed[reference] for reference in _references(live))
        if count == live.registration.renewed:
            return live
        return replace(live, registration=replace(live.registration, renewed=count))

    def _changed(self, ledger: Ledger) -> None:
        with self._changing:
            self._take_up_ledger(ledger)

    def _take_up_ledger(self, ledger: Ledger) -> None:
        """On the thread that follows: it may take its time, the loop goes on meanwhile."""
        before = self._newest or replace(self._files, live=())
        found = present(self._files, ledger, before)
        self._renewals.know(one for live in found.live for one in _references(live))
        after = succeed(before, self._marked(found))
        _tell_problems(before, after)
        for change in difference(before, after) if self._newest else ():
            digest = change.after.bundle.digest if change.after else None
            log.info("registration_changed", name=change.name, what=change.aspects, bundle=digest)
        if self._newest is None:
            _tell_superseded(self._files, after, ledger)
        self._newest = after
        self._known.set()
        self._loop.call_soon_threadsafe(self._hand_on, after)

    def _hand_on(self, after: Landscape) -> None:
        self.now = after
        for take_up in self._take_up:
            take_up(after)


async def open_landscapes(stack: AsyncExitStack, broker: Broker, files: Landscape) -> Landscapes:
    """What is live, followed as long as the stack. Raises Retry as `start` does."""
    opened = Landscapes(broker, files)
    stack.push_async_callback(opened.stop)
    await opened.start()
    return opened


def _references(live: Live) -> frozenset[str]:
    return frozenset(live.registration.secrets.values())


def _tell_problems(before: Landscape, after: Landscape) -> None:
    """Name what is wrong and was not named before, visibly; the rest goes on."""
    for name in before.problems.keys() - after.problems.keys():
        metrics.bundle_problems.labels(name).set(0)
    for name, problems in after.problems.items():
        metrics.bundle_problems.labels(name).set(len(problems))
        if problems == before.problems.get(name):
            continue
        for problem in problems:
            log.error("not_live", connector=name, at=problem.at, what=problem.what, fix=problem.fix)


def _tell_superseded(files: Landscape, after: Landscape, ledger: Ledger) -> None:
    """Name what the files say and does not count, since it was changed at the running hub."""
    now = {live.name: (live.bundle.sha256, live.registration.digest) for live in after.live}
    for live in files.live:
        said = (live.bundle.sha256, live.registration.digest)
        if live.name in ledger.registrations and now.get(live.name) != said:
            log.warning(
                "file_entry_superseded",
                name=live.name,
                version=ledger.registrations[live.name].version,
                fix=f"hub connector registrations {live.name}",
            )
