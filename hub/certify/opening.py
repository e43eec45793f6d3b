"""The way to a sandbox, and to nothing else: with the credential, and with a wrong one."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic

from msgspec import structs

from adapters.http.connection import Origin, RawAnswer
from adapters.http.endpoint import parse_endpoint
from adapters.http.transport import ANSWER_BYTES, CONNECT_TIMEOUT, Transport
from hub.certify.trials import declared_time
from hub.certify.watched import Watched
from hub.errors import Halt
from hub.registry.live import Live
from hub.surroundings import client_of

PATIENCE = 2.0  # times the declared time: an answer that comes too late is still seen
LONGEST = 600.0  # seconds, as in the manifest
SPOILT = "-not"  # behind a credential that must not open anything


class OnlyThere(Transport):
    """A transport that calls one origin, and refuses every other."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(connections=2)
        origin = parse_endpoint(endpoint).origin
        self._there = (origin.host, origin.port)

    async def exchange(
        self,
        origin: Origin,
        head: bytes,
        body: bytes,
        timeout: float,  # noqa: ASYNC109 -- the transport's own shape
        answer_bytes: int = ANSWER_BYTES,
        connect_timeout: float = CONNECT_TIMEOUT,
    ) -> RawAnswer:
        """See Transport.exchange. Raises Halt for another origin."""
        if (origin.host, origin.port) != self._there:
            raise Halt(
                f"{origin.host}:{origin.port} is not the sandbox; nothing else is called",
                where="certify",
                fix="give the sandbox's own address where the settings name another (token_url)",
            )
        return await super().exchange(origin, head, body, timeout, answer_bytes, connect_timeout)


@asynccontextmanager
async def open_ways(
    live: Live, follow: Callable[[str], str]
) -> AsyncIterator[tuple[Watched, Watched | None]]:
    """A client with the registration's credential, and one with a wrong one; None without secrets.

    `follow` gives the value behind a secret's reference. Raises Halt for a credential or an
    endpoint that cannot be used.
    """
    patient = _patient(live)
    async with OnlyThere(live.registration.endpoint) as transport:
        client = client_of(patient, transport, follow)
        stranger = client_of(patient, transport, lambda r: _spoilt(follow(r)))
        try:
            can_be_wrong = _has_secret(live, follow)
            yield (
                Watched(client, monotonic),
                Watched(stranger, monotonic) if can_be_wrong else None,
            )
        finally:
            await client.close()
            await stranger.close()


def _patient(live: Live) -> Live:
    """The registration with a time limit at which a late answer is still seen."""
    limit = min(LONGEST, PATIENCE * declared_time(live))
    delivery = structs.replace(live.registration.delivery, timeout=limit)
    return replace(live, registration=replace(live.registration, delivery=delivery))


def _spoilt(secret: str) -> str:
    """Another secret; a key in PEM stays what it is."""
    return secret if "-----BEGIN" in secret else f"{secret}{SPOILT}"


def _has_secret(live: Live, follow: Callable[[str], str]) -> bool:
    """Whether an outgoing credential holds a secret that can be spoilt."""
    written = str([*live.bundle.manifest.outbound.auth, live.bundle.manifest.outbound.fill])
    values = [
        follow(reference)
        for name, reference in live.registration.secrets.items()
        if f"$secret.{name}'" in written
    ]
    return any("-----BEGIN" not in value for value in values)
