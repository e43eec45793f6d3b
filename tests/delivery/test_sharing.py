"""Many lanes in one process: each takes its share, and starts with few connections."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from hub.broker_memory import MemoryBroker, MemoryReader
from hub.delivery.archive import Archive
from hub.delivery.intake import MOST_BYTES, MOST_EVENTS, share_of
from hub.events.catalogue import load
from hub.records import Outgoing, Spot
from hub.topics import ACT
from tests.delivery.test_lane import World


@pytest.mark.parametrize("lanes", [1, 4, 5, 40, 400])
def test_all_lanes_together_hold_no_more_than_four_alone(lanes: int) -> None:
    share = share_of(lanes)
    assert 1 <= share.events <= MOST_EVENTS
    assert share.events * lanes <= 4 * MOST_EVENTS
    assert share.bytes * lanes <= 4 * MOST_BYTES


def test_a_lane_alone_waits_for_no_company_and_one_of_forty_for_a_fifth_of_a_second() -> None:
    assert 0.0 == share_of(1).gather
    assert pytest.approx(0.195) == share_of(40).gather


def test_one_of_forty_lanes_delivers_all_in_order() -> None:
    world = World(load(Path("schemas/avro")))
    for step in range(10):
        for code in "ABC":
            world.event(code, str(step))
    asyncio.run(world.run(lambda one: len(one.receipts) >= 30, lanes=40))
    assert {code: [str(step) for step in range(10)] for code in "ABC"} == world.notes
    assert 30 == world.committed


def test_the_acts_of_all_partitions_are_read_by_one_reader_each_from_its_place() -> None:
    class Broker(MemoryBroker):
        opened = 0

        def reader(self, spots: Sequence[Spot]) -> MemoryReader:
            self.opened += 1
            return super().reader(spots)

    broker = Broker()
    broker.ensure_topic(ACT, 3, {})
    for partition in range(3):
        for number in range(4):
            value = b"%d.%d" % (partition, number)
            broker.keep(Outgoing(ACT, None, value, (), partition))
    found = Archive(broker).acts({0: 2, 2: 0, 1: 4})
    values = {partition: [record.value for record in of] for partition, of in found.items()}
    assert {0: [b"0.2", b"0.3"], 1: [], 2: [b"2.0", b"2.1", b"2.2", b"2.3"]} == values
    assert 1 == broker.opened
