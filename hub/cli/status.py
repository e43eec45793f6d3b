"""`hub status`: which processes run, what they wait for, how each registration stands."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import typer

from hub.cli.options import Json
from hub.cli.output import answering, say, show_json, show_rows
from hub.cli.probing import measured, ready
from hub.dev import runfiles
from hub.errors import Reject, Retry
from hub.metrics import Sample
from hub.settings import environment, load

PROCESSES = ("registry", "auditor", "gateway", "worker", "views")
ALERT = "ALERT when "
STATES = {"hub_halted": "halted", "hub_breaker_open": "down: probes only"}
COLUMNS = {  # of a registration: the gauges of all workers, added up
    "lag": "hub_lag_events",
    "waiting": "hub_waiting_events",
    "in_flight": "hub_in_flight_calls",
    "retrying": "hub_retrying_dossiers",
    "parked": "hub_parked_dossiers",
}
Row = dict[str, object]

app = typer.Typer()


@app.command(
    epilog="Exit codes: 0 all is well, 1 something wants a person, 3 a process is not ready or "
    "none runs. Example: hub status --json | jq 'select(.kind == \"alert\")'"
)
def status(
    *,
    url: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="a process of another machine; may be said again"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Which processes run, what they wait for, and how each registration stands.

    Looks at what runs on this machine for HUB_HOME, and at each --url.
    """
    with answering():
        places = _places(url or [])
        processes = [_process(*place) for place in places]
        samples = [sample for _, _, where in places for sample in measured(where)]
        alerts = list(alerts_of(samples))
        _show(processes, registrations(samples), alerts, as_json=as_json)
        late = [str(row["process"]) for row in processes if row["ready"] != "yes"]
        if not processes or late:
            what = f"not ready: {', '.join(late)}" if late else "no process of the hub runs here"
            raise Retry(what, fix="see its log" if late else "start them: hub up; or name --url")
        if alerts:
            raise Reject(f"{len(alerts)} things want a person", fix="see the alerts above")


def registrations(samples: Iterable[Sample]) -> list[Row]:
    """One row per registration: what all workers say of it, added up."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for sample in samples:
        name = sample.labels.get("registration")
        if name and sample.kind == "gauge":
            sums[name][sample.name] += sample.value
    return [_standing(name, sums[name]) for name in sorted(sums)]


def alerts_of(samples: Iterable[Sample]) -> Iterable[Row]:
    """The gauges whose own text says that they want a person, where they are not 0.

    What tells a time or only counts is for whoever watches it over time.
    """
    for sample in samples:
        condition, _, says = sample.says.removeprefix(ALERT).partition(": ")
        wanted = sample.says.startswith(ALERT) and condition in ("above 0", "1")
        if wanted and sample.kind == "gauge" and sample.value:
            yield {
                "alert": sample.name,
                "of": ", ".join(sample.labels.values()),
                "value": int(sample.value),
                "says": says,
            }


def _standing(name: str, values: Mapping[str, float]) -> Row:
    state = next((word for gauge, word in STATES.items() if values[gauge]), "well")
    numbers = {column: int(values[gauge]) for column, gauge in COLUMNS.items()}
    return {"registration": name, "state": state, **numbers}


def _places(urls: Sequence[str]) -> list[tuple[str, str, str]]:
    """Name, since when, and address of each process that is to be asked."""
    home = load(environment({})).home
    here = [
        (entry.name, entry.started, entry.url)
        for entry in runfiles.read_all(home)
        if entry.name in PROCESSES
    ]
    return [*here, *(("elsewhere", "", address.rstrip("/")) for address in urls)]


def _process(name: str, since: str, url: str) -> Row:
    serves, said = ready(url)
    return {
        "process": name,
        "ready": "yes" if serves else "no",
        "since": since,
        "url": url,
        "says": said or ([] if serves else ["it does not answer"]),
    }


def _show(
    processes: Sequence[Row], standing: Sequence[Row], alerts: Sequence[Row], *, as_json: bool
) -> None:
    parts = {"process": processes, "registration": standing, "alert": alerts}
    for kind, rows in parts.items():
        if as_json:
            for row in rows:
                show_json({"kind": kind, **row})
        elif rows:
            show_rows(rows, list(rows[0]), as_json=False)
            say("")
