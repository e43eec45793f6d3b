"""Why has this not arrived? One answer, with the chain that leads to it.

Facts are gathered elsewhere (`hub.cli.gathering`); here is decided what they mean. Of a dossier's
events the first one that has not come to its end at a system is what the others wait for, so that
is what the answer is about. Asked for one system, the answer is about that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from hub.audit.facts import Course, End, Event, Facts, Letter, Refusal, Standing
from hub.records import Position

Cause: TypeAlias = Literal[
    "never_received", "refused", "erased", "own", "not_wanted", "not_served", "before_start",
    "delivered", "delivered_late", "nothing_to_send", "duplicate",
    "dead_letter", "discarded", "requeued", "parked", "behind_parked",
    "not_registered", "not_live", "retired", "paused", "worker_not_running", "halted",
    "system_down", "closed_hours", "in_doubt", "under_way", "retrying", "behind_earlier",
    "backlog",
]  # fmt: skip
# These need nothing more: whoever asks wants to know of another one.
SETTLED: frozenset[Cause] = frozenset(
    {
        "own",
        "not_wanted",
        "before_start",
        "delivered",
        "delivered_late",
        "nothing_to_send",
        "duplicate",
    }
)
UNTOLD: frozenset[Cause] = frozenset({"own", "not_wanted", "not_served", "before_start"})
DOUBTFUL = 60_000  # ms after which a call without an answer is in doubt: no call takes longer


@dataclass(frozen=True, slots=True)
class Link:
    """A step of the chain: what is so, since when (epoch ms), and the record that says it."""

    says: str
    at: int | None = None
    place: Position | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`says` is the answer, `chain` what leads to it, `fix` what somebody can do about it."""

    cause: Cause
    says: str
    chain: tuple[Link, ...] = field(default=())
    fix: str = ""
    registration: str = ""
    event: Event | None = None


def why(facts: Facts, now: int, asked: str | None = None) -> Answer:
    """The one answer. `asked`: the registration that is meant; None for all. `now`: epoch ms."""
    if not facts.events:
        return _without_events(facts)
    standings = [one for one in facts.standings if asked in (None, one.name)]
    if not standings:
        if asked is None:
            return Answer("not_registered", "there is no registration that it could go to")
        standings = [Standing(asked, "absent")]
    answers = [about(facts, event, s, now) for event in facts.events for s in standings]
    open_ones = [one for one in answers if not _is_settled(one, asked)]
    if open_ones:
        known = [one for one in open_ones if one.cause not in ("not_registered", "retired")]
        return (known or open_ones)[0]
    refused = _refused_since(facts)
    if refused is not None:
        return refused
    told = [one for one in answers if one.cause not in UNTOLD]
    return (told or answers)[-1]


def _is_settled(answer: Answer, asked: str | None) -> bool:
    """An event that another registration's agency is meant by is open only if none was."""
    if answer.cause == "not_served" and answer.event is not None:
        return asked is None and not answer.event.unserved
    return answer.cause in SETTLED


def _without_events(facts: Facts) -> Answer:
    if facts.erased is not None:
        return Answer("erased", f"{facts.code} was erased by order {facts.erased}")
    if facts.refusals:
        return _refused(facts.code, facts.refusals[-1])
    return Answer(
        "never_received",
        f"the hub has never received anything of {facts.code}",
        fix="check the code; ask the system that should have sent it whether it did",
    )


def _refused(code: str, one: Refusal) -> Answer:
    says = f"a message of {code} was refused: {one.reason}"
    link = Link(f"{one.kind} from {one.registration}", one.at, one.place)
    return Answer(
        "refused", says, (link,), "its sender corrects it and sends it again", one.registration
    )


def _refused_since(facts: Facts) -> Answer | None:
    """A message that came after the last event, and was refused."""
    last = facts.events[-1].at
    later = [one for one in facts.refusals if one.at > last]
    return _refused(facts.code, later[-1]) if later else None


