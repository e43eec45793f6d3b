"""The partitions that are a lane's now, and which of their events concern it."""

from collections.abc import Mapping, Sequence

from hub.delivery.held import Held, Key, Part
from hub.delivery.outflow import Outflow
from hub.delivery.sighting import Sighting
from hub.delivery.takeover import Past
from hub.delivery.tracker import OffsetTracker
from hub.errors import HubError
from hub.events.codec import Codec
from hub.events.headers import SOURCE
from hub.log import get_logger
from hub.records import Spot

log = get_logger("hub.delivery")


class Assigned:
    """One lane's. Decides, does not act; `committable` may be asked by another thread."""

    def __init__(self, registration: str, wanted: Mapping[str, Outflow], codec: Codec) -> None:
        """`wanted`: its flows, by the event's type."""
        self._registration = registration
        self._codec = codec
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

    def take(self, seen: Sighting) -> Held | None:
        """What was polled, in the order of the offsets; None for what needs no call from us."""
        part = self._parts.get(seen.spot)
        if part is None:
            part = self._parts[seen.spot] = Part(OffsetTracker(seen.offset))
        try:
            return self._taken(seen, part)
        except ValueError:  # taken before, or settled; the others of this poll are not
            log.warning("offset_again", registration=self._registration, offset=seen.offset)
            return None

    def _taken(self, seen: Sighting, part: Part) -> Held | None:
        """Raises ValueError for an offset that was taken before."""
        unwanted = bool(seen.kind) and seen.kind not in self.wanted
        if seen.source == self._me or (unwanted and seen.offset not in part.journal.pins):
            part.passed(seen.offset)
            return None
        if seen.shared and self._is_for_others(seen, part):
            part.passed(seen.offset)
            part.twin(seen.event_id, seen.digest, seen.record)
            return None
        part.polled(seen.offset)
        held = Held(seen.record, part, seen.event_id, seen.kind, seen=seen)
        if seen.event_id:
            held.twin = part.twin(seen.event_id, seen.digest, seen.record)
        if part.journal.knows_end(seen.offset):
            part.settled(seen.offset)
            return None
        return held

    def _is_for_others(self, seen: Sighting, part: Part) -> bool:
        """Whether surely another agency is meant, and nothing else is to be said of the event.

        Asked where all lanes read together, so that the event is decoded once for all; else the
        lane finds out when the event's turn has come (`opening`).
        """
        flow = self.wanted.get(seen.kind)
        if flow is None or flow.serves is None or not seen.event_id:
            return False
        if part.journal.tells_of(seen.offset) or seen.record.key in part.erasures:
            return False
        if not self._codec.knows(seen.record.value or b""):
            return False
        try:
            name, document = seen.read(self._codec)
        except HubError:  # to be told, by whoever opens it
            return False
        return name == seen.kind and not flow.takes(document, seen.record.timestamp)

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
