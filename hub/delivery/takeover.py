"""Becoming the owner of partitions: say so, then read what was done before (decision 0012).

The owner's record is appended first; the journal is read up to it. What earlier owners write behind
it does not count. Blocking: belongs to the thread that polls, whose heartbeats go on meanwhile.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from hub.delivery.acts import Acts, command_of, concerns
from hub.delivery.archive import Archive
from hub.delivery.held import Place, place_of
from hub.delivery.journal import Journal
from hub.delivery.journals import Journals, starts
from hub.delivery.parking import closing_record
from hub.delivery.receipts import SCHEMA, Step, step_document, step_record
from hub.delivery.setback import began_at, set_back
from hub.delivery.shelf import NOWHERE, Shelved, read_shelf
from hub.delivery.versions import Earlier, Name
from hub.errors import Retry
from hub.events.codec import Codec
from hub.log import get_logger
from hub.records import Broker, Ours, Position, Reader, Record, Spot, Writer
from hub.topics import RECEIPT, let_follow

log = get_logger("hub.delivery")
ACKNOWLEDGED = 20.0  # seconds for each of the owner's records
LONGEST = 120.0  # seconds to read the journal


@dataclass(frozen=True, slots=True)
class Past:
    """What was done before us: the journals by partition, and what is parked."""

    journals: Mapping[Spot, Journal]
    parked: Sequence[Shelved]
    acts: Mapping[Spot, Acts]
    decided: Mapping[int, Sequence[Record]]  # by partition, the records of hub.act to read
    earlier: Sequence[Earlier] = ()  # versions that somebody called under before


class Takeover:
    """How one registration takes partitions over."""

    def __init__(
        self,
        broker: Broker,
        writer: Writer,
        codec: Codec,
        registration: str,
        partitions: int,
        version: Callable[[Name], Earlier | None] = lambda _: None,
    ) -> None:
        """`partitions`: how many every topic had when this process began.

        `version`: an earlier version by its name, None for one that is not known any more; asked
        on the thread that takes over.
        """
        self._version = version
        self._partitions = partitions
        self._broker = broker
        self._writer = writer
        self._codec = codec
        self._registration = registration
        self._archive = Archive(broker)

    def set_back(self, committed: Mapping[Spot, tuple[int, str]]) -> dict[Spot, tuple[int, str]]:
        """What is to be committed before these are taken: see hub.delivery.setback.

        Raises as `take` does.
        """
        self._follow(max(spot.partition for spot in committed) + 1)
        return set_back(self._broker, self._codec, self._registration, committed)

    def take(
        self, spots: Sequence[Spot], committed: Mapping[Spot, tuple[int, str]], leased: Ours
    ) -> Past:
        """Own these partitions, whose group has committed (offset, metadata).

        `leased`: whether they surely are nobody else's; any thread may ask. Raises Retry when they
        are not, or the broker does not acknowledge or answer in time, Halt where a topic of events
        grew and the others may not be given as many partitions.
        """
        began = time.monotonic()
        epochs = self._say({spot: committed[spot][0] for spot in spots}, leased)
        parked = read_shelf(self._broker, self._registration, [spot.partition for spot in spots])
        mine = [shelved for shelved in parked if shelved.spot in spots]
        places = {spot: place_of(committed[spot][1]) for spot in spots}
        decided = self._decided(places)
        ours = {spot: committed[spot] for spot in spots}
        also = {Position(*shelved.spot, shelved.offset) for shelved in mine}
        folds = Journals(self._registration, ours, also | self._revived(decided), self._codec)
        read = self._read(folds, starts(ours), epochs)
        journals = folds.by_spot
        mine = self._without_ended(mine, journals)
        mine = [*mine, *self._gone(journals, mine)]
        acts = {
            spot: Acts(self._registration, spot, places[spot].acts, journal.acts)
            for spot, journal in journals.items()
        }
        log.info(
            "partitions_taken",
            registration=self._registration,
            partitions=len(spots),
            read=read,
            in_doubt=sum(len(journal.doubtful) for journal in journals.values()),
            parked=len(mine),
            seconds=round(time.monotonic() - began, 3),
        )
        return Past(journals, mine, acts, decided, self._earlier(journals.values()))

    def _earlier(self, journals: Iterable[Journal]) -> list[Earlier]:
        """The versions that the marks of unsettled events name, as far as they are known."""
        names = {Name(pin.bundle, pin.settings) for of in journals for pin in of.pins.values()}
        return [found for name in sorted(names) if (found := self._version(name)) is not None]

    def _follow(self, partitions: int) -> None:
        if partitions > self._partitions:
            let_follow(self._broker, partitions)
            self._partitions = partitions

    def _without_ended(
        self, parked: Sequence[Shelved], journals: Mapping[Spot, Journal]
    ) -> list[Shelved]:
        """What still waits; the rest has come to its end and is now taken off hub.parked."""
        ended = [one for one in parked if journals[one.spot].is_over(one.offset)]
        sent = [
            self._writer.send(closing_record(self._registration, Position(*one.spot, one.offset)))
            for one in ended
        ]
        for future in sent:
            _acknowledged(future)
        return [one for one in parked if one not in ended]

    def _gone(
        self, journals: Mapping[Spot, Journal], parked: Sequence[Shelved]
    ) -> Iterator[Shelved]:
        """What waits by its receipt, and is not on hub.parked: its records were deleted there.

        For a receipt says *parked* only after the event is on hub.parked, and an end is written
        before it is taken off. It goes out from its own topic, if it still stands there.
        """
        there = {(shelved.spot, shelved.offset) for shelved in parked}
        for spot, journal in journals.items():
            for offset in [o for o in journal.parked if (spot, o) not in there]:
                event = self._archive.letter(Position(*spot, offset))
                log.error("parked_event_gone", topic=spot.topic, offset=offset, lost=event is None)
                if event is None:
                    del journal.parked[offset]
                else:
                    yield Shelved(event.key or b"", spot, offset, NOWHERE, "", 0)

    def _decided(self, places: Mapping[Spot, Place]) -> dict[int, list[Record]]:
        """The acts that may not have been carried out yet, of this registration."""
        starts: dict[int, int] = {}
        for spot, place in places.items():
            starts[spot.partition] = min(place.acts, starts.get(spot.partition, place.acts))
        return {
            number: [record for record in records if concerns(record, self._registration)]
            for number, records in self._archive.acts(starts).items()
        }

    def _revived(self, decided: Mapping[int, Sequence[Record]]) -> set[Position]:
        """The events that somebody sent out again, though the commit has passed them."""
        commands = [command_of(record, self._codec) for of in decided.values() for record in of]
        return {Position(c.topic, c.partition, c.offset) for c in commands if c and c.offset >= 0}

    def _say(self, begins: Mapping[Spot, int], leased: Ours) -> dict[Spot, int]:
        """Append an owner's record for each; their positions are our epochs.

        Under the lease: behind it, it would make void what the true owner goes on to write.
        """
        now = time.time_ns() // 1_000_000
        sent = []
        for spot, offset in begins.items():
            step = Step("OWNER", self._registration, spot, now, note=began_at(offset))
            record = step_record(step, self._codec.encode(SCHEMA, step_document(step)))
            sent.append((spot, self._writer.send(record, leased)))
        return {spot: _acknowledged(future).offset for spot, future in sent}

    def _read(
        self, journals: Journals, begin: Mapping[Spot, int], epochs: Mapping[Spot, int]
    ) -> int:
        """Fold the journals up to our own records; how many records were ours."""
        last: dict[Spot, int] = {}
        for spot, epoch in epochs.items():
            place = Spot(RECEIPT, spot.partition)
            last[place] = max(epoch, last.get(place, epoch))
        reader = self._broker.reader(list(last))
        try:
            first = reader.begin()
            for place, position in begin.items():
                reader.seek(place, max(first[place], position))
            return _fold(reader, journals, last)
        finally:
            reader.close()


def _fold(reader: Reader, journals: Journals, last: Mapping[Spot, int]) -> int:
    deadline, read = time.monotonic() + LONGEST, 0
    while any(reader.position(place) <= position for place, position in last.items()):
        if time.monotonic() > deadline:
            raise Retry("the receipts could not be read in time", where=RECEIPT)
        for record in reader.poll(0.2):
            if record.offset <= last[Spot(RECEIPT, record.partition)]:
                read += journals.read(record)
    return read


def _acknowledged(future: "Future[Position]") -> Position:
    """Where it stands. Raises Retry if the broker does not say so in time."""
    try:
        return future.result(ACKNOWLEDGED)
    except TimeoutError as error:
        raise Retry("a record of the owner was not acknowledged", system=True) from error


def committed_of(broker: Broker, group: str, spots: Sequence[Spot]) -> dict[Spot, tuple[int, str]]:
    """What the group has committed for these. Raises Retry where that is nothing."""
    found = broker.committed(group)
    missing = [spot for spot in spots if spot not in found]
    if missing:
        raise Retry(f"no committed offset for {missing[0]}", where=group)
    return {spot: found[spot] for spot in spots}
