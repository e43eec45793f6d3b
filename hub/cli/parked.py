"""`hub parked`: dossiers that wait at one registration, and letting them go on."""

from collections.abc import Mapping
from typing import Annotated

import typer

from hub.access.tokens import of_person
from hub.cli.browse import Browser, moment, open_browser, readable, records
from hub.cli.deciding import MOST, Because, By, Decision, Most, Preview, Said, about, decide, only
from hub.cli.narrowing import known_registration, known_type
from hub.cli.options import Json, Unmask
from hub.cli.output import answering, say, show_json, show_rows
from hub.cli.unmasking import access
from hub.contract.types import Document
from hub.delivery.acts import Command
from hub.delivery.parked import ParkedDossier, ParkedEvent, dossiers, events
from hub.errors import Halt, HubError, Reject
from hub.settings import Settings, load
from hub.surroundings import now_ms
from hub.topics import PARKED
from hub.views.client import ANSWERED, due_dates

app = typer.Typer(
    no_args_is_help=True, help="Parked dossiers: set aside at one registration; they go on later."
)
COLUMNS = ("registration", "dossier", "due", "waits", "behind", "type", "reason")
ASKED = 500  # dossiers whose due date is asked from the views, those that wait longest; 3 ms each

Registration = Annotated[str | None, typer.Option(help="only at this registration")]
UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@app.command("list", epilog="Example: hub parked list --registration portal")
def list_(
    registration: Registration = None,
    reason: Annotated[str | None, typer.Option(help="part of the reason")] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="the first N")] = 50,
    as_json: Json = False,
) -> None:
    """List waiting dossiers: the one that is due first on top, then those that wait longest."""
    with answering():
        settings = load()
        found = _waiting(open_browser(settings), registration, None, reason)
        rows = [_row(one) for one in found]
        _tell_due_dates(settings, rows)
        rows.sort(key=_due)
        show_rows(rows[:limit], COLUMNS, as_json=as_json)
        if len(rows) > limit:
            say(f"{len(rows) - limit} more; --limit shows them")


@app.command(epilog="Example: hub parked show H44.99.99-251013-0001")
def show(
    dossier: Annotated[str, typer.Argument(help="the dossier code")],
    registration: Registration = None,
    unmask: Unmask = None,
) -> None:
    """Show what waits of a dossier, one JSON object an event, in the order in which it will go."""
    with answering():
        settings = load()
        with access(settings, f"parked dossier {dossier}", unmask) as unmasked:
            browser = open_browser(settings)
            found = _waiting(browser, registration, dossier, None)
            for one in (event for queue in found for event in queue.events):
                show_json(_event_row(browser, one, unmasked=unmasked))
        if not found:
            raise Reject(f"nothing of {dossier} waits", fix="hub parked list")


@app.command(
    epilog="Example: hub parked resume --registration portal --dossier H44.99.99-251013-0001"
    ' --by "Trần Thị Thử" --because "the portal knows it now"'
)
def resume(  # noqa: PLR0913 - options
    registration: Annotated[str, typer.Option(help="where they wait")],
    dossier: Annotated[str | None, typer.Option(help="this dossier code")] = None,
    reason: Annotated[str | None, typer.Option(help="those whose reason has this part")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="all that wait there")] = False,
    by: By = "",
    because: Because,
    most: Most = MOST,
    preview: Preview = False,
    as_json: Json = False,
) -> None:
    """Let waiting dossiers go on now: their events go out in order, with the same keys."""
    if (dossier is not None) + (reason is not None) + everything != 1:
        raise typer.BadParameter("say which, once: --dossier, --reason or --all")
    with answering():
        browser = open_browser(load())
        found = _waiting(browser, registration, dossier, reason)
        said = Said(by, because, most, preview, as_json)
        decisions = [_resumed(one, said) for one in found]
        _tell_due_dates(browser.settings, [one.row for one in decisions])
        columns = ("registration", "dossier", "due", "waits", "behind", "reason")
        decide(browser, sorted(decisions, key=lambda one: _due(one.row)), columns, said)


