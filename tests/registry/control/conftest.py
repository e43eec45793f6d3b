"""One process that checks bundles for all tests here: starting it takes a second."""

from collections.abc import Iterator

import pytest

from hub.registry.control.checking import Checker
from tests.registry.control.desk_kit import SCHEMAS, Plane
from tests.registry.control.desk_kit import plane as opened


@pytest.fixture(scope="session")
def checker() -> Iterator[Checker]:
    found = Checker(SCHEMAS)
    yield found
    found.close()


@pytest.fixture
def plane(checker: Checker) -> Iterator[Plane]:
    with opened(checker) as found:
        yield found
