"""`hub dead-letter`: what can never be delivered as it is, and what people decide about it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

import typer

from hub.cli.browse import Browser, moment, open_browser, readable, records
from hub.cli.came_to import came_to
from hub.cli.deciding import (
    MOST,
    Because,
    By,
    Decision,
    Most,
    Preview,
    Said,
    about,
    decide,
    decisions_of,
    only,
)
from hub.cli.edit import edited
from hub.cli.narrowing import known_registration, known_type
from hub.cli.options import SINCE, Json, Since, Unmask, milliseconds
from hub.cli.output import answering, say, show_json, show_rows
from hub.cli.unmasking import access
from hub.contract.types import Document
from hub.delivery.acts import Kind
from hub.delivery.letters import Letter, State, decided, letters
from hub.errors import HubError, Reject
from hub.settings import load
from hub.surroundings import now_ms
from hub.topics import DEAD

app = typer.Typer(
    no_args_is_help=True,
    help="Dead letters: events that can never be delivered as they are, until somebody decides.",
)
COLUMNS = ("letter", "key", "type", "registration", "reason")

Registration = Annotated[str | None, typer.Option(help="only of this registration")]
Type = Annotated[str | None, typer.Option("--type", help="part of the event type's name")]
Reason = Annotated[str | None, typer.Option("--reason", help="part of the reason")]
WHERE = "where it stands, or the event's id or its beginning"
Named = Annotated[str, typer.Argument(metavar="LETTER", help=WHERE)]
NamedOrNot = Annotated[str | None, typer.Argument(metavar="[LETTER]", help=WHERE)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are meant: all that every part of it fits."""

    registration: str | None = None
    kind: str | None = None
    reason: str | None = None
    named: str | None = None

    def fits(self, letter: Letter) -> bool:
        """Whether this letter is meant."""
        return (
            self.registration in (None, letter.registration)
            and (self.kind or "") in letter.event_type
            and (self.reason or "") in letter.reason
            and (self.named is None or _is_named(letter, self.named))
        )


@app.command("list", epilog="Example: hub dead-letter list --state open --json")
def list_(
    dossier: Annotated[str | None, typer.Option(help="only this dossier code")] = None,
    registration: Registration = None,
    kind: Type = None,
    reason: Reason = None,
    state: Annotated[str | None, typer.Option(help=", ".join(get_args(State)))] = None,
    since: Since = SINCE,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="the last N")] = 50,
    as_json: Json = False,
) -> None:
    """List dead letters, oldest first: open ones of any age, and what was decided lately."""
    if state not in (None, *get_args(State)):
        raise typer.BadParameter(f"is none of {', '.join(get_args(State))}", param_hint="--state")
    begin = now_ms() - milliseconds(since)
    with answering():
        browser = open_browser(load())
        meant = _meant(browser, Wanted(registration, kind, reason), dossier)
        recent = [one for one in meant if one.decision is None or one.decision.at >= begin]
        rows = [_row(one) for one in came_to(browser, recent, begin) if state in (None, one.state)]
        show_rows(rows[-limit:], ("at", "state", *COLUMNS, "event_id"), as_json=as_json)
        say(f"decisions and receipts since {moment(begin)}; --since shows older ones")


@app.command(epilog="Example: hub dead-letter show hub.dead/3/17")
def show(
    named: Named,
    registration: Registration = None,
    unmask: Unmask = None,
) -> None:
    """Show one dead letter whole: reason, decision, and the event as far as it can be read."""
    with answering():
        settings = load()
        with access(settings, f"dead letter {named}", unmask) as unmasked:
            browser = open_browser(settings)
            letter = _one(browser, Wanted(registration, named=named))
            row = _row(*came_to(browser, [letter]))
            try:
                row["event"] = readable(browser, letter.record.value or b"", unmasked=unmasked)
            except HubError as error:
                row["problem"] = error.what
            show_json(row)


@app.command(
    epilog='Example: hub dead-letter discard hub.dead/3/17 --by "Trần Thị Thử" --because "sent by'
    ' hand"'
)
def discard(  # noqa: PLR0913 - options
    named: NamedOrNot = None,
    registration: Registration = None,
    kind: Type = None,
    reason: Reason = None,
    *,
    by: By = "",
    because: Because,
    most: Most = MOST,
    preview: Preview = False,
    as_json: Json = False,
) -> None:
    """Close an open dead letter, or all that fit: nobody will deliver it. It stays on the topic."""
    wanted = Wanted(registration, kind, reason, named)
    _decide_all("DISCARDED", wanted, Said(by, because, most, preview, as_json))


