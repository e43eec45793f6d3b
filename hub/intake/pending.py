"""What was given to the broker and is not acknowledged yet, and who waits for it.

A resent message waits for the same acknowledgement as the first. Each who waits has a future of
their own, so one who goes away (a client that hung up, a poll that was ended) takes nothing from
the others. Belongs to one event loop.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from hub.errors import HubError
from hub.records import Position

Kept: TypeAlias = asyncio.Future[None]


class _Awaited(NamedTuple):
    digest: str
    waiting: list[Kept]


class Pending:
    """Facts under way by their event id."""

    def __init__(self) -> None:
        self._awaited: dict[str, _Awaited] = {}

    def begin(self, event_id: str, digest: str) -> Kept:
        """It is given to the broker now; the future ends with its acknowledgement."""
        future = asyncio.get_running_loop().create_future()
        self._awaited[event_id] = _Awaited(digest, [future])
        return future

    def digest(self, event_id: str) -> str | None:
        """The digest of the item that it came from; None if it is not under way."""
        found = self._awaited.get(event_id)
        return found.digest if found else None

    def wait(self, event_id: str) -> Kept | None:
        """Another who waits for it; None if it is not under way."""
        found = self._awaited.get(event_id)
        if found is None:
            return None
        future = asyncio.get_running_loop().create_future()
        found.waiting.append(future)
        return future

    def end(self, event_id: str, result: Position | HubError) -> None:
        """The broker answered."""
        for future in self._awaited.pop(event_id).waiting:
            settle(future, result)


def settle(future: Kept, result: Position | HubError) -> None:
    """End a future, unless who waited went away."""
    if future.done():
        return
    if isinstance(result, HubError):
        future.set_exception(result)
        future.exception()  # who waits may go away this very moment; then nobody else looks
    else:
        future.set_result(None)


def failure(future: Kept) -> HubError | None:
    """Why it failed, if that is known already."""
    found = future.exception() if future.done() and not future.cancelled() else None
    return found if isinstance(found, HubError) else None


async def all_of(waits: Sequence[Kept]) -> None:
    """Wait for every one; raise the first failure only after all have ended."""
    if len(waits) == 1:  # as it is nearly always
        await waits[0]
        return
    results = await asyncio.gather(*waits, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
