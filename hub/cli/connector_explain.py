"""`hub connector explain`: which field goes where, from what, and which of it is personal."""

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.output import answering, console, say, show_json, show_rows
from hub.contract.types import Document
from hub.errors import Reject
from hub.registry.bundle import Bundle, read_bundle
from hub.registry.event_types import Events, read_events
from hub.registry.explain import Row, explain, personal
from hub.registry.live import read_landscape
from hub.registry.problem import BundleErrors
from hub.settings import Settings, load

app = typer.Typer(add_completion=False)

EPILOG = """Examples: hub connector explain postal ·
hub connector explain --personal --field id_number

Which system receives the citizen's number: --personal --field takes a field's name, or a word of
what the schemas say about it. Exit 0; 1: no such connector, or one that does not check."""
COLUMNS = ("field", "pii", "from", "expression", "at")


@app.command("explain", epilog=EPILOG)
def explain_command(
    connector: Annotated[
        str | None, typer.Argument(help="a connector's name or folder; without, all of them")
    ] = None,
    field: Annotated[
        str | None, typer.Option(help="only where a field of this name, or about this word, is")
    ] = None,
    *,
    only_personal: Annotated[
        bool, typer.Option("--personal", help="only personal and sensitive data")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Show which field of the system comes from which field of an event, and the other way.

    pii: n none, p personal, s sensitive: the highest class of a field and of what it comes from.
    decided_by: what is looked at to choose the value.
    """
    with answering():
        settings = load()
        events = read_events(settings.schemas)
        bundles = _bundles(connector, settings, events)
        rows = [row for bundle in bundles for row in explain(bundle, events)]
        if only_personal or field:
            rows = personal(rows, events, field or "")
        if as_json:
            for row in rows:
                show_json({**row.as_dict(), **_system(bundles, row)})
            return
        for bundle in bundles:
            _tell(bundle, [row for row in rows if row.connector == bundle.name])
        if not rows:
            say("no such field")


def _bundles(connector: str | None, settings: Settings, events: Events) -> list[Bundle]:
    """The connector that is named, or all that are right."""
    if connector is None:
        found = read_landscape(settings.connectors, settings.registrations, events)
        for name, problems in found.problems.items():
            if name not in found.bundles:
                say(f"{name}: left out, {len(problems)} problem(s)")
        return list(found.bundles.values())
    folder = Path(connector)
    folder = folder if folder.is_dir() else settings.connectors / connector
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in settings.connectors.glob("*/")))
        raise Reject("there is no such connector", connector, f"there is: {known}")
    try:
        return [read_bundle(folder.resolve(), events)]
    except BundleErrors as error:
        raise Reject(f"{error}", fix=f"hub connector check {folder}") from error


def _system(bundles: list[Bundle], row: Row) -> Document:
    manifest = next(b.manifest for b in bundles if b.name == row.connector)
    return {"title": manifest.title, "owner": manifest.owner}


def _tell(bundle: Bundle, rows: list[Row]) -> None:
    """A table for each flow and each thing that it makes."""
    if not rows:
        return
    console().print(f"{bundle.name}: {bundle.manifest.title} ({bundle.manifest.owner})")
    for (flow, takes, makes), part in groupby(rows, lambda row: (row.flow, row.takes, row.makes)):
        console().print(f"\n{flow}: {takes} → {makes}" if makes else f"\n{flow}")
        show_rows(map(_shown, part), COLUMNS, as_json=False)
    console().print()


def _shown(row: Row) -> Document:
    decided = ", ".join(mention.path for mention in row.decided_by)
    sources = ", ".join(mention.path for mention in row.sources)
    told = ", ".join(filter(None, (sources, decided and f"decided by {decided}")))
    return {**row.as_dict(), "from": told}
