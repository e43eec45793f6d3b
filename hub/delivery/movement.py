"""Waiting until a lane has come to something: it tells whenever anything of it has moved."""

import asyncio
from collections.abc import Callable


class Movement:
    """One lane's. Belongs to its event loop."""

    def __init__(self) -> None:
        self._told = asyncio.Event()

    def tell(self) -> None:
        """Something was started, settled or let go."""
        self._told.set()

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until it holds, at most so long; whether it does."""
        try:
            await asyncio.wait_for(self._until(holds), seconds)
        except TimeoutError:
            return False
        return True

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._told.clear()
            await self._told.wait()
