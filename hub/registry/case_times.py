"""Events as people write them in cases: a moment as 2025-10-13T09:05:00+07:00, a day as 2025-10-13.

What is absent is left out; fields stand in the order of the schema.
"""

from datetime import UTC, date, datetime, timedelta, timezone

from hub.contract.types import (
    Boolean,
    Date,
    Document,
    Integer,
    ListOf,
    Number,
    Record,
    Ref,
    Text,
    Timestamp,
    Type,
    Value,
)
from hub.contract.words import describe
from hub.errors import Reject
from hub.registry.event_types import Events

LOCAL = timezone(timedelta(hours=7))  # Asia/Ho_Chi_Minh, no daylight saving
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = date(1970, 1, 1)


def moment_of(text: str) -> int:
    """Epoch milliseconds of an RFC 3339 text with an offset. Raises Reject."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Reject(f"'{text}' is no moment") from error
    if moment.tzinfo is None:
        raise Reject(f"'{text}' has no offset", fix="write +07:00 behind it")
    return (moment - EPOCH) // timedelta(milliseconds=1)


def to_people(kind: str, record: Document, events: Events) -> Document:
    """An event as a case writes it."""
    found = _to(_type(kind, events), record, events)
    return found if isinstance(found, dict) else {}


def from_people(kind: str, written: Document, events: Events) -> Document:
    """An event from a case, whole: absent fields are there and None. Raises Reject."""
    found = _from(_type(kind, events), written, events, kind)
    return found if isinstance(found, dict) else {}


def _type(kind: str, events: Events) -> Record:
    for short, full in events.full_names.items():
        if full == kind:
            return events.records[short]
    raise Reject(f"'{kind}' is no event")


def _resolved(kind: Type, events: Events) -> Type:
    return events.records[kind.name] if isinstance(kind, Ref) else kind


def _to(kind: Type, value: Value, events: Events) -> Value:
    kind = _resolved(kind, events)
    if isinstance(kind, Timestamp) and isinstance(value, int):
        moment = EPOCH + timedelta(milliseconds=value)
        return moment.astimezone(LOCAL).isoformat(timespec="auto")
    if isinstance(kind, Date) and isinstance(value, int):
        return (FIRST_DAY + timedelta(days=value)).isoformat()
    if isinstance(kind, ListOf) and isinstance(value, list):
        return [_to(kind.item, item, events) for item in value]
    if isinstance(kind, Record) and isinstance(value, dict):
        return {
            f.name: _to(f.type, value[f.name], events)
            for f in kind.fields
            if value.get(f.name) is not None
        }
    return value


def _from(kind: Type, value: Value, events: Events, where: str) -> Value:
    """A value of an event, as it is on the topic. Raises Reject for one of another kind."""
    match _resolved(kind, events), value:
        case Timestamp(), str(text):
            return moment_of(text)
        case Date(), str(text):
            return _day(text, where)
        case ListOf(item=item), list(items):
            return [_from(item, one, events, where) for one in items]
        case Record() as record, dict(fields):
            return _record(record, fields, events, where)
        case wanted, _:
            if not _is(wanted, value):
                raise Reject(f"is not {describe(wanted)}", where=where)
            return value


def _is(wanted: Type, value: Value) -> bool:
    """Whether a value is of a plain kind."""
    match wanted, value:
        case Text(values=words), str():
            return words is None or value in words
        case (Boolean(), bool()):
            return True
        case (Integer(), int()) | (Number(), int() | float()):
            return not isinstance(value, bool)
        case _:
            return False


def _day(text: str, where: str) -> int:
    try:
        return (date.fromisoformat(text) - FIRST_DAY).days
    except ValueError as error:
        raise Reject(f"'{text}' is no day", where=where) from error


def _record(kind: Record, value: Document, events: Events, where: str) -> Document:
    known = {f.name for f in kind.fields}
    foreign = sorted(set(value) - known)
    missing = [f.name for f in kind.fields if f.required and value.get(f.name) is None]
    if foreign or missing:
        raise Reject(f"foreign {foreign}, missing {missing}", where=where)
    return {
        f.name: None
        if value.get(f.name) is None
        else _from(f.type, value[f.name], events, f"{where}.{f.name}")
        for f in kind.fields
    }
