"""Fixtures that need the real broker; everything else lives beside its tests."""

import gc
import secrets
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from hub.dev.kafka import prepare
from hub.dev.progress import to_stderr
from hub.errors import HubError
from tests.brokers import CACHE, LiveBroker, running_broker

# The contract's assertions explain themselves, though its file is not a test's.
pytest.register_assert_rewrite("tests.registry.contract")

# Equal runs differ twofold and more on shared machines, so no example has a time limit of its own.
hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """What was collected stays: to look through it for garbage again and again takes a tenth."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """What stayed may go."""
    gc.unfreeze()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch the broker before the first test, so that no test's time limit counts a download."""
    kinds = ("system", "fault")
    wanted = any(item.get_closest_marker(kind) for item in session.items for kind in kinds)
    if wanted and not session.config.option.collectonly:
        try:
            prepare(CACHE, to_stderr())
        except HubError as error:
            pytest.exit(f"the broker for the tests: {error}", returncode=1)


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
