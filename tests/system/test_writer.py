"""A writer outlives its broker: what is given up is told, and what comes later is kept."""

import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from hub.broker import KafkaBroker
from hub.dev.waiting import until
from hub.errors import Retry
from hub.records import Outgoing, Position, Spot
from tests.brokers import running_broker

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


def test_a_writer_goes_on_after_an_outage_longer_than_its_patience(tmp_path: Path) -> None:
    with running_broker(tmp_path) as live:
        broker = KafkaBroker(live.bootstrap)
        broker.ensure_topic("t", 1, {})
        writer = broker.writer()
        numbers = iter(range(1_000_000))
        told: list[tuple[int, Future[Position]]] = []

        def append() -> Future[Position]:
            number = next(numbers)
            future = writer.send(Outgoing("t", b"k", str(number).encode()))
            told.append((number, future))
            return future

        assert append().result(20).offset == 0
        live.control.kill()
        refused = append()
        assert isinstance(refused.exception(40), Retry), "what is not acknowledged is told"
        live.control.start()
        began = time.monotonic()

        def kept_again() -> bool:
            return append().exception(30) is None

        assert until(kept_again, 60)
        assert time.monotonic() - began < 30
        futures = [append() for _ in range(200)]
        assert all(future.exception(30) is None for future in futures)
        writer.close()
        kept = {n for n, future in told if future.exception(1) is None}
        reader = broker.reader([Spot("t", 0)])
        reader.seek(Spot("t", 0), 0)
        found: list[int] = []

        def read_to_the_end() -> bool:
            found.extend(int(r.value or b"-1") for r in reader.poll(0.5))
            return reader.position(Spot("t", 0)) >= reader.end()[Spot("t", 0)]

        assert until(read_to_the_end, 30)
        reader.close()
        assert kept <= set(found), "what was acknowledged is there"
        assert [n for n in found if n in kept] == sorted(kept), "in the order it was given"
