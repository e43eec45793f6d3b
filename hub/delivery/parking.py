"""Dossiers set aside at one registration: what fails for long leaves the queue, in its order.

The event that failed and whatever comes later for its dossier stand whole on `hub.parked`, so that
the committed offset can pass them; all other dossiers flow. Here is what is remembered of them and
how their records look; reading them back is `hub.delivery.shelf`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.delivery.held import Held, Key
from hub.delivery.receipts import Settled
from hub.records import Headers, Outgoing, Position, Record
from hub.topics import PARKED

OWN = "hub_parked_"  # of headers that parking adds to the event's own


@dataclass(slots=True)
class Waiting:
    """One parked event. `position`: its offset on hub.parked, -1 until the broker has it."""

    offset: int
    position: int
    queued: bool = False  # back in the lane's queue


@dataclass(slots=True)
class Parked:
    """A dossier that is set aside."""

    bundle: str  # under which it failed
    since: int  # when it did for the first time, epoch ms; 0 if that is not known
    waiting: dict[int, Waiting] = field(default_factory=dict)  # by offset, in its order
    resuming: bool = False


class Parking:
    """The parked dossiers of one lane. Not thread-safe; decides, does not act."""

    def __init__(self) -> None:
        self._dossiers: dict[Key, Parked] = {}

    def holds(self, key: Key) -> bool:
        """Whether what arrives for this dossier has to wait behind what is parked."""
        return key in self._dossiers

    def add(self, key: Key, offset: int, bundle: str, position: int = -1, since: int = 0) -> None:
        """An event waits; one that does already stays in its place.

        `since`: its first failure, epoch ms; of a dossier the first event's counts.
        """
        parked = self._dossiers.setdefault(key, Parked(bundle, since))
        parked.bundle = bundle
        waiting = parked.waiting.setdefault(offset, Waiting(offset, position))
        waiting.queued = False

    def placed(self, key: Key, offset: int, position: int) -> None:
        """The broker has the event on hub.parked."""
        waiting = self.waiting(key, offset)
        if waiting is not None:
            waiting.position = position

    def waiting(self, key: Key, offset: int) -> Waiting | None:
        """One event that waits."""
        parked = self._dossiers.get(key)
        return parked.waiting.get(offset) if parked else None

    def begin(self, key: Key) -> bool:
        """A resume begins; False if there is nothing to resume, or one is under way."""
        parked = self._dossiers.get(key)
        if parked is None or parked.resuming:
            return False
        parked.resuming = True
        return True

    def since(self, key: Key) -> int:
        """When the dossier failed for the first time, epoch ms; 0 if that is not known."""
        parked = self._dossiers.get(key)
        return parked.since if parked else 0

    def resuming(self, key: Key) -> bool:
        """Whether a resume is under way."""
        parked = self._dossiers.get(key)
        return parked is not None and parked.resuming

    def unqueued(self, key: Key) -> list[Waiting]:
        """What a resume has still to bring back, in the order of the topic."""
        parked = self._dossiers.get(key)
        waiting = parked.waiting.values() if parked else ()
        return sorted((w for w in waiting if not w.queued), key=lambda w: w.offset)

    def resumed(self, key: Key) -> None:
        """All of it is back in the queue: what arrives now queues behind it there."""
        del self._dossiers[key]

    def stopped(self, key: Key) -> None:
        """The resume has failed; it may begin again."""
        if key in self._dossiers:
            self._dossiers[key].resuming = False

    def forget(self, key: Key) -> None:
        """The dossier is another worker's."""
        self._dossiers.pop(key, None)

    def of_other_bundle(self, bundle: str) -> list[Key]:
        """Dossiers that failed under another version of the connector: it may be mended."""
        return [key for key, parked in self._dossiers.items() if parked.bundle != bundle]

    def __iter__(self) -> Iterator[Key]:
        return iter(list(self._dossiers))

    def __len__(self) -> int:
        return len(self._dossiers)


def key_of(registration: str, topic: str, partition: int, offset: int) -> bytes:
    """The key of an event on hub.parked."""
    return f"{registration}|{topic}|{partition}|{offset}".encode()


def parked_record(held: Held, settled: Settled) -> Outgoing:
    """The event as it is, with why and since when it waits."""
    record = settled.record
    headers: Headers = (
        (f"{OWN}connector", settled.registration.encode()),
        (f"{OWN}key", record.key or b""),
        (f"{OWN}reason", (settled.reason or "").encode()),
        (f"{OWN}since", str(held.failing_since or settled.at).encode()),
        (f"{OWN}at", str(settled.at).encode()),
        (f"{OWN}bundle", settled.bundle.encode()),
        (f"{OWN}epoch", str(settled.epoch).encode()),
        (f"{OWN}kept", str(record.timestamp).encode()),
        (f"{OWN}behind", b"" if held.failures else b"1"),
    )
    key = key_of(settled.registration, record.topic, record.partition, record.offset)
    return Outgoing(PARKED, key, record.value, record.headers + headers, record.partition)


def closing_record(registration: str, source: Position) -> Outgoing:
    """What takes an event off hub.parked."""
    return Outgoing(PARKED, key_of(registration, *source), None, (), source.partition)


def event_of(shelved: Record) -> Record | None:
    """The event that a record of hub.parked holds; None for one that is none of ours."""
    if shelved.value is None or shelved.key is None:
        return None
    parts = shelved.key.decode(errors="replace").rsplit("|", 3)
    headers = dict(shelved.headers)
    if len(parts) != 4 or not (parts[2].isdigit() and parts[3].isdigit()):  # noqa: PLR2004 - of key_of
        return None
    own = tuple(pair for pair in shelved.headers if not pair[0].startswith(OWN))
    key = headers.get(f"{OWN}key")
    kept = headers.get(f"{OWN}kept", b"")
    at = int(kept) if kept.isdigit() else shelved.timestamp
    return Record(parts[1], int(parts[2]), int(parts[3]), at, key, shelved.value, own)