@app.command(
    epilog='Example: hub dead-letter requeue --registration portal --reason "not in STATE"'
    ' --by "Trần Thị Thử" --because "table mended" --preview'
)
def requeue(  # noqa: PLR0913 - options
    named: NamedOrNot = None,
    registration: Registration = None,
    kind: Type = None,
    reason: Reason = None,
    *,
    by: By = "",
    because: Because,
    most: Most = MOST,
    preview: Preview = False,
    as_json: Json = False,
) -> None:
    """Send an open dead letter once more, or all that fit: same event, same key, marked as late."""
    wanted = Wanted(registration, kind, reason, named)
    _decide_all("REQUEUED", wanted, Said(by, because, most, preview, as_json))


@app.command(
    epilog="Example: hub dead-letter edit hub.dead/3/17 --event new.json"
    ' --by "Trần Thị Thử" --because "wrong district" --preview'
)
def edit(
    named: Named,
    event: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="JSON: the whole new event, as under `event` of `show`",
        ),
    ],
    registration: Registration = None,
    *,
    by: By = "",
    because: Because,
    preview: Preview = False,
    as_json: Json = False,
) -> None:
    """Send an open dead letter with another content; under a key of its own, marked as late.

    Values that stand there as `show` masked them are taken from the original.
    """
    with answering():
        browser = open_browser(load())
        (letter,) = _open_ones(browser, Wanted(registration, named=named))
        value, changed = edited(browser, letter.record, letter.event_type, event.read_bytes())
        said = Said(by, because, 1, preview, as_json)
        decision = _decision("EDITED", letter, said, value)
        decision.row["changed"] = list(changed)
        decide(browser, [decision], (*COLUMNS, "changed"), said)


def _decide_all(kind: Kind, wanted: Wanted, said: Said) -> None:
    """The same decision about every open letter that is wanted."""
    with answering():
        browser = open_browser(load())
        chosen = _open_ones(browser, wanted)
        decide(browser, [_decision(kind, one, said) for one in chosen], COLUMNS, said)


def _meant(browser: Browser, wanted: Wanted, dossier: str | None = None) -> list[Letter]:
    """The letters that are wanted. Raises Reject for a word that nothing knows."""
    known_type(wanted.kind, browser.settings)
    found = _letters(browser, dossier)
    rows: list[Document] = [{"registration": letter.registration} for letter in found]
    known_registration(wanted.registration, rows, browser.settings)
    return [letter for letter in found if wanted.fits(letter)]


def _letters(browser: Browser, dossier: str | None) -> list[Letter]:
    """Every letter, with what was decided about it."""
    found = letters(records(browser, (DEAD,), dossier))
    names = frozenset(letter.registration for letter in found)
    return decided(found, decisions_of(browser, names)) if found else []


def _open_ones(browser: Browser, wanted: Wanted) -> list[Letter]:
    """The letters that may be decided about. Raises Reject where the one that is named may not."""
    if wanted == Wanted():
        raise typer.BadParameter("say which: LETTER, or --registration, --type, --reason")
    if wanted.named is None:
        undecided = [letter for letter in _meant(browser, wanted) if letter.state == "open"]
        recent = now_ms() - milliseconds(SINCE)
        return [one for one in came_to(browser, undecided, recent) if one.state == "open"]
    (letter,) = came_to(browser, [_one(browser, wanted)])
    if letter.decision is not None:
        said = f"{letter.state}; {letter.decision.by} decided: {letter.decision.because}"
        raise Reject(f"is {said}", where=letter.place.text)
    if letter.state == "void":
        raise Reject("is void: its event came to another end", where=letter.place.text)
    return [letter]


def _one(browser: Browser, wanted: Wanted) -> Letter:
    """The one that is named. Raises Reject where that is none, or several."""
    found = _meant(browser, wanted)
    return only(
        found, wanted.named or "", "dead letter", "hub dead-letter list", lambda one: one.place
    )


def _is_named(letter: Letter, named: str) -> bool:
    places = (letter.place.text, letter.source.text)
    return named in places or (bool(named) and letter.event_id.startswith(named))


def _decision(kind: Kind, letter: Letter, said: Said, value: bytes | None = None) -> Decision:
    return Decision(about(kind, letter, said, value), _row(letter))


def _row(letter: Letter) -> Document:
    row: Document = {
        "at": moment(letter.record.timestamp),
        "state": letter.state,
        "letter": letter.place.text,
        "key": letter.dossier,
        "type": letter.event_type,
        "event_id": letter.event_id,
        "registration": letter.registration,
        "reason": letter.reason,
        "attempts": letter.headers.get("hub_dead_attempts", ""),
        "bundle": letter.headers.get("hub_dead_bundle", ""),
        "source": letter.source.text,
    }
    if letter.decision is not None:
        decision = letter.decision
        row["decision"] = {"kind": decision.kind, "by": decision.by, "because": decision.because}
    return row
