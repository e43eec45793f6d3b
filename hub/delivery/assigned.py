"""The partitions that are a lane's now, and which of their events concern it."""

from collections.abc import Collection, Sequence

from hub.delivery.held import Held, Key, Part
from hub.delivery.takeover import Past
from hub.delivery.tracker import OffsetTracker
from hub.events.headers import SOURCE
from hub.log import get_logger
from hub.records import Record, Spot

log = get_logger("hub.delivery")


class Assigned:
    """One lane's. Decides, does not act; `committable` may be asked by another thread."""

    def __init__(self, registration: str, wanted: Collection[str]) -> None:
        """`wanted`: the event types of its flows."""
        self._registration = registration
        self.wanted = wanted
        self._me = (SOURCE + registration).encode()
        self._parts: dict[Spot, Part] = {}

    def adopt(self, past: Past, now: float) -> None:
        """These partitions are ours from `now` on, seconds of the loop's clock."""
        for spot, journal in past.journals.items():
            tracker = OffsetTracker(journal.floor)
            self._parts[spot] = Part(tracker, journal, now, acts=past.acts[spot])
        for shelved in past.parked:
            self._parts[shelved.spot].journal.parked.setdefault(shelved.offset, 0)

    def leave(self, spots: Sequence[Spot]) -> dict[Spot, Part]:
        """These are being taken away: nothing of theirs starts any more."""
        going = {spot: self._parts[spot] for spot in spots if spot in self._parts}
        for part in going.values():
            part.going = True
        return going

    def forget(self, gone: dict[Spot, Part]) -> None:
        """These are another's now, but for those that came back meanwhile."""
        for spot, part in gone.items():
            if self._parts.get(spot) is part:
                del self._parts[spot]

    def take(self, record: Record) -> Held | None:
        """What was polled, in the order of the offsets; None for what needs no call from us."""
        spot = Spot(record.topic, record.partition)
        part = self._parts.get(spot)
        if part is None:
            part = self._parts[spot] = Part(OffsetTracker(record.offset))
        try:
            part.polled(record.offset)
        except ValueError:  # taken before, or settled; the others of this poll are not
            log.warning("offset_again", registration=self._registration, offset=record.offset)
            return None
        headers = dict(record.headers)
        kind = (headers.get("ce_type") or b"").decode(errors="replace")
        unwanted = bool(kind) and kind not in self.wanted
        if headers.get("ce_source") == self._me or (
            unwanted and record.offset not in part.journal.pins
        ):
            part.settled(record.offset)
            return None
        event_id = (headers.get("ce_id") or b"").decode(errors="replace")
        held = Held(record, part, event_id, kind)
        if event_id:
            held.twin = part.twin(event_id, headers.get("hub_digest") or b"", record)
        if part.journal.knows_end(record.offset):
            part.settled(record.offset)
            return None
        return held

    def of_number(self, partition: int) -> dict[Spot, Part]:
        """The parts with this partition number, of whichever topic."""
        return {spot: part for spot, part in self._parts.items() if spot.partition == partition}

    def __getitem__(self, spot: Spot) -> Part:
        """Raises KeyError for one that is not ours."""
        return self._parts[spot]

    def is_ours(self, held: Held) -> bool:
        """Whether we have its partition, and since it came."""
        return self._parts.get(held.spot) is held.part

    def may_go_on(self, held: Held) -> bool:
        """Whether its partition is ours, and stays so."""
        return self.is_ours(held) and not held.part.going

    def part_of(self, key: Key) -> Part | None:
        """The dossier's partition, if it is ours and stays so."""
        part = self._parts.get(Spot(key[0], key[1]))
        return None if part is None or part.going else part

    def committable(self) -> dict[Spot, tuple[int, str]]:
        """Per partition, what may be committed."""
        return {spot: part.commit for spot, part in list(self._parts.items())}
