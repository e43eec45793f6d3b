"""What the checks begin with is proved once."""

import pytest

from tests.landscape import connectors


@pytest.fixture(scope="session", autouse=True)
def _proved() -> None:
    connectors()
