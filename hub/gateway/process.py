"""`hub gateway`: the process that accepts messages."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

from adapters.http.transport import Transport
from hub.audit.gate import Gate
from hub.errors import HubError
from hub.gateway.app import GatewayApp
from hub.gateway.door import Door
from hub.intake.confirming import AT_ONCE, Confirmer
from hub.intake.intake import Intake
from hub.intake.opening import open_intake, open_writer
from hub.intake.tail import Tail
from hub.log import get_logger
from hub.registry.live import Landscape
from hub.serving import ended, run, serving
from hub.settings import Settings
from hub.surroundings import (
    Surroundings,
    client_of,
    now_ms,
    open_surroundings,
    server_of,
    tell_not_live,
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
        opened = await open_intake(stack, around, writer, "gateway")
        doors = open_doors(
            around.landscape, opened.intake, await open_confirmers(stack, around.landscape)
        )
        receiving = {x.name for x in around.landscape.live if x.bundle.manifest.inbound}
        closed = around.landscape.down | (receiving - doors.keys())
        app = GatewayApp(doors, closed, Readiness(opened.tail, open_gate(stack, around)))
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


async def open_confirmers(stack: AsyncExitStack, landscape: Landscape) -> dict[str, Confirmer]:
    """A way to ask the systems whose items may need to be confirmed.

    Where it cannot be opened (a secret is missing here), what needs no confirmation still comes in.
    """
    confirmers: dict[str, Confirmer] = {}
    asking = [
        live
        for live in landscape.live
        if any(flow.confirm for flow in live.bundle.manifest.flows.values())
    ]
    if not asking:
        return confirmers
    transport = await stack.enter_async_context(Transport(connections=AT_ONCE))
    for live in asking:
        try:
            client = client_of(live, transport)
        except HubError as error:
            log.error(
                "confirmation_unavailable", connector=live.name, what=error.what, fix=error.fix
            )
            continue
        stack.push_async_callback(client.close)
        confirmers[live.name] = Confirmer(client)
    return confirmers


def open_doors(
    landscape: Landscape, intake: Intake, confirmers: Mapping[str, Confirmer]
) -> dict[str, Door]:
    """A door for each registration that receives; one that cannot be opened is named.

    A paused registration is delivered nothing, but what its system says is still kept.
    """
    doors: dict[str, Door] = {}
    for live in landscape.live:
        if live.bundle.manifest.inbound is None:
            continue
        try:
            doors[live.name] = Door(live, server_of(live), intake, confirmers.get(live.name))
        except HubError as error:
            tell_not_live(live.name, error)
    return doors
