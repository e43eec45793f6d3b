"""What every decision of a person needs: who and why, a look before, a bound, and its record.

Decisions are acts on `hub.act`; whoever delivers carries them out (hub.delivery.acts).
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

import typer

from hub.cli.browse import Browser, records
from hub.cli.output import say, show_rows
from hub.cli.person import name_of
from hub.contract.types import Document
from hub.delivery.acts import Command, Kind, as_document, command_of, concerns, record_of
from hub.errors import HubError, Reject, Retry
from hub.intake.acts import SCHEMA
from hub.records import Outgoing, Position
from hub.surroundings import now_ms
from hub.topics import ACT

LONGEST = 300  # characters of a name or reason; as of a receipt's reason
MOST = 1_000  # decisions of one command, unless told otherwise
ACKNOWLEDGED = 30.0  # seconds for all of them; the writer itself gives a record up after 10


def one_line(text: str) -> str:
    """A name or a reason, on one line. It stands in `hub.act` for good."""
    stripped = " ".join(text.split())
    if not stripped:
        raise typer.BadParameter("is empty; decisions are kept with a name and a reason")
    if len(stripped) > LONGEST or not stripped.isprintable():
        raise typer.BadParameter(f"is not one line of at most {LONGEST} characters")
    return stripped


def _decider(text: str) -> str:
    return name_of(one_line(text) if text else "", "decide")


def _planner(text: str) -> str:
    return name_of(one_line(text) if text else "", "plan")


_WHO = "who decides; is kept. Where people are known (HUB_ACCESS), your token says it"
By = Annotated[str, typer.Option("--by", metavar="NAME", callback=_decider, help=_WHO)]
Planner = Annotated[str, typer.Option("--by", metavar="NAME", callback=_planner, help=_WHO)]
Because = Annotated[
    str, typer.Option("--because", metavar="TEXT", callback=one_line, help="why; is kept")
]
Preview = Annotated[bool, typer.Option("--preview", help="show what would be done, do nothing")]
Most = Annotated[
    int,
    typer.Option(
        "--most", min=1, max=10_000, help="refuse if more than so many would be concerned"
    ),
]


@dataclass(frozen=True, slots=True)
class Said:
    """What goes with every decision: who, why, at most how many, only a look, for whom to show."""

    by: str
    because: str
    most: int
    preview: bool
    as_json: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """A command and the row that tells people what it is about."""

    command: Command
    row: Document


class Kept(Protocol):
    """An event that somebody may decide about, wherever it is kept."""

    @property
    def registration(self) -> str: ...
    @property
    def source(self) -> Position: ...
    @property
    def place(self) -> Position: ...
    @property
    def dossier(self) -> str: ...
    @property
    def event_id(self) -> str: ...


K = TypeVar("K", bound=Kept)


def about(kind: Kind, one: Kept, said: Said, value: bytes | None = None) -> Command:
    """The decision about one event."""
    return Command(
        kind=kind,
        registration=one.registration,
        topic=one.source.topic,
        partition=one.source.partition,
        dossier=one.dossier,
        by=said.by,
        because=said.because,
        offset=one.source.offset,
        letter=one.place,
        event_id=one.event_id or None,
        value=value,
    )


def only(found: Sequence[K], named: str, what: str, fix: str, where: Callable[[K], Position]) -> K:
    """The one that is named. Raises Reject where that is none, or several of `what`.

    `where`: the place by which people name one.
    """
    if not found:
        raise Reject(f"there is no {what} {named}", fix=fix)
    if len(found) > 1:
        which = ", ".join(f"{where(one).text} ({one.registration})" for one in found[:5])
        raise Reject(f"{named} names {len(found)} {what}s", fix=f"say which: {which}")
    return found[0]


def decide(
    browser: Browser,
    decisions: Sequence[Decision],
    columns: Sequence[str],
    said: Said,
) -> None:
    """Write the decisions as acts and show them, each with where its act stands.

    Raises Reject, with nothing written, where there are none or more than are wanted; what the
    broker said where it did not acknowledge all.
    """
    if not decisions:
        raise Reject("nothing there is concerned", fix="`list` shows what is there")
    if len(decisions) > said.most:
        raise Reject(
            f"{len(decisions)} would be concerned, {said.most} at most are decided at once",
            fix="choose fewer, or say --most",
        )
    if said.preview:
        show_rows([one.row for one in decisions], columns, as_json=said.as_json)
        say(f"preview: nothing was written; {len(decisions)} would be")
        return
    placed, refused = write_acts(browser, [one.command for one in decisions])
    rows = [
        {**one.row, "act": place.text}
        for one, place in zip(decisions, placed, strict=True)
        if place is not None
    ]
    show_rows(rows, (*columns, "act"), as_json=said.as_json)
    say(f"{len(rows)} written to {ACT}; a worker carries them out")
    if refused is not None:
        say(f"{len(decisions) - len(rows)} were not: run it again, what is decided stays decided")
        raise refused


def write_acts(
    browser: Browser, commands: Iterable[Command]
) -> tuple[list[Position | None], HubError | None]:
    """Write decisions to `hub.act`.

    Where each act stands, None if it was not acknowledged; and an error, if there was one.
    """
    at = now_ms()
    return append_acts(
        browser,
        [record_of(one, browser.codec.encode(SCHEMA, as_document(one, at))) for one in commands],
    )


def append_acts(
    browser: Browser, encoded: Sequence[Outgoing]
) -> tuple[list[Position | None], HubError | None]:
    """The same for acts that are no decisions about deliveries."""
    writer = browser.broker.writer()
    try:
        waiting = [writer.send(outgoing) for outgoing in encoded]
        found = [_result(future) for future in waiting]
    finally:
        writer.close()
    errors = [one for one in found if isinstance(one, HubError)]
    placed = [None if isinstance(one, HubError) else one for one in found]
    return placed, errors[0] if errors else None


def _result(future: "Future[Position]") -> Position | HubError:
    try:
        return future.result(ACKNOWLEDGED)
    except HubError as error:
        return error
    except TimeoutError:
        return Retry("the broker did not answer", system=True)


def decisions_of(browser: Browser, registrations: frozenset[str]) -> list[Command]:
    """Every decision about these registrations, in the order of `hub.act` per partition."""
    found = records(
        browser, (ACT,), keep=lambda r: any(concerns(r, name) for name in registrations)
    )
    in_order = sorted(found, key=lambda record: (record.partition, record.offset))
    commands = (command_of(record, browser.codec) for record in in_order)
    return [one for one in commands if one is not None]
