"""`hub audit export`: what was recorded in an interval, to be verified by whoever gets it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from hub.audit.checkpoint import Rounds
from hub.audit.exporting import Contents, Exported, Interval, export, interval
from hub.audit.keys import Keys
from hub.audit.opening import audit_folder, open_keys, open_signers
from hub.cli.browse import Browser, moment, open_browser, stream
from hub.cli.options import From, Json, To, Unmask, point
from hub.cli.output import answering, say, show_json
from hub.cli.unmasking import access, accessed
from hub.errors import Reject
from hub.records import Record, Spot, every_spot
from hub.settings import Settings, load
from hub.topics import EVIDENCE_TOPICS

app = typer.Typer()


@app.command("export", epilog="Example: hub audit export package --from 2025-10-13 --to 2025-10-17")
def export_(
    folder: Annotated[Path, typer.Argument(help="where the package is written; it is made")],
    since: From = None,
    until: To = None,
    *,
    unmask: Unmask = None,
    as_json: Json = False,
) -> None:
    """Write a package of everything between two times: complete, and verified without the hub.

    It begins and ends at signed checkpoints around them. Without --unmask content is withheld: the
    package shows what was recorded when, and that nothing is missing.
    """
    begin, end = point(since, "--from"), point(until, "--to")
    if begin is not None and end is not None and begin >= end:
        raise typer.BadParameter("is not after --from", param_hint="--to")
    with answering():
        settings = load()
        what = f"evidence: export of {since or 'the beginning'} to {until or 'now'}"
        with access(settings, what, unmask) as unmasked:
            if not unmasked:
                accessed(settings, what, None)
            browser = open_browser(settings)
            chosen = _interval(browser, begin, end)
            done = _written(browser, settings, chosen, folder, unmasked=unmasked)
    ends = (chosen.begin, chosen.end)
    bounds = [None if one is None else moment(one.seconds * 1000) for one in ends]
    if as_json:
        counts = {"records": done.records, "withheld": done.withheld, "gaps": done.gaps}
        show_json({"package": str(folder), "from": bounds[0], "to": bounds[1], **counts})
    say(f"{folder}: {done.logs} logs from {bounds[0] or 'their beginning'} to {bounds[1]}")
    say(f"{done.records} records, {done.withheld} withheld, {done.gaps} gaps")
    say(f"verify it: hub audit verify {folder} --key hub.pub")


def _interval(browser: Browser, begin: int | None, end: int | None) -> Interval:
    """The rounds that enclose it. Raises Reject where some of it was dropped by its age."""
    from hub.audit.archive.lists import day_of
    from hub.audit.archive.opening import open_store
    from hub.audit.archive.reading import read_head

    gone = read_head(open_store(browser.settings)).gone
    if gone and (begin is None or day_of(begin) <= gone):
        raise Reject(
            f"the archive keeps nothing of {gone} and before any more",
            where="--from",
            fix="name a later day",
        )
    rounds = list(Rounds(audit_folder(browser.settings) / "checkpoints").all())
    return interval(rounds, begin, end, {} if end is None else _sizes(browser, end))


def _sizes(browser: Browser, end: int) -> dict[Spot, int]:
    """How many records of each partition came before a time (epoch ms)."""
    broker = browser.broker
    spots = every_spot(broker, EVIDENCE_TOPICS)
    with closing(broker.reader(spots)) as reader:
        return reader.at(end)


def _written(
    browser: Browser, settings: Settings, chosen: Interval, folder: Path, *, unmasked: bool
) -> Exported:
    public = "".join(f"{signer.public.text}\n" for signer in open_signers(settings))
    if not unmasked:
        return export(audit_folder(settings), chosen, folder, public, None, None)
    with closing(open_keys(settings, make=False)) as keys:
        contents = _contents(browser, keys)
        return export(audit_folder(settings), chosen, folder, public, contents, keys)


def _contents(browser: Browser, keys: Keys) -> Contents:
    """From the archive, and what it does not have yet from the topics."""
    from hub.audit.archive.opening import open_store
    from hub.audit.archive.reading import read_head, records, segments_of

    store = open_store(browser.settings)
    head = read_head(store)

    def contents(spot: Spot, first: int, after: int) -> Iterator[tuple[int, Record | None]]:
        archived = min(head.next_of(spot) or 0, after)
        yield from records(store, keys, segments_of(store, head, spot), first, archived)
        for record in stream(browser, [spot], {spot: max(first, archived)}):
            if record.offset >= after:
                return
            yield record.offset, record

    return contents
