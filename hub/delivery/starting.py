"""Where a registration starts: offsets that are committed before anybody joins its group.

`auto_offset_reset` is none: without them nobody delivers, so nothing is passed over unseen.
"""

from collections.abc import Sequence

from hub.delivery.held import Place
from hub.log import get_logger
from hub.records import Broker, Spot, every_spot
from hub.registry.registration import moment
from hub.topics import ACT, RECEIPT

log = get_logger("hub.delivery")


def group_of(registration: str) -> str:
    """The consumer group of a registration."""
    return f"hub.{registration}"


def ensure_offsets(broker: Broker, group: str, topics: Sequence[str], start: str) -> None:
    """Commit a starting offset for every partition that has none.

    `start` is "beginning", "now" or a time (`hub.registry.registration.moment`); a partition by
    which a known topic grew holds only what came later, and is read from its beginning. Without
    metadata a new owner reads all that was ever done: the offsets may have been lost. Raises Retry
    while the group has members.
    """
    have = broker.committed(group)
    missing = [spot for spot in every_spot(broker, topics) if spot not in have]
    if missing:
        grown = {spot.topic for spot in have}
        offsets = _offsets(broker, missing, start)
        if any(spot.topic in grown for spot in missing):
            first = _offsets(broker, missing, "beginning")
            offsets |= {spot: first[spot] for spot in missing if spot.topic in grown}
        broker.commit_for(group, {spot: (offset, "") for spot, offset in offsets.items()})
        log.info("group_started", group=group, partitions=len(missing), start=start)


def start_anew(broker: Broker, group: str, topics: Sequence[str], start: str) -> None:
    """Commit where a registration starts that is new, or was retired: whatever it had before.

    What people decided before is over. What it was told in an earlier life it is not told again;
    where it has had none, or starts now, nobody need read what was done. Raises Retry while the
    group has members.
    """
    offsets = _offsets(broker, every_spot(broker, topics), start)
    first = start == "now" or not broker.committed(group)
    ends = _offsets(broker, every_spot(broker, (RECEIPT, ACT)), "now")

    def place(number: int) -> str:
        journal = ends.get(Spot(RECEIPT, number), 0) if first else 0
        return Place(journal, acts=ends.get(Spot(ACT, number), 0)).text

    broker.commit_for(group, {s: (offset, place(s.partition)) for s, offset in offsets.items()})
    log.info("group_started", group=group, partitions=len(offsets), start=start)


def _offsets(broker: Broker, spots: Sequence[Spot], start: str) -> dict[Spot, int]:
    reader = broker.reader(spots)
    try:
        if start == "beginning":
            return reader.begin()
        return reader.end() if start == "now" else reader.at(moment(start))
    finally:
        reader.close()
