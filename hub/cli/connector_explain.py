"""`hub connector explain`: which field goes where, from what, and which of it is personal."""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.output import answering, console, say, show_json, show_rows
from hub.cli.registered import landscape, versions
from hub.contract.types import Document
from hub.errors import Reject
from hub.registry.bundle import Bundle, read_bundle
from hub.registry.event_types import Events, read_events
from hub.registry.explain import Row, about, explain, personal
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
        ones = _chosen(connector, settings, events)
        told = [(one, explain(one.bundle)) for one in ones]
        if field:
            told = [(one, about(rows, one.bundle.events, field)) for one, rows in told]
        if only_personal:
            told = [(one, personal(rows)) for one, rows in told]
        for one, rows in told:
            if as_json:
                for row in rows:
                    show_json({**row.as_dict(), **one.as_dict()})
            elif rows:
                _tell(one, rows)
        if field or only_personal:
            out = [o.bundle.name for o, rows in told if any(r.direction == "out" for r in rows)]
            say(f"{len(out)} of {len(told)} receive it: {', '.join(out) or 'none'}")


@dataclass(frozen=True, slots=True)
class _One:
    """A version of a connector. `registrations`: under which names it is live."""

    bundle: Bundle
    registrations: tuple[str, ...]

    def as_dict(self) -> Document:
        manifest = self.bundle.manifest
        return {
            "digest": self.bundle.digest,
            "title": manifest.title,
            "owner": manifest.owner,
            "registrations": list(self.registrations),
        }


def _chosen(connector: str | None, settings: Settings, events: Events) -> list[_One]:
    """The versions that are meant: of a folder, of a connector or registration, or all."""
    if connector is not None and Path(connector).is_dir():
        return [_One(_read(Path(connector).resolve(), events), ())]
    found = landscape(settings, events)
    ones = [
        _One(bundle, tuple(o.name for o in found.live if o.bundle.sha256 == bundle.sha256))
        for bundle in versions(found)
    ]
    if connector is None:
        for name, problems in found.problems.items():
            say(f"{name}: left out, {len(problems)} problem(s)")
        return ones
    meant = [o for o in ones if o.bundle.name == connector or connector in o.registrations]
    if not meant and connector in found.problems:
        folder = settings.connectors / connector
        what = f"has {len(found.problems[connector])} problem(s)"
        raise Reject(what, connector, f"hub connector check {folder}")
    if not meant:
        known = ", ".join(sorted({o.bundle.name for o in ones}))
        raise Reject("there is no such connector", connector, f"there is: {known}")
    return meant


def _read(folder: Path, events: Events) -> Bundle:
    try:
        return read_bundle(folder, events)
    except BundleErrors as error:
        raise Reject(f"{error}", fix=f"hub connector check {folder}") from error


def _tell(one: _One, rows: list[Row]) -> None:
    """A table for each flow and each thing that it makes."""
    manifest = one.bundle.manifest
    live = f", registered as {', '.join(one.registrations)}" if one.registrations else ""
    console().print(f"{one.bundle.name}: {manifest.title} ({manifest.owner}){live}")
    for (flow, takes, makes), part in groupby(
        rows, lambda row: (row.flow, row.takes, row.line.record)
    ):
        console().print(f"\n{flow}: {takes} → {makes}" if makes else f"\n{flow}")
        show_rows(map(_shown, part), COLUMNS, as_json=False)
    console().print()


def _shown(row: Row) -> Document:
    decided = ", ".join(mention.path for mention in row.line.decided_by)
    sources = ", ".join(mention.path for mention in row.line.sources)
    told = ", ".join(filter(None, (sources, decided and f"decided by {decided}")))
    return {**row.as_dict(), "from": told}
