"""Reading a stretch of a topic to what was its end when asked, in bounded time."""

import time
from collections.abc import Iterator, Mapping

from hub.errors import Retry
from hub.records import Broker, Record, Spot

LONGEST = 30.0  # seconds


def stretch(
    broker: Broker,
    topic: str,
    starts: Mapping[int, int],
    end: int | None = None,
) -> Iterator[Record]:
    """The records of these partitions, each from its start to before `end` (else all up to now).

    A start before the first record means that one. Partitions come mixed, each in its order.

    Raises Retry when the broker does not give them in time.
    """
    first = {Spot(topic, partition): start for partition, start in starts.items()}
    spots = list(first)
    reader = broker.reader(spots)
    deadline = time.monotonic() + LONGEST
    try:
        begins, ends = reader.begin(), reader.end()
        for spot in spots:
            reader.seek(spot, max(first[spot], begins[spot]))
        last = {spot: ends[spot] if end is None else min(end, ends[spot]) for spot in spots}
        while any(reader.position(spot) < last[spot] for spot in spots):
            if time.monotonic() > deadline:
                raise Retry("the records could not be read in time", where=topic)
            for record in reader.poll(0.2):
                if record.offset < last[Spot(record.topic, record.partition)]:
                    yield record
    finally:
        reader.close()