def about(facts: Facts, event: Event, standing: Standing, now: int) -> Answer:
    """The answer about one event at one registration."""
    course = facts.courses.get((event.place, standing.name), Course())
    found = (
        _unwanted(event, standing, course)
        or _ended(course)
        or _parked(facts, event, standing, course)
        or _before_start(standing, course)
        or _not_live(standing, course)
        or _kept_back(standing, course)
        or _sent(standing, course, now)
        or _behind(facts, event, standing, now)
        or _backlog(standing, course)
    )
    beginning = Link(f"{event.type} from {event.source}", event.at, event.place)
    return replace(found, chain=(beginning, *found.chain), registration=standing.name, event=event)


def _unwanted(event: Event, standing: Standing, course: Course) -> Answer | None:
    if course.wanted == "own":
        return Answer("own", f"it came from {standing.name}, which is not told what it said itself")
    if course.wanted == "type":
        return Answer("not_wanted", f"{standing.name} has no flow for {event.type}")
    if course.wanted == "agency":
        says = f"{standing.name} does not serve the agency of this event"
        fix = "name the agency in a registration" if event.unserved else ""
        return Answer("not_served", says, fix=fix)
    return None


def _ended(course: Course) -> Answer | None:
    end = course.end
    if end is None or end.outcome == "PARKED":
        return None
    link = Link(f"{end.outcome}{f': {end.note}' if end.note else ''}", end.at, end.place)
    if end.outcome == "DEAD_LETTERED":
        return _dead(end, course.letter, link)
    if end.outcome == "DELIVERED":
        if "late" in end.note or end.series:
            return Answer("delivered_late", "it was delivered after all, late", (link,))
        return Answer("delivered", "it was delivered", (link,))
    if end.outcome == "NOTHING_TO_SEND":
        return Answer("nothing_to_send", "there was nothing to send for it", (link,))
    return Answer("duplicate", "the system had been told the same fact before", (link,))


def _dead(end: End, letter: Letter | None, link: Link) -> Answer:
    reason = letter.reason if letter else end.reason
    if reason.startswith("erased"):
        return Answer("erased", "the dossier was erased while it waited", (link,))
    if letter is None or letter.state == "open":
        places = (link,) if letter is None else (link, Link(reason, letter.at, letter.place))
        named = letter.place.text if letter else "LETTER"
        fix = f"mend the cause, then hub dead-letter requeue {named}, or discard it"
        return Answer("dead_letter", f"it is a dead letter: {reason}", places, fix)
    decided = Link(f"{letter.by}: {letter.because}", letter.at, letter.place)
    if letter.state == "discarded":
        return Answer("discarded", f"{letter.by} discarded it: {letter.because}", (link, decided))
    return Answer(
        "requeued", f"{letter.by} has sent it out again; it is on its way", (link, decided)
    )


def _parked(facts: Facts, event: Event, standing: Standing, course: Course) -> Answer | None:
    waiting = course.waiting
    if waiting is None:
        return None
    link = Link(f"parked: {waiting.reason}", waiting.since, waiting.place)
    fix = f"mend the cause, then hub parked resume --registration {standing.name}"
    fix += f" --dossier {facts.code}"
    if waiting.first:
        return Answer("parked", f"it is parked: {waiting.reason}", (link,), fix)
    for earlier in _earlier(facts, event):
        other = facts.courses.get((earlier.place, standing.name), Course()).waiting
        if other is not None and other.first:
            first = Link(f"{earlier.type} is parked: {other.reason}", other.since, other.place)
            says = f"it waits behind {earlier.type}, which is parked: {other.reason}"
            return Answer("behind_parked", says, (link, first), fix)
    return Answer("behind_parked", f"it is parked: {waiting.reason}", (link,), fix)


def _before_start(standing: Standing, course: Course) -> Answer | None:
    """Nobody has left a word of it, and the commit has passed it: it never was this one's."""
    if not course.passed or course.tried is not None or course.mark is not None:
        return None
    says = f"{standing.name} begins behind it: what came before its start was not meant for it"
    return Answer("before_start", says)


