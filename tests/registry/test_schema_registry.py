"""Our registry on the broker's twin: the contract, and what only ours promises."""

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from hub.broker_memory import MemoryBroker
from hub.registry.schemas.server import create_app, schema_routes
from hub.registry.schemas.store import Store, open_store
from tests.registry.contract import Answer, Door, RegistryContract


class AppDoor:
    """The application without a socket."""

    def __init__(self, store: Store) -> None:
        self._client = TestClient(create_app(schema_routes(store)))

    def call(self, method: str, path: str, body: object = None) -> Answer:
        answer = self._client.request(method, path, json=body)
        assert "application/vnd.schemaregistry.v1+json" == answer.headers["content-type"]
        found: object = json.loads(answer.content)
        return answer.status_code, found


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def store(broker: MemoryBroker) -> Iterator[Store]:
    with open_store(broker) as store:
        yield store


@pytest.fixture
def door(store: Store) -> Door:
    return AppDoor(store)


class TestOurRegistryOnTheTwin(RegistryContract):
    pass
