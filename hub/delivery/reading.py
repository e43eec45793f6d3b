"""Reading a stretch of a topic to what was its end when asked, in bounded time."""

import time
from collections.abc import Iterator, Sequence

from hub.errors import Retry
from hub.records import Broker, Record, Spot

LONGEST = 30.0  # seconds


def stretch(
    broker: Broker,
    topic: str,
    partitions: Sequence[int],
    start: int | None = None,
    end: int | None = None,
) -> Iterator[Record]:
    """The records from `start` (else the first) to before `end` (else all there are now).

    Raises Retry when the broker does not give them in time.
    """
    spots = [Spot(topic, partition) for partition in partitions]
    reader = broker.reader(spots)
    deadline = time.monotonic() + LONGEST
    try:
        begins, ends = reader.begin(), reader.end()
        for spot in spots:
            reader.seek(spot, begins[spot] if start is None else max(start, begins[spot]))
        last = {spot: ends[spot] if end is None else min(end, ends[spot]) for spot in spots}
        while any(reader.position(spot) < last[spot] for spot in spots):
            if time.monotonic() > deadline:
                raise Retry("the records could not be read in time", where=topic)
            for record in reader.poll(0.2):
                if record.offset < last[Spot(record.topic, record.partition)]:
                    yield record
    finally:
        reader.close()
