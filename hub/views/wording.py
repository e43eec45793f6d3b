"""What a timeline says to people, from fields without personal data only."""

from collections.abc import Callable, Mapping

from hub.contract.types import Document
from hub.views.calendar import moment

TEXT = 100  # characters of a code or word that a system gave; longer ones are cut
DAY_9999 = 253_402_300_799_000  # epoch ms; what lies beyond cannot be shown as a date


def text(record: Document, name: str) -> str | None:
    """A text field, at most 100 characters; None where there is none."""
    found = record.get(name)
    return found[:TEXT] if isinstance(found, str) and found else None


def number(record: Document, name: str) -> int | None:
    """A whole number or a time in epoch ms; None where there is none."""
    found = record.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def shown(ms: int | None) -> str:
    """Local time to the minute, `2025-10-16 17:00`; `?` for none."""
    if ms is None:
        return "?"
    if not 0 <= ms <= DAY_9999:
        return f"{ms} ms"
    return f"{moment(ms):%Y-%m-%d %H:%M}"


def says(kind: str, record: Document) -> str:
    """A short line for people about an event, by its short name."""
    speak = _SAYS.get(kind)
    return speak(record) if speak else ""


def _count(record: Document, name: str) -> int:
    found = record.get(name)
    return len(found) if isinstance(found, list) else 0


def _header(record: Document) -> Document:
    found = record.get("dossier")
    return found if isinstance(found, dict) else {}


def _received(record: Document) -> str:
    header = _header(record)
    return f"procedure {text(header, 'procedure_code')}, {text(header, 'channel')}"


def _accepted(record: Document) -> str:
    header = _header(record)
    receipt = text(header, "receipt_number")
    return f"due {shown(number(header, 'due_at'))}" + (f", receipt {receipt}" if receipt else "")


def _status_changed(record: Document) -> str:
    status = text(record, "status") or "?"
    return f"{status} ({text(record, 'status_raw')})" if status == "UNKNOWN" else status


def _asked(record: Document) -> str:
    by = number(record, "reply_by")
    papers = f"request {number(record, 'request_id')}: {_count(record, 'papers')} papers"
    return papers + (f", reply by {shown(by)}" if by is not None else "")


def _given(record: Document) -> str:
    request = number(record, "request_id")
    files = f"{_count(record, 'attachments')} files"
    return files if request is None else f"request {request}: {files}"


def _extended(record: Document) -> str:
    before, after = number(record, "previous_due_at"), number(record, "new_due_at")
    apology = text(record, "apology_number")
    line = f"due {shown(before)} → {shown(after)}, reason {text(record, 'reason')}"
    return line + (f", apology {apology}" if apology else "")


def _ready(record: Document) -> str:
    return f"finished {shown(number(record, 'finished_at'))}, {_count(record, 'results')} papers"


def _returned(record: Document) -> str:
    return f"returned {shown(number(record, 'returned_at'))} by {text(record, 'returned_by')}"


def _fee(record: Document) -> str:
    by = number(record, "pay_by")
    line = f"request {number(record, 'request_id')}: {number(record, 'total_vnd')} VND"
    return line + (f", pay by {shown(by)}" if by is not None else "")


def _order(record: Document) -> str:
    item = text(record, "item_code")
    return f"order {text(record, 'order_number')}" + (f", item {item}" if item else "")


def _tracked(record: Document) -> str:
    state = text(record, "state") or "?"
    raw = f" ({text(record, 'state_raw')})" if state == "UNKNOWN" else ""
    return f"{_order(record)}: {state}{raw}"


_SAYS: Mapping[str, Callable[[Document], str]] = {
    "Received": _received,
    "Accepted": _accepted,
    "Refused": lambda _: "refused",
    "StatusChanged": _status_changed,
    "SupplementRequested": _asked,
    "SupplementProvided": _given,
    "DeadlineExtended": _extended,
    "WithdrawalRequested": lambda _: "asked for by the applicant",
    "Withdrawn": lambda _: "withdrawn",
    "ResultReady": _ready,
    "ResultReturned": _returned,
    "EvaluationGiven": lambda record: f"score {number(record, 'score')}",
    "FeeRequested": _fee,
    "FeePaid": lambda r: f"{number(r, 'total_vnd')} VND, {text(r, 'method')}",
    "ConsignmentOrdered": lambda r: f"{_order(r)}: {text(r, 'direction')}",
    "CancellationRequested": lambda r: f"{_order(r)}: to be cancelled",
    "ConsignmentTracked": _tracked,
    "ConsignmentDelivered": lambda r: f"{_order(r)}: delivered",
    "DeliveryFailed": lambda r: f"{_order(r)}: not delivered",
    "ConsignmentReturned": lambda r: f"{_order(r)}: came back",
}