@app.command(
    epilog='Example: hub parked discard hub.dossier/3/17 --by "Trần Thị Thử" --because "sent by'
    ' hand"'
)
def discard(  # noqa: PLR0913 - options
    named: Annotated[
        str | None,
        typer.Argument(metavar="[EVENT]", help="where it stands, or its id or the id's beginning"),
    ] = None,
    registration: Registration = None,
    dossier: Annotated[str | None, typer.Option(help="of this dossier code")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="part of the type's name")] = None,
    reason: Annotated[str | None, typer.Option(help="part of the reason")] = None,
    *,
    by: By = "",
    because: Because,
    most: Most = MOST,
    preview: Preview = False,
    as_json: Json = False,
) -> None:
    """Give up a waiting event, or all that fit: nobody will deliver it. Its dossier goes on.

    It becomes a dead letter that is closed already, with its content and your reason.
    """
    if (named, registration, dossier, kind, reason) == (None,) * 5:
        raise typer.BadParameter("say which: EVENT, or --registration, --dossier, --type, --reason")
    with answering():
        browser = open_browser(load())
        known_type(kind, browser.settings)
        chosen = [
            one
            for queue in _waiting(browser, registration, dossier, None)
            for one in queue.events
            if (kind or "") in one.event_type and (reason or "") in one.reason
        ]
        if named is not None:
            named_so = [one for one in chosen if _is_named(one, named)]
            chosen = [
                only(named_so, named, "waiting event", "hub parked list", lambda one: one.source)
            ]
        said = Said(by, because, most, preview, as_json)
        columns = ("registration", "dossier", "source", "type", "reason")
        decide(browser, [_discarded(one, said) for one in chosen], columns, said)


def _is_named(one: ParkedEvent, named: str) -> bool:
    return named == one.source.text or (bool(named) and one.event_id.startswith(named))


def _waiting(
    browser: Browser, registration: str | None, dossier: str | None, reason: str | None
) -> list[ParkedDossier]:
    """The dossiers that wait and fit all that is given, the longest first.

    Raises Reject for a registration that nothing knows.
    """
    in_order = sorted(records(browser, (PARKED,)), key=lambda r: (r.partition, r.offset))
    found = dossiers(events(in_order))
    rows: list[Document] = [{"registration": one.registration} for one in found]
    known_registration(registration, rows, browser.settings)
    return [
        one
        for one in found
        if registration in (None, one.registration)
        and dossier in (None, one.dossier)
        and (reason or "") in one.first.reason
    ]


def _discarded(one: ParkedEvent, said: Said) -> Decision:
    row: Document = {
        "registration": one.registration,
        "dossier": one.dossier,
        "source": one.source.text,
        "event_id": one.event_id,
        "type": one.event_type.rpartition(".")[2],
        "reason": one.reason,
    }
    return Decision(about("DISCARDED", one, said), row)


def _resumed(one: ParkedDossier, said: Said) -> Decision:
    source = one.first.source
    command = Command(
        kind="RESUMED",
        registration=one.registration,
        topic=source.topic,
        partition=source.partition,
        dossier=one.dossier,
        by=said.by,
        because=said.because,
    )
    return Decision(command, _row(one))


def _tell_due_dates(settings: Settings, rows: list[Document]) -> None:
    """Put into each row when its dossier is due, as far as the views know it."""
    codes = list(dict.fromkeys(str(row["dossier"]) for row in rows))[:ASKED]
    due: Mapping[str, str] = {}
    try:
        due, problem = due_dates(settings.home, codes, of_person(settings), ANSWERED)
    except Halt as error:  # nobody says who asks
        problem = error
    if problem is not None:
        say(f"due dates are not known: {problem}")
    for row in rows:
        row["due"] = due.get(str(row["dossier"]))


def _due(row: Document) -> str:
    """What rows sort by: those that are due first, then those of which it is not known."""
    return str(row["due"] or "~")  # digits stand before it


def _row(one: ParkedDossier) -> Document:
    first = one.first
    return {
        "registration": one.registration,
        "dossier": one.dossier,
        "since": moment(first.since),
        "waits": _age(now_ms() - first.since),
        "events": len(one.events),
        "behind": len(one.events) - 1,
        "type": first.event_type.rpartition(".")[2],
        "reason": first.reason,
        "bundle": first.headers.get("hub_parked_bundle"),
        "source": first.source.text,
    }


def _event_row(browser: Browser, one: ParkedEvent, *, unmasked: bool) -> Document:
    row: Document = {
        "source": one.source.text,
        "registration": one.registration,
        "type": one.event_type,
        "event_id": one.event_id,
        "since": moment(one.since),
        "at": moment(one.at),
        "behind": one.behind,
        "reason": one.reason,
        "bundle": one.headers.get("hub_parked_bundle"),
    }
    try:
        row["event"] = readable(browser, one.record.value or b"", unmasked=unmasked)
    except HubError as error:
        row["problem"] = error.what
    return row


def _age(ms: int) -> str:
    """A duration in its two largest units: `2 d 4 h`."""
    left = max(0, ms // 1000)
    parts: list[str] = []
    for unit, seconds in UNITS:
        count, left = divmod(left, seconds)
        if count or parts or unit == "s":
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
