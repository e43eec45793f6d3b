"""`hub replay`: past events once more, always by a plan; to a sandbox, or live with two persons."""

import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import orjson
import typer

from hub.audit.replay.approval import Approval, approved_by, refusal
from hub.audit.replay.live import commands, is_lost, left
from hub.audit.replay.plan import ACTS, FORMAT, MOST, Plan, Selection, summary, written
from hub.audit.replay.sandbox import SAME, Played
from hub.cli import replaying, sandboxes
from hub.cli.browse import Browser, open_browser
from hub.cli.deciding import Because, By, Planner
from hub.cli.narrowing import known_type
from hub.cli.options import Json, milliseconds
from hub.cli.output import Usage, answering, say, show_json, show_rows
from hub.cli.person import name_of
from hub.contract.types import Document
from hub.errors import HubError, Reject, Retry
from hub.records import Spot
from hub.settings import load
from hub.surroundings import now_ms

app = typer.Typer(
    no_args_is_help=True,
    help="Replay: past events once more, to a sandbox or, approved by a second person, live.",
)
COLUMNS = ("registration", "outcome", "act", "bundle", "events", "dossiers", "known")
SHOWN = ("registration", "bundle", "same", "else", "said", "unexplained")
PACE = 10.0  # acts a second of a live run
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="from `hub replay plan`")]


@app.callback()
def group() -> None:
    """Replay: past events once more, to a sandbox or, approved by a second person, live."""


@app.command(
    epilog='Example: hub replay plan --registration portal --since 7d --by "Trần Thị Thử"'
    ' --because "inspection 12/2026" --out plan.json'
)
def plan(  # noqa: PLR0913 - options
    dossier: Annotated[list[str] | None, typer.Option(help="a dossier code; repeatable")] = None,
    registration: Annotated[list[str] | None, typer.Option(help="only there; repeatable")] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--type", help="an event's full name; repeatable")
    ] = None,
    outcome: Annotated[list[str] | None, typer.Option(help=", ".join(ACTS))] = None,
    since: Annotated[str | None, typer.Option(metavar="AGE", help="not before: 30d, 12h")] = None,
    until: Annotated[str | None, typer.Option(metavar="AGE", help="before: 7d, 5min")] = None,
    offsets: Annotated[
        str | None, typer.Option(metavar="TOPIC/PARTITION/FIRST-LAST", help="only these records")
    ] = None,
    *,
    by: Planner = "",
    because: Because,
    out: Annotated[Path, typer.Option(help="the plan's file; must not be there yet")],
    most: Annotated[int, typer.Option(min=1, max=MOST, help="refuse a larger plan")] = 10_000,
    as_json: Json = False,
) -> None:
    """Write down what a replay would do: how many, to whom, under which version. Sends nothing.

    known: the system has been told before under the same key, and will see a duplicate.
    """
    with answering():
        browser = open_browser(load())
        selection = _selection(
            browser, dossier, registration, kind, outcome, (since, until), offsets
        )
        if out.exists():
            raise Reject("is there already", where=str(out), fix="choose another name")
        items = replaying.gather(browser, selection, most)
        if not items:
            raise Reject("no event with an end fits", fix="widen it; `hub event list` shows some")
        made = Plan(FORMAT, by, because, now_ms(), selection, tuple(items))
        out.write_bytes(written(made))
        show_rows([line.as_dict() for line in summary(items)], COLUMNS, as_json=as_json)
        say(f"{len(items):,} in {out}, digest {made.digest}")
        _tell_lost(made)


def _tell_lost(made: Plan) -> None:
    lost = sum(is_lost(item) for item in made.items)
    if lost:
        say(f"{lost:,} of them are dead letters that are gone: a live run leaves them out")


@app.command(epilog="Example: hub replay run plan.json --beside today")
def run(
    file: File,
    beside: Annotated[
        str,
        typer.Option(help="compare with today's version, or with a connector's folder; then: none"),
    ] = "then",
    to: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="sandboxes, as in registrations.yaml"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="the result's file")] = None,
    *,
    live: Annotated[bool, typer.Option("--live", help="to the systems; needs an approval")] = False,
    by: Annotated[str, typer.Option(metavar="NAME", help="who runs it; with --live")] = "",
    pace: Annotated[
        float, typer.Option(min=0.1, max=1_000, help="acts a second, with --live")
    ] = PACE,
    as_json: Json = False,
) -> None:
    """Carry a plan out: without a way out, --to sandboxes of the systems, or --live.

    Each request is made again and held against the digest in its receipt. Exit 1 where one
    is not what was sent, or differs from today's for no reason that can be named. Live: acts, at a
    pace; Ctrl-C pauses, the same command goes on.
    """
    with answering():
        other = replaying.other(beside)
        browser, made = open_browser(load()), replaying.plan_of(file)
        if live:
            _live(browser, made, by, pace)
            return
        if to is not None:
            played = sandboxes.told(browser, made, sandboxes.read_sandboxes(to), other)
        else:
            played = list(replaying.sandbox(browser, made, other))
        result = _result(made, beside, played)
        target = out or file.with_suffix(".result.json")
        target.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
        _show(result, as_json=as_json)
        say(f"all of it: {target}; hub replay diff {target} shows it")
        if any(one.unexplained for one in played):
            raise typer.Exit(1)


