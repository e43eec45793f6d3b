"""A repository to fetch from."""

from collections.abc import Iterator

import pytest

from tests.dev.maven_repository import Repository, serving


@pytest.fixture
def repository() -> Iterator[Repository]:
    with serving() as served:
        yield served
