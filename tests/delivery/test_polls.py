"""What a worker polls, as registrations come, change and go while it runs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hub import metrics
from hub.registry.ledger import Entry
from tests.delivery.test_work import Scene
from tests.faults.versions import Registrar, other

pytestmark = pytest.mark.process


def play(home: Path, scene: Callable[[Scene, Registrar], Awaitable[None]]) -> None:
    """A worker, and who registers the post, at whose address nobody listens."""

    async def main() -> None:
        async with Scene(home) as one:
            secret = home / "secret"
            secret.write_text("of nobody", encoding="utf-8")
            reference = f"file:{secret}"
            entry: Entry = {
                "endpoint": "http://127.0.0.1:1",
                "allow_addresses": ["127.0.0.0/8"],
                "settings": {"customer_code": "C1", "scan_every": 1},
                "secrets": {"consumer_key": reference, "consumer_secret": reference},
            }
            await scene(one, Registrar(one.broker.writer(), "postal", entry))

    asyncio.run(main())


def polled() -> float:
    """How often the post was asked for scans, in vain."""
    return float(metrics.polls.labels("postal", "scan", "failed")._value.get())


def test_polls_begin_change_and_end_with_their_registration(tmp_path: Path) -> None:
    async def story(scene: Scene, registrar: Registrar) -> None:
        polls, before = scene.work.polls, polled()
        assert 0 == polls.flows
        registrar.register(other("postal", 1))
        await scene.until(lambda: polled() > before, 15)
        assert 1 == polls.flows
        first = polls._running["postal"]
        registrar.register(other("postal", 2))
        await scene.until(lambda: polls._running.get("postal") not in (None, first))
        assert all(task.cancelled() or task.cancelling() for task in first.tasks)
        second, asked = polls._running["postal"], polled()
        await scene.until(lambda: polled() > asked)
        registrar.move("paused")
        await scene.until(lambda: not polls._running)
        await scene.until(lambda: all(task.done() for task in second.tasks))
        registrar.move("live")
        asked = polled()
        await scene.until(lambda: polled() > asked)

    play(tmp_path, story)


def test_a_change_elsewhere_leaves_a_poll_alone(tmp_path: Path) -> None:
    async def story(scene: Scene, registrar: Registrar) -> None:
        before = polled()
        registrar.register(other("postal", 1))
        await scene.until(lambda: polled() > before, 15)
        first = scene.work.polls._running["postal"]
        scene.registrar.register(scene.files["v1"], "v1")
        await scene.until(lambda: len(scene.work.running) == 2)
        assert first is scene.work.polls._running["postal"]

    play(tmp_path, story)