@app.command(epilog="Example: hub replay diff plan.result.json")
def diff(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="of a sandbox run")],
    *,
    as_json: Json = False,
) -> None:
    """Show what a sandbox run found: differences by their cause, personal data masked."""
    with answering():
        try:
            result = orjson.loads(file.read_bytes())
            unexplained = sum(one["unexplained"] for one in result["played"])
        except (ValueError, KeyError, TypeError) as error:
            raise Reject("is no result of a run", where=file.name, fix="hub replay run") from error
        _show(result, as_json=as_json)
        if unexplained:
            raise typer.Exit(1)


@app.command(
    epilog='Example: hub replay approve plan.json --by "Lê Văn Thử" --because "order 12/QĐ-TTr"'
)
def approve(file: File, *, by: By = "", because: Because) -> None:
    """Let a plan go live: by another person than who made it. Holds for exactly this plan."""
    with answering():
        browser, made = open_browser(load()), replaying.plan_of(file)
        why = refusal(made, by)
        if why is not None:
            _refuse(browser, made, by, why)
        replaying.record(browser, Approval("REPLAY_APPROVED", made.digest, by, because))
        say(f"approved: {len(made.items):,} items, digest {made.digest}")


def _live(browser: Browser, made: Plan, by: str, pace: float) -> None:
    by = name_of(by.strip(), "decide")
    second = approved_by(made, replaying.approvals(browser))
    if second is None:
        _refuse(browser, made, by, "no second person has approved this plan")
    decisions = list(commands(made, f"{by}, approved by {second}"))
    waiting = left(decisions, replaying.written(browser, made))
    _tell_lost(made)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    done, refused = replaying.send(browser, waiting, pace, stop)
    so_far = len(decisions) - len(waiting) + done
    say(f"{so_far:,} of {len(decisions):,} acts stand on hub.act; a worker carries them out")
    if refused is not None:
        raise refused
    if done < len(waiting):
        raise Retry("was paused", where="replay", fix="the same command goes on")


def _refuse(browser: Browser, made: Plan, by: str, why: str) -> None:
    """The attempt is on record. Raises Reject."""
    told: HubError | None = None
    try:
        replaying.record(browser, Approval("REPLAY_REFUSED", made.digest, by, why))
    except HubError as error:
        told = error
    fix = "hub replay approve PLAN, by somebody else"
    raise Reject(why, where="replay", fix=fix, code="approval") from told


def _selection(
    browser: Browser,
    dossiers: Sequence[str] | None,
    registrations: Sequence[str] | None,
    types: Sequence[str] | None,
    outcomes: Sequence[str] | None,
    ages: tuple[str | None, str | None],
    offsets: str | None,
) -> Selection:
    for kind in types or ():
        known_type(kind, browser.settings)
    for one in outcomes or ():
        if one not in ACTS:
            raise Usage(f"'{one}' is not known", where="--outcome", fix=", ".join(ACTS))
    since, until = (now_ms() - milliseconds(age) if age else None for age in ages)
    spot, stretch = _stretch(offsets) if offsets else (None, None)
    return Selection(
        tuple(dossiers or ()),
        tuple(registrations or ()),
        tuple(types or ()),
        tuple(outcomes or ()),
        since,
        until,
        f"{spot.topic}/{spot.partition}" if spot else "",
        stretch,
    )


def _stretch(text: str) -> tuple[Spot, tuple[int, int]]:
    """Raises Usage."""
    spot, _, numbers = text.rpartition("/")
    topic, _, partition = spot.rpartition("/")
    first, _, last = numbers.partition("-")
    if not topic or not all(one.isascii() and one.isdigit() for one in (partition, first, last)):
        raise Usage(f"'{text}' is no stretch", where="--offsets", fix="hub.dossier/3/100-200")
    return Spot(topic, int(partition)), (int(first), int(last))


def _result(made: Plan, beside: str, played: Sequence[Played]) -> Document:
    return {
        "plan": made.digest,
        "beside": beside,
        "items": len(made.items),
        "played": [one.as_dict() for one in played],
    }


def _show(result: Document, *, as_json: bool) -> None:
    if as_json:
        show_json(result)
        return
    played = [one for one in _list(result["played"]) if isinstance(one, dict)]
    rows = [
        {
            "registration": one["registration"],
            "bundle": one["bundle"],
            "same": _counts(one["requests"]).get(SAME, 0),
            "else": ", ".join(
                f"{n:,} {what}" for what, n in _counts(one["requests"]).items() if what != SAME
            ),
            "said": ", ".join(f"{n:,} {what}" for what, n in _counts(one["outcomes"]).items()),
            "unexplained": one["unexplained"],
        }
        for one in played
    ]
    show_rows(rows, SHOWN, as_json=False)
    for one in played:
        for place in _list(one["others"]):
            typer.echo(f"NOT WHAT WAS SENT {one['registration']} {place}")
        beside = one["beside"]
        for found in _list(beside["groups"]) if isinstance(beside, dict) else []:
            if isinstance(found, dict):
                typer.echo(_line(found))


def _line(found: Document) -> str:
    mark = "" if found["explained"] else "UNEXPLAINED "
    what = found["values"] or found["kind"]
    where = f"{found['flow']} {found['path']} {what}"
    return f"{mark}{found['cause']}: {found['dossiers']} dossiers, {where}"


def _counts(found: object) -> dict[str, int]:
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, int) and value}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
