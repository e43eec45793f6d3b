"""`hub connector register`, `pause`, …: what is registered at a running hub, and its changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from hub.cli.connector_check import entry_at
from hub.cli.options import Folder, Json
from hub.cli.output import Usage, answering, say, show_json, show_rows
from hub.cli.plane import Refused, ask, tell
from hub.cli.promoting import Confirm, confirmed
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
    hold: Annotated[bool, typer.Option("--hold", help="register it, but not live yet")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="let the hub check the bundle, change nothing")
    ] = False,
    as_json: Json = False,
) -> None:
    """Register a connector at a running hub: it is checked whole, then live within 5 seconds.

    Nothing is changed where anything is wrong. A version that is there already is replaced; what
    is under way ends under the old one. Before, past events are taken through both: differences
    that nothing explains, and events that would no longer arrive, want --confirm.
    """
    with _told(as_json=as_json):
        settings = load()
        _known(settings, by)
        folder = folder.resolve()
        entry, _ = entry_at(registration, folder.name)
        name = entry.name or entry.connector
        files = read_files(folder)
        archive = packed({f"{folder.name}/{path}": body for path, body in files.items()})
        wish: dict[str, object] = {
            "on": _version(settings, name) if on is None else on,
            "entry": written(entry) | ({"start": start} if start else {}),
            "reason": reason,
            "override": override,
            "hold": hold,
            "by": by,
        }
        if certificate is not None:
            wish["certificate"] = _signed(certificate)
        if dry_run:
            found = ask(settings, "POST", "/bundles/check", content=archive)
            bundle = str(found["bundle"])[:DIGITS]
            say(f"{found['connector']}: {found['cases']} cases hold, bundle {bundle}")
            return
        found = ask(settings, "POST", "/bundles", content=archive)
        wish["bundle"] = found["bundle"]
        if not hold and (said := confirmed(settings, files, entry, sure=confirm)):
            wish["reason"] = f"{reason} ({said})"
        _show(ask(settings, "PUT", f"/registrations/{name}", json=wish), as_json=as_json)


@app.command(
    epilog='Example: hub connector pause waterco --by lan --reason "their system is moving"'
)
def pause(name: Name, reason: Reason, by: By = "", on: On = None, *, as_json: Json = False) -> None:
    """Stop delivery to a registration; what its system says is still kept."""
    _turn(name, "pause", reason, by, on, as_json=as_json)


@app.command(epilog='Example: hub connector resume waterco --by lan --reason "it has moved"')
def resume(
    name: Name, reason: Reason, by: By = "", on: On = None, *, as_json: Json = False
) -> None:
    """Go on with delivery where it was paused."""
    _turn(name, "resume", reason, by, on, as_json=as_json)


@app.command(
    epilog='Example: hub connector retire waterco --by lan --reason "contract ended" --yes'
)
def retire(
    name: Name,
    reason: Reason,
    by: By = "",
    on: On = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="it is meant")] = False,
    as_json: Json = False,
) -> None:
    """End a registration: no door, no delivery. It may be registered anew, from a new start."""
    if not yes:
        raise typer.BadParameter("it ends the registration", param_hint="--yes")
    _turn(name, "retire", reason, by, on, as_json=as_json)


@app.command(
    epilog='Example: hub connector rollback waterco --by lan --reason "wrong district codes"'
)
def rollback(
    name: Name,
    reason: Reason,
    by: By = "",
    to: Annotated[
        int | None, typer.Option(metavar="VERSION", help="else the last that was another")
    ] = None,
    on: On = None,
    *,
    as_json: Json = False,
) -> None:
    """Take an earlier version of a registration back: its bundle and its entry."""
    _turn(name, "rollback", reason, by, on, {} if to is None else {"to": to}, as_json=as_json)


@app.command(
    epilog='Example: hub connector golive waterco --by lan --reason "agreed" --certificate c.json'
)
def golive(
    name: Name,
    reason: Reason,
    by: By = "",
    certificate: Certificate = None,
    override: Override = "",
    on: On = None,
    *,
    as_json: Json = False,
) -> None:
    """Let a registration go live that was registered with --hold."""
    more: dict[str, object] = {"override": override}
    if certificate is not None:
        more["certificate"] = _signed(certificate)
    _turn(name, "golive", reason, by, on, more, as_json=as_json)


@app.command(epilog="Example: hub connector registrations")
def registrations(
    name: Annotated[str | None, typer.Argument(help="only this one, with its entry")] = None,
    *,
    as_json: Json = False,
) -> None:
    """List what is registered at the running hub, in which state and version, and who did that."""
    with _told(as_json=as_json):
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
    with _told(as_json=as_json):
        found: list[Document] = ask(load(), "GET", f"/registrations/{name}/history")
        columns = ("version", "did", "state", "bundle", "by", "at", "reason", "override")
        show_rows([_row(row, as_json=as_json) for row in found], columns, as_json=as_json)


def _turn(
    name: str,
    step: str,
    reason: str,
    by: str,
    on: int | None,
    more: dict[str, object] | None = None,
    *,
    as_json: bool,
) -> None:
    with _told(as_json=as_json):
        settings = load()
        _known(settings, by)
        version = _version(settings, name) if on is None else on
        said = {"on": version, "reason": reason, "by": by, **(more or {})}
        _show(ask(settings, "POST", f"/registrations/{name}/{step}", json=said), as_json=as_json)


@contextmanager
def _told(*, as_json: bool) -> Iterator[None]:
    with answering():
        try:
            yield
        except Refused as refused:
            tell(refused, as_json=as_json)
            raise


def _known(settings: Settings, by: str) -> None:
    """Raises Usage where nobody could say afterwards who it was."""
    if not by and settings.token is None and settings.access is None:
        raise Usage("is not said, and no token says so", "--by", "write --by NAME")


def _version(settings: Settings, name: str) -> int:
    """The version that stands; 0 where the name is new."""
    try:
        found: int = ask(settings, "GET", f"/registrations/{name}")["version"]
    except Refused as refused:
        if refused.document.get("type") != "/problems/unknown":
            raise
        return 0
    return found


def _signed(file: Path) -> object:
    try:
        found: object = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise Reject("is no certificate", where=str(file), fix="hub connector certify") from error
    return found


def _show(made: Any, *, as_json: bool) -> None:
    if as_json:
        show_json(made)
        return
    bundle = str(made["bundle"])[:DIGITS]
    say(f"{made['name']}: version {made['version']} is {made['state']}, bundle {bundle}")


def _row(row: Document, *, as_json: bool) -> Document:
    """For people the bundle's name is cut as receipts cut it."""
    return row if as_json else {**row, "bundle": str(row["bundle"])[:DIGITS]}
