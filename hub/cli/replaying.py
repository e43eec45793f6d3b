"""What `hub replay` reads and writes: topics, versions, approvals, and the acts of a live run."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from hub.audit.replay.approval import Approval, as_document, read, record_of
from hub.audit.replay.choose import Events, items
from hub.audit.replay.ends import Ends
from hub.audit.replay.plan import Item, Plan, Selection, read_plan
from hub.audit.replay.sandbox import Played, Reading, play
from hub.audit.replay.versions import THEN, TODAY, Other, Versions
from hub.backtest.run import Backtest, open_backtest
from hub.backtest.version import Version
from hub.cli.browse import Browser, records, spots_of
from hub.cli.deciding import decisions_of, write_acts
from hub.cli.history import history
from hub.cli.known import events_here
from hub.cli.output import Usage
from hub.delivery.acts import Command
from hub.delivery.letters import letters
from hub.dev.progress import to_stderr
from hub.errors import HubError, Reject
from hub.records import Position, Record, Spot
from hub.registry.bundle import read_bundle
from hub.registry.event_types import read_events
from hub.registry.following import Following
from hub.registry.ledger import Ledger
from hub.registry.live import read_landscape
from hub.registry.present import present
from hub.registry.problem import BundleErrors
from hub.settings import load
from hub.surroundings import digest_key, now_ms
from hub.topics import ACT, DEAD, EVENT_TOPICS, RECEIPT

EARLIER = 7_200_000  # ms that brokers' clocks may differ; a receipt is no older than its event
APPROVALS = (b"REPLAY_APPROVED", b"REPLAY_REFUSED")
TOGETHER = 20  # acts that share a flush; a pause in between


def gather(browser: Browser, selection: Selection, most: int) -> list[Item]:
    """The items of a plan. Raises Reject where they are more than `most`."""
    events = Events(selection)
    for record in history(browser, _spots(browser, selection), _start(selection)):
        events.take(record)
        if len(events.found) > most:
            raise _too_many(most)
    if not events.found:
        return []
    found = items(events, _ends(browser, events).found, _letters(browser, events))
    if len(found) > most:
        raise _too_many(most)
    return found


def _too_many(most: int) -> Reject:
    return Reject(f"more than {most:,} events are meant", fix="narrow it, or say --most")


def _spots(browser: Browser, selection: Selection) -> list[Spot]:
    if selection.partition:
        topic, _, number = selection.partition.rpartition("/")
        return [Spot(topic, int(number))]
    if not selection.dossiers:
        return spots_of(browser, EVENT_TOPICS)
    found = (spots_of(browser, EVENT_TOPICS, dossier) for dossier in selection.dossiers)
    return sorted({spot for spots in found for spot in spots})


def _start(selection: Selection) -> Mapping[Spot, int] | int | None:
    if selection.offsets is not None:
        topic, _, number = selection.partition.rpartition("/")
        return {Spot(topic, int(number)): selection.offsets[0]}
    return selection.since


def _numbers(topic: str, events: Events) -> list[Spot]:
    return [Spot(topic, number) for number in sorted({place.partition for place in events.found})]


def _ends(browser: Browser, events: Events) -> Ends:
    ends = Ends()
    for record in history(browser, _numbers(RECEIPT, events), max(0, events.since - EARLIER)):
        if dict(record.headers).get("hub_kind", b"OUTCOME") in (b"OUTCOME", b"OWNER"):
            try:
                ends.take(record.offset, browser.codec.decode(record.value or b"")[1])
            except Reject:  # foreign bytes: nobody's receipt
                continue
    return ends


def _letters(browser: Browser, events: Events) -> dict[tuple[str, Position], Position]:
    since = max(0, events.since - EARLIER)
    spots = _numbers(DEAD, events)
    own = (record for record in history(browser, spots, since) if _source(record) in events.found)
    return {letter.key: letter.place for letter in letters(own)}


def _source(record: Record) -> Position | None:
    return Position.read(dict(record.headers).get("hub_dead_source", b"").decode(errors="replace"))


def plan_of(file: Path) -> Plan:
    """The plan in a file. Raises Reject."""
    return read_plan(file.read_bytes(), file.name)


def sandbox(browser: Browser, plan: Plan, other: Other) -> Iterator[Played]:
    """Play a plan without a way out: one result for each registration and version of then."""
    kept = kept_versions(browser)
    for (name, bundle, terms), group in groupby(sorted(plan.items, key=_version), key=_version):
        of = list(group)
        then = kept.of(name, bundle, terms)
        newer = other.of(kept, name, then)
        beside: Backtest | None = None
        if then is not None and newer is not None:
            beside = open_backtest(then, newer, browser.masks, browser.codec.decode)
        version = Version(then) if then is not None else None
        yield play(of, events_of(browser, of), version, beside, reading(browser))


def other(named: str) -> Other:
    """The version that is compared: then, today, or a connector's folder. Raises Reject."""
    if named in (THEN, TODAY):
        return Other(named)
    folder = Path(named)
    if not folder.is_dir():
        raise Usage(f"'{named}' is no folder", where="--beside", fix="then, today, or a folder")
    try:
        return Other(named, read_bundle(folder, events_here(load())))
    except BundleErrors as error:
        raise Reject(f"{error}", fix=f"hub connector check {folder}") from error


