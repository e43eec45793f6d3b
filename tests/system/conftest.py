"""One world for all tests that may break a part of it; each mends what it broke."""

from collections.abc import Iterator

import pytest

from tests.system.world import World, running_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_world(tmp_path_factory.mktemp("world")) as world:
        yield world
