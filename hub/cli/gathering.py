"""What is known of a dossier's deliveries: gathered from all places for `hub audit why`.

From the archive and the topics what was recorded; from the groups' offsets and the journal what is
not settled; from `hub.parked` what waits; from running workers what keeps a system back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hub.audit.archive.query import Query
from hub.audit.facts import (
    Course,
    End,
    Event,
    Facts,
    Letter,
    Mark,
    Refusal,
    Standing,
    Tried,
    Waiting,
    Wanted,
)
from hub.cli.browse import Browser, read
from hub.cli.evidence import ALL, GAVE_NONE, Finding, document_of, find
from hub.cli.standing import standings
from hub.contract.types import Document, Value
from hub.delivery.acts import command_of
from hub.delivery.journal import IN_DOUBT, NOT_SENT
from hub.delivery.journals import Journals, starts
from hub.delivery.letters import Letter as DeadLetter
from hub.delivery.letters import decided, letters, settled, without_void
from hub.delivery.parked import ParkedEvent
from hub.delivery.parked import events as parked_events
from hub.delivery.starting import group_of
from hub.errors import HubError
from hub.events.headers import read_headers
from hub.records import Position, Record, Spot
from hub.registry.interests import Interest, interests
from hub.registry.ledger import Ledger, fold
from hub.topics import ACT, DOSSIER, PARKED, REGISTRY


@dataclass(frozen=True, slots=True)
class Told:
    """A receipt, and where it stands."""

    place: Position
    at: int
    document: Document = field(repr=False)

    @property
    def of(self) -> tuple[Position, str]:
        """Of which event at which registration it tells."""
        said = self.document
        topic, part = str(said["source_topic"]), _whole(said["source_partition"])
        return Position(topic, part, _whole(said["source_offset"])), str(said["connector"])


def gather(browser: Browser, code: str, now: int) -> Facts:
    """Everything that is known of a dossier. `now`: epoch ms.

    Raises Retry where broker, registry or the archive's storage do not answer.
    """
    with browser.broker.together():
        found = find(browser, Query(dossiers=(code,), most=ALL))
        events = _events(found)
        ledger = ledger_of(browser)
        known = interests(browser.settings.connectors, browser.settings.registrations, ledger)
        courses = _courses(browser, code, events, found, known) if events else {}
        refusals = _refusals(browser, code, found)
    erased = [one.row for one in found if one.row.kind == "act" and one.row.type == "ERASED"]
    return Facts(
        code,
        tuple(event for event, _ in events),
        (*standings(browser.settings, known, now), *_gone(courses, known)),
        courses,
        tuple(refusals),
        erased[-1].says if erased else None,
    )


def _gone(
    courses: Mapping[tuple[Position, str], Course], known: Iterable[Interest]
) -> list[Standing]:
    """Registrations that there were, and are not any more."""
    names = {name for _, name in courses} - {one.name for one in known}
    return [Standing(name, "absent") for name in sorted(names)]


def _events(found: Iterable[Finding]) -> list[tuple[Event, Record | None]]:
    """Each fact once: where two gateways raced, the first offset counts."""
    events: dict[str, tuple[Event, Record | None]] = {}
    for one in found:
        row = one.row
        if row.kind != "event":
            continue
        kind = row.type.rpartition(".")[2]
        unserved = _unserved(one.record)
        event = Event(one.place, row.ms, row.event_id, kind, row.system, unserved)
        events.setdefault(row.event_id or one.place.text, (event, one.record))
    return list(events.values())


def _unserved(record: Record | None) -> tuple[str, ...]:
    try:
        return () if record is None else read_headers(record.headers).unserved
    except HubError:
        return ()


def ledger_of(browser: Browser) -> Ledger:
    """What is registered, as hub.registry says now; empty where nobody registered anything."""
    if not browser.broker.partitions(REGISTRY):
        return Ledger()
    return fold(Ledger(), read(browser, [Spot(REGISTRY, 0)], lambda _: True))


def _courses(
    browser: Browser,
    code: str,
    events: Sequence[tuple[Event, Record | None]],
    found: Sequence[Finding],
    known: Sequence[Interest],
) -> dict[tuple[Position, str], Course]:
    told = _told(browser, found)
    names = {one.name for one in known} | {one.of[1] for one in told}
    numbers = sorted({event.place.partition for event, _ in events})
    waiting = _waiting(browser, code, numbers)
    dead = _letters(browser, found, told)
    by_name = {one.name: one for one in known}
    courses: dict[tuple[Position, str], Course] = {}
    for name in sorted(names):
        whole = browser.broker.committed(group_of(name))
        commits = {s: c for s, c in whole.items() if s.topic == DOSSIER and s.partition in numbers}
        open_ones = _journals(browser, name, commits, waiting)
        for event, record in events:
            key = event.place, name
            parked = waiting.get(key)
            courses[key] = Course(
                wanted=_wanted(browser, event, record, by_name.get(name), name),
                end=_end(told, key),
                tried=_tried(told, key),
                mark=_mark(open_ones, event.place),
                waiting=parked,
                letter=dead.get(key),
                begun=bool(whole),
                passed=_passed(commits, event.place),
                before=_before(commits, event.place),
            )
    return courses


def _told(browser: Browser, found: Iterable[Finding]) -> list[Told]:
    told = []
    for one in found:
        if one.row.kind in ("receipt", "attempt"):
            said = document_of(browser, one.record)
            if said is not None:
                told.append(Told(one.place, one.row.ms, said[1]))
    return told


def _end(told: Iterable[Told], key: tuple[Position, str]) -> End | None:
    """The outcome of the last series; of several in one, the first counts."""
    ends: dict[int, End] = {}
    for one in told:
        said = one.document
        if one.of == key and said["kind"] == "OUTCOME":
            series = _whole(said["series"])
            reason, note = str(said["reason"] or ""), str(said["note"] or "")
            end = End(str(said["outcome"]), one.at, one.place, series, reason, note)
            ends.setdefault(series, end)
    return ends[max(ends)] if ends else None


def _tried(told: Iterable[Told], key: tuple[Position, str]) -> Tried | None:
    """The calls since the last outcome."""
    calls: list[Told] = []
    for one in told:
        if one.of != key:
            continue
        if one.document["kind"] == "OUTCOME":
            calls.clear()
        elif one.document["note"] != NOT_SENT:
            calls.append(one)
    if not calls:
        return None
    last = calls[-1]
    reason = str(last.document["reason"] or last.document["note"] or "no reason was given")
    doubt = last.document["note"] == IN_DOUBT
    return Tried(len(calls), last.at, last.place, reason, in_doubt=doubt)


def _wanted(
    browser: Browser, event: Event, record: Record | None, one: Interest | None, name: str
) -> Wanted:
    if event.source == name:
        return "own"
    if one is None or one.serves is None:
        return "yes"  # it is not known what it wanted
    if event.type not in one.serves:
        return "type"
    said = document_of(browser, record)
    return "yes" if said is None or one.takes(event.type, said[1]) else "agency"


def _waiting(
    browser: Browser, code: str, numbers: Sequence[int]
) -> dict[tuple[Position, str], Waiting]:
    """What is parked of the dossier."""
    count = browser.broker.partitions(PARKED)
    spots = [Spot(PARKED, number) for number in numbers if number < count]
    found = parked_events(read(browser, spots, lambda _: True)) if spots else []
    return {(o.source, o.registration): _shelved(o) for o in found if o.dossier == code}


def _shelved(one: ParkedEvent) -> Waiting:
    return Waiting(one.place, one.since, one.reason, first=not one.behind)


def _letters(
    browser: Browser, found: Iterable[Finding], told: Iterable[Told]
) -> dict[tuple[Position, str], Letter]:
    records = [one.record for one in found if one.row.kind == "letter" and one.record is not None]
    acts = [one.record for one in found if one.row.kind == "act" and one.record is not None]
    commands = [c for act in acts if (c := command_of(act, browser.codec)) is not None]
    receipts = [(one.place.offset, one.document) for one in told]
    whole = without_void(decided(letters(records), commands), receipts)
    states = settled(whole, (document for _, document in receipts))
    return {one.key[::-1]: _letter(one) for one in states}


def _letter(one: DeadLetter) -> Letter:
    by, because = (one.decision.by, one.decision.because) if one.decision else ("", "")
    return Letter(one.place, one.record.timestamp, one.state, one.reason, by, because)


def _passed(commits: Mapping[Spot, tuple[int, str]], place: Position) -> bool:
    committed = commits.get(Spot(place.topic, place.partition))
    return committed is not None and place.offset < committed[0]


def _before(commits: Mapping[Spot, tuple[int, str]], place: Position) -> int:
    committed = commits.get(Spot(place.topic, place.partition))
    return max(0, place.offset - committed[0]) if committed else place.offset


def _journals(
    browser: Browser,
    name: str,
    commits: Mapping[Spot, tuple[int, str]],
    waiting: Iterable[tuple[Position, str]],
) -> Journals:
    """What the registration's journal says of what its commits have not passed, or is parked."""
    also = [place for place, whose in waiting if whose == name]
    journals = Journals(name, commits, also, browser.codec)
    begins = starts(commits)
    mine = name.encode()
    records = (
        read(browser, list(begins), lambda r: dict(r.headers).get("hub_connector") == mine, begins)
        if begins
        else []
    )
    for record in sorted(records, key=lambda r: (r.partition, r.offset)):
        journals.read(record)
    return journals


def _mark(journals: Journals, place: Position) -> Mark | None:
    journal = journals.by_spot.get(Spot(place.topic, place.partition))
    doubt = journal.doubt(place.offset) if journal else None
    return None if doubt is None else Mark(doubt.at)


def _refusals(browser: Browser, code: str, found: Iterable[Finding]) -> list[Refusal]:
    """Messages about it that gave no event: by its code, or by an identity that holds that."""
    mine = [one for one in found if one.row.topic == ACT]
    mine += find(browser, Query(dossiers=("",), kind="act", mentions=code))
    told = []
    for one in sorted(mine, key=lambda one: one.row[:4]):
        said = document_of(browser, one.record)
        if said is not None and str(said[1].get("kind")) in GAVE_NONE:
            told.append(_refusal(one, said[1]))
    return told


def _refusal(one: Finding, said: Document) -> Refusal:
    reason = str(said.get("reason") or said["kind"])
    return Refusal(one.place, one.row.ms, str(said["registration"]), str(said["kind"]), reason)


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else -1
