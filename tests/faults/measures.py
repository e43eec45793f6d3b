"""The verdict over what a run cost: calls, receipts, rates, logins, and what others felt of it.

Beside the six invariants (tests.faults.oracle). Rates and waits are compared within one run, the
ill stretches with the well ones beside them: a crowded machine slows both.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from tests.faults.evidence import Evidence, Fact, Limits, Part, Source, Stretch
from tests.faults.journal import PARKED, Ending, fold

SHOWN = 3  # examples of one finding
PROBES = 2.0  # a second while the peer is ill: the first pause is 0.5 to 1 s (hub/delivery/breaker)
PARTS = 10  # of a backlog, by which the best of them is known
EARLY = 0.5  # of a token's lifetime: who renews it with more left wastes one (adapters/rest/grants)
PROMPT = 0.5  # seconds beside it, for the way to the peer
TURNED_AWAY = 12.0  # seconds until a sender must know that it has to come again
LAST = 0.99  # of the waits beside an ill system, the one that is compared
FACTOR, ADDED = (
    2.0,
    0.25,
)  # by so much, and so many seconds, it may be longer than beside a well one


def dead_for_cause(evidence: Evidence, _: Limits) -> Iterator[str]:
    """Only what the peer refused for ever is dead, and each letter says why."""
    refused = {call.fact for call in evidence.calls if call.says == "refused"}
    facts = _facts(evidence)
    ends = fold(evidence.told).items()
    dead = [facts[s] for s, end in ends if end.outcome == "DEAD_LETTERED" and s in facts]
    yield from some("dead, but the peer never refused it", (f for f in dead if f not in refused))
    yield from some("dead letters without a reason", evidence.causeless)


def nobody_else_parks(evidence: Evidence, limits: Limits) -> Iterator[str]:
    """What ever parked is of a dossier that the peer did not take something of."""
    facts = _facts(evidence)
    aside = {facts[s].dossier for s, end in fold(evidence.told).items() if _waited(end, s, facts)}
    declined = {call.fact.dossier for call in evidence.calls if not call.taken}
    yield from some("dossiers parked, of which the peer took all", sorted(aside - declined))
    if limits.asides is not None and len(aside) < limits.asides:
        yield f"{len(aside)} dossiers parked for a while, {limits.asides} should have"


def _waited(end: Ending, source: Source, facts: dict[Source, Fact]) -> bool:
    return source in facts and any(PARKED in said for said in end.by_series.values())


def doubts_are_listed(evidence: Evidence, _: Limits) -> Iterator[str]:
    """What had its effect twice is shown as in doubt; not what a worker said that had slept."""
    woke = float("inf") if evidence.woke is None else evidence.woke
    taken = Counter(call.fact for call in evidence.calls if call.taken and call.at < woke)
    facts = _facts(evidence)
    listed = {facts[one.source] for one in evidence.told if one.doubt and one.source in facts}
    yield from some(
        "said twice, and not listed as in doubt",
        (fact for fact, times in taken.items() if times > 1 and fact not in listed),
    )


def asleep(evidence: Evidence, limits: Limits) -> Iterator[str]:
    """A worker that woke up behind its lease sends nothing but what it had in its hands."""
    if evidence.woke is not None and limits.late is not None:
        late = sum(call.at >= evidence.woke for call in evidence.calls)
        if late > limits.late:
            yield f"{late} calls behind the lease, {limits.late} could be on their way"


def tried(evidence: Evidence, limits: Limits) -> Iterator[str]:
    """Calls, by the peer's record and by the receipts: so many for each event, and the probes."""
    if limits.tries is None:
        return
    told = sum(one.tries for one in evidence.told if one.kind == "OUTCOME")
    ill = sum(stretch.seconds for stretch in evidence.stretches if stretch.kind == "ill")
    allowed = limits.tries * len(evidence.kept) + PROBES * ill
    found = max(told, len(evidence.calls))
    if found > allowed:
        yield f"{found} calls, {allowed:.0f} are allowed for {len(evidence.kept)} events"


def keeps_its_rate(evidence: Evidence, limits: Limits) -> Iterator[str]:
    """Facts a second in the ill stretches, beside the well ones of the same run."""
    if limits.keeps is None:
        return
    well, ill = (_rate(evidence, kind) for kind in ("well", "ill"))
    if not well or ill < limits.keeps * well:
        yield f"{ill:.1f} facts/s while some fail, {well:.1f} before and after"


