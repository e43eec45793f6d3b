"""`hub gateway`: the process that accepts messages."""

import asyncio
from contextlib import AsyncExitStack

from adapters.http.transport import Transport
from hub.gateway.app import GatewayApp
from hub.gateway.doors import Doors
from hub.intake.confirming import AT_ONCE
from hub.intake.opening import Opened, open_intake, open_writer
from hub.landscapes import open_landscapes
from hub.log import get_logger
from hub.serving import run, serving
from hub.settings import Settings
from hub.surroundings import (
    open_surroundings,
)

log = get_logger("hub.gateway")


class Readiness:
    """What keeps the gateway from accepting."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def problems(self) -> list[str]:
        problem = self._opened.problem()
        return [problem] if problem else []


def gateway(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    run(lambda stop: _main(settings, stop))


async def _main(settings: Settings, stop: asyncio.Event) -> None:
    around = await asyncio.to_thread(open_surroundings, settings)
    async with AsyncExitStack() as stack:
        writer = await open_writer(stack, around)
        landscapes = await open_landscapes(stack, around.broker, around.landscape)
        opened = await open_intake(stack, around, landscapes.now, writer, "gateway")
        app = GatewayApp(Readiness(opened))
        transport = await stack.enter_async_context(Transport(connections=AT_ONCE))
        doors = Doors(app, opened.intake, transport)
        stack.push_async_callback(doors.close)
        landscapes.tell(around.learn)
        landscapes.tell(doors.take_up)
        await doors.settled()
        url = await stack.enter_async_context(serving(app, "gateway", settings, settings.tls))
        log.info("gateway_started", url=url, registrations=sorted(app.doors))
        await stop.wait()
        log.info("gateway_stopping")
