"""Work on the newest of what is asked for: one at a time, and what was overtaken is left out.

Changes come faster than they can be taken up where systems are slow to let go; only the last one
counts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from hub.log import get_logger, place_of

T = TypeVar("T")
log = get_logger("hub")


class Newest(Generic[T]):
    """One worker on one thing. Belongs to its event loop."""

    def __init__(self, work: Callable[[T], Awaitable[None]]) -> None:
        """`work` brings about what was asked for; a bug in it is told, and ends nothing."""
        self._work = work
        self._asked: list[T] = []  # one at most
        self._task: asyncio.Task[None] | None = None

    def ask(self, one: T) -> None:
        """Bring this about, after what is under way."""
        self._asked = [one]
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def rest(self) -> None:
        """Wait until nothing is left to do."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._asked:
                try:
                    await self._work(self._asked.pop())
                except Exception as error:  # noqa: BLE001 - the next one may succeed
                    log.error("change_bug", error=type(error).__name__, at=place_of(error))
        finally:
            self._task = None