def drains(evidence: Evidence, limits: Limits) -> Iterator[str]:
    """A backlog goes by as cheaply as at best, and never stands still.

    Facts for each processor second of the worker: a rate would tell of the machine's other work.
    """
    if limits.drains is None:
        return
    if len(evidence.parts) < PARTS:
        yield f"{len(evidence.parts)} parts are too few to speak of a rate"
        return
    best = max(part.facts / part.cost for part in evidence.parts)
    facts, cost = (sum(column) for column in zip(*map(_row, evidence.parts), strict=True))
    if facts / cost < limits.drains * best:
        each = [round(part.facts / part.cost) for part in evidence.parts]
        yield f"{facts / cost:.0f} facts for a processor second in all, by parts {each}"
    gap = max((b - a for a, b in pairwise(_moments(evidence))), default=0.0)
    if gap > limits.recovery + evidence.slowness:
        yield f"nothing was told for {gap:.1f} s"


def _row(part: Part) -> tuple[int, float]:
    return part.facts, part.cost


def each_minute(evidence: Evidence, limits: Limits) -> Iterator[str]:
    """Every minute brings something."""
    if limits.minute is None:
        return
    minutes = [stretch for stretch in evidence.stretches if stretch.kind == "minute"]
    brought = [_within(evidence, stretch) for stretch in minutes]
    if not brought or min(brought) < limits.minute:
        yield f"the minutes brought {brought} facts, each should bring {limits.minute}"


def turned_away(evidence: Evidence, limits: Limits) -> Iterator[str]:
    """While nothing can be kept, whoever comes is told soon to come again."""
    if limits.turned_away is None:
        return
    if len(evidence.answers) < limits.turned_away:
        yield f"{len(evidence.answers)} senders came, {limits.turned_away} should have"
    wrong = [
        answer
        for answer in evidence.answers
        if answer.status != 503
        or not answer.after
        or answer.seconds > TURNED_AWAY + evidence.slowness
    ]
    yield from some("senders were not told to come again", wrong)


def one_refresh(evidence: Evidence, limits: Limits) -> Iterator[str]:
    """A token is fetched when there is none that counts, or the one that does is old."""
    if limits.logins is None:
        return
    early = [one for one in evidence.logins if one.left > EARLY * one.lifetime + PROMPT]
    if len(early) > limits.logins:
        yield f"{len(early)} tokens were fetched while one counted, {limits.logins} are allowed"


def others_unaffected(evidence: Evidence, _: Limits) -> Iterator[str]:
    """The second registration's facts wait no longer while the first one's system is ill."""
    if evidence.beside is None:
        return
    well, ill = (_wait(evidence, kind) for kind in ("well", "ill"))
    if well is None or ill is None:
        yield "the second registration told nothing, in the well stretches or in the ill ones"
    elif ill > FACTOR * well + ADDED:
        yield f"beside it facts waited {ill:.2f} s (99 of 100), {well:.2f} s while it was well"


def _wait(evidence: Evidence, kind: str) -> float | None:
    """What 99 of 100 facts stay below, from the broker's acknowledgement to their call."""
    beside = evidence.beside
    stretches = [stretch for stretch in evidence.stretches if stretch.kind == kind]
    waits: dict[Fact, float] = {}
    for call in beside.calls if beside else ():
        since = evidence.appended.get(call.fact)
        if since is not None and any(stretch.has(since) for stretch in stretches):
            waits.setdefault(call.fact, call.at - since)
    in_order = sorted(waits.values())
    return in_order[int(LAST * len(in_order))] if in_order else None


def _rate(evidence: Evidence, kind: str) -> float:
    stretches = [stretch for stretch in evidence.stretches if stretch.kind == kind]
    seconds = sum(stretch.seconds for stretch in stretches)
    return sum(_within(evidence, one) for one in stretches) / seconds if seconds else 0.0


def _within(evidence: Evidence, stretch: Stretch) -> int:
    return sum(stretch.has(at) for at in _moments(evidence))


def _moments(evidence: Evidence) -> Sequence[float]:
    """When facts had their effect for the first time, in order."""
    first: dict[Fact, float] = {}
    for call in evidence.calls:
        if call.taken:
            first.setdefault(call.fact, call.at)
    return sorted(first.values())


def _facts(evidence: Evidence) -> dict[Source, Fact]:
    return {one.source: one.fact for one in evidence.kept}


def some(what: str, found: Iterable[object]) -> Iterator[str]:
    """One line, if there is anything: how many, and the first of them."""
    things = list(found)
    if things:
        shown = ", ".join(str(tuple(x)) if isinstance(x, tuple) else str(x) for x in things[:SHOWN])
        yield f"{len(things)} {what}: {shown}"


MEASURES: dict[str, Callable[[Evidence, Limits], Iterator[str]]] = {
    "dead": dead_for_cause,
    "aside": nobody_else_parks,
    "doubt": doubts_are_listed,
    "asleep": asleep,
    "tries": tried,
    "rate": keeps_its_rate,
    "drain": drains,
    "minutes": each_minute,
    "door": turned_away,
    "logins": one_refresh,
    "others": others_unaffected,
}
