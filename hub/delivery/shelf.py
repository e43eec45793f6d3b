"""Reading `hub.parked`: what stands there for a registration, and single events of it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.delivery.parking import OWN, event_of
from hub.errors import Retry
from hub.records import Broker, Record, Spot
from hub.topics import PARKED

LONGEST = 30.0  # seconds to read


@dataclass(frozen=True, slots=True)
class Shelved:
    """A parked event, without its bytes. `position`: its offset on hub.parked."""

    key: bytes
    spot: Spot
    offset: int
    position: int
    bundle: str


def read_shelf(broker: Broker, registration: str, partitions: Sequence[int]) -> list[Shelved]:
    """What is parked at a registration now, in the order of the events' offsets.

    Raises Retry when the broker does not give it in time.
    """
    found: dict[bytes, Shelved | None] = {}
    prefix = f"{registration}|".encode()
    for record in _records(broker, sorted(set(partitions))):
        if record.key is not None and record.key.startswith(prefix):
            found[record.key] = _shelved(record)
    return sorted((s for s in found.values() if s), key=lambda s: (s.spot, s.offset))


def fetch(broker: Broker, partition: int, positions: Sequence[int]) -> dict[int, Record]:
    """The events that stand at these positions of hub.parked, by their own offset."""
    wanted = set(positions)
    found: dict[int, Record] = {}
    for record in _records(broker, [partition], min(wanted), max(wanted) + 1):
        event = event_of(record) if record.offset in wanted else None
        if event is not None:
            found[event.offset] = event
    return found


def _shelved(record: Record) -> Shelved | None:
    event = event_of(record)
    if event is None:
        return None
    bundle = dict(record.headers).get(f"{OWN}bundle", b"").decode(errors="replace")
    spot = Spot(event.topic, event.partition)
    return Shelved(event.key or b"", spot, event.offset, record.offset, bundle)


def _records(
    broker: Broker, partitions: Sequence[int], start: int | None = None, end: int | None = None
) -> Iterator[Record]:
    """The records of these partitions, up to what was their end when asked."""
    spots = [Spot(PARKED, partition) for partition in partitions]
    reader = broker.reader(spots)
    deadline = time.monotonic() + LONGEST
    try:
        begins, ends = reader.begin(), reader.end()
        for spot in spots:
            reader.seek(spot, begins[spot] if start is None else max(start, begins[spot]))
        last = {spot: ends[spot] if end is None else min(end, ends[spot]) for spot in spots}
        while any(reader.position(spot) < last[spot] for spot in spots):
            if time.monotonic() > deadline:
                raise Retry("the parked events could not be read in time", where=PARKED)
            for record in reader.poll(0.2):
                if record.offset < last[Spot(record.topic, record.partition)]:
                    yield record
    finally:
        reader.close()