def kept_versions(browser: Browser) -> Versions:
    """Every version that there is."""
    settings = browser.settings
    known = read_events(settings.schemas)
    files = read_landscape(settings.connectors, settings.registrations, known)
    ledger = following(browser)
    return Versions(ledger, present(files, ledger))


def reading(browser: Browser) -> Reading:
    """How events are read here, and the key of this hub's digests."""
    return Reading(browser.codec.decode, digest_key(browser.settings))


def following(browser: Browser) -> Ledger:
    """What is registered now."""
    follower = Following(browser.broker)
    follower.start()
    try:
        return follower.first()
    finally:
        follower.stop()


def _version(item: Item) -> tuple[str, str, str]:
    return item.registration, item.bundle, item.settings


def events_of(browser: Browser, of: Sequence[Item]) -> Iterator[Record]:
    """The events of these items; nothing is read beyond the last of them."""
    wanted = {item.place for item in of}
    starts: dict[Spot, int] = {}
    for place in wanted:
        spot = Spot(place.topic, place.partition)
        starts[spot] = min(place.offset, starts.get(spot, place.offset))
    for record in history(browser, sorted(starts), starts):
        if record.place in wanted:
            wanted.discard(record.place)
            yield record
        if not wanted:
            return


def approvals(browser: Browser) -> list[Approval]:
    """Every approval and refusal of a replay, in the order of `hub.act`."""
    kept = records(browser, (ACT,), keep=lambda r: dict(r.headers).get("hub_act") in APPROVALS)
    found = (read(browser.codec.decode(record.value or b"")[1]) for record in kept)
    return [one for one in found if one is not None]


def record(browser: Browser, approval: Approval) -> None:
    """Write it to `hub.act`. Raises what the broker says where it is not acknowledged."""
    document = as_document(approval)
    value = browser.codec.encode("hub.v1.Act", {**document, "at": now_ms()})
    writer = browser.broker.writer()
    try:
        writer.send(record_of(approval, value)).result(30)
    finally:
        writer.close()


def written(browser: Browser, plan: Plan) -> list[Command]:
    """The acts of this plan that stand on `hub.act` already."""
    names = frozenset(item.registration for item in plan.items)
    return [one for one in decisions_of(browser, names) if one.plan == plan.digest]


def send(
    browser: Browser, decisions: Sequence[Command], pace: float, stop: threading.Event
) -> tuple[int, HubError | None]:
    """Write acts at this pace (a second) until `stop`; how many were, and what ended it early."""
    done = 0
    progress = to_stderr()
    together = max(1, min(TOGETHER, int(pace)))
    try:
        while done < len(decisions) and not stop.is_set():
            few = decisions[done : done + together]
            placed, refused = write_acts(browser, few)
            done += sum(place is not None for place in placed)
            if refused is not None:
                return done, refused
            progress.now(f"replay: {done:,} of {len(decisions):,} acts")
            if done < len(decisions):
                stop.wait(len(few) / pace)
    finally:
        progress.now("")
    return done, None
