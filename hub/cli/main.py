"""`hub`: the one command. Every process starts here, every question is asked here."""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hub.cli.late import Late, group_of
from hub.cli.output import CODES, answering, heard
from hub.errors import HubError
from hub.settings import Settings, environment, load, misspelt

BUG = 70  # EX_SOFTWARE of sysexits.h


COMMANDS = {
    "access": Late("hub.cli.access:app"),
    "act": Late("hub.cli.topics:act"),
    "audit": Late("hub.cli.audit:app"),
    "connector": Late("hub.cli.connector:app"),
    "dead-letter": Late("hub.cli.dead:app"),
    "dev": Late("hub.cli.dev:app"),
    "dossier": Late("hub.cli.dossier:app"),
    "event": Late("hub.cli.topics:event"),
    "mapping": Late("hub.cli.mapping:app"),
    "parked": Late("hub.cli.parked:app"),
    "receipt": Late("hub.cli.topics:receipt"),
    "replay": Late("hub.cli.replay:app"),
    "schema": Late("hub.cli.schema:app"),
    "settings": Late("hub.cli.reference:app", "settings"),
    "status": Late("hub.cli.status:app", "status"),
}


class _Commands(TyperGroup):
    """The commands; typer itself ends with 1 when who reads the answer has read enough."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        with heard():  # --help answers here
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        with heard():
            return super().invoke(ctx)


app = typer.Typer(
    cls=group_of(COMMANDS, _Commands),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An integration hub: what one system says becomes an event, every other system is told.",
    epilog="Settings come from HUB_* variables: ops/reference/settings.md. Exit codes: 0 done, "
    "1 rejected, 2 wrong usage, 3 try later, 4 halted until a person acts, 70 a bug.",
)
Listen = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="where to listen; default a free port on loopback"),
]
Bootstrap = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="an outside cluster instead of `hub dev up`")
]


def _begin(process: str, listen: str | None, bootstrap: str | None) -> Settings:
    """Settings and log of a process that starts; a setting that is misspelt is named."""
    from hub.log import configure, get_logger

    changes = {"HUB_LISTEN": listen, "HUB_BOOTSTRAP": bootstrap}
    settings = load(environment({key: value for key, value in changes.items() if value}))
    configure(process)
    for name, near in misspelt():
        get_logger("hub.cli").warning(
            "setting_unknown", where=name, what="is no setting", fix=f"did you mean {near}?"
        )
    return settings


@app.command(epilog="Example: hub gateway --listen 127.0.0.1:8080")
def gateway(listen: Listen = None, bootstrap: Bootstrap = None) -> None:
    """Accept what systems say: REST and SOAP in, events out. Runs until stopped."""
    from hub.gateway.process import gateway as run

    with answering():
        run(_begin("gateway", listen, bootstrap))


@app.command(epilog="Example: hub worker --processes 2")
def worker(
    listen: Listen = None,
    bootstrap: Bootstrap = None,
    processes: Annotated[
        int,
        typer.Option(min=1, max=64, help="so many, which share the partitions; see HUB_WORKERS"),
    ] = 1,
) -> None:
    """Deliver events to every system that should know, and poll those that do not call."""
    from hub.cli.up import workers
    from hub.delivery.process import worker as run

    with answering():
        settings = _begin("worker", listen, bootstrap)
        if processes == 1:
            run(settings)
        else:
            workers(settings, processes)


@app.command(epilog="Example: hub registry")
def registry(listen: Listen = None, bootstrap: Bootstrap = None) -> None:
    """Keep the events' schemas, behind Confluent's interface."""
    from hub.registry.process import registry as run

    with answering():
        run(_begin("registry", listen, bootstrap))


@app.command(epilog="Example: hub auditor")
def auditor(listen: Listen = None, bootstrap: Bootstrap = None) -> None:
    """Keep the evidence: a log of everything that is recorded, signed every few seconds."""
    from hub.audit.process import auditor as run

    with answering():
        run(_begin("auditor", listen, bootstrap))


@app.command(epilog="Example: hub views")
def views(listen: Listen = None, bootstrap: Bootstrap = None) -> None:
    """Timelines, deadlines and counts, rebuilt from the topics."""
    from hub.views.process import views as run

    with answering():
        run(_begin("views", listen, bootstrap))


@app.command(epilog="Example: hub dev up && hub up")
def up(listen: Listen = None, bootstrap: Bootstrap = None) -> None:
    """Start registry, auditor, gateway, worker and views on this machine; Ctrl-C stops them all.

    --listen is the gateway's; the others take free ports.

    One that ends by itself later is started again, after a pause; the others go on.
    """
    from hub.cli.up import up as run

    with answering():
        run(_begin("up", listen, bootstrap))


def main() -> None:
    """Entry point; whatever nobody expected is a bug, told without its texts."""
    from hub.log import place_of

    try:
        app()
    except HubError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(CODES.get(type(error), 1))
    except Exception as error:  # noqa: BLE001 - the last resort
        sys.stderr.write(f"bug: {type(error).__name__} at {place_of(error)}\n")
        sys.exit(BUG)
