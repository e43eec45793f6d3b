"""`hub connector new`: a folder from an interface; asked for, or asked about on a terminal."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.known import events_here
from hub.cli.options import Json
from hub.cli.output import answering, say, show_json
from hub.contract.problems import ContractErrors
from hub.errors import Reject
from hub.registry.bundle_files import read_files
from hub.registry.event_types import Events
from hub.registry.manifest_reference import (
    MANIFEST_SCHEMA,
    as_file,
    manifest_schema,
    markdown,
    registrations_schema,
)
from hub.scaffold.folder import Asked, Folder, new_folder
from hub.scaffold.interface import Interface, read_interface
from hub.scaffold.learnt import Learnt, learn
from hub.scaffold.plan import Kind, Wish, operation_named, plans, wish
from hub.settings import Settings, load

app = typer.Typer(add_completion=False)

_LARGEST = 32 * 1_048_576  # bytes of one published file

Name = Annotated[
    str, typer.Argument(help="the connector's name and folder: small letters, digits, _")
]
OpenApi = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="an OpenAPI 3.0 or 3.1 document")
]
Wsdl = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="a WSDL 1.1; what it imports lies beside it"),
]
On = Annotated[
    list[str] | None,
    typer.Option(metavar="EVENT=OPERATION", help="on this event call that operation"),
]
Receive = Annotated[
    list[str] | None,
    typer.Option(metavar="OPERATION=EVENT", help="the system calls it, it becomes this event"),
]
Poll = Annotated[
    list[str] | None,
    typer.Option(metavar="OPERATION=EVENT", help="ask for news; each new item is this event"),
]
Also = Annotated[
    list[str] | None,
    typer.Option(metavar="OPERATION", help="keep it too: a question, a login; no flow calls it"),
]
Auth = Annotated[str, typer.Option(help="kind of auth, where the interface names none")]
Title = Annotated[
    str, typer.Option(help="what people call the system; default: as in the interface")
]
Owner = Annotated[str, typer.Option(help="who answers for the system")]
Into = Annotated[
    Path | None, typer.Option(file_okay=False, help="where it is made; default HUB_CONNECTORS")
]


@app.command(
    epilog="Example: hub connector new bureau --openapi bureau.yaml --on StatusChanged=TellStatus"
)
def new(  # noqa: PLR0913 - options
    name: Name,
    *,
    openapi: OpenApi = None,
    wsdl: Wsdl = None,
    on: On = None,
    receive: Receive = None,
    poll: Poll = None,
    operation: Also = None,
    auth: Auth = "",
    title: Title = "",
    owner: Owner = "",
    into: Into = None,
    as_json: Json = False,
) -> None:
    """Write a new connector's folder: what is obvious filled in, the rest a hole that check names.

    On a terminal it asks for what is not given. Nothing is overwritten.
    """
    with answering():
        settings = load()
        target = (into or settings.connectors) / name
        if target.exists():
            raise Reject("is there already", where=str(target), fix="take another name, or move it")
        interface = _interface(openapi, wsdl)
        events = events_here(settings)
        wishes = [*_wishes(on, receive, poll)] or _asked_for(interface, events)
        known = {short: events.records[short] for short in events.full_names}
        asked = Asked(
            name=name,
            plans=plans(wishes, interface.offers, known),
            title=title,
            owner=owner,
            auth=auth,
            also=[operation_named(text, interface.offers) for text in operation or ()],
            schema=f"../{MANIFEST_SCHEMA}",
        )
        try:
            folder = new_folder(asked, interface, events, _learnt(settings))
        except ContractErrors as error:
            for problem in error.problems or (error,):
                say(str(problem))
            raise Reject(
                "the chosen operations use what the hub does not support",
                where=name,
                fix="choose others, or simplify a copy of the interface",
            ) from error
        _write(target, folder)
        _tell(target, folder, as_json=as_json)


@app.command(epilog="Example: hub connector schema > connectors/connector.schema.json")
def schema(
    *,
    registrations: Annotated[
        bool, typer.Option("--registrations", help="of registrations.yaml instead")
    ] = False,
    page: Annotated[bool, typer.Option("--page", help="the reference of both, in words")] = False,
) -> None:
    """Print the JSON Schema of connector.yaml, by which editors complete and check it."""
    if page:
        sys.stdout.write(markdown())
    else:
        found = registrations_schema() if registrations else manifest_schema()
        sys.stdout.write(as_file(found).decode())


def _interface(openapi: Path | None, wsdl: Path | None) -> Interface:
    if (openapi is None) == (wsdl is None):
        raise Reject("name one interface", fix="--openapi FILE or --wsdl FILE")
    file = openapi or wsdl or Path()
    folder = file.absolute().parent

    def read(path: str) -> bytes:
        found = folder / path
        if not found.is_file() or found.stat().st_size > _LARGEST:
            fix = f"put it beside {file.name}; at most {_LARGEST:,} bytes"
            raise Reject("is no file that can be read", where=path, fix=fix)
        return found.read_bytes()

    return read_interface("soap" if wsdl else "rest", file.name, read)


def _wishes(
    on: list[str] | None, receive: list[str] | None, poll: list[str] | None
) -> Iterator[Wish]:
    yield from (wish("on", text) for text in on or ())
    yield from (wish("receive", text) for text in receive or ())
    yield from (wish("poll", text) for text in poll or ())


def _asked_for(interface: Interface, events: Events) -> list[Wish]:
    """What a person at a terminal chooses; nothing where there is none."""
    if not sys.stdin.isatty():
        return []
    found: list[Wish] = []
    for offer in interface.offers.operations:
        say(f"  {offer.name}  {offer.doc[:80]}")
    say(f"events: {', '.join(sorted(events.full_names))}")
    while True:
        operation = typer.prompt(
            "an operation (empty: done)", default="", show_default=False, err=True
        )
        if not operation:
            return found
        said = typer.prompt(
            "does the hub call it on an event, receive or poll it?", default="on", err=True
        )
        kinds: dict[str, Kind] = {"on": "on", "receive": "receive", "poll": "poll"}
        if said in kinds:
            found.append(Wish(kinds[said], operation, typer.prompt("which event", err=True)))
        else:
            say(f"'{said}' is not one of {', '.join(kinds)}")


def _learnt(settings: Settings) -> Learnt:
    """From the connectors that are there; there may be none."""
    folders = settings.connectors.iterdir() if settings.connectors.is_dir() else iter(())
    return learn(_readable(sorted(path for path in folders if path.is_dir())))


def _readable(folders: list[Path]) -> Iterator[dict[str, bytes]]:
    for folder in folders:
        try:
            yield read_files(folder)
        except Reject:
            continue  # it teaches nothing; `hub connector list` names it


def _write(target: Path, folder: Folder) -> None:
    """The whole folder appears at once; one that is there is left alone."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.new")
    try:
        draft.mkdir()
    except FileExistsError:
        raise Reject(
            "is there, from an attempt that was cut short", where=str(draft), fix="remove it"
        ) from None
    for name, body in folder.files.items():
        file = draft / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    draft.rename(target)
    beside = target.with_name(MANIFEST_SCHEMA)
    if not beside.exists():
        beside.write_bytes(as_file(manifest_schema()))


def _tell(target: Path, folder: Folder, *, as_json: bool) -> None:
    left = [problem.as_dict() for problem in folder.problems]
    if as_json:
        files = sorted(folder.files)
        show_json(
            {"folder": str(target), "files": files, "left": left, "notes": list(folder.notes)}
        )
        return
    for note in folder.notes:
        say(note)
    for problem in left:
        say(f"  {problem['at']}: {problem.get('field', '')} {problem['what']}".rstrip())
    say(f"{target}: {len(folder.files)} files, {len(left)} left to decide")
    say(f"next: hub connector check {target}")