def _not_live(standing: Standing, course: Course) -> Answer | None:
    name, why_not = standing.name, f": {standing.problem}" if standing.problem else ""
    waits = f"{course.before} events of its partition stand before it"
    chain = (Link(waits),) if course.before else ()
    match standing.state:
        case "absent":
            return Answer("not_registered", f"there is no registration {name}", chain)
        case "retired":
            return Answer("retired", f"{name} is retired{why_not}", chain)
        case "paused":
            says = f"{name} is paused{why_not}; what is for it waits"
            return Answer("paused", says, chain, f"hub registration resume {name}")
        case "waiting" | "broken":
            says = f"{name} is not live{why_not}"
            return Answer("not_live", says, chain, "hub connector list")
        case "live":
            return None


def _kept_back(standing: Standing, course: Course) -> Answer | None:
    name, tried = standing.name, _tried(course)
    if standing.worker is False:
        says = f"no worker runs; {course.before} events stand before it"
        return Answer("worker_not_running", says, tried, "hub up, or hub worker")
    if standing.halted is not None:
        says = f"{name} waits for a person: {standing.halted}"
        return Answer("halted", says, tried, "mend what it says; it goes on by itself then")
    if standing.broken is not None:
        says = f"the system of {name} is down: {standing.broken}"
        return Answer("system_down", says, tried, "it goes on by itself when the system answers")
    if standing.opens is not None:
        link = Link("its hours begin again", standing.opens)
        return Answer("closed_hours", f"{name} may not be called at this hour", (*tried, link))
    return None


def _tried(course: Course) -> tuple[Link, ...]:
    tried = course.tried
    if tried is None:
        return ()
    return (Link(f"{tried.count} calls, the last: {tried.reason}", tried.at, tried.place),)


def _sent(standing: Standing, course: Course, now: int) -> Answer | None:
    """It was tried: nobody knows what became of it, or it failed and is tried again."""
    mark, tried = course.mark, course.tried
    if mark is not None and (tried is None or mark.at >= tried.at):
        link = Link("a call was about to go out, and has no answer", mark.at)
        if now - mark.at > DOUBTFUL:
            return _doubt(standing, (*_tried(course), link))
        return Answer("under_way", "a call is under way", (*_tried(course), link))
    if tried is None:
        return None
    if tried.in_doubt:
        return _doubt(standing, _tried(course))
    says = f"it is tried again; {tried.count} calls failed, the last: {tried.reason}"
    return Answer("retrying", says, _tried(course))


def _doubt(standing: Standing, chain: tuple[Link, ...]) -> Answer:
    says = f"nobody knows whether {standing.name} has it: a call was sent, and there is no answer"
    return Answer("in_doubt", says, chain, "it is asked about, or repeated with the same key")


def _behind(facts: Facts, event: Event, standing: Standing, now: int) -> Answer | None:
    """An earlier event of its dossier has not come to its end there: its reason is the answer."""
    for earlier in _earlier(facts, event):
        found = about(facts, earlier, standing, now)
        if found.cause not in SETTLED | {"not_served", "dead_letter", "discarded", "backlog"}:
            says = f"it waits behind {earlier.type}: {found.says}"
            return Answer("behind_earlier", says, found.chain, found.fix)
    return None


def _earlier(facts: Facts, event: Event) -> Sequence[Event]:
    return facts.events[: facts.events.index(event)]


def _backlog(standing: Standing, course: Course) -> Answer:
    if not course.begun:
        says = f"{standing.name} has never begun: no worker could take it up"
        return Answer("not_live", says, fix="see what is wrong with it: hub connector list")
    seen = "" if standing.worker else "; whether a worker runs cannot be seen from here"
    if course.before:
        says = f"its turn has not come: {course.before} events stand before it{seen}"
    else:
        says = f"it has only just come{seen}"
    return Answer("backlog", says)
