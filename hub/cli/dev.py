"""`hub dev`: a Kafka on this machine, for development, tests and the demo."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hub import settings
from hub.cli.output import answering, say, show_json, show_rows
from hub.dev import process, runfiles
from hub.dev.runfiles import Running
from hub.errors import Halt, Reject, Retry

MEGABYTE = 1_000_000
COLUMNS = ("name", "state", "url", "pid", "memory", "started", "also")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="A Kafka on this machine: one node, loopback only, nothing but Python needed.",
)


@contextmanager
def _answering() -> Iterator[None]:
    """As every command; what the file system refuses is told too."""
    with answering():
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Halt(
                f"cannot be used ({error.strerror})",
                where=str(error.filename or ""),
                fix="check the path, or set HUB_HOME",
            ) from error


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
    from hub.dev.kafka import DevBroker, running, serves

    with _answering():
        broker = DevBroker(_home(), owned=False)
        try:
            broker.start(wait)
        except Reject as error:
            found = running(broker.node.home)
            if error.code != "running" or found is None:
                raise
            if not serves(found):
                raise Retry(
                    where="kafka",
                    what=f"runs (pid {found.pid}), but does not answer",
                    fix="look at hub dev logs; hub dev down ends it",
                ) from error
            say(f"already runs (pid {found.pid})")
        typer.echo(broker.bootstrap)


@app.command(epilog="Example: hub dev down\n\nTopics and offsets stay; the next up finds them.")
def down() -> None:
    """Stop the broker of this folder. Nothing happens if none runs."""
    from hub.dev.kafka import DevBroker, running

    with _answering():
        broker = DevBroker(_home())
        found = running(broker.node.home)
        if found is None:
            say("no broker runs here")
            return
        broker.stop()
        say(f"stopped (pid {found.pid})")


@app.command(epilog="Example: hub dev status --json | jq -r .bootstrap")
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
            show_json({"home": str(home), "bootstrap": bootstrap, "processes": rows})
        elif rows:
            show_rows(map(_for_people, rows), COLUMNS, as_json=False)
        else:
            say(f"nothing runs in {home}; start the broker with hub dev up")


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


def _for_people(row: dict[str, object]) -> dict[str, object]:
    memory, extra = row["memory"], row["extra"]
    size = f"{memory / MEGABYTE:.0f} MB" if isinstance(memory, int) else ""
    also = [f"{key}: {value}" for key, value in extra.items()] if isinstance(extra, dict) else []
    return row | {"memory": size, "also": also}


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
        node = Node(home)
        if not node.log.exists():
            raise Reject(where=str(node.log), what="there is no log yet", fix="run hub dev up")
        _print(journal.tail(node.log, count))
        if follow:
            _print(journal.follow(node.log, lambda: running(home) is not None))
        if running(home) is None:  # a JVM that gave up says so there, and nowhere else
            _print(journal.tail(node.output, count))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
