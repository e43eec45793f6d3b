"""`hub audit trim`: topics let go of what is archived, the archive of what is older than a year."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated

import typer

from hub.audit.archive.retention import (
    ARCHIVE_DAYS,
    DAY_MS,
    TOPIC_DAYS,
    Cut,
    Hold,
    Stock,
    cuts,
    expired,
    recovery_holds,
)
from hub.audit.checkpoint import Rounds
from hub.audit.opening import audit_folder, open_keys
from hub.cli.browse import Browser, open_browser, records
from hub.cli.came_to import MARGIN, came_to
from hub.cli.deciding import append_acts, decisions_of, one_line
from hub.cli.gathering import ledger_of
from hub.cli.options import Json
from hub.cli.output import answering, say, show_rows
from hub.cli.person import name_of
from hub.delivery.held import place_of
from hub.delivery.letters import Letter, decided, letters
from hub.delivery.parked import events as parked_events
from hub.delivery.starting import group_of
from hub.dev.disk import alone
from hub.errors import HubError
from hub.events.headers import read_headers
from hub.intake.acts import SCHEMA, Act, as_document, record_of
from hub.records import Spot, every_spot
from hub.registry.interests import interests
from hub.settings import load
from hub.surroundings import now_ms
from hub.topics import ACT, DEAD, EVENT_TOPICS, EVIDENCE_TOPICS, PARKED, RECEIPT

app = typer.Typer()


@dataclass(frozen=True, slots=True)
class Plan:
    """What may go: of each partition, and whole days of the archive."""

    cuts: Sequence[Cut]
    days: Sequence[str]


@app.command("trim", epilog="Example: hub audit trim --days 90")
def trim(
    days: Annotated[int, typer.Option(min=1, help="topics keep at least so many")] = TOPIC_DAYS,
    archive_days: Annotated[
        int, typer.Option(min=ARCHIVE_DAYS, help="the archive keeps at least so many")
    ] = ARCHIVE_DAYS,
    backup: Annotated[
        str, typer.Option(metavar="WHERE", help="where keys, logs and archive are backed up; kept")
    ] = "",
    *,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="who decides; is kept")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="delete it; else only the plan")] = False,
    as_json: Json = False,
) -> None:
    """Show what may be deleted, and what keeps the rest; with --yes delete it.

    Of the topics: what is old, archived, signed for, behind where every registration would recover,
    and of no open dead letter. Of the archive: whole days, unless a failure of them is open.
    """
    if yes and not backup.strip():
        raise typer.BadParameter(
            "needs --backup: what is deleted is nowhere else", param_hint="--yes"
        )
    with answering():
        who = name_of(one_line(by) if by else "", "decide") if yes else ""
        browser = open_browser(load())
        now = now_ms()
        plan = _plan(browser, now, days, archive_days)
        rows = [
            {
                "log": f"{cut.spot.topic}/{cut.spot.partition}",
                "first": cut.begin,
                "before": cut.before,
                "records": cut.count,
                "then_kept_by": cut.kept_by,
            }
            for cut in plan.cuts
        ]
        rows += [{"log": f"archive {day}", "then_kept_by": ""} for day in plan.days]
        show_rows(rows, ("log", "first", "before", "records", "then_kept_by"), as_json=as_json)
        count = sum(cut.count for cut in plan.cuts)
        say(f"{count} records of topics and {len(plan.days)} days of the archive may go")
        if not yes:
            say("nothing was deleted; --yes deletes it")
            return
        _record(
            browser, f"{count} records, {len(plan.days)} days; by {who}; {one_line(backup)}", now
        )
        browser.broker.delete_before({cut.spot: cut.before for cut in plan.cuts if cut.count})
        _drop(browser, plan.days)
        say("deleted")


def _record(browser: Browser, what: str, now: int) -> None:
    """That it was done, by whom, and where the backup is; before anything goes."""
    act = Act("TRIMMED", "", "", None, what, None)
    _, error = append_acts(
        browser, [record_of(act, browser.codec.encode(SCHEMA, as_document(act, now)))]
    )
    if error is not None:
        raise error


def _drop(browser: Browser, days: Sequence[str]) -> None:
    """One process writes the archive: not while the auditor does."""
    if not days:
        return
    from hub.audit.archive.opening import open_archive

    lock = browser.settings.home / "run" / "auditor.lock"
    with alone(lock, "hub auditor"), closing(open_keys(browser.settings, make=False)) as keys:
        open_archive(browser.settings, keys, browser.codec).drop(days)


def _plan(browser: Browser, now: int, days: int, archive_days: int) -> Plan:
    from hub.audit.archive.opening import open_store
    from hub.audit.archive.reading import read_head

    broker = browser.broker
    head = read_head(open_store(browser.settings))
    latest = Rounds(audit_folder(browser.settings) / "checkpoints").latest()
    spots = every_spot(broker, EVIDENCE_TOPICS)
    with closing(broker.reader(spots)) as reader:
        begins, old = reader.begin(), reader.at(now - days * DAY_MS)
    stocks = []
    for spot in spots:
        signed = latest.checkpoint(spot) if latest else None
        size = signed.size if signed else 0
        stocks.append(Stock(spot, begins[spot], old[spot], head.next_of(spot) or 0, size))
    undecided = _open_letters(browser)
    holds = [*_recovery(browser), *_of_letters(browser, undecided)]
    times = [*map(_recorded, undecided), *_parked_since(browser)]
    gone = expired(head.days, now, min(times, default=None), archive_days)
    return Plan(cuts(stocks, holds), gone)


def _open_letters(browser: Browser) -> list[Letter]:
    """Those that somebody has still to decide about, or that are on their way again."""
    found = letters(records(browser, (DEAD,)))
    names = frozenset(letter.registration for letter in found)
    told = came_to(browser, decided(found, decisions_of(browser, names)) if found else [])
    return [letter for letter in told if letter.state in ("open", "requeued")]


def _recorded(letter: Letter) -> int:
    """When its event was recorded, epoch ms; when it was dead-lettered, if that is not known."""
    try:
        return read_headers(letter.record.headers).time
    except HubError:
        return letter.record.timestamp


def _parked_since(browser: Browser) -> list[int]:
    found = parked_events(records(browser, (PARKED,)))
    return [min(one.since, one.record.timestamp) for one in found]


def _of_letters(browser: Browser, open_ones: Iterable[Letter]) -> list[Hold]:
    """The letter, its event, and what tells of it: receipts and acts of its partition."""
    found = []
    for letter in open_ones:
        place, source = letter.place, letter.source
        why = f"the open dead letter {place.text}"
        found.append(Hold(Spot(place.topic, place.partition), place.offset, why))
        found.append(Hold(Spot(source.topic, source.partition), source.offset, why))
        told = [Spot(RECEIPT, source.partition), Spot(ACT, source.partition)]
        with closing(browser.broker.reader(told)) as reader:
            since = reader.at(letter.record.timestamp - MARGIN)
        found += [Hold(spot, since[spot], why) for spot in told]
    return found


def _recovery(browser: Browser) -> list[Hold]:
    """Where each registration that delivers, or may again, would begin to read."""
    settings, broker = browser.settings, browser.broker
    known = interests(settings.connectors, settings.registrations, ledger_of(browser))
    names = [one.name for one in known if one.state != "retired" and one.serves != {}]
    commits = {}
    with broker.together():
        for name in names:
            commits[name] = {
                spot: (offset, place_of(text).journal, place_of(text).acts)
                for spot, (offset, text) in broker.committed(group_of(name)).items()
            }
    spots = every_spot(broker, EVENT_TOPICS)
    return recovery_holds(commits, spots, RECEIPT, ACT)
