"""Pieces of work that a lane starts and does not wait for; each has an end, and an owner."""

import asyncio
from collections.abc import Coroutine

from hub.log import get_logger, place_of

log = get_logger("hub.delivery")


class Chores:
    """One lane's. Belongs to its event loop."""

    def __init__(self, registration: str) -> None:
        self._registration = registration
        self._tasks: set[asyncio.Task[None]] = set()
        self.bugs = 0  # pieces of work that ended by one

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Run it until `close`."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # a bug: what it had in hand stands still until the next owner
            self.bugs += 1
            name, at = type(error).__name__, place_of(error)
            log.error("lane_bug", registration=self._registration, error=name, at=at)

    async def rest(self) -> None:
        """Wait until all have ended."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """End what still runs."""
        for task in list(self._tasks):
            task.cancel()
        await self.rest()
