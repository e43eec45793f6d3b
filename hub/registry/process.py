"""`hub registry`: keeps the schemas, registers the hub's own at its start; the control plane.

Where HUB_REGISTRY_URL names an outside registry it is the control plane alone: two registries that
write one topic of schemas would each take the other's numbers.
"""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from urllib.parse import urlsplit

from starlette.routing import Route

from hub.access.guard import guarded
from hub.access.opening import open_gate
from hub.broker import KafkaBroker
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.log import get_logger
from hub.probes import Probed
from hub.registry.control.opening import Encoder, open_desk
from hub.registry.control.routes import control_routes
from hub.registry.schemas.client import check_own, register_all, register_own
from hub.registry.schemas.server import create_app, schema_routes
from hub.registry.schemas.store import open_store
from hub.serving import run, serving
from hub.settings import Settings
from hub.surroundings import bootstrap, registry_client

log = get_logger("hub.registry")


class Readiness:
    """Ready once the hub's own schemas are registered."""

    registered = False

    def problems(self) -> list[str]:
        return [] if self.registered else ["the hub's schemas are not registered yet"]


def registry(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    run(lambda stop: _main(settings, stop))


async def _main(settings: Settings, stop: asyncio.Event) -> None:
    broker = KafkaBroker(bootstrap(settings), settings.security)
    ours = keeps_schemas(settings)
    async with AsyncExitStack() as stack:
        routes = await _open_schemas(stack, broker) if ours else []
        health = Readiness()
        gate = await open_gate(stack, settings)
        encode = Encoder()
        routes += control_routes(await open_desk(stack, settings, broker, encode))
        app = Probed(health, create_app(guarded("registry", routes, gate)))
        url = await stack.enter_async_context(serving(app, "registry", settings))
        client = registry_client(settings, url if ours else None)
        known = await asyncio.to_thread(register_all, client, settings.schemas)
        encode.codec = Codec(load(settings.schemas), client)
        encode.own = (
            partial(check_own, client, settings.schemas),
            partial(register_own, client, settings.schemas),
        )
        health.registered = True
        log.info("registry_started", url=url, schemas=len(known))
        await stop.wait()


def keeps_schemas(settings: Settings) -> bool:
    """Whether the hub's schema registry is this process, and no other."""
    if settings.registry_url is None:
        return True
    host, port = settings.listen
    said = urlsplit(settings.registry_url)
    return (said.hostname, said.port) == (host, port)


async def _open_schemas(stack: AsyncExitStack, broker: KafkaBroker) -> list[Route]:
    opened = open_store(broker)
    store = await asyncio.to_thread(opened.__enter__)
    stack.push_async_callback(asyncio.to_thread, opened.__exit__, None, None, None)
    return schema_routes(store)
