"""The same contract against a registry that others wrote: Apicurio, through its Confluent API.

Not collected with the others (it fetches 158 MB and takes half a minute to start); run it by path:
`pytest tests/registry/apicurio_suite.py`. It shows that the suite is not a mirror of our own code.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.dev.apicurio import running_apicurio
from hub.dev.kafka import DevBroker
from hub.registry.schemas.client import RegistryClient, register_all
from tests.brokers import CACHE
from tests.events.records import CATALOGUE, SCHEMAS
from tests.registry.contract import (
    CODE,
    Door,
    RegistryContract,
    level_of,
    record,
    refused,
    registered,
)
from tests.registry.serving import UrlDoor

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("apicurio")
    with (
        DevBroker(home, cache=CACHE) as broker,
        running_apicurio(home, broker.bootstrap, cache=CACHE) as url,
    ):
        yield url


@pytest.fixture
def door(url: str) -> Door:
    return UrlDoor(url)


class TestApicurio(RegistryContract):
    """Where it differs, and why the hub does not follow.

    The numbers of errors are Confluent's in both; a client of the hub looks at those.
    """

    TOO_EARLY = 409  # a conflict; Confluent's numbers begin with the status, which is 404
    TELLS_WHY = False  # it logs the reason; who asks before registering wants to read it

    @pytest.mark.parametrize("version", ["0", "newest"])
    def test_a_version_that_is_none_is_42202(
        self, door: Door, subject: str, names: Iterator[str], version: str
    ) -> None:
        """It looks any text up as a version's name, which its own interface allows."""
        registered(door, subject, record(next(names), CODE))
        assert (404, 40402) == refused(door, "GET", f"/subjects/{subject}/versions/{version}")

    @pytest.mark.parametrize("text", ["{", '{"type": "record"}'])
    def test_an_invalid_schema_is_42201(self, door: Door, subject: str, text: str) -> None:
        """An empty text passes there: it keeps documents that are no schemas, too."""
        super().test_an_invalid_schema_is_42201(door, subject, text)

    def test_without_one_the_global_level_counts(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        """It always answers with the level in force; 40408 is not known there."""
        registered(door, subject, record(next(names), CODE))
        _, general = level_of(door, "/config")
        assert (200, general) == level_of(door, f"/config/{subject}")


def test_the_hub_can_use_it(url: str) -> None:
    client = RegistryClient(url)
    numbers = register_all(client, SCHEMAS)
    assert set(CATALOGUE.whole) == set(numbers)
    assert numbers == register_all(RegistryClient(url), SCHEMAS)
