"""A login gives the token that later calls carry; all who wait share it."""

import asyncio

import pytest

from adapters.http.messages import Answer
from adapters.http.transport import Transport
from adapters.rest.client import open_client
from hub.contract.binding import Auth
from hub.contract.types import Document
from hub.errors import Halt, Retry
from tests.adapters.http.peers import peer, read_request, run
from tests.adapters.rest.contracts import CONTRACT
from tests.adapters.rest.rest_peer import (
    DONE,
    DOSSIER,
    Clock,
    Reply,
    Seen,
    System,
    call,
    here,
    opened,
    reply,
)

LOGIN = Auth(
    "login",
    {
        "operation": "POST /login",
        "send": {"username": "u", "password": "p-secret"},
        "token": "session",
        "put": {"header": "token"},
        "lifetime": 1500,
    },
)


def sessions(*given: object, status: int = 200) -> Reply:
    left = list(given)

    def answer(seen: Seen) -> bytes:
        if seen.line.startswith("POST /login "):
            return reply({"error_code": 0, "session": left.pop(0)}, status)
        return reply(DONE)

    return answer


def test_a_login_gives_the_header_and_the_token_that_is_filled_in() -> None:
    document: Document = {"dstcode": "d", "body": {"service": "TraCuu", "mahoso": "H1"}}
    before = Auth("api_key", {"header": "x-gateway", "value": "g"})
    _, (login, seen) = call(
        "POST /mapi/g",
        document,
        sessions("s-1"),
        auth=(before, LOGIN),
        fill={"body.session": "$token"},
    )
    assert {"username": "u", "password": "p-secret"} == login.json
    assert "g" == login.headers["x-gateway"]
    assert "token" not in login.headers
    assert ("s-1", "g") == (seen.headers["token"], seen.headers["x-gateway"])
    assert {"session": "s-1", "service": "TraCuu", "mahoso": "H1"} == seen.json


def test_renew_drops_the_session_and_its_lifetime_ends_it() -> None:
    system, clock = System(sessions("s-1", "s-2", "s-3")), Clock()

    async def work() -> list[str]:
        async with opened(system, clock=clock, auth=(LOGIN,)) as client:
            await client.call("POST /ho-so", DOSSIER, "k")
            await client.call("POST /ho-so", DOSSIER, "k")
            await client.renew()
            await client.call("POST /ho-so", DOSSIER, "k")
            clock.now += 1_501
            await client.call("POST /ho-so", DOSSIER, "k")
        return [seen.headers.get("token", "login") for seen in system.seen]

    assert ["login", "s-1", "s-1", "login", "s-2", "login", "s-3"] == run(work)


def test_renewing_what_another_call_renewed_already_changes_nothing() -> None:
    system = System(sessions("s-1", "s-2", "s-3"))

    async def work() -> int:
        async with opened(system, auth=(LOGIN,)) as client:
            used = asyncio.Barrier(4)

            async def one() -> None:
                await client.call("POST /ho-so", DOSSIER, "k")
                await used.wait()  # all four used the first session and were refused by its body
                await client.renew()
                await client.call("POST /ho-so", DOSSIER, "k")

            await asyncio.gather(*(one() for _ in range(4)))
        return sum(seen.line.startswith("POST /login ") for seen in system.seen)

    assert 2 == run(work)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (reply({"error_code": 5, "session": None}), Halt),
        (reply({"error_code": 5}), Halt),
        (reply(b"busy"), Retry),
        (reply({"error_code": "?"}), Retry),
        (reply(b"", 401), Halt),
        (reply(b"", 503), Retry),
    ],
)
def test_a_login_that_fails(told: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        call("POST /ho-so", DOSSIER, told, auth=(LOGIN,))
    assert "p-secret" not in str(caught.value)


def test_a_caller_that_gives_up_leaves_the_fetch_to_the_others() -> None:
    asked, answer_now = asyncio.Event(), asyncio.Event()
    served: list[str] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await read_request(reader)
            served.append(head.decode().split()[1])
            if served[-1] == "/login":
                asked.set()
                await answer_now.wait()
                writer.write(reply({"error_code": 0, "session": "s-1"}))
            else:
                writer.write(reply(DONE))

    async def work() -> Answer:
        async with peer(script) as port, Transport() as transport:
            binding = here(port, auth=(LOGIN,))
            client = open_client(CONTRACT, binding, transport, Clock())
            first, second = (
                asyncio.create_task(client.call("POST /ho-so", DOSSIER, "k")) for _ in range(2)
            )
            await asked.wait()
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            answer_now.set()
            return await second

    assert 200 == run(work).status
    assert ["/login", "/ho-so"] == served
