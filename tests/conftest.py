"""Fixtures that need the real broker; everything else lives beside its tests."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import LiveBroker, running_broker


@pytest.fixture
def tmp_home(tmp_path: Path) -> Path:
    """A HUB_HOME of its own, empty."""
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveBroker]:
    """One real broker for the whole run; use `topic_prefix` to keep tests apart."""
    with running_broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics and groups that no other test uses."""
    return f"t{secrets.token_hex(5)}."
