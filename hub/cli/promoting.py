"""Before a version takes the place of a live one: what would change for what has happened.

The control plane says which two it wants compared (`compare`); the events are read here, and it
gets the record of what was found (`hub.registry.promotion`).
"""

import getpass
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

from hub.backtest.report import Group, Report
from hub.cli.backtest import LAST, compared, landscape_of, told
from hub.cli.browse import open_browser
from hub.cli.output import Usage, say
from hub.cli.plane import fetch_bundle
from hub.contract.types import Document
from hub.errors import HubError, Reject
from hub.registry.bundle import prove
from hub.registry.entries import read_entry
from hub.registry.event_types import Events
from hub.registry.ledger import Entry
from hub.registry.live import Live
from hub.registry.problem import BundleErrors
from hub.registry.registration import complete
from hub.registry.seen import MOST_CAUSES
from hub.settings import Settings
from hub.surroundings import now_ms

LONGEST = 200  # characters of a cause, on the record
Confirm = Annotated[
    bool, typer.Option("--confirm", help="the differences that a backtest tells are meant")
]
Uncompared = Annotated[
    str,
    typer.Option(metavar="TEXT", help="why past events are not taken through it first; is kept"),
]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared: a bundle's files, and the entry that it stands on."""

    files: Mapping[str, bytes]
    entry: Entry


@dataclass(frozen=True, slots=True)
class Promotion:
    """What somebody wants to go live, and what they said of it on the command line."""

    name: str
    connector: str
    by: str
    reason: str
    confirm: bool = False
    uncompared: str = ""


def seen(
    settings: Settings, wanted: Promotion, compare: Document | None, new: Side
) -> dict[str, object]:
    """What the control plane gets to know of what changes: members of a request.

    `compare`: what it wants compared; None for nothing. The last 10,000 events are taken through
    both. Raises Usage where differences want a confirmation and nobody can be asked, Reject where
    they cannot be compared, Abort for a no.
    """
    if wanted.uncompared:
        return {"uncompared": wanted.uncompared}
    if compare is None:
        return {}
    old = Side(fetch_bundle(settings, str(compare["bundle"])), _entry(compare))
    try:
        report = _report(settings, wanted, old, new)
    except (HubError, BundleErrors) as error:
        fix = "--uncompared TEXT: why it goes live all the same"
        raise Reject(f"past events were not compared: {error}", wanted.name, fix) from error
    say(f"{report.read:,} past events: {report.differing:,} differ")
    told(report.groups, beside=True)
    found: dict[str, object] = {"backtest": record(report, compare, wanted.by)}
    if report.to_confirm:
        _ask(wanted)
        found["confirm"] = wanted.reason
    return found


def record(report: Report, compare: Document, by: str) -> dict[str, object]:
    """What was found, as the control plane keeps it: counts and causes, no value of an event."""
    return {
        "old": compare["old"],
        "new": compare["new"],
        "read": report.read,
        "compared": report.compared,
        "differing": report.differing,
        "unexplained": sum(group.events for group in report.to_confirm),
        "causes": [_cause(group) for group in report.groups[:MOST_CAUSES]],
        "at": now_ms(),
        "by": by or getpass.getuser(),
    }


def _ask(wanted: Promotion) -> None:
    if wanted.confirm:
        return
    if not sys.stdin.isatty():
        raise Usage("these differences want a confirmation", wanted.name, "write --confirm")
    typer.confirm("Is that meant?", abort=True, err=True)


def _cause(group: Group) -> str:
    where = f" {group.path}" if group.path else ""
    return f"{group.cause.label}: {group.flow}{where} {group.kind}, {group.events}"[:LONGEST]


def _entry(compare: Document) -> Entry:
    found = compare["entry"]
    return dict(found) if isinstance(found, dict) else {}


def _report(settings: Settings, wanted: Promotion, old: Side, new: Side) -> Report:
    browser = open_browser(settings)
    events = landscape_of(browser).events
    before, after = _live(wanted, old, events), _live(wanted, new, events)
    return compared(browser, before, after, None, LAST)[0]


def _live(wanted: Promotion, side: Side, events: Events) -> Live:
    bundle = prove(wanted.connector, side.files, events)
    entry = read_entry(wanted.name, wanted.connector, side.entry)
    return Live(bundle, complete(entry, bundle.manifest))
