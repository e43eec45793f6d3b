"""`hub gateway`: the process that accepts messages."""

import asyncio
from contextlib import AsyncExitStack

from adapters.http.transport import Transport
from hub.audit.gate import Gate
from hub.gateway.app import GatewayApp
from hub.gateway.doors import Doors
from hub.intake.confirming import AT_ONCE
from hub.intake.opening import open_intake, open_writer
from hub.intake.tail import Tail
from hub.landscapes import open_landscapes
from hub.log import get_logger
from hub.serving import ended, run, serving
from hub.settings import Settings
from hub.surroundings import (
    Surroundings,
    now_ms,
    open_surroundings,
)

log = get_logger("hub.gateway")
LEAVE = 4.0  # seconds for a thread that reads the broker, at the stop


class Readiness:
    """What keeps the gateway from accepting."""

    def __init__(self, tail: Tail, gate: Gate | None) -> None:
        self._tail = tail
        self._gate = gate

    def problems(self) -> list[str]:
        problem = self._tail.problem() or (self._gate.problem() if self._gate else None)
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
        app = GatewayApp(Readiness(opened.tail, open_gate(stack, around)))
        transport = await stack.enter_async_context(Transport(connections=AT_ONCE))
        doors = Doors(app, opened.intake, transport)
        stack.push_async_callback(doors.close)
        landscapes.tell(doors.take_up)
        await doors.settled()
        url = await stack.enter_async_context(serving(app, "gateway", settings, settings.tls))
        log.info("gateway_started", url=url, registrations=sorted(app.doors))
        await stop.wait()
        log.info("gateway_stopping")


def open_gate(stack: AsyncExitStack, around: Surroundings) -> Gate | None:
    """What watches that evidence is written, where that is required."""
    settings = around.settings
    if settings.audit != "required":
        return None
    gate = Gate(around.broker, settings.audit_grace, now_ms)
    gate.start()
    stack.push_async_callback(ended, gate.stop, LEAVE, "gate")
    return gate
