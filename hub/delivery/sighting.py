"""A record as it reached this process: its headers taken apart once, its bytes read at most once.

Where lanes read together (`stream`), all of them look at the same sighting. What it was decoded to
is remembered only until each has looked: documents are large, and who waits long reads again.
"""

from hub.contract.types import Document
from hub.events.codec import Codec
from hub.records import Record, Spot


class Sighting:
    """Belongs to the event loop, but for its making. Nobody changes the document."""

    __slots__ = (
        "_read",
        "digest",
        "event_id",
        "kind",
        "offset",
        "record",
        "shared",
        "source",
        "spot",
    )

    def __init__(self, record: Record, *, shared: bool = False) -> None:
        """`shared`: other lanes are about to look at it, too."""
        self.record = record
        self.spot = Spot(record.topic, record.partition)
        self.offset = record.offset
        headers = dict(record.headers)
        self.event_id = headers.get("ce_id", b"").decode(errors="replace")
        self.kind = headers.get("ce_type", b"").decode(errors="replace")  # the event's type
        self.source = headers.get("ce_source")
        self.digest = headers.get("hub_digest", b"")  # of the body, as a gateway wrote it
        self.shared = shared
        self._read: tuple[str, Document] | None = None

    def read(self, codec: Codec) -> tuple[str, Document]:
        """Its full name and the document. Raises what `Codec.decode` does."""
        if self._read is not None:
            return self._read
        read = codec.decode(self.record.value or b"")
        if self.shared:
            self._read = read
        return read

    def all_have_looked(self) -> None:
        """Nobody else is about to look."""
        self.shared = False
        self._read = None


def sightings(records: list[Record], *, shared: bool) -> dict[Spot, list[Sighting]]:
    """By partition, in the order in which they came."""
    found: dict[Spot, list[Sighting]] = {}
    for record in records:
        seen = Sighting(record, shared=shared)
        found.setdefault(seen.spot, []).append(seen)
    return found
