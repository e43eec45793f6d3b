"""A process that is stopped ends by itself, also while the broker is away and work is under way."""

import signal
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from hub.cli.up import STOP
from hub.dev.waiting import until
from tests.system.messages import filing
from tests.system.world import FAR, World

UNDER_WAY = 3.0  # seconds; the writer waits 6 for the broker

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def whole(world: World) -> Iterator[None]:
    """After each test everything runs again."""
    yield
    if world.broker.pid is None:
        world.broker.start()
    for name in ("registry", "gateway", "worker"):
        if world.url(name) is None:
            world.running.pop(name, None)
            world.start(name, wait=False)
    for name in ("registry", "gateway", "worker"):
        assert until(lambda name=name: world.ready(name), FAR), name  # type: ignore[misc]  # bound now


def test_with_the_broker_away_gateway_and_worker_end_in_time(world: World) -> None:
    asked: list[object] = []

    def ask() -> None:
        try:
            asked.append(world.portal("/ho-so", filing("H44.99.99-251105-0001")).status_code)
        except httpx.HTTPError as error:  # the gateway ended before the broker answered
            asked.append(type(error).__name__)

    world.broker.kill()
    sender = threading.Thread(target=ask, daemon=True)
    sender.start()
    sender.join(UNDER_WAY)
    assert sender.is_alive(), "the broker's acknowledgement is awaited"
    began = time.monotonic()
    processes = [world.running[name] for name in ("gateway", "worker")]
    for process in processes:
        process.send_signal(signal.SIGTERM)
    codes = [process.wait(FAR) for process in processes]
    took = time.monotonic() - began
    assert (codes, took < STOP) == ([0, 0], True), f"{took:.1f} s"
    sender.join(FAR)
    assert asked, "the sender hears something"
    assert asked != [200]
