"""An identity provider's keys: fetched, kept for a while, fetched anew when one is not known.

A key that no one knows may be new, so it is worth one more look; but anybody can invent key ids, so
there is at most one fetch in `PAUSE` seconds however many ask.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from adapters.http.endpoint import parse_endpoint
from adapters.http.reach import reach
from adapters.http.tls import client_context
from adapters.http.transport import Transport
from hub.access.oidc import Keys, UnknownKeyError, claims_of, principal_of, read_keys
from hub.access.roster import Provider
from hub.access.rules import Principal
from hub.errors import Halt, HubError, Reject, Retry
from hub.log import get_logger

log = get_logger("hub.access")
FRESH = 3_600.0  # seconds after which keys are fetched anew: one that was taken back must go
STALE = 86_400.0  # seconds for which the old ones count while the provider cannot be reached
PAUSE = 30.0  # seconds between two fetches
TIMEOUT = 5.0  # seconds
BODY_BYTES = 262_144

Fetch = Callable[[], Awaitable[bytes]]


def fetching(provider: Provider, transport: Transport) -> Fetch:
    """How its keys are fetched. Raises Halt for an address that cannot be used."""
    tls = client_context(_authorities(provider)) if provider.ca else None
    at = parse_endpoint(provider.jwks, tls, reach(tuple(provider.allow_addresses)))
    head = (
        f"GET {at.base or '/'} HTTP/1.1\r\nhost: {at.authority}\r\n"
        "accept: application/json\r\nconnection: close\r\n\r\n"
    ).encode("ascii")

    async def fetch() -> bytes:
        answer = await transport.exchange(at.origin, head, b"", TIMEOUT, BODY_BYTES, TIMEOUT)
        if answer.status != 200:  # noqa: PLR2004 - OK; a redirect is no answer
            raise Retry(f"answers {answer.status}", where=str(at.origin), system=True)
        return answer.body

    return fetch


def _authorities(provider: Provider) -> str:
    try:
        return Path(provider.ca).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Halt("cannot be read", where=provider.ca, fix="name a PEM file at oidc.ca") from error


class Verifier:
    """Who a provider's token names. Belongs to one event loop.

    `clock`: seconds that never go back. `now`: epoch seconds.
    """

    def __init__(
        self,
        provider: Provider,
        fetch: Fetch,
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._provider = provider
        self._fetch = fetch
        self._clock = clock
        self._now = now
        self._keys: Keys | None = None
        self._since = 0.0  # when the keys were fetched
        self._tried: float | None = None  # when a fetch last began
        self._lock = asyncio.Lock()

    async def who(self, token: str) -> Principal:
        """The token's principal. Raises Reject for a token that is not good.

        Raises Retry where the provider cannot be asked and what is known of it is too old.
        """
        keys = await self._known()
        try:
            claims = claims_of(token, keys, self._provider, self._now())
        except UnknownKeyError:
            keys = await self._newer_than(keys)
            try:
                claims = claims_of(token, keys, self._provider, self._now())
            except UnknownKeyError:
                raise Reject("the token is signed with a key that the provider has not") from None
        return principal_of(claims, self._provider)

    async def _known(self) -> Keys:
        if self._keys is not None and self._clock() - self._since < FRESH:
            return self._keys
        async with self._lock:
            if self._keys is None or self._clock() - self._since >= FRESH:
                await self._refresh()
        if self._keys is None or self._clock() - self._since >= STALE:
            raise Retry("the identity provider cannot be asked", after=PAUSE, system=True)
        return self._keys

    async def _newer_than(self, keys: Keys) -> Keys:
        async with self._lock:
            if self._keys is keys:
                await self._refresh()
        return self._keys or keys

    async def _refresh(self) -> None:
        """Fetch, unless that was tried a moment ago; what fails leaves what is known."""
        now = self._clock()
        if self._tried is not None and now - self._tried < PAUSE:
            return
        self._tried = now
        try:
            self._keys = read_keys(await self._fetch())
            self._since = self._clock()
        except HubError as error:
            log.warning("keys_not_fetched", where=error.where, what=error.what, fix=error.fix)
