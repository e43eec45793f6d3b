"""The doors of a gateway, as registrations come, change and go while it runs.

A door that is replaced ends the requests that it has begun; the next request finds the new one.
What a change does not touch keeps its door.
"""

import asyncio

from adapters.http.transport import Transport
from hub import metrics
from hub.errors import HubError
from hub.gateway.app import GatewayApp
from hub.gateway.door import Door
from hub.intake.confirming import Confirmer
from hub.intake.intake import Intake
from hub.intake.served import Served
from hub.log import get_logger
from hub.newest import Newest
from hub.registry.live import Landscape, Live, wants
from hub.surroundings import client_of, server_of, tell_not_live

log = get_logger("hub.gateway")
AGAIN = 60.0  # seconds until a door that could not be opened is tried again


class Doors:
    """Belongs to the gateway's event loop."""

    def __init__(self, app: GatewayApp, intake: Intake, transport: Transport) -> None:
        """`transport`: the way to systems that are asked for a confirmation."""
        self._app = app
        self._intake = intake
        self._transport = transport
        self._wanted: Landscape | None = None
        self._changes = Newest(self._reach)
        self._ending: set[asyncio.Task[None]] = set()  # doors that were replaced

    def take_up(self, landscape: Landscape) -> None:
        """Serve what is live here; the loop goes on while doors are made."""
        self._wanted = landscape
        self._changes.ask(landscape)

    async def settled(self) -> None:
        """Wait until what was asked for is served."""
        await self._changes.rest()

    async def close(self) -> None:
        """End what the doors ask with."""
        await asyncio.gather(*self._ending, *(d.close() for d in self._app.doors.values()))

    async def _reach(self, landscape: Landscape) -> None:
        """A paused registration is delivered nothing, but what its system says is still kept."""
        before = self._app.doors
        receiving = [live for live in landscape.live if live.bundle.manifest.inbound]
        made = {live.name: await self._door(live, before.get(live.name)) for live in receiving}
        if any((door := made[live.name]) is None or door.live is not live for live in receiving):
            asyncio.get_running_loop().call_later(AGAIN, self._try_again, landscape)
        doors = {name: door for name, door in made.items() if door is not None}
        self._intake.served = Served(wants(landscape))
        self._app.serve(doors, landscape.down | (made.keys() - doors.keys()))
        for name in before.keys() | doors.keys():
            metrics.goes_by(name, doors[name].live.bundle.digest if name in doors else None)
        replaced = [door for name, door in before.items() if doors.get(name) is not door]
        if before and (replaced or doors.keys() != before.keys()):
            log.info("doors_changed", registrations=sorted(doors))
        for door in replaced:
            ending = asyncio.get_running_loop().create_task(door.close())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    def _try_again(self, landscape: Landscape) -> None:
        """A secret may be there by now."""
        if landscape is self._wanted:
            self._changes.ask(landscape)

    async def _door(self, live: Live, known: Door | None) -> Door | None:
        """Its door; the one that it had where it has not changed, or cannot be opened as it is."""
        if known is not None and known.live is live:
            return known
        try:
            server = await asyncio.to_thread(server_of, live)
        except HubError as error:
            tell_not_live(live.name, error)
            return known
        return Door(live, server, self._intake, await self._confirmer(live))

    async def _confirmer(self, live: Live) -> Confirmer | None:
        """A way to ask a system whose items may need to be confirmed.

        Where it cannot be opened (a secret is missing here), what needs no confirmation still
        comes in.
        """
        if not any(flow.confirm for flow in live.bundle.manifest.flows.values()):
            return None
        try:
            return Confirmer(await asyncio.to_thread(client_of, live, self._transport))
        except HubError as error:
            log.error(
                "confirmation_unavailable", connector=live.name, what=error.what, fix=error.fix
            )
            return None
