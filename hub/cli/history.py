"""Reading topics whole: what they hold no more comes from the archive."""

from collections.abc import Iterator, Mapping, Sequence

from hub.audit.archive.opening import open_store
from hub.audit.archive.reading import read_head, records, segments_of
from hub.audit.opening import open_keys
from hub.cli.browse import Browser, stream
from hub.records import Record, Spot


def history(
    browser: Browser, spots: Sequence[Spot], start: Mapping[Spot, int] | int | None = None
) -> Iterator[Record]:
    """As `hub.cli.browse.stream`, also where a topic was trimmed; what was erased is left out.

    Each partition in its order, archived records first. Raises Halt where the archive is damaged.
    """
    yield from _archived(browser, spots, start)
    yield from stream(browser, spots, start)


def _archived(
    browser: Browser, spots: Sequence[Spot], start: Mapping[Spot, int] | int | None
) -> Iterator[Record]:
    starts = start if isinstance(start, Mapping) else {}
    since = start if isinstance(start, int) else 0
    begins = _begins(browser, spots)
    trimmed = [spot for spot in spots if begins[spot] > starts.get(spot, 0)]
    if not trimmed:
        return
    store = open_store(browser.settings)
    head = read_head(store)
    if not head.days:  # nothing was archived: what the topics hold is all there is
        return
    keys = open_keys(browser.settings, make=False)
    try:
        for spot in trimmed:
            segments = segments_of(store, head, spot)
            kept = records(store, keys, segments, starts.get(spot, 0), begins[spot])
            for _, record in kept:
                if record is not None and record.timestamp >= since:
                    yield record
    finally:
        keys.close()


def _begins(browser: Browser, spots: Sequence[Spot]) -> Mapping[Spot, int]:
    reader = browser.broker.reader(spots)
    try:
        return reader.begin()
    finally:
        reader.close()
