"""`hub connector backtest`: what a new version would have sent for what has happened."""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from hub.backtest.report import Group, Report
from hub.backtest.run import open_backtest
from hub.backtest.successor import successor
from hub.cli.browse import Browser, open_browser, since_last, spots_of, stream
from hub.cli.options import Folder, Json, milliseconds
from hub.cli.output import answering, say, show_json
from hub.cli.pairs import values
from hub.errors import Reject
from hub.registry.bundle import Bundle, read_bundle
from hub.registry.event_types import Events, read_events
from hub.registry.following import SPOT
from hub.registry.ledger import Ledger, fold
from hub.registry.live import Landscape, Live, read_landscape
from hub.registry.present import present
from hub.registry.problem import BundleErrors
from hub.settings import load
from hub.surroundings import now_ms
from hub.topics import EVENT_TOPICS

app = typer.Typer(add_completion=False)

LAST = 10_000
Since = Annotated[str | None, typer.Option(metavar="AGE", help="events of so long: 7d, 12h, 5min")]
Last = Annotated[int, typer.Option(min=1, help="the last N events, where no --since is given")]
Against = Annotated[
    str | None, typer.Option(metavar="REGISTRATION", help="default: the connector's only one")
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SETTING=VALUE", help="a setting that the new version gets"),
]


@app.command(epilog="Example: hub connector backtest connectors/postal --since 7d")
def backtest(
    folder: Folder,
    since: Since = None,
    last: Last = LAST,
    against: Against = None,
    sets: Sets = None,
    *,
    as_json: Json = False,
) -> None:
    """Take past events through the live version and this folder, and show what would change.

    Nothing is sent to any system, nothing is kept. Personal data is masked. Differences are grouped
    by the change that causes them. Exit 1 where one wants a person's confirmation: unexplained,
    or an event that would no longer arrive.
    """
    with answering():
        settings = load()
        browser = open_browser(settings)
        landscape = landscape_of(browser)
        old = _live(landscape, folder.resolve().name, against)
        bundle = _bundle(folder.resolve(), landscape.events)
        new = successor(old, bundle, values(sets, "--set"))
        report, seconds = compared(browser, old, new, since, last)
        if as_json:
            show_json({**report.as_dict(), "seconds": round(seconds, 1)})
        else:
            _tell(report, old, new, seconds)
            told(report.groups)
        if report.to_confirm:
            raise typer.Exit(1)


def compared(
    browser: Browser, old: Live, new: Live, since: str | None, last: int
) -> tuple[Report, float]:
    """What differs over past events, and how many seconds that took to find out."""
    spots = spots_of(browser, EVENT_TOPICS)
    now = now_ms()
    start = now - milliseconds(since) if since else since_last(browser, spots, last, now)
    began = monotonic()
    test = open_backtest(old, new, browser.masks, browser.codec.decode)
    return test.run(stream(browser, spots, start)), monotonic() - began


def _tell(report: Report, old: Live, new: Live, seconds: float) -> None:
    names = f"{old.bundle.digest} (live) and {new.bundle.digest}"
    say(f"{old.name}: {names}, {report.read:,} events in {seconds:.1f} s")
    say(f"{report.compared:,} concern it, {report.differing:,} differ")
    for note in report.notes:
        say(f"note: {note}")


def told(groups: Sequence[Group], *, beside: bool = False) -> None:
    """Groups of differences, for people, each with examples; `beside` the answer, on stderr."""
    for group in groups:
        typer.echo(f"{'CONFIRM ' if group.grave else ''}{group}", err=beside)
        for example in _examples(group):
            typer.echo(f"    {example}", err=beside)


def _examples(group: Group) -> list[str]:
    if group.values:
        return [f"for example {group.examples[0].place}"]
    return [f"{e.place}: {e.old} → {e.new}" for e in group.examples]


def landscape_of(browser: Browser) -> Landscape:
    """What is live: by the files here and by `hub.registry`."""
    settings = browser.settings
    events = read_events(settings.schemas)
    files = read_landscape(settings.connectors, settings.registrations, events)
    is_there = browser.broker.partitions(SPOT.topic)
    ledger = fold(Ledger(), stream(browser, [SPOT])) if is_there else Ledger()
    return present(files, ledger)


def _live(landscape: Landscape, connector: str, name: str | None) -> Live:
    """What is live under that name, or the connector's only registration. Raises Reject."""
    of = [one for one in landscape.live if name in (None, one.name)]
    chosen = [one for one in of if one.bundle.name == connector]
    if len(chosen) == 1:
        return chosen[0]
    raise _not_one(landscape, connector, name)


def _not_one(landscape: Landscape, connector: str, name: str | None) -> Reject:
    names = [one.name for one in landscape.live if one.bundle.name == connector]
    what = f"'{name}' is no live registration of it" if name else f"has {len(names)} registrations"
    fix = f"--against {' or '.join(names)}" if names else "there is nothing to compare with yet"
    return Reject(what, where=connector, fix=fix)


def _bundle(folder: Path, events: Events) -> Bundle:
    try:
        return read_bundle(folder, events)
    except BundleErrors as error:
        raise Reject(f"{error}", fix=f"hub connector check {folder}") from error
