"""OAuth2: one token for many calls, fetched in time, renewed where it is refused."""

import asyncio
from urllib.parse import parse_qs

import pytest

from hub.contract.binding import Auth
from hub.errors import Halt, Retry
from tests.adapters.http.peers import run
from tests.adapters.rest.rest_peer import (
    DONE,
    DOSSIER,
    Clock,
    Reply,
    Seen,
    System,
    call,
    opened,
    reply,
)

OAUTH = Auth(
    "oauth2",
    {"token_url": "/token", "client_id": "ck-test", "client_secret": "cs-test", "scope": "a b"},
)


def granting(*tokens: str, expires: object = 3_600, refuse: tuple[str, ...] = ()) -> Reply:
    """Gives these tokens in turn; calls with a token of `refuse` get 401."""
    left = list(tokens)

    def answer(seen: Seen) -> bytes:
        if seen.line.startswith("POST /token "):
            told = {"access_token": left.pop(0), "token_type": "Bearer", "expires_in": expires}
            return reply(told)
        denied = seen.headers.get("authorization", "").removeprefix("Bearer ") in refuse
        return reply(b"900902", 401) if denied else reply(DONE)

    return answer


def test_a_token_is_fetched_once_and_used_until_shortly_before_its_end() -> None:
    system, clock = System(granting("t1", "t2", expires="100")), Clock()

    async def work() -> list[str]:
        used = []
        async with opened(system, clock=clock, auth=(OAUTH,)) as client:
            for step in (0, 69, 2):  # 100 s, less a margin of 30
                clock.now += step
                await client.call("POST /ho-so", DOSSIER, "k")
                used.append(system.seen[-1].headers["authorization"])
        return used

    assert ["Bearer t1", "Bearer t1", "Bearer t2"] == run(work)
    token = system.seen[0]
    assert "Basic Y2stdGVzdDpjcy10ZXN0" == token.headers["authorization"]
    assert {"grant_type": ["client_credentials"], "scope": ["a b"]} == parse_qs(token.body.decode())


def test_many_calls_share_one_fetch() -> None:
    system = System(granting("t1"))

    async def work() -> None:
        async with opened(system, auth=(OAUTH,)) as client:
            await asyncio.gather(*(client.call("POST /ho-so", DOSSIER, "k") for _ in range(20)))

    run(work)
    assert [1, 20] == [
        sum(seen.line.startswith(start) for seen in system.seen)
        for start in ("POST /token ", "POST /ho-so ")
    ]


def test_a_refused_token_is_renewed_once() -> None:
    answer, seen = call("POST /ho-so", DOSSIER, granting("t1", "t2", refuse=("t1",)), auth=(OAUTH,))
    assert 200 == answer.status
    assert ["/token", "/ho-so", "/token", "/ho-so"] == [one.line.split()[1] for one in seen]


def test_a_token_that_is_refused_again_is_the_answer() -> None:
    told = granting("t1", "t2", refuse=("t1", "t2"))
    answer, seen = call("POST /ho-so", DOSSIER, told, auth=(OAUTH,))
    assert (401, 4) == (answer.status, len(seen))


def test_calls_that_are_refused_together_renew_once() -> None:
    system = System(granting("t1", "t2", "t3", refuse=("t1",)))

    async def work() -> list[int]:
        async with opened(system, auth=(OAUTH,)) as client:
            calls = (client.call("POST /ho-so", DOSSIER, "k") for _ in range(8))
            return [answer.status for answer in await asyncio.gather(*calls)]

    assert [200] * 8 == run(work)
    assert 2 == sum(seen.line.startswith("POST /token ") for seen in system.seen)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (reply({"error": "invalid_client"}, 400), Halt),
        (reply(b"A valid OAuth client could not be found", 401), Halt),
        (reply(b"forbidden", 403), Halt),
        (reply(b"", 500), Retry),
        (reply(b"", 429), Retry),
        (reply(b"<html>", 200), Retry),
        (reply({"access_token": ""}), Retry),
        (reply({"access_token": "a\r\nb"}), Retry),
        (reply({"access_token": "a", "token_type": "mac"}), Halt),
        (None, Retry),
    ],
)
def test_a_token_that_cannot_be_had(told: bytes | None, kind: type[Exception]) -> None:
    system = System(lambda _: told)

    async def work() -> None:
        async with opened(system, auth=(OAUTH,)) as client:
            await client.call("POST /ho-so", DOSSIER, "k")

    with pytest.raises(kind) as caught:
        run(work)
    assert "cs-test" not in str(caught.value)
    assert 1 == len(system.seen)
    if isinstance(caught.value, Retry):  # the message itself never left
        assert (True, False) == (caught.value.system, caught.value.sent)


def test_a_token_endpoint_may_say_when_to_ask_again() -> None:
    with pytest.raises(Retry) as caught:
        call("POST /ho-so", DOSSIER, reply(b"", 429, b"Retry-After: 17"), auth=(OAUTH,))
    assert 17.0 == caught.value.after


@pytest.mark.parametrize(("expires", "lifetime"), [(None, 270), ("x", 270), (0, 270), (10, 5)])
def test_a_lifetime_that_makes_no_sense_is_replaced(expires: object, lifetime: float) -> None:
    system, clock = System(granting("t1", "t2", expires=expires)), Clock()

    async def work() -> int:
        async with opened(system, clock=clock, auth=(OAUTH,)) as client:
            await client.call("POST /ho-so", DOSSIER, "k")
            clock.now += lifetime - 0.5
            await client.call("POST /ho-so", DOSSIER, "k")
            assert 3 == len(system.seen)
            clock.now += 1
            await client.call("POST /ho-so", DOSSIER, "k")
            return len(system.seen)

    assert 5 == run(work)
