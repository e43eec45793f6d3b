"""`hub connector list`, `show`, `test`: what is there, what it does, whether its cases hold."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins

from hub.cli.known import events_here
from hub.cli.options import Folder, Json
from hub.cli.output import answering, say, show_json, show_rows
from hub.contract.types import Document
from hub.errors import Reject
from hub.registry.bundle import Bundle, read_bundle
from hub.registry.call_limits import limits_text
from hub.registry.cases import record as recorded
from hub.registry.cases import run_cases
from hub.registry.event_types import read_events
from hub.registry.live import read_landscape
from hub.registry.manifest_words import words
from hub.registry.problem import BundleErrors
from hub.settings import load

app = typer.Typer(add_completion=False)

Record = Annotated[
    bool, typer.Option("--record", help="write what cases give that have an input alone")
]


@app.command("list", epilog="Example: hub connector list")
def list_(*, as_json: Json = False) -> None:
    """List connectors and registrations of the files, and what is wrong; 1 if anything is.

    What is registered at a hub that runs: hub connector registrations.
    """
    with answering():
        settings = load()
        landscape = read_landscape(
            settings.connectors, settings.registrations, read_events(settings.schemas)
        )
        rows: list[Document] = []
        for name, bundle in landscape.bundles.items():
            names = [live.name for live in landscape.live if live.bundle.name == name]
            rows.append(
                {
                    "connector": name,
                    "title": bundle.manifest.title,
                    "speaks": bundle.manifest.adapter,
                    "flows": len(bundle.manifest.flows),
                    "digest": bundle.digest,
                    "registrations": list(names),
                    "problems": 0,
                }
            )
        for name, problems in landscape.problems.items():
            rows.append({"connector": name, "problems": len(problems), "registrations": []})
        columns = ("connector", "title", "speaks", "flows", "digest", "registrations", "problems")
        show_rows(rows, columns, as_json=as_json)
        for name, problems in landscape.problems.items():
            for problem in problems:
                say(f"{name}: {problem}")
        if landscape.problems:
            raise typer.Exit(1)


@app.command(epilog="Example: hub connector show connectors/postal")
def show(folder: Folder, *, as_json: Json = False) -> None:
    """Show a connector's flows and limits: what comes in, what goes out, how often at most.

    per_call: how many events one call may hold.
    """
    with answering():
        bundle = _read(folder)
        limits = bundle.manifest.delivery.limits
        rows: list[Document] = [
            {
                "flow": name,
                "kind": flow.kind,
                "from": flow.receive
                or (flow.poll.call if flow.poll else ", ".join(words(flow.on))),
                "to": ", ".join(words(flow.emit) or words(flow.call)),
                "serves": flow.serves,
                "per_call": flow.batch.most if flow.batch else 1 if flow.on else None,
            }
            for name, flow in bundle.manifest.flows.items()
        ]
        if as_json:
            named = {"connector": bundle.name, "digest": bundle.digest}
            show_json({**named, "limits": to_builtins(limits), "flows": rows})
            return
        say(f"{bundle.name}: {bundle.manifest.title} ({bundle.manifest.adapter}), {bundle.digest}")
        say(f"limits, where a registration has none of its own: {limits_text(limits)}")
        show_rows(rows, ("flow", "kind", "from", "to", "serves", "per_call"), as_json=False)


@app.command("test", epilog="Example: hub connector test connectors/postal")
def cases(folder: Folder, *, record: Record = False, as_json: Json = False) -> None:
    """Run a connector's cases; a case that differs is shown with its difference.

    --record writes what a new case gives beside its input: read it before you keep it.
    """
    with answering():
        bundle = _read(folder)
        if record:
            made = recorded(bundle)
            for name, body in made.files.items():
                (folder / name).write_bytes(body)
                say(f"written: {folder / name}")
            for result in made.refused:
                say(f"not written: {result.flow}/{result.case}: {result.difference}")
            bundle = _read(folder) if made.files else bundle
        results = run_cases(bundle)
        failed = [result for result in results if result.difference]
        for result in results if as_json else failed:
            if as_json:
                show_json(result.as_dict())
            else:
                say(f"FAILED {result.flow}/{result.case}\n{result.difference}")
        say(f"{folder.name}: {len(results) - len(failed)} of {len(results)} cases hold")
        if failed:
            raise typer.Exit(1)


def _read(folder: Path) -> Bundle:
    try:
        settings = load()
        events = events_here(settings)
        return read_bundle(folder, events)
    except BundleErrors as error:
        raise Reject(f"{error}", fix=f"hub connector check {folder}") from error
