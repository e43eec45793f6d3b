"""What stands on `hub.parked` for a registration when its partitions are taken over."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.delivery.parking import OWN, event_of
from hub.delivery.reading import stretch
from hub.records import Broker, Record, Spot
from hub.topics import PARKED

NOWHERE = 1 << 62  # a position beyond every record


@dataclass(frozen=True, slots=True)
class Shelved:
    """A parked event, without its bytes.

    `position`: its offset on hub.parked, NOWHERE if it was deleted there; `since`: its first
    failure, epoch ms, 0 if not known.
    """

    key: bytes
    spot: Spot
    offset: int
    position: int
    bundle: str
    since: int


def read_shelf(broker: Broker, registration: str, partitions: Sequence[int]) -> list[Shelved]:
    """What is parked at a registration now, in the order of the events' offsets.

    Raises Retry when the broker does not give it in time.
    """
    found: dict[bytes, Shelved | None] = {}
    prefix = f"{registration}|".encode()
    for record in stretch(broker, PARKED, dict.fromkeys(partitions, 0)):
        if record.key is not None and record.key.startswith(prefix):
            found[record.key] = _shelved(record)
    return sorted((s for s in found.values() if s), key=lambda s: (s.spot, s.offset))


def _shelved(record: Record) -> Shelved | None:
    event = event_of(record)
    if event is None:
        return None
    headers = dict(record.headers)
    bundle = headers.get(f"{OWN}bundle", b"").decode(errors="replace")
    since = headers.get(f"{OWN}since", b"")
    spot = Spot(event.topic, event.partition)
    began = int(since) if since.isdigit() else 0
    return Shelved(event.key or b"", spot, event.offset, record.offset, bundle, began)
