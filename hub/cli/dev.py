"""`hub dev`: a Kafka on this machine, for development, tests and the demo."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hub import settings
from hub.dev import process, runfiles
from hub.dev.runfiles import Running
from hub.errors import Halt, HubError, Reject, Retry

EXIT = {Reject: 1, Retry: 3, Halt: 4}
MEGABYTE = 1_000_000
ROW = "{:<16} {:<13} {:<36} {:>8} {:>7}  {}"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="A Kafka on this machine: one node, loopback only, nothing but Python needed.",
)


@contextmanager
def _answering() -> Iterator[None]:
    """Tells an error on stderr and ends with its kind's exit code."""
    try:
        yield
    except HubError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT[type(error)]) from error


def _home() -> Path:
    return settings.load().home


@app.command(
    epilog="Example: export HUB_BOOTSTRAP=$(hub dev up)\n\n"
    "Exit 0: it serves; 1: a jar is not what it should be; 3: try again; 4: it cannot start."
)
def up(
    wait: Annotated[int, typer.Option(min=1, max=600, help="seconds to wait until it serves")] = 60,
) -> None:
    """Start the broker and print its address. The first time, fetch and check its jars (45 MB)."""
    from hub.dev.kafka import DevBroker, running

    with _answering():
        broker = DevBroker(_home(), owned=False)
        try:
            broker.start(wait)
        except Reject as error:
            found = running(broker.node.home)
            if error.code != "running" or found is None:
                raise
            typer.echo(f"already runs (pid {found.pid})", err=True)
        typer.echo(broker.bootstrap)


@app.command(epilog="Example: hub dev down\n\nTopics and offsets stay; the next up finds them.")
def down() -> None:
    """Stop the broker of this folder. Nothing happens if none runs."""
    from hub.dev.kafka import DevBroker, running

    with _answering():
        broker = DevBroker(_home())
        found = running(broker.node.home)
        if found is None:
            typer.echo("no broker runs here", err=True)
            return
        broker.stop()
        typer.echo(f"stopped (pid {found.pid})", err=True)


@app.command(epilog="Example: hub dev status --json | python -m json.tool")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,  # noqa: FBT002 - typer's way
) -> None:
    """Tell what runs in this folder, and where: the broker and every process of the hub."""
    from hub.dev.kafka import running

    with _answering():
        home = _home()
        rows = [_row(entry) for entry in runfiles.read_all(home)]
        found = running(home)
    if as_json:
        bootstrap = found.url if found else None
        answer = {"home": str(home), "bootstrap": bootstrap, "processes": rows}
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    if not rows:
        typer.echo(f"nothing runs in {home}; start the broker with hub dev up", err=True)
        return
    typer.echo(ROW.format("NAME", "STATE", "ADDRESS", "PID", "MB", "SINCE"))
    for row in rows:
        _show(row)


def _row(entry: Running) -> dict[str, object]:
    memory = process.memory(entry.pid)
    return {
        "name": entry.name,
        "state": _state(entry),
        "url": entry.url,
        "pid": entry.pid,
        "memory": memory,
        "started": entry.started,
        "extra": dict(entry.extra),
    }


def _state(entry: Running) -> str:
    from hub.dev.kafka import NAME, serves

    if entry.name != NAME:
        return "running"
    return "serving" if serves(entry) else "not answering"


def _show(row: dict[str, object]) -> None:
    memory = row["memory"]
    size = f"{memory / MEGABYTE:.0f}" if isinstance(memory, int) else ""
    typer.echo(ROW.format(row["name"], row["state"], row["url"], row["pid"], size, row["started"]))
    extra = row["extra"]
    for key, value in extra.items() if isinstance(extra, dict) else ():
        typer.echo(f"  {key}: {value}")


@app.command(epilog="Example: hub dev logs -n 200 --follow")
def logs(
    count: Annotated[
        int, typer.Option("-n", "--lines", min=0, max=100_000, help="how many lines")
    ] = 40,
    follow: Annotated[  # noqa: FBT002 - typer's way
        bool, typer.Option("--follow", "-f", help="go on until the broker ends, or Ctrl-C")
    ] = False,
) -> None:
    """Print the end of the broker's log."""
    from hub.dev import journal
    from hub.dev.kafka import running
    from hub.dev.node import Node

    with _answering():
        home = _home()
        path = Node(home).log
        if not path.exists():
            raise Reject(where=str(path), what="there is no log yet", fix="run hub dev up")
        for line in journal.tail(path, count):
            typer.echo(line)
        if follow:
            for line in journal.follow(path, lambda: running(home) is not None):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
