"""A credential that is fetched, kept for its lifetime, and fetched once however many ask.

While one call fetches, the others wait for the same answer, its failure included: a peer that is
down is asked once, not once per waiting call. A refusal is remembered for a while: systems lock an
account after some wrong passwords, and only a person can mend what is wrong.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType

from hub.errors import Halt, Retry

REFUSED_FIRST = 60.0  # seconds that a refusal is remembered, doubling with every further one
REFUSED_LONGEST = 900.0

Clock = Callable[[], float]  # seconds, never going back


@dataclass(frozen=True, slots=True)
class Grant:
    """A credential and for how many seconds it may be used; None = until it is refused."""

    value: str
    lifetime: float | None


# What the calling task used last: a refusal of yesterday's token must not drop today's.
_used: ContextVar[Mapping["Token", str]] = ContextVar("_used", default=MappingProxyType({}))


class Token:
    """One registration's fetched credential. Belongs to one event loop."""

    def __init__(self, fetch: Callable[[], Awaitable[Grant]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._value: str | None = None
        self._until: float | None = None
        self._fetching: asyncio.Task[str] | None = None
        self._refusal: Halt | None = None
        self._refused_until = 0.0
        self._patience = REFUSED_FIRST

    async def get(self) -> str:
        """The credential. Raises what fetching raises; nothing of the caller's was sent by then.

        After a Halt the same Halt is raised for 1 to 15 minutes without asking again.
        """
        value = self._value
        if value is None or (self._until is not None and self._clock() >= self._until):
            self._check()
            value = await self._shared()
        _used.set({**_used.get(), self: value})
        return value

    def drop(self) -> None:
        """The credential that this task used last was refused; another one's is left alone.

        Who has used none asks for a new one on purpose: a remembered refusal is forgotten.
        """
        used = _used.get().get(self)
        if used is None:
            self._refusal = None
            self._patience = REFUSED_FIRST
        if used is None or used == self._value:
            self._value = None

    async def close(self) -> None:
        """End a fetch in flight."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _check(self) -> None:
        refusal = self._refusal
        if refusal is not None and self._clock() < self._refused_until:
            raise Halt(refusal.what, refusal.where, refusal.fix)

    async def _shared(self) -> str:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._renew())
            self._fetching.add_done_callback(_looked_at)
        try:
            # A caller that is cancelled must not take the fetch away from the others.
            return await asyncio.shield(self._fetching)
        except Retry as error:
            raise Retry(
                error.what, error.where, error.fix, error.after, system=True, sent=False
            ) from error

    async def _renew(self) -> str:
        try:
            self._value = None
            grant = await self._fetch()
        except Halt as error:
            self._refusal = error
            self._refused_until = self._clock() + self._patience
            self._patience = min(2 * self._patience, REFUSED_LONGEST)
            raise
        finally:
            self._fetching = None
        self._refusal, self._patience = None, REFUSED_FIRST
        self._value = grant.value
        self._until = None if grant.lifetime is None else self._clock() + grant.lifetime
        return grant.value


def _looked_at(task: asyncio.Task[str]) -> None:
    """Every caller may have been cancelled by now; a failure that nobody waits for is no news."""
    if not task.cancelled():
        task.exception()
