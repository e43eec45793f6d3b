"""Fixtures: a loop, a hub that only listens, and simulated systems that serve."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ops.systems.listener import Listener
from ops.systems.make_config import make_config
from tests.ops.systems.sim_kit import Hub, Loop, Sim, Start, opened, serving


@pytest.fixture(scope="session")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("configs")
    make_config(folder)
    return folder


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def hub(loop: Loop) -> Iterator[Hub]:
    made = Hub()
    listener = Listener(made.handle, lambda _: False)
    loop.run(opened(listener))
    made.url = listener.url
    yield made
    loop.run(listener.close())


@pytest.fixture
def start(configs: Path, loop: Loop, hub: Hub) -> Iterator[Start]:
    """`start("portal", keep=10)` brings a system up until the test ends."""
    with ExitStack() as stack:

        def bring_up(system: str, **options: Any) -> Sim:
            return stack.enter_context(serving(loop, configs, hub, system, options))

        yield bring_up
