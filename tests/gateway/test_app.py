"""The gateway's application alone: which door, how much at once, how long."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from adapters.http.messages import HttpRequest, HttpResponse, Refusal
from adapters.http.problem import of_refusal
from hub.gateway import app as application
from hub.gateway.app import BODY_BYTES, MOST_BYTES, MOST_REQUESTS, GatewayApp

Event = dict[str, Any]


class Door:
    """A door that says what it was asked; a test may hold it."""

    name = "post"

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        await self.gate.wait()
        return HttpResponse(200, (("x-kind", "yes"),), b"done")

    def refuse(self, refusal: Refusal) -> HttpResponse:
        """Its own words, here a header."""
        answer = of_refusal(refusal)
        return HttpResponse(answer.status, (*answer.headers, ("x-kind", "no")), answer.body)


class Health:
    def __init__(self) -> None:
        self.found: list[str] = []

    def problems(self) -> list[str]:
        return self.found


class World:
    def __init__(self) -> None:
        self.door, self.health = Door(), Health()
        self.app = GatewayApp(self.health)
        self.app.serve({"post": self.door}, frozenset({"shut"}))  # type: ignore[dict-item]  # a door of a few lines

    async def ask(
        self,
        path: str,
        *parts: bytes,
        receive: Callable[[], Awaitable[Event]] | None = None,
        **scope: Any,
    ) -> tuple[int, dict[str, str], bytes]:
        """One request whose body comes in parts; status, headers, body of the answer."""
        events = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        events.append({"type": "http.request", "body": b""})
        sent: list[Any] = []

        async def given() -> Event:
            return events.pop(0)

        async def send(event: Any) -> None:
            sent.append(event)

        whole = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            **scope,
        }
        await self.app(whole, receive or given, send)
        start, body = sent
        headers = {name.decode(): text.decode() for name, text in start["headers"]}
        assert headers["content-length"] == str(len(body["body"]))
        return start["status"], headers, body["body"]


async def never() -> Event:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.fixture
def world() -> World:
    return World()


def run(work: Awaitable[Any]) -> Any:
    async def go() -> Any:
        async with asyncio.timeout(20):
            return await work

    return asyncio.run(go())


def test_a_door_gets_the_request_as_it_came(world: World) -> None:
    status, headers, body = run(
        world.ask(
            "/post/a%2Fb/c",
            b'{"x"',
            b":1}",
            query_string=b"q=1",
            headers=[(b"x-name", "Mẫu".encode())],
            client=("10.0.0.7", 1),
            scheme="https",
            state={"certificate": {"commonName": "vnpost"}},
        )
    )
    (asked,) = world.door.asked
    assert (status, headers["x-kind"], body) == (200, "yes", b"done")
    assert (asked.path, asked.root, asked.query) == ("/a%2Fb/c", "/post", "q=1")
    assert (asked.body, asked.peer, asked.scheme) == (b'{"x":1}', "10.0.0.7", "https")
    assert asked.certificate == {"commonName": "vnpost"}
    assert asked.headers["x-name"].encode("latin-1").decode() == "Mẫu"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 404), ("/nobody/x", 404), ("//post/x", 404), ("/shut/x", 503), ("/post", 200)],
)
def test_the_first_part_of_the_path_names_the_door(world: World, path: str, status: int) -> None:
    found, headers, _ = run(world.ask(path))
    assert found == status
    assert ("retry-after" in headers) == (status == 503)


def test_probes_are_answered_whatever_is_wrong(world: World) -> None:
    assert run(world.ask("/health/ready"))[::2] == (200, b"ready\n")
    world.health.found = ["the broker does not answer"]
    assert run(world.ask("/health/ready"))[::2] == (503, b"the broker does not answer\n")
    assert run(world.ask("/health/live"))[0] == 200
    assert b"hub_refused_total" in run(world.ask("/metrics"))[2]


def test_while_it_is_not_ready_it_takes_nothing(world: World) -> None:
    world.health.found = ["the index is not up to date yet"]
    status, headers, body = run(world.ask("/post/x", b"{}"))
    assert (status, headers["retry-after"], headers["x-kind"]) == (503, "5", "no")
    assert orjson.loads(body)["detail"] == "the index is not up to date yet"
    assert world.door.asked == []


def test_a_body_beyond_the_bound_is_refused_before_it_has_come_whole(world: World) -> None:
    taken = 0

    async def endless() -> Event:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    assert run(world.ask("/post/x", receive=endless))[0] == 413
    assert taken <= BODY_BYTES // 65_536 + 1
    assert run(world.ask("/post/x", b"x" * BODY_BYTES))[0] == 200


def test_a_sender_that_goes_away_leaves_nothing(world: World) -> None:
    async def gone() -> Event:
        return {"type": "http.disconnect"}

    assert run(world.ask("/post/x", receive=gone))[0] == 400
    assert world.door.asked == []


def test_a_body_that_does_not_come_is_given_up(world: World) -> None:
    patience, application.BODY_SECONDS = application.BODY_SECONDS, 0.05
    try:
        status, _, body = run(world.ask("/post/x", receive=never))
    finally:
        application.BODY_SECONDS = patience
    assert (status, orjson.loads(body)["title"]) == (408, "The request is too slow")


def test_too_many_requests_at_once_are_told_to_come_again(world: World) -> None:
    async def go() -> tuple[list[int], int]:
        world.door.gate.clear()
        first = [asyncio.create_task(world.ask("/post/x", b"{}")) for _ in range(MOST_REQUESTS)]
        while len(world.door.asked) < MOST_REQUESTS:
            await asyncio.sleep(0)
        refused = [(await world.ask("/post/x", b"{}"))[0] for _ in range(5)]
        assert (await world.ask("/health/live"))[0] == 200
        world.door.gate.set()
        assert {status for status, *_ in await asyncio.gather(*first)} == {200}
        return refused, (await world.ask("/post/x", b"{}"))[0]

    assert run(go()) == ([503] * 5, 200)


def test_too_many_bytes_at_once_are_told_to_come_again(world: World) -> None:
    async def go() -> tuple[int, int]:
        world.door.gate.clear()
        count = MOST_BYTES // BODY_BYTES
        big = b"x" * BODY_BYTES  # one object: the test itself holds it once
        first = [asyncio.create_task(world.ask("/post/x", big)) for _ in range(count)]
        while len(world.door.asked) < count:
            await asyncio.sleep(0)
        refused = (await world.ask("/post/x", b"{}"))[0]
        world.door.gate.set()
        await asyncio.gather(*first)
        return refused, (await world.ask("/post/x", big))[0]

    assert run(go()) == (503, 200)


def test_what_was_held_is_let_go_after_every_end(world: World) -> None:
    async def gone() -> Event:
        return {"type": "http.disconnect"}

    async def go() -> None:
        for _ in range(3):
            await world.ask("/post/x", receive=gone)
            await world.ask("/post/x", b"x" * (BODY_BYTES + 1))
            await world.ask("/post/x", b"{}")

    run(go())
    assert (world.app._requests, world.app._bytes) == (0, 0)


def test_nothing_but_http_is_served(world: World) -> None:
    run(world.app({"type": "websocket"}, never, None))  # type: ignore[arg-type]  # never used
    assert world.door.asked == []
