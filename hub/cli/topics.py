"""`hub event`, `hub act`, `hub receipt`: what stands on the topics."""

from typing import Annotated, get_args

import typer

from hub.cli.browse import Browser, event_row, moment, open_browser, readable, records
from hub.cli.doubts import doubtful
from hub.cli.narrowing import known_registration, known_symbol, known_type
from hub.cli.options import SINCE, Json, Since, Unmask, milliseconds
from hub.cli.output import answering, say, show_json, show_rows
from hub.cli.unmasking import access
from hub.contract.types import Document
from hub.delivery.acts import KINDS as DECISIONS
from hub.delivery.acts import dossier_of
from hub.errors import HubError, Reject
from hub.intake.acts import Kind
from hub.records import Record
from hub.registry.control.acts import KEPT, REFUSED, RENEWED, TRIED
from hub.registry.control.acts import KINDS as CHANGES
from hub.registry.entries import registered
from hub.settings import load
from hub.surroundings import now_ms
from hub.topics import ACT, EVENT_TOPICS, RECEIPT

event = typer.Typer(no_args_is_help=True, help="Events: the facts that were kept.")
act = typer.Typer(
    no_args_is_help=True, help="Acts: what was refused or set aside, and what people decided."
)
receipt = typer.Typer(
    no_args_is_help=True, help="Receipts: what became of each event at each registration."
)

REPLAY = "replay to "  # how receipts of replays begin their note
Dossier = Annotated[str | None, typer.Option("--dossier", help="only this dossier code")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="the last N")]


@event.callback()
def _event() -> None:
    """Events: the facts that were kept."""


