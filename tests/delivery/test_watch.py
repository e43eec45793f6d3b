"""Who polls, on the twin: whoever holds the partition, with the positions as they stand."""

import asyncio
from collections.abc import Sequence

import pytest

from hub.broker_memory import MemoryBroker, MemoryReader
from hub.delivery.watch import GROUP, SPOT, Watch, read_last
from hub.errors import Retry
from hub.records import Outgoing, Reader, Spot

pytestmark = pytest.mark.process


class Broker(MemoryBroker):
    """A twin whose readers fail as often as a test says."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__()
        self.failures = list(failures)
        self.ensure_topic("hub.cursor", 1, {})

    def reader(self, spots: Sequence[Spot]) -> MemoryReader:
        if self.members and self.failures:  # after the group was joined
            raise self.failures.pop(0)
        return super().reader(spots)

    def say(self, key: bytes, value: bytes | None) -> None:
        self.keep(Outgoing("hub.cursor", key, value))


class Short(MemoryReader):
    """A reader that never gives anything."""

    def poll(self, seconds: float) -> list[object]:  # type: ignore[override]  # nothing of any kind
        return []


def watched(broker: Broker, count: int) -> list[object]:
    """What the watch tells until it has said `count` things, and at its end."""
    told: list[object] = []

    async def go() -> None:
        loop = asyncio.get_running_loop()
        watch = Watch(broker, loop, told.append, lambda: told.append("end"))
        watch.start()
        try:
            async with asyncio.timeout(15):
                while len(told) < count:
                    await asyncio.sleep(0.005)
        finally:
            await asyncio.to_thread(watch.stop)
        await asyncio.sleep(0)

    asyncio.run(go())
    return told


def test_whoever_holds_the_partition_begins_with_the_last_of_each_key() -> None:
    broker = Broker()
    for key, value in ((b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"b", None)):
        broker.say(key, value)
    assert watched(broker, 1) == [{b"a": b"2", b"b": None}, "end"]
    assert SPOT in broker.committed(GROUP)


@pytest.mark.parametrize("failure", [Retry("away"), ValueError("of the library")])
def test_what_fails_while_positions_are_read_is_begun_again(failure: Exception) -> None:
    broker = Broker(failure)
    broker.say(b"a", b"1")
    told = watched(broker, 3)
    assert told.count({b"a": b"1"}) == 1
    assert told[-1] == "end"
    assert told.index({b"a": b"1"}) > 0, "it begins only after the positions were read"


def test_positions_that_cannot_be_read_to_their_end_are_none() -> None:
    class Endless(Broker):
        def reader(self, spots: Sequence[Spot]) -> MemoryReader:
            return Short(self, spots)

    broker = Endless()
    broker.say(b"a", b"1")
    with pytest.raises(Retry, match="to their end"):
        read_last(broker, SPOT)


def test_an_empty_topic_has_no_positions() -> None:
    broker = Broker()
    reader: Reader = broker.reader([SPOT])
    assert reader.end() == {SPOT: 0}
    assert read_last(broker, SPOT) == {}
