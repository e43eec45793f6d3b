"""`hub connector register`, `registrations`, `history`: what is registered at a running hub."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from hub.cli.connector_check import entry_at
from hub.cli.options import Folder, Json
from hub.cli.output import Usage, answering, say, show_json, show_rows
from hub.cli.plane import Refused, ask, tell
from hub.cli.promoting import Confirm, Promotion, Side, Uncompared, seen
from hub.contract.types import Document
from hub.errors import Reject
from hub.registry.bundle_files import read_files
from hub.registry.present import written
from hub.registry.upload import packed
from hub.settings import Settings, load

app = typer.Typer(add_completion=False)

EPILOG = """Example: hub connector register connectors/waterco
--registration registrations.yaml/waterco
--certificate waterco.certificate.json --start now --by lan --reason "contract 12/2026\""""
DIGITS = 16  # of a bundle's or a certificate's SHA-256, for people

Name = Annotated[str, typer.Argument(metavar="NAME", help="a registration")]
Reason = Annotated[
    str, typer.Option("--reason", "--because", metavar="TEXT", help="why; is kept for good")
]
By = Annotated[
    str,
    typer.Option("--by", metavar="NAME", help="who; needed where no token says so (HUB_TOKEN)"),
]
On = Annotated[
    int | None,
    typer.Option(
        "--on", metavar="VERSION", help="refuse unless this version stands; else what stands now"
    ),
]
Certificate = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, help="what `hub connector certify` wrote for this bundle"
    ),
]
Override = Annotated[
    str, typer.Option(metavar="TEXT", help="why it goes live without a certificate; is kept")
]


@app.command(epilog=EPILOG)
def register(  # noqa: PLR0913 - each is an option of the command
    folder: Folder,
    registration: Annotated[
        str,
        typer.Option(metavar="FILE[/NAME]", help="the entry by which it goes live, as in a file"),
    ],
    reason: Reason,
    by: By = "",
    certificate: Certificate = None,
    override: Override = "",
    start: Annotated[
        str, typer.Option(metavar="WHERE", help="beginning, now, or a time; else as the entry says")
    ] = "",
    on: On = None,
    *,
    confirm: Confirm = False,
    uncompared: Uncompared = "",
    hold: Annotated[bool, typer.Option("--hold", help="register it, but not live yet")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="ask the hub all that it would ask, change nothing")
    ] = False,
    as_json: Json = False,
) -> None:
    """Register a connector at a running hub: it is checked whole, then live within 5 seconds.

    Nothing is changed where anything is wrong. A version that is there already is replaced; what
    is under way ends under the old one. Before, past events are taken through both: differences
    that nothing explains, and events that would no longer arrive, want --confirm.
    --dry-run asks the hub everything that this would, and is recorded as that.
    """
    with telling(as_json=as_json):
        settings = load()
        known(settings, by)
        folder = folder.resolve()
        entry, _ = entry_at(registration, folder.name)
        wanted = Promotion(
            entry.name or entry.connector, folder.name, by, reason, confirm, uncompared
        )
        files = read_files(folder)
        archive = packed({f"{folder.name}/{path}": body for path, body in files.items()})
        stands = standing(settings, wanted.name)
        wish: dict[str, object] = {
            "on": (stands or {}).get("version", 0) if on is None else on,
            "entry": written(entry) | ({"start": start} if start else {}),
            "reason": reason,
            "override": override,
            "hold": hold,
            "by": by,
        }
        if certificate is not None:
            wish["certificate"] = signed(certificate)
        path = f"/registrations/{wanted.name}"
        if dry_run:
            said = {**wish, "uncompared": uncompared, "archive": b64encode(archive).decode()}
            _show_plan(ask(settings, "POST", f"{path}/check", json=said), as_json=as_json)
            return
        wish["bundle"] = ask(settings, "POST", "/bundles", content=archive)["bundle"]
        if stands and not hold:
            compare = ask(settings, "POST", f"{path}/check", json=wish)["compare"]
            wish |= seen(settings, wanted, compare, Side(files, written(entry)))
        show(ask(settings, "PUT", path, json=wish), as_json=as_json)


@app.command(epilog="Example: hub connector registrations")
def registrations(
    name: Annotated[str | None, typer.Argument(help="only this one, with its entry")] = None,
    *,
    as_json: Json = False,
) -> None:
    """List what is registered at the running hub, in which state and version, and who did that."""
    with telling(as_json=as_json):
        settings = load()
        if name is not None:
            show_json(ask(settings, "GET", f"/registrations/{name}"))
            return
        found: list[Document] = ask(settings, "GET", "/registrations")
        columns = ("name", "connector", "state", "version", "bundle", "by", "at", "reason")
        show_rows([_row(row, as_json=as_json) for row in found], columns, as_json=as_json)


@app.command(epilog="Example: hub connector history waterco")
def history(name: Name, *, as_json: Json = False) -> None:
    """Show what a registration was, newest first: who did what, when and why."""
    with telling(as_json=as_json):
        found: list[Document] = ask(load(), "GET", f"/registrations/{name}/history")
        columns = ("version", "did", "state", "bundle", "by", "at", "reason", "override")
        show_rows([_row(row, as_json=as_json) for row in found], columns, as_json=as_json)


@contextmanager
def telling(*, as_json: bool) -> Iterator[None]:
    """Tell what a refusal says, all of it, and end as every command does."""
    with answering():
        try:
            yield
        except Refused as refused:
            tell(refused, as_json=as_json)
            raise


def known(settings: Settings, by: str) -> None:
    """Raises Usage where nobody could say afterwards who it was."""
    if not by and settings.token is None and settings.access is None:
        raise Usage("is not said, and no token says so", "--by", "write --by NAME")


def standing(settings: Settings, name: str) -> Document | None:
    """The registration as it stands; None where the name is new."""
    try:
        found: Document = ask(settings, "GET", f"/registrations/{name}")
    except Refused as refused:
        if refused.document.get("type") != "/problems/unknown":
            raise
        return None
    return found


def signed(file: Path) -> object:
    """A certificate's JSON. Raises Reject where the file holds none."""
    try:
        found: object = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise Reject("is no certificate", where=str(file), fix="hub connector certify") from error
    return found


def show(made: Any, *, as_json: bool) -> None:
    """A registration as it is now."""
    _show(made, "is", made["not_judged"], as_json=as_json)


def _show_plan(plan: Any, *, as_json: bool) -> None:
    """What registering would give."""
    _show(plan, "would be", [f"note: {note}" for note in plan["notes"]], as_json=as_json)


def _show(one: Any, verb: str, lines: Iterable[str], *, as_json: bool) -> None:
    if as_json:
        show_json(one)
        return
    bundle = str(one["bundle"])[:DIGITS]
    say(f"{one['name']}: version {one['version']} {verb} {one['state']}, bundle {bundle}")
    for line in lines:
        say(line)


def _row(row: Document, *, as_json: bool) -> Document:
    """For people the bundle's name is cut as receipts cut it."""
    return row if as_json else {**row, "bundle": str(row["bundle"])[:DIGITS]}
