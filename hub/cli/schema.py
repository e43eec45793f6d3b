"""`hub schema`: the event schemas, what they hold, and whether a change may be registered."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hub import settings
from hub.dev import runfiles
from hub.errors import Halt, HubError, Reject, Retry
from hub.events.catalogue import FILE_BYTES, Catalogue, load
from hub.registry.problem import Problem
from hub.registry.schemas.client import RegistryClient
from hub.registry.schemas.review import changes, classes, misfit, review

EXIT = {Reject: 1, Retry: 3, Halt: 4}
ROW = "{:<36} {:>7} {:>9} {:>10} {:>8}"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The schemas of the events: what they hold, whether a change may be registered.",
)
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


@app.command(
    "list",
    epilog="Example: hub schema list --json | jq -r .name\n\nExit 0; 1: a file is wrong.",
)
def list_(*, as_json: AsJson = False) -> None:
    """Each record: how many values, how many personal and sensitive, the registered version."""
    try:
        catalogue = load(settings.load().schemas)
        versions = _versions(catalogue)
    except HubError as error:
        raise _told(error) from error
    if not as_json:
        typer.echo(ROW.format("NAME", "VALUES", "PERSONAL", "SENSITIVE", "VERSION"))
    for name, whole in catalogue.whole.items():
        marks = list(classes(catalogue, name).values())
        counts = len(marks), marks.count("p"), marks.count("s")
        if as_json:
            row = dict(zip(("values", "personal", "sensitive"), counts, strict=True))
            line = {"name": name, **row, "version": versions.get(name), "doc": whole.get("doc")}
            typer.echo(json.dumps(line, ensure_ascii=False))
        else:
            typer.echo(ROW.format(name, *counts, versions.get(name, "-")))


@app.command(
    epilog="Example: hub schema check schemas/avro\n\n"
    "Exit 0: may be registered; 1: may not; 2: no such file; 3: the registry does not answer."
)
def check(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="files, or folders of them")],
    against: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="earlier versions, if not the registry's"),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell all that is wrong: Avro, documentation, personal data, changes that break readers."""
    chosen = _chosen(paths)
    try:
        problems = [
            problem
            for folder, files in chosen.items()
            for problem in _problems(folder, files, against)
        ]
    except HubError as error:
        raise _told(error) from error
    for problem in problems:
        line = json.dumps(problem.as_dict(), ensure_ascii=False) if as_json else str(problem)
        typer.echo(line)
    count = sum(len(files) for files in chosen.values())
    typer.echo(f"{count} files, {len(problems)} problems", err=True)
    if problems or not count:
        raise typer.Exit(1)


def _chosen(paths: list[Path]) -> dict[Path, frozenset[str]]:
    """By folder, the names of the files to check."""
    found: dict[Path, frozenset[str]] = {}
    for path in paths:
        folder = path if path.is_dir() else path.parent
        names = {file.name for file in path.glob("*.avsc")} if path.is_dir() else {path.name}
        found[folder] = found.get(folder, frozenset()) | names
    return found


def _problems(folder: Path, chosen: frozenset[str], against: Path | None) -> list[Problem]:
    names = chosen | {path.name for path in folder.glob("*.avsc")}
    sources = {name: _text(folder / name) for name in sorted(names)}
    problems = review(sources, chosen)
    if problems:
        return problems  # what is no schema cannot be compared
    catalogue = load(folder)
    changed = {name.removesuffix(".avsc") for name in chosen}
    texts = {
        name: text for name, text in catalogue.texts.items() if catalogue.parts(name) & changed
    }
    if against is not None:
        return changes(texts, load(against).texts)
    client = _client()
    if client is None:
        typer.echo("no registry runs here: changes were not compared", err=True)
        return []
    return [misfit(name, why) for name, text in texts.items() for why in client.misfits(name, text)]


def _text(path: Path) -> str:
    """A file's text; one that is far too large is cut, and so refused as no JSON."""
    with path.open("rb") as file:
        return file.read(FILE_BYTES + 1).decode(errors="replace")


def _versions(catalogue: Catalogue) -> dict[str, int]:
    """The registered version of each record as it stands in the files; none without a registry."""
    client = _client()
    if client is None:
        return {}
    found = {name: client.look_up(name, text) for name, text in catalogue.texts.items()}
    return {name: known.version for name, known in found.items() if known is not None}


def _client() -> RegistryClient | None:
    """The registry that is set, or that runs on this machine."""
    known = settings.load()
    running = None if known.registry_url else runfiles.find(known.home, "registry")
    url = known.registry_url or (running.url if running else None)
    return RegistryClient(url) if url else None


def _told(error: HubError) -> typer.Exit:
    typer.echo(f"error: {error}", err=True)
    return typer.Exit(EXIT.get(type(error), 70))
