"""The doors of a gateway that runs, as registrations come, change and go."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import cast

import orjson
from structlog.testing import capture_logs

from adapters.http.messages import HttpRequest, HttpResponse
from adapters.http.transport import Transport
from hub.gateway.app import GatewayApp
from hub.gateway.doors import Doors
from hub.records import Done, Ours, Outgoing, Writer
from hub.registry.live import Landscape, Live
from tests.gateway.test_door import FILING, World, landscape, world

__all__ = ["landscape", "world"]  # the fixtures


class Well:
    def problems(self) -> list[str]:
        return []


class Held:
    """A writer that acknowledges when a test lets it."""

    def __init__(self, inner: Writer) -> None:
        self.inner = inner
        self.waiting: list[tuple[Outgoing, Done]] = []

    def append(self, outgoing: Outgoing, done: Done, ours: Ours | None = None) -> None:
        assert ours is None
        self.waiting.append((outgoing, done))

    def let_go(self) -> None:
        for outgoing, done in self.waiting:
            self.inner.append(outgoing, done)
        self.waiting.clear()


def playing(world: World, scene: Callable[[GatewayApp, Doors], Awaitable[None]]) -> None:
    async def main() -> None:
        app = GatewayApp(Well())
        doors = Doors(app, world.intake, cast("Transport", None))  # nobody is asked here
        await scene(app, doors)
        await doors.close()

    asyncio.run(main())


async def reach(doors: Doors, found: Landscape) -> None:
    doors.take_up(found)
    await doors.settled()


def otherwise(live: Live) -> Live:
    return Live(live.bundle, replace(live.registration, endpoint="http://127.0.0.1:10"))


def request(world: World) -> HttpRequest:
    headers = {
        "authorization": f"Bearer {world.token()}",
        "content-type": "application/json",
        "idempotency-key": "k",
    }
    body = orjson.dumps(FILING)
    return HttpRequest("POST", "/ho-so", "", headers, body, "127.0.0.1", root="/portal")


def test_a_request_under_way_ends_at_the_door_that_it_came_to(
    world: World, landscape: Landscape
) -> None:
    held = Held(world.intake._writer)
    world.intake._writer = cast("Writer", held)
    portal, onestop = landscape.live

    async def scene(app: GatewayApp, doors: Doors) -> None:
        await reach(doors, landscape)
        first = dict(app.doors)
        under_way = asyncio.create_task(app.doors["portal"].handle(request(world)))
        while not held.waiting:
            await asyncio.sleep(0)
        await reach(doors, replace(landscape, live=(otherwise(portal), onestop)))
        assert app.doors["portal"] is not first["portal"]
        assert app.doors["onestop"] is first["onestop"], "nobody changed it"
        held.let_go()
        answer: HttpResponse = await under_way
        assert 200 == answer.status
        again = await app.doors["portal"].handle(request(world))
        assert [200, "DA_NHAN"] == [again.status, orjson.loads(again.body)["ma"]]

    playing(world, scene)
    assert 1 == world.kept


def test_what_is_retired_is_gone_and_what_is_paused_still_says_what_it_has_to_say(
    world: World, landscape: Landscape
) -> None:
    portal, _ = landscape.live
    paused = Live(portal.bundle, replace(portal.registration, paused=True))

    async def scene(app: GatewayApp, doors: Doors) -> None:
        await reach(doors, landscape)
        await reach(doors, replace(landscape, live=(paused,), down=frozenset({"never_was"})))
        assert {"portal"} == app.doors.keys()
        assert {"never_was"} == app._closed
        answer = await app.doors["portal"].handle(request(world))
        assert 200 == answer.status

    playing(world, scene)


def test_a_door_that_cannot_be_opened_leaves_the_one_there_was(
    world: World, landscape: Landscape
) -> None:
    portal, onestop = landscape.live
    secrets = {**portal.registration.secrets, "inbound_token": "env:NOT_SET_ANYWHERE"}
    bad = Live(portal.bundle, replace(portal.registration, secrets=secrets))

    async def scene(app: GatewayApp, doors: Doors) -> None:
        await reach(doors, landscape)
        first = app.doors["portal"]
        await reach(doors, replace(landscape, live=(bad, onestop)))
        assert app.doors["portal"] is first
        assert not app._closed

    async def fresh(app: GatewayApp, doors: Doors) -> None:
        await reach(doors, replace(landscape, live=(bad, onestop)))
        assert {"onestop"} == app.doors.keys()
        assert {"portal"} == app._closed, "it answers 503: it may come back"

    with capture_logs() as said:
        playing(world, scene)
        playing(world, fresh)
    assert ["portal", "portal"] == [
        line["connector"] for line in said if line["event"] == "not_live"
    ]


def test_who_serves_an_event_is_what_is_live_now(world: World, landscape: Landscape) -> None:
    async def scene(app: GatewayApp, doors: Doors) -> None:
        await reach(doors, landscape)
        one = world.intake.served
        await reach(doors, replace(landscape, live=landscape.live[:1]))
        assert world.intake.served is not one

    playing(world, scene)
