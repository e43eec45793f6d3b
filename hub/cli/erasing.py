"""`hub audit erase`: the content of a dossier becomes unreadable, on a recorded order.

First the order is on record, and nobody is told of what waits any more. When all that was recorded
of the dossier is in the archive, its key is destroyed: with it goes every copy of the content that
the hub keeps. What is proved stays proved, for leaves commit to content and do not hold it.
"""

import threading
from typing import Annotated

import typer

from hub.audit.archive.lists import Head, spot_text
from hub.audit.archive.query import Query
from hub.cli.browse import Browser, open_browser
from hub.cli.deciding import By, append_acts, one_line, write_acts
from hub.cli.options import Json
from hub.cli.output import answering, say, show_json
from hub.delivery.acts import Command, command_of
from hub.errors import HubError, Reject, Retry
from hub.intake.acts import SCHEMA, Act, as_document, record_of
from hub.records import Spot
from hub.settings import Settings, load
from hub.surroundings import now_ms
from hub.topics import DOSSIER

app = typer.Typer()
WAIT = 30  # seconds
LOOK = 1.0  # seconds between looks at the archive


@app.command(
    "erase",
    epilog="Example: hub audit erase --dossier H44.99.99-251013-0001 --order 12/QD-STN"
    ' --by "Trần Thị Thử" --yes',
)
def erase(
    dossier: Annotated[str, typer.Option(help="the dossier code")],
    order: Annotated[str, typer.Option(metavar="NO", help="number of the order")] = "",
    wait: Annotated[
        int, typer.Option(min=0, max=3600, help="seconds to wait for the auditor")
    ] = WAIT,
    *,
    by: By,
    yes: Annotated[bool, typer.Option("--yes", help="do it; there is no way back")] = False,
    as_json: Json = False,
) -> None:
    """Make a dossier's content unreadable for good, on an order; every proof stays valid.

    Its copies on the topics go when these are trimmed: hub audit trim.
    """
    from hub.cli.evidence import find  # brings DuckDB, which takes 0.15 s

    with answering():
        settings = load()
        browser = open_browser(settings)
        if not order.strip():
            _refuse(browser, dossier, by)
            raise Reject("is erased on an order alone", where=dossier, fix="--order NUMBER")
        order = one_line(order)
        found = find(browser, Query(dossiers=(dossier,), most=1_000_000))
        events = [one for one in found if one.row.kind == "event"]
        if not events:
            raise Reject(f"there is no dossier {dossier}", fix="hub audit search")
        say(f"{dossier}: {len(events)} events, {len(found)} records in all; order {order}")
        if not yes:
            raise typer.BadParameter("what it does cannot be undone; say --yes", param_hint="--yes")
        acts = [command_of(one.record, browser.codec) for one in found if one.record is not None]
        known = [one for one in acts if one is not None and one.kind == "ERASED"]
        same = [one for one in known if one.because == order]
        command = same[-1] if same else _ordered(browser, dossier, by, order, events[0].row.part)
        _archived(browser, command, wait, again=bool(same))
        count = _destroy(settings, dossier, order)
        _tell(dossier, order, count, as_json=as_json)


def _tell(dossier: str, order: str, count: int, *, as_json: bool) -> None:
    if as_json:
        show_json({"dossier": dossier, "order": order, "keys": count})
    done = f"{count} keys destroyed" if count else "there was no key any more"
    say(f"{dossier} is erased: {done}; its copies on the topics go when these are trimmed")


def _refuse(browser: Browser, dossier: str, by: str) -> None:
    """That somebody wanted it without an order is on record."""
    act = Act("ERASURE_REFUSED", "", "", dossier, f"without an order number, wanted by {by}", None)
    value = browser.codec.encode(SCHEMA, as_document(act, now_ms()))
    _acknowledged(append_acts(browser, [record_of(act, value)]))


def _acknowledged(done: tuple[object, HubError | None]) -> None:
    if done[1] is not None:
        raise done[1]


def _ordered(browser: Browser, dossier: str, by: str, order: str, partition: int) -> Command:
    """The order is on record; from now on nobody is told of what stands there."""
    spot = Spot(DOSSIER, partition)
    end = _ends(browser, [spot])[spot]
    command = Command("ERASED", "", DOSSIER, partition, dossier, by, order, end)
    _acknowledged(write_acts(browser, [command]))
    return command


def _archived(browser: Browser, order: Command, wait: int, *, again: bool) -> None:
    """Wait until all that stands on the topics now is archived: its key must be the one to go.

    The auditor hastens for a while after it has read an order; `again`: that was an earlier one.
    Raises Retry after `wait` seconds.
    """
    from hub.audit.archive.opening import open_store
    from hub.audit.archive.reading import read_head
    from hub.cli.evidence import OF_DOSSIERS

    store = open_store(browser.settings)
    number = order.partition
    spots = [Spot(t, number) for t in OF_DOSSIERS if number < browser.broker.partitions(t)]
    ends = _ends(browser, spots)
    pause = threading.Event()
    behind = _behind(read_head(store), ends)
    if behind and again:
        _acknowledged(write_acts(browser, [order]))
    for _ in range(int(wait / LOOK)):
        if not behind:
            break
        pause.wait(LOOK)
        behind = _behind(read_head(store), ends)
    if not behind:
        return
    raise Retry(
        f"not all of it is archived yet: {', '.join(behind)}; nobody is told of it any more",
        fix="see that the auditor runs, then give the same command again",
    )


def _behind(head: Head, ends: dict[Spot, int]) -> list[str]:
    return [spot_text(spot) for spot, end in ends.items() if (head.next_of(spot) or 0) < end]


def _ends(browser: Browser, spots: list[Spot]) -> dict[Spot, int]:
    reader = browser.broker.reader(spots)
    try:
        return reader.end()
    finally:
        reader.close()


def _destroy(settings: Settings, dossier: str, order: str) -> int:
    """Its key, and every copy of it that is known; how many keys there were.

    Raises Halt or Retry where one cannot be reached: the rest is destroyed by then, and the same
    command goes on.
    """
    from hub.audit.opening import open_copies, open_keys

    scope, at = f"dossier/{dossier}", now_ms()
    keys = open_keys(settings, make=False)
    try:
        count = keys.destroy(scope, order, at)
    finally:
        keys.close()
    for copy in open_copies(settings):
        copy.destroy(scope, order, at)
    return count
