"""Reading the topics for people: events, receipts, dead letters. Masked, unless allowed otherwise.

A person who wants to see personal data needs the right (HUB_MAY_UNMASK=yes, given by who deploys
the hub) and says why; both go into the log of accesses under HUB_HOME before anything is shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from hub.broker import KafkaBroker
from hub.contract.types import Document
from hub.dev.progress import to_stderr
from hub.errors import HubError, Reject, Retry
from hub.events.catalogue import Catalogue, load
from hub.events.codec import Codec
from hub.events.headers import read_headers
from hub.events.masks import Masks
from hub.records import Broker, Position, Record, Spot
from hub.settings import Settings
from hub.surroundings import bootstrap, registry_client

POLL = 0.5  # seconds
IDLE_POLLS = 20  # without a record: the broker is silent


class Reading(Protocol):
    """What reads topics as they stand: nothing is decoded."""

    @property
    def broker(self) -> Broker:
        """Where they are."""
        ...


@dataclass(frozen=True, slots=True)
class Browser:
    """What the reading commands share."""

    settings: Settings
    broker: Broker
    catalogue: Catalogue
    codec: Codec
    masks: Masks


def open_browser(settings: Settings) -> Browser:
    """Find broker and registry. Raises Halt or Retry where one is missing."""
    catalogue = load(settings.schemas)
    codec = Codec(catalogue, registry_client(settings))
    broker = KafkaBroker(bootstrap(settings), settings.security)
    return Browser(settings, broker, catalogue, codec, Masks(catalogue, codec.foreign))


def records(
    browser: Reading,
    topics: Sequence[str],
    key: str | None = None,
    keep: Callable[[Record], bool] | None = None,
    since: int | None = None,
    most: int | None = None,
) -> list[Record]:
    """What now stands on the topics, in order of the broker's time.

    With `key` only its own, with `keep` only what that says yes to, with `most` only the last ones;
    the rest takes no memory. With `since` (epoch ms) only what came then or later.
    """
    spots = spots_of(browser, topics, key)
    return read(
        browser, spots, lambda r: _has_key(r, key) and (keep is None or keep(r)), since, most
    )


def spots_of(browser: Reading, topics: Sequence[str], key: str | None = None) -> list[Spot]:
    """The topics' partitions; with `key` those where its records stand. Raises Reject."""
    spots: list[Spot] = []
    for topic in topics:
        count = browser.broker.partitions(topic)
        if not count:
            raise Reject("there is no such topic yet", where=topic, fix="start the hub: hub up")
        chosen = range(count) if key is None else [browser.broker.partition_of(key.encode(), count)]
        spots += [Spot(topic, partition) for partition in chosen]
    return spots


def read(
    browser: Reading,
    spots: Sequence[Spot],
    keep: Callable[[Record], bool],
    start: Mapping[Spot, int] | int | None = None,
    most: int | None = None,
) -> list[Record]:
    """What now stands at these partitions and is to be kept, in order of the broker's time.

    `most`: only the last so many. `start`: from which offsets on, or from which time (epoch ms);
    from the beginning where it names none. How far it has come is shown on a terminal. Raises Retry
    where the broker falls silent: a part would look like the whole.
    """
    found: list[Record] = []
    for record in stream(browser, spots, start):
        if keep(record):
            found.append(record)
        if most is not None and len(found) > 2 * most:
            found = _last(found, most)
    return _last(found, most)


def stream(
    browser: Reading, spots: Sequence[Spot], start: Mapping[Spot, int] | int | None = None
) -> Iterator[Record]:
    """What now stands at these partitions, in order per partition, without holding it.

    `start` and what is raised: as `read`.
    """
    reader = browser.broker.reader(spots)
    progress = to_stderr()
    try:
        ends, idle = reader.end(), 0
        begins = reader.begin()
        starts = reader.at(start) if isinstance(start, int) else start or {}
        begins |= {spot: max(begins[spot], starts.get(spot, 0)) for spot in spots}
        for spot, begin in begins.items():
            reader.seek(spot, begin)
        while any(reader.position(s) < ends[s] for s in spots):
            polled = reader.poll(POLL)
            idle = 0 if polled else idle + 1
            if idle >= IDLE_POLLS:
                raise _silent(spots[0].topic)
            yield from polled
            progress.now(_how_far({s: reader.position(s) for s in spots}, begins, ends))
    finally:
        progress.now("")
        reader.close()


def since_last(browser: Browser, spots: Sequence[Spot], most: int, now: int) -> int:
    """The latest time (epoch ms, up to `now`) since which `most` records came or more; 0 if fewer.

    Found by asking the broker for offsets by time: nothing is read.
    """
    reader = browser.broker.reader(spots)
    try:
        begins, ends = reader.begin(), reader.end()

        def count(moment: int) -> int:
            at = reader.at(moment)
            return sum(max(0, ends[spot] - max(begins[spot], at[spot])) for spot in spots)

        if count(0) <= most:
            return 0
        low, high = 0, now + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if count(middle) >= most else (low, middle)
        return low
    finally:
        reader.close()


def _last(found: list[Record], most: int | None) -> list[Record]:
    in_order = sorted(found, key=lambda r: (r.timestamp, r.topic, r.partition, r.offset))
    return in_order if most is None else in_order[max(0, len(in_order) - most) :]


def _how_far(
    positions: Mapping[Spot, int], begins: Mapping[Spot, int], ends: Mapping[Spot, int]
) -> str:
    whole = sum(max(0, ends[spot] - begin) for spot, begin in begins.items())
    done = sum(min(positions[spot], ends[spot]) - begin for spot, begin in begins.items())
    topics = ", ".join(sorted({spot.topic for spot in begins}))
    return f"reading {topics}: {max(0, done):,} of {whole:,} records"


def record_at(browser: Reading, place: Position) -> Record | None:
    """The record that stands there; None if it is gone. Raises Retry where the broker is silent."""
    spot = Spot(place.topic, place.partition)
    reader = browser.broker.reader([spot])
    try:
        if not reader.begin()[spot] <= place.offset < reader.end()[spot]:
            return None
        reader.seek(spot, place.offset)
        for _ in range(IDLE_POLLS):
            for record in reader.poll(POLL):
                return record if record.offset == place.offset else None
        raise _silent(place.topic)
    finally:
        reader.close()


def _silent(topic: str) -> Retry:
    return Retry(f"the broker has given nothing for {IDLE_POLLS * POLL:.0f} s", where=topic)


def _has_key(record: Record, key: str | None) -> bool:
    return key is None or record.key == key.encode()


def event_row(browser: Browser, record: Record, *, unmasked: bool, whole: bool) -> Document:
    """An event for people: where it stands, its headers, and with `whole` what it says."""
    row: Document = {
        "at": moment(record.timestamp),
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": (record.key or b"").decode(errors="replace"),
    }
    try:
        envelope = read_headers(record.headers)
        row |= {"type": envelope.type, "id": envelope.id, "source": envelope.source}
        row |= {"flow": envelope.flow, "flags": list(envelope.flags)}
        row["unserved"] = list(envelope.unserved)
        if whole:
            row["traceparent"] = envelope.traceparent
            row["event"] = readable(browser, record.value or b"", unmasked=unmasked)
    except HubError as error:
        row |= {"type": "(unreadable)", "problem": error.what}
    return row


def readable(browser: Browser, value: bytes, *, unmasked: bool) -> Document:
    """A record's fields, masked unless allowed otherwise."""
    name, record = browser.codec.decode(value)
    return record if unmasked else browser.masks.mask(name, record)


def moment(ms: int) -> str:
    """Epoch milliseconds as RFC 3339 in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
