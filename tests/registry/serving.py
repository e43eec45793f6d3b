"""Registries that listen on a free loopback port, for tests that need a real address."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import uvicorn
from starlette.applications import Starlette

from adapters.http.simple import fetch
from hub.access.tokens import bearer
from hub.records import Broker
from hub.registry.schemas.server import create_app, schema_routes
from hub.registry.schemas.store import open_store
from tests.registry.contract import Answer


class UrlDoor:
    """A registry at an address."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.token = token
        self._headers = bearer(token) if token else {}

    def call(self, method: str, path: str, body: object = None) -> Answer:
        status, _, raw = fetch(method, self.url + path, json=body, headers=self._headers)
        found: object = json.loads(raw)
        return status, found


@contextmanager
def serving(broker: Broker) -> Iterator[str]:
    """Our schema registry in a thread of its own; gives its address."""
    with open_store(broker) as store, listening(create_app(schema_routes(store))) as url:
        yield url


@contextmanager
def listening(app: Starlette) -> Iterator[str]:
    """The application in a thread of its own; gives its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="registry")
    thread.start()
    try:
        yield f"http://127.0.0.1:{_port(server)}"
    finally:
        server.should_exit = True
        thread.join(timeout=15)
        assert not thread.is_alive()


def _port(server: uvicorn.Server) -> int:
    deadline = monotonic() + 15
    tick = threading.Event()
    while not server.started:
        assert monotonic() < deadline, "the registry did not start"
        tick.wait(0.01)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
