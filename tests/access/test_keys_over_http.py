"""An identity provider's keys over the real transport, which asks whereto it may go."""

import asyncio
import time

import pytest

from adapters.http.transport import Transport
from hub.access.keys import Verifier, fetching
from hub.access.roster import Provider
from hub.errors import Halt, HubError, Retry
from tests.access.sso import BODY, Sso, sso

pytestmark = pytest.mark.process


def provider(found: Sso, *allowed: str, **more: str) -> Provider:
    return Provider(found.url, "lgsp-hub", found.url, allow_addresses=[*allowed], **more)


def fetched(one: Provider) -> bytes:
    async def work() -> bytes:
        async with Transport() as transport:
            return await fetching(one, transport)()

    return asyncio.run(work())


def who(one: Provider, token: str) -> str:
    async def work() -> str:
        async with Transport() as transport:
            verifier = Verifier(one, fetching(one, transport), time.monotonic, time.time)
            return (await verifier.who(token)).name

    return asyncio.run(work())


def test_keys_come_from_where_they_may() -> None:
    with sso() as found:
        assert BODY == fetched(provider(found, "127.0.0.1"))
        assert "oidc:thu" == who(provider(found, "127.0.0.1"), found.token("operator"))
        with pytest.raises(Halt, match="loopback"):
            fetched(provider(found))
        with pytest.raises(Retry, match="cannot be asked"):
            who(provider(found, "10.0.0.0/8"), found.token("operator"))


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_only_a_plain_answer_holds_keys_and_nobody_is_sent_elsewhere(status: int) -> None:
    with sso() as good, sso(status, location=good.url) as found:
        one = provider(found, "127.0.0.1")
        with pytest.raises(HubError, match=str(status)):
            fetched(one)


def test_a_file_of_authorities_that_is_not_there_is_named() -> None:
    with sso() as found, pytest.raises(Halt, match="name a PEM file at oidc"):
        fetched(provider(found, "127.0.0.1", ca="nowhere.pem"))
