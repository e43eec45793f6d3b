"""Offsets of a registration's group that no owner of its partitions committed.

They expired (a broker forgets those of a group that was away, after `offsets.retention.minutes`,
seven days by default), were deleted, or a stranger who used the group's name committed his own.
What they passed was perhaps not delivered. Each owner's record on hub.receipt says from which
offset it began: there the next one begins again, and the receipts tell it what has its end.
"""

import re
import time
from collections.abc import Mapping, Sequence

from hub.delivery.held import is_place
from hub.errors import Reject, Retry
from hub.events.codec import Codec
from hub.log import get_logger
from hub.records import Broker, Reader, Record, Spot
from hub.topics import RECEIPT, RECEIPT_SCHEMA

log = get_logger("hub.delivery")
LONGEST = 120.0  # seconds to read the receipts; a member that does not poll for 300 is put out
_FROM = re.compile(r"from ([0-9]{1,18})", re.ASCII)


def began_at(offset: int) -> str:
    """The note of an owner's record: from which offset it began."""
    return f"from {offset}"


def set_back(
    broker: Broker,
    codec: Codec,
    registration: str,
    committed: Mapping[Spot, tuple[int, str]],
) -> dict[Spot, tuple[int, str]]:
    """What the group should commit instead, of what it has committed (offset, metadata).

    Nothing where our own metadata stands, where no owner was before, or where the last owner began
    no earlier. Raises Retry when the receipts cannot be read in time.
    """
    strange = [spot for spot, (_, metadata) in committed.items() if not is_place(metadata)]
    if not strange:
        return {}
    began = _began(broker, codec, registration, strange)
    reader = broker.reader(strange)
    try:
        first = reader.begin()
    finally:
        reader.close()
    places = {spot: max(offset, first[spot]) for spot, offset in began.items()}
    passed = {spot: offset for spot, offset in places.items() if offset < committed[spot][0]}
    if passed:
        log.error(
            "offsets_of_another",
            registration=registration,
            partitions=sorted(f"{spot.topic}/{spot.partition}" for spot in passed),
            passed=sum(committed[spot][0] - offset for spot, offset in passed.items()),
            fix="nothing: they are set back; ops/runbooks/undelivered.md, Offsets of another",
        )
    return {spot: (offset, "") for spot, offset in passed.items()}


def _began(
    broker: Broker, codec: Codec, registration: str, spots: Sequence[Spot]
) -> dict[Spot, int]:
    """Where the last owner of each began."""
    places = [Spot(RECEIPT, number) for number in sorted({spot.partition for spot in spots})]
    reader = broker.reader(places)
    try:
        ends = reader.end()
        for place, offset in reader.begin().items():
            reader.seek(place, offset)
        return _last(reader, ends, codec, registration, set(spots))
    finally:
        reader.close()


def _last(
    reader: Reader, ends: Mapping[Spot, int], codec: Codec, registration: str, spots: set[Spot]
) -> dict[Spot, int]:
    found: dict[Spot, int] = {}
    deadline = time.monotonic() + LONGEST
    while any(reader.position(place) < end for place, end in ends.items()):
        if time.monotonic() > deadline:
            raise Retry("the receipts could not be read in time", where=RECEIPT)
        for record in reader.poll(0.2):
            owned = _owner(record, codec, registration)
            if owned is not None and owned[0] in spots:
                found[owned[0]] = owned[1]
    return found


def _owner(record: Record, codec: Codec, registration: str) -> tuple[Spot, int] | None:
    """What an owner's record of this registration says: whose, and from where."""
    headers = dict(record.headers)
    if headers.get("hub_kind") != b"OWNER" or headers.get("hub_connector") != registration.encode():
        return None
    try:
        name, document = codec.decode(record.value or b"")
    except Reject:  # foreign bytes on our topic decide nothing
        return None
    says = _FROM.fullmatch(str(document.get("note")))
    if name != RECEIPT_SCHEMA or says is None:
        return None
    return Spot(str(document.get("source_topic")), record.partition), int(says[1])
