"""Fixtures: the event schemas, and an intake on the broker's twin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.events.catalogue import Catalogue, load
from tests.intake.intake_kit import World


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(Path("schemas/avro"))


@pytest.fixture
def world(catalogue: Catalogue, tmp_path: Path) -> Iterator[World]:
    world = World(catalogue, tmp_path)
    yield world
    world.index.close()
