"""`hub connector unserved`: what some connector would take, and no registration does.

Of what came, what went to nobody when it was kept; of all that could come, what would go to nobody
now.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import typer

from hub.cli.browse import Browser, moment, open_browser, records
from hub.cli.options import SINCE, Json, Since, milliseconds
from hub.cli.output import answering, say, show_rows
from hub.cli.replaying import following
from hub.contract.types import Document
from hub.errors import HubError
from hub.events.headers import Envelope, read_headers
from hub.intake.served import Served
from hub.records import Record
from hub.registry.event_types import read_events
from hub.registry.live import read_landscape, wants
from hub.registry.present import present
from hub.registry.uncovered import agencies_of, uncovered
from hub.settings import load
from hub.surroundings import now_ms
from hub.topics import EVENT_TOPICS

app = typer.Typer(add_completion=False)

EPILOG = "Example: hub connector unserved --since 7d"
NOBODY = "nobody"


@dataclass(slots=True)
class Group:
    """Events of one type and agency that went to nobody, and who would be told of one now."""

    wanted_by: tuple[str, ...]
    now: tuple[str, ...]
    events: int = 0
    first: int = 0  # epoch ms
    last: int = 0

    def count(self, at: int) -> None:
        """One more, kept at that time (epoch ms)."""
        self.first = self.first or at
        self.last = at
        self.events += 1


Groups: TypeAlias = dict[tuple[str, str], Group]  # by type and agency


@app.command(epilog=EPILOG)
def unserved(since: Since = SINCE, *, as_json: Json = False) -> None:
    """List events, and agencies, that some connector would take and no registration serves.

    events: how many went to nobody when they were kept. now: who would be told of such an event
    today. What went to nobody is not told to them later: register with a start that lies before it,
    or send it with `hub replay`.
    """
    with answering():
        browser = open_browser(load())
        served, gaps = _now(browser)
        kept = records(
            browser, EVENT_TOPICS, keep=_is_unserved, since=now_ms() - milliseconds(since)
        )
        groups = gaps | _groups(browser, served, kept)
        rows = [_row(kind, agency, group) for (kind, agency), group in sorted(groups.items())]
        columns = ("type", "agency", "wanted_by", "events", "first", "last", "now")
        show_rows(rows, columns, as_json=as_json)
        told = sum(group.events for group in groups.values())
        nowhere = sum(not group.now for group in groups.values())
        say(
            f"{told} events went to nobody; {nowhere} of {len(rows)} kinds are served by nobody now"
        )


def _now(browser: Browser) -> tuple[Served, Groups]:
    """Who is told what, by the files and by hub.registry; and what nobody is told."""
    settings = browser.settings
    events = read_events(settings.schemas)
    files = read_landscape(settings.connectors, settings.registrations, events)
    ledger = following(browser)
    found = list(wants(present(files, ledger)))
    gaps = {
        (gap.type, agency): Group(gap.connectors, ())
        for gap in uncovered(found, agencies_of(files, ledger))
        for agency in gap.agencies or ("",)
    }
    return Served(found), gaps


def _is_unserved(record: Record) -> bool:
    return any(name == "hub_unserved" and value for name, value in record.headers)


def _groups(browser: Browser, served: Served, kept: Iterable[Record]) -> Groups:
    groups: Groups = {}
    for record in kept:
        try:
            envelope = read_headers(record.headers)
            event = browser.codec.decode(record.value or b"")[1]
        except HubError:  # foreign bytes: nobody's event
            continue
        agency = served.agency(envelope.type, event)
        group = groups.setdefault((envelope.type, agency), _group(served, envelope, event))
        group.count(record.timestamp)
    return groups


def _group(served: Served, envelope: Envelope, event: Document) -> Group:
    return Group(envelope.unserved, served.takers(envelope.type, event, envelope.source))


def _row(kind: str, agency: str, group: Group) -> Document:
    return {
        "type": kind,
        "agency": agency,
        "wanted_by": list(group.wanted_by),
        "events": group.events,
        "first": moment(group.first) if group.events else None,
        "last": moment(group.last) if group.events else None,
        "now": list(group.now) or [NOBODY],
    }
