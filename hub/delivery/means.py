"""What a lane shares with others, or waits by."""

from dataclasses import dataclass, field
from fractions import Fraction

from hub.delivery.archive import Archive
from hub.delivery.halting import HALT_PROBE
from hub.delivery.places import Places
from hub.delivery.returning import DueDates
from hub.delivery.stream import Stream


@dataclass(frozen=True, slots=True)
class Means:
    """Of one lane.

    `archive` reads back what parked and what people decided; without it nothing parks. `places`: of
    the worker's lanes together. `share`: of the system's limits, this process's. `probe`: seconds
    between a halted lane's attempts. `due`: which of several parked dossiers goes on first.
    `stream`: what the worker's lanes read together; without it this one reads for itself.
    `digest_key`: of the digests by which receipts name what was said.
    """

    archive: Archive | None = None
    places: Places | None = None
    share: Fraction = Fraction(1)
    probe: float = HALT_PROBE
    due: DueDates | None = None
    stream: Stream | None = None
    digest_key: bytes = field(default=b"", repr=False)
