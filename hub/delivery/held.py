"""What a lane holds: events, and the partitions that they came from.

A partition may be taken away and come back while one of its events is in hand. So an event knows
the very assignment that it arrived with; what belongs to an earlier one settles nothing of a later.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hub.delivery.exchange import Job
from hub.delivery.tracker import OffsetTracker
from hub.records import Record, Spot

Key: TypeAlias = tuple[str, int, bytes]  # a dossier in its partition
Twin: TypeAlias = Literal["", "same", "conflict"]
RECENT_IDS = (
    2_000  # per partition: two gateways race within seconds, not within thousands of events
)


@dataclass(slots=True, eq=False)
class Part:
    """One partition for as long as it is assigned."""

    tracker: OffsetTracker
    recent: OrderedDict[str, tuple[int, bytes]] = field(default_factory=OrderedDict)
    running: int = 0  # events in hand
    unacknowledged: int = 0  # receipts on their way to the broker
    going: bool = False  # being taken away: what is in hand may end, nothing starts

    def twin(self, event_id: str, digest: bytes, offset: int) -> Twin:
        """Whether an earlier offset holds the same id (two gateways raced), and the same body.

        Asked once per record, in the order of the offsets.
        """
        first, body = self.recent.setdefault(event_id, (offset, digest))
        while len(self.recent) > RECENT_IDS:
            self.recent.popitem(last=False)
        if first == offset:
            return ""
        return "same" if body == digest else "conflict"


@dataclass(slots=True, eq=False)
class Held:
    """An event in the lane."""

    record: Record = field(repr=False)
    part: Part = field(repr=False)
    event_id: str
    event_type: str
    twin: Twin = ""
    job: Job | None = None
    failures: int = 0
    failing_since: int = 0  # epoch ms of the first failure
    overdue: bool = False

    @property
    def spot(self) -> Spot:
        """The partition that it came from."""
        return Spot(self.record.topic, self.record.partition)

    @property
    def key(self) -> Key:
        """Its dossier."""
        return self.record.topic, self.record.partition, self.record.key or b""

    @property
    def size(self) -> int:
        """Bytes of the event."""
        return len(self.record.value or b"")