@event.command("list", epilog="Example: hub event list --dossier H44.99.99-251013-0001")
def event_list(
    dossier: Dossier = None,
    kind: Annotated[str | None, typer.Option("--type", help="part of the type's name")] = None,
    *,
    unserved: Annotated[bool, typer.Option("--unserved", help="only those nobody serves")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List events, oldest first."""
    with answering():
        settings = load()
        known_type(kind, settings)
        browser = open_browser(settings)

        def row_of(record: Record) -> Document:
            return event_row(browser, record, unmasked=False, whole=False)

        def is_chosen(record: Record) -> bool:
            row = row_of(record)
            return (kind or "") in str(row["type"]) and (not unserved or bool(row.get("unserved")))

        chosen = records(browser, EVENT_TOPICS, dossier, is_chosen, most=limit)
        show_rows(
            [row_of(record) for record in chosen],
            ("at", "key", "type", "source", "id", "flags", "unserved"),
            as_json=as_json,
        )


@event.command("show", epilog='Example: hub event show 7d1c… --unmask "complaint 12/2025"')
def event_show(
    event_id: Annotated[str, typer.Argument(help="the event's id, or its beginning")],
    unmask: Unmask = None,
) -> None:
    """Show one event whole, personal data masked."""
    with answering():
        settings = load()
        with access(settings, f"event {event_id}", unmask) as unmasked:
            browser = open_browser(settings)
            record = _one(browser, event_id)
            show_json(event_row(browser, record, unmasked=unmasked, whole=True))


def _one(browser: Browser, named: str) -> Record:
    """The event whose id begins so. Raises Reject where that is none, or several."""
    found: dict[str, Record] = {}
    for record in records(browser, EVENT_TOPICS, keep=lambda r: _id(r).startswith(named)):
        found.setdefault(_id(record), record)  # where two gateways raced the first counts
    if not named or not found:
        raise Reject(f"there is no event {named or 'without an id'}", fix="hub event list")
    if len(found) > 1:
        which = ", ".join(list(found)[:5])
        raise Reject(f"{named} names {len(found)} events", fix=f"say which: {which}")
    return next(iter(found.values()))


def _id(record: Record) -> str:
    return dict(record.headers).get("ce_id", b"").decode(errors="replace")


_KINDS = ", ".join(
    (*get_args(Kind), *sorted(DECISIONS), *CHANGES.values(), KEPT, REFUSED, TRIED, RENEWED)
)


@act.callback()
def _act() -> None:
    """Acts: what was refused or set aside, and what people decided."""


@act.command("list", epilog="Example: hub act list --kind SET_ASIDE")
def act_list(
    registration: Annotated[str | None, typer.Option(help="only this registration")] = None,
    kind: Annotated[str | None, typer.Option(help=_KINDS)] = None,
    *,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List what was refused, set aside or decided, oldest first, without its content."""
    with answering():
        settings = load()
        known_symbol("--kind", kind, "hub.v1.ActKind", settings)
        browser = open_browser(settings)
        # read whole: a decision stands at the partition number of the event that it concerns
        rows = [_act_row(browser, r) for r in records(browser, (ACT,))]
        known_registration(registration, rows, settings)
        chosen = [
            row
            for row in rows
            if kind in (None, row["kind"]) and registration in (None, row.get("registration"))
        ]
        columns = ("at", "kind", "registration", "flow", "dossier", "subject", "by", "reason")
        show_rows(chosen[-limit:], columns, as_json=as_json)


def _act_row(browser: Browser, record: Record) -> Document:
    try:
        found = readable(browser, record.value or b"", unmasked=False)
    except HubError as error:
        found = {"kind": "(unreadable)", "reason": error.what}
    return {**found, "at": moment(record.timestamp)}


@receipt.callback()
def _receipt() -> None:
    """Receipts: what became of each event at each registration."""


@receipt.command(
    "list", epilog="Example: hub receipt list --registration ngsp --outcome DEAD_LETTERED"
)
def receipt_list(
    dossier: Dossier = None,
    registration: Annotated[str | None, typer.Option(help="only this registration")] = None,
    outcome: Annotated[str | None, typer.Option(help="DELIVERED, NOTHING_TO_SEND, …")] = None,
    since: Since = SINCE,
    *,
    in_doubt: Annotated[
        bool, typer.Option("--in-doubt", help="only where it was not known whether a call arrived")
    ] = False,
    replays: Annotated[
        bool, typer.Option("--replays", help="only replays: what sandboxes said, and live ones")
    ] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List receipts, oldest first; those that are in doubt whatever their age."""
    begin = now_ms() - milliseconds(since)
    with answering():
        settings = load()
        known_symbol("--outcome", outcome, "hub.v1.Outcome", settings)
        browser = open_browser(settings)
        rows = [
            _receipt_row(browser, record)
            for record in records(
                browser, (RECEIPT,), dossier, _is_told if replays else _is_outcome, begin
            )
        ]
        rows = [row for row in rows if not replays or str(row["note"]).startswith(REPLAY)]
        known_registration(registration, rows, settings)
        if in_doubt:
            names = registered(settings.registrations) if registration is None else {registration}
            ended = [row for row in rows if "in doubt" in str(row["note"])]
            rows = ended + doubtful(browser, sorted(names))
        chosen = [
            row
            for row in rows
            if registration in (None, row["registration"])
            and outcome in (None, row.get("outcome"))
            and dossier in (None, row["key"])
        ]
        columns = ("at", "key", "event", "registration", "outcome", "tries", "operation", "note")
        show_rows(chosen[-limit:], columns, as_json=as_json)
        say(f"receipts since {moment(begin)}; --since shows older ones")


def _is_told(record: Record) -> bool:
    """An end, or what a sandbox said."""
    return _is_outcome(record) or dict(record.headers).get("hub_kind") == b"REPLAY"


def _is_outcome(record: Record) -> bool:
    """Not a step on the way there (hub.delivery.journal), as its header says."""
    return dict(record.headers).get("hub_kind", b"OUTCOME") == b"OUTCOME"


def _receipt_row(browser: Browser, record: Record) -> Document:
    try:
        row = readable(browser, record.value or b"", unmasked=False)
    except HubError as error:
        row = {"outcome": "(unreadable)", "reason": error.what, "key": dossier_of(record.key)}
    attempts = row.get("attempts")
    tries = attempts if isinstance(attempts, list) else []
    return {
        "at": moment(record.timestamp),
        "key": row.get("key"),
        "event": str(row.get("event_type", "")).rpartition(".")[2],
        "event_id": row.get("event_id"),
        "registration": row.get("connector"),
        "outcome": row.get("outcome"),
        "tries": len(tries),
        "operation": row.get("operation"),
        "note": row.get("note"),
        "reason": row.get("reason"),
        "source": [row.get("source_topic"), row.get("source_partition"), row.get("source_offset")],
        "attempts": tries,
        "bundle": row.get("bundle"),
        "settings": row.get("settings"),
    }
