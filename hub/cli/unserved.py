"""`hub connector unserved`: events that somebody should be told, and that nobody is."""

from collections.abc import Iterable
from dataclasses import dataclass

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
from hub.settings import load
from hub.surroundings import now_ms
from hub.topics import EVENT_TOPICS

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


def unserved(since: Since = SINCE, *, as_json: Json = False) -> None:
    """List what no registration served when it was kept, and types that none serves now.

    now: the registrations that would be told of such an event today. What is listed has not been
    told to them: register with a start that lies before it, or send it with `hub replay`.
    """
    with answering():
        browser = open_browser(load())
        served = served_now(browser)
        kept = records(
            browser, EVENT_TOPICS, keep=_is_unserved, since=now_ms() - milliseconds(since)
        )
        groups = _groups(browser, served, kept)
        rows = [_row(kind, agency, group) for (kind, agency), group in sorted(groups.items())]
        columns = ("type", "agency", "wanted_by", "events", "first", "last", "now")
        show_rows(rows, columns, as_json=as_json)
        told = sum(group.events for group in groups.values())
        nowhere = sum(not group.now for group in groups.values())
        say(
            f"{told} events went to nobody; {nowhere} of {len(rows)} kinds are served by nobody now"
        )


def served_now(browser: Browser) -> Served:
    """Who is told what, by the files and by hub.registry."""
    settings = browser.settings
    events = read_events(settings.schemas)
    files = read_landscape(settings.connectors, settings.registrations, events)
    return Served(wants(present(files, following(browser))))


def _is_unserved(record: Record) -> bool:
    return any(name == "hub_unserved" and value for name, value in record.headers)


def _groups(
    browser: Browser, served: Served, kept: Iterable[Record]
) -> dict[tuple[str, str], Group]:
    groups = {
        (kind, ""): Group(connectors, ()) for kind, connectors in served.unserved_types().items()
    }
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
