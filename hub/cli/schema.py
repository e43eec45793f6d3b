"""`hub schema`: the event schemas, what they hold, and whether a change may be registered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from hub import settings
from hub.cli.output import answering, say, show_json, show_rows
from hub.dev import runfiles
from hub.events.catalogue import FILE_BYTES, Catalogue, load
from hub.registry.problem import Problem
from hub.registry.schemas.client import RegistryClient
from hub.registry.schemas.review import changes, classes, misfit, review

COLUMNS = ("name", "values", "personal", "sensitive", "version")

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
    with answering():
        catalogue = load(settings.load().schemas)
        show_rows(_rows(catalogue, _versions(catalogue)), COLUMNS, as_json=as_json)


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
    with answering():
        problems = [
            problem
            for folder, files in chosen.items()
            for problem in _problems(folder, files, against)
        ]
        for problem in problems:
            if as_json:
                show_json(problem.as_dict())
            else:
                typer.echo(str(problem))
    count = sum(len(files) for files in chosen.values())
    say(f"{count} files, {len(problems)} problems")
    if problems or not count:
        raise typer.Exit(1)


def _rows(catalogue: Catalogue, versions: dict[str, int]) -> Iterator[dict[str, object]]:
    for name, whole in catalogue.whole.items():
        marks = list(classes(catalogue, name).values())
        yield {
            "name": name,
            "values": len(marks),
            "personal": marks.count("p"),
            "sensitive": marks.count("s"),
            "version": versions.get(name),
            "doc": whole.get("doc"),
        }


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
        say("no registry runs here: changes were not compared")
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
