"""What of `hub receipt list --in-doubt` has no receipt yet: calls without a known answer."""

from collections.abc import Iterable

from hub.cli.browse import Browser, moment, read, record_at
from hub.cli.deciding import decisions_of
from hub.contract.types import Document
from hub.delivery.acts import dossier_of
from hub.delivery.doubts import Doubt, doubts
from hub.delivery.journals import starts
from hub.delivery.shelf import read_shelf
from hub.delivery.starting import group_of
from hub.records import Position

NOTE = "in doubt: sent or about to be, no answer is known"


def doubtful(browser: Browser, registrations: Iterable[str]) -> list[Document]:
    """A row for each event that is in doubt at one of these registrations, the oldest first."""
    found = [one for name in registrations for one in _doubts(browser, name)]
    return [_row(browser, one) for one in sorted(found, key=lambda one: one.since)]


def _doubts(browser: Browser, registration: str) -> list[Doubt]:
    committed = browser.broker.committed(group_of(registration))
    if not committed:
        return []
    begins = starts(committed)
    numbers = [spot.partition for spot in begins]
    again = [
        Position(*one.spot, one.offset) for one in read_shelf(browser.broker, registration, numbers)
    ]
    decided = decisions_of(browser, frozenset({registration}))
    again += [Position(one.topic, one.partition, one.offset) for one in decided if one.letter]
    mine = registration.encode()
    receipts = read(
        browser, list(begins), lambda r: dict(r.headers).get("hub_connector") == mine, begins
    )
    in_order = sorted(receipts, key=lambda r: (r.partition, r.offset))
    return doubts(registration, committed, again, in_order, browser.codec)


def _row(browser: Browser, one: Doubt) -> Document:
    event = record_at(browser, one.source)
    headers = {} if event is None else dict(event.headers)
    return {
        "at": moment(one.since),
        "key": None if event is None else dossier_of(event.key),
        "event": headers.get("ce_type", b"").decode(errors="replace").rpartition(".")[2],
        "event_id": headers.get("ce_id", b"").decode(errors="replace"),
        "registration": one.registration,
        "note": NOTE,
        "source": list(one.source),
    }
