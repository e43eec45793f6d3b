"""`hub schema`: the event schemas, what they hold, and whether a change may be registered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import orjson
import typer

from hub import settings
from hub.cli.output import answering, say, show_json, show_rows
from hub.cli.registered import landscape
from hub.cli.schema_show import show
from hub.dev import runfiles
from hub.events.catalogue import FILE_BYTES, Catalogue, build, full_name, load
from hub.registry.bundle_files import digest_of, read_files
from hub.registry.event_types import events_of, read_events
from hub.registry.impact import Broken, Files, broken_by
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
app.command("show", epilog="Example: hub schema show StatusChanged")(show)


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
    "Exit 0: may be registered; 1: may not, or breaks a connector; 2: no such file; 3: the "
    "registry does not answer."
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
    """Tell all that is wrong: Avro, documentation, personal data, changes that break readers.

    Also which lines of which connectors the change breaks, and whose they are. A file that stands
    apart is looked at as if it stood among the schemas.
    """
    with answering():
        sets = _sets(paths)
        problems = [problem for each in sets for problem in _problems(each, against)]
        broken = [] if problems else [one for each in sets for one in _broken(each)]
        told: list[Problem | Broken] = [*problems, *broken]
        for one in told:
            if as_json:
                show_json(one.as_dict())
            else:
                typer.echo(str(one))
    count = sum(len(each.chosen) for each in sets)
    owners = len({one.owner for one in broken})
    impact = f", breaks {len(broken)} places of {owners} owners" if broken else ""
    say(f"{count} files, {len(problems)} problems{impact}")
    if problems or broken or not count:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Set:
    """Schemas by file name, the changed among those around them; `chosen` are looked at."""

    sources: Mapping[str, str]
    chosen: frozenset[str]


def _sets(paths: list[Path]) -> list[_Set]:
    """The schemas of each folder that is named, or that a named file stands in."""
    home = settings.load().schemas
    found: dict[Path, set[Path]] = {}
    for path in paths:
        folder = path if path.is_dir() else path.parent
        apart = not path.is_dir() and folder.resolve() != home.resolve()
        files = path.glob("*.avsc") if path.is_dir() else (path,)
        found.setdefault(home if apart else folder, set()).update(files)
    return [_set(folder, files) for folder, files in found.items()]


def _set(folder: Path, files: set[Path]) -> _Set:
    """The files of a folder, with `files` among them, each by the name that it should have."""
    around = {path.name: _text(path) for path in sorted(folder.glob("*.avsc"))}
    chosen = {_name(path, folder): _text(path) for path in sorted(files)}
    return _Set({**around, **chosen}, frozenset(chosen))


def _name(path: Path, folder: Path) -> str:
    """A file's name; of one that stands apart, the name that it would have among the others."""
    if path.parent.resolve() == folder.resolve():
        return path.name
    try:
        found: object = orjson.loads(_text(path))
    except orjson.JSONDecodeError:
        return path.name
    return f"{full_name(found)}.avsc" if isinstance(found, dict) else path.name


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


def _problems(schemas: _Set, against: Path | None) -> list[Problem]:
    problems = review(schemas.sources, schemas.chosen)
    if problems:
        return problems  # what is no schema cannot be compared
    names = {name.removesuffix(".avsc"): text for name, text in schemas.sources.items()}
    catalogue = build({name: orjson.loads(text) for name, text in names.items()})
    changed = {name.removesuffix(".avsc") for name in schemas.chosen}
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


def _broken(schemas: _Set) -> list[Broken]:
    """What the connectors of this hub could not do any more."""
    here = settings.load()
    old = read_events(here.schemas)
    folders = sorted(here.connectors.glob("*/connector.yaml"))
    connectors: list[tuple[str, Files]] = [
        (file.parent.name, read_files(file.parent)) for file in folders
    ]
    known = {digest_of(files) for _, files in connectors}
    live = {one.bundle.sha256: one.bundle for one in landscape(here, old).live}
    connectors += [(b.name, b.files) for sha, b in live.items() if sha not in known]
    changed = events_of({name: text.encode() for name, text in schemas.sources.items()})
    return broken_by(connectors, old, changed)


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
