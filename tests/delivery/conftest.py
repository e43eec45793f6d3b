"""What every test of a lane begins with."""

from pathlib import Path

import pytest

from hub.events.catalogue import Catalogue, load
from tests.delivery.test_lane import World


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load(Path("schemas/avro"))


@pytest.fixture
def world(catalogue: Catalogue) -> World:
    return World(catalogue)
