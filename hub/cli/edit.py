"""The new event of `hub dead-letter edit`, from the file that a person wrote."""

import orjson

from hub.cli.browse import Browser
from hub.contract.types import Document
from hub.delivery.acts import dossier_of
from hub.errors import Reject
from hub.events.edits import differences, masked, restored
from hub.records import Record
from hub.topics import EVENT_BYTES


def edited(
    browser: Browser, record: Record, event_type: str, written: bytes
) -> tuple[bytes, list[str]]:
    """The new event in wire format, and the paths of what differs from `record`.

    `event_type`: what the headers say, for an event whose bytes cannot be read. Raises Reject for
    what is no JSON, does not fit the event's schema, names another dossier or changes nothing.
    """
    given = _document(written)
    try:
        name, original = browser.codec.decode(record.value or b"")
    except Reject:  # Retry passes: the registry will know it
        name, original = event_type, {}
    if name not in browser.catalogue.whole:
        raise Reject(
            f"{name or 'its type'} is no event that the hub knows", where=record.place.text
        )
    shown = browser.masks.mask(name, original)
    found = restored(given, shown, original)
    new = found if isinstance(found, dict) else given
    _check(browser, record, name, new)
    value = browser.codec.encode(name, new)
    if len(value) > EVENT_BYTES:
        raise Reject(f"the event is larger than {EVENT_BYTES} bytes", code="too-large")
    changed = differences(original, browser.codec.decode(value)[1])
    if not changed:
        raise Reject("nothing is changed", fix="hub dead-letter requeue sends it as it is")
    return value, changed


def _document(written: bytes) -> Document:
    try:
        given: object = orjson.loads(written)
    except orjson.JSONDecodeError as error:
        raise Reject(f"is no JSON: line {error.lineno}", where="--event") from None
    if not isinstance(given, dict):
        raise Reject("is not one JSON object", where="--event")
    return given


def _check(browser: Browser, record: Record, name: str, new: Document) -> None:
    hidden = next(masked(new), None)
    if hidden is not None:
        raise Reject(
            "a mask stands where a value is needed",
            where=f"{name} {hidden}",
            fix="leave it where `show` had it, or write the value",
        )
    key = browser.catalogue.key_field(name)
    if new.get(key) != dossier_of(record.key):
        raise Reject(
            "the key may not change: the event stays in its dossier's order",
            where=f"{name} {key}",
            fix="let the system send a new event instead",
        )
