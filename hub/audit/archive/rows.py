"""What of a record is searched: one row, without personal data.

Dossier, event and order codes are business keys (schemas: `pii: n`), and an erasure is itself
recorded under the code; so they stand in the clear, and an erased dossier is still found: what
happened and when, never what was said. Whatever the schemas mark as personal stays in the encrypted
record and is shown from there, masked.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from hub.contract.types import Document, Value
from hub.errors import Reject
from hub.events.codec import Codec
from hub.intake.acts import SCHEMA as ACT_SCHEMA
from hub.records import Record
from hub.topics import ACT, DEAD, EVENT_TOPICS, RECEIPT, RECEIPT_SCHEMA
from hub.views.wording import says

TEXT = 200  # characters of a text in a row
Moved: TypeAlias = Mapping[str, tuple[str, int]]  # segment: the one it is part of, from where on
Headers: TypeAlias = Mapping[str, str]


class Row(NamedTuple):
    """One record as it is found. Empty texts and None: it has none.

    `kind`: event, receipt, attempt, mark, owner, letter, act. `system`: who said it, or whom it was
    for. `outcome`: of a receipt; of an act, what was decided. `says`: a short line. `segment`,
    `start`, `length`: where its content lies, empty while it stands on the topic alone.
    """

    ms: int
    topic: str
    part: int
    place: int
    kind: str
    dossier: str = ""
    system: str = ""
    type: str = ""
    event_id: str = ""
    outcome: str = ""
    procedure: str = ""
    says: str = ""
    segment: str = ""
    start: int = 0
    length: int = 0


def printable(row: Row) -> Row:
    """The row without control characters, which a code or a name has none of anyway."""
    texts = {name: v for name, v in row._asdict().items() if isinstance(v, str)}
    strange = {name: _shown(v) for name, v in texts.items() if not v.isprintable()}
    return row._replace(**strange)  # type: ignore[arg-type]  # names of texts alone


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def row_of(record: Record, codec: Codec) -> Row:
    """The row of a record. Raises Retry while the schema registry cannot be asked."""
    headers = {name: raw.decode(errors="replace") for name, raw in record.headers}
    if record.topic == DEAD:
        return _letter(record, headers)
    name, document = _document(record, codec)
    if record.topic in EVENT_TOPICS:
        return _event(record, headers, document if name == headers.get("ce_type") else {})
    if record.topic == RECEIPT:
        return _receipt(record, document if name == RECEIPT_SCHEMA else {})
    if record.topic == ACT:
        return _act(record, document if name == ACT_SCHEMA else {})
    return _row(record, record.topic)


def _document(record: Record, codec: Codec) -> tuple[str, Document]:
    """What it says, under which name; nothing where its bytes cannot be read."""
    try:
        return codec.decode(record.value or b"")
    except Reject:
        return "", {}


def _event(record: Record, headers: Headers, document: Document) -> Row:
    kind = headers.get("ce_type", "")
    dossier = document.get("dossier")
    header = dossier if isinstance(dossier, dict) else document
    return _row(
        record,
        "event",
        dossier=_key(record),
        system=headers.get("ce_source", "").rpartition("/")[2],
        type=kind,
        event_id=headers.get("ce_id", ""),
        procedure=_text(header.get("procedure_code")),
        says=says(kind.rpartition(".")[2], document) if document else "(unreadable)",
    )


def _receipt(record: Record, document: Document) -> Row:
    kind = _text(document.get("kind")).lower() or "receipt"
    outcome = _text(document.get("outcome"))
    return _row(
        record,
        "receipt" if kind == "outcome" else kind,
        dossier=_text(document.get("key")),
        system=_text(document.get("connector")),
        type=_text(document.get("event_type")),
        event_id=_text(document.get("event_id")),
        outcome=outcome if kind == "outcome" else "",
        says=_told(document),
    )


def _letter(record: Record, headers: Headers) -> Row:
    return _row(
        record,
        "letter",
        dossier=_key(record),
        system=headers.get("hub_dead_connector", ""),
        type=headers.get("ce_type", ""),
        event_id=headers.get("ce_id", ""),
        outcome="DEAD_LETTERED",
        says=f"{headers.get('hub_dead_reason', '')} · of {headers.get('hub_dead_source', '?')}",
    )


def _act(record: Record, document: Document) -> Row:
    ids = document.get("event_ids")
    kind = _text(document.get("kind"))
    return _row(
        record,
        "act",
        dossier=_text(document.get("dossier")),
        system=_text(document.get("registration")),
        type=kind,
        event_id=_text(ids[0]) if isinstance(ids, list) and ids else "",
        outcome=kind,
        says=_joined(_text(document.get(name)) for name in ("subject", "by", "reason")),
    )


def _told(document: Document) -> str:
    """A receipt's short line: the operation, what the last calls came to, and why."""
    attempts = document.get("attempts")
    calls = attempts if isinstance(attempts, list) else []
    tried = [_attempt(one) for one in calls[-3:] if isinstance(one, dict)]
    series = document.get("series")
    of = f"series {series}" if isinstance(series, int) and series > 0 else ""
    why = (_text(document.get(name)) for name in ("reason", "note"))
    return _joined((_text(document.get("operation")), *tried, *why, of))


def _attempt(attempt: Mapping[str, Value]) -> str:
    status = attempt.get("status")
    return f"{_text(attempt.get('outcome'))}{f' ({status})' if status is not None else ''}"


def _row(record: Record, kind: str, **texts: str) -> Row:
    found = Row(record.timestamp, record.topic, record.partition, record.offset, kind)
    return found._replace(**{name: text[:TEXT] for name, text in texts.items()})  # type: ignore[arg-type]  # names of texts alone


def _key(record: Record) -> str:
    return (record.key or b"").decode(errors="replace")


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _joined(parts: Iterable[str]) -> str:
    return " · ".join(part for part in parts if part)
