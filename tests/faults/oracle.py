"""The verdict over a run: six invariants, judged from outside.

I1 what was promised is kept and came to an end; nothing is invented. I2 first deliveries of one
dossier come in topic order. I3 a repeat is the same call, and there are no more of them than the
faults allow. I4 each event has one end. I5 what processes use is bounded. I6 delivery comes back in
time. Beside them: the fault did strike; what should park parks, and nothing else; a system that
cannot take calls is spared; each event is told by one version, the one that its receipt names; and
what tests.faults.measures says of calls, rates and others. A second registration whose system is
well repeats nothing, parks nothing and loses nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.faults.evidence import Evidence, Fact, Kept, Limits
from tests.faults.journal import PARKED, fold
from tests.faults.measures import MEASURES, SHOWN, some


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold, and how."""

    invariant: str
    what: str


def judge(evidence: Evidence, limits: Limits) -> list[Finding]:
    """What does not hold; empty where all is well."""
    found = [
        Finding(name, what) for name, check in CHECKS.items() for what in check(evidence, limits)
    ]
    if evidence.beside is not None:
        found += [
            Finding(f"beside: {name}", what)
            for name in BESIDE
            for what in CHECKS[name](evidence.beside, Limits())
        ]
    return found


def repeats(evidence: Evidence) -> int:
    """Calls that had their effect and had had it before."""
    taken = Counter(call.fact for call in evidence.calls if call.taken)
    return taken.total() - len(taken)


def _kept(evidence: Evidence, _: Limits) -> Iterator[str]:
    kept = Counter(one.fact for one in evidence.kept)
    yield from some("acknowledged, but not on the topic", evidence.sent - kept.keys())
    yield from some("on the topic, but sent by nobody", kept.keys() - evidence.sent)
    yield from some("more than once on the topic", (f for f, n in kept.items() if n > 1))


def _ended(evidence: Evidence, _: Limits) -> Iterator[str]:
    events = {one.source: one for one in evidence.kept}
    endings = fold(evidence.told)
    taken = {call.fact for call in evidence.calls if call.taken}
    yield from some("a receipt for no event", endings.keys() - events.keys() - evidence.foreign)
    yield from some("no event, and not dead", evidence.foreign - evidence.dead)
    told: dict[str, list[Fact]] = defaultdict(list)
    for source, one in events.items():
        ending = endings.get(source)
        outcome = ending.outcome if ending else None
        if outcome is None:
            told["without an end"].append(one.fact)
        elif outcome == "DELIVERED" and one.fact not in taken:
            told["delivered by its receipt, but never taken by the peer"].append(one.fact)
        elif outcome == "DEAD_LETTERED" and source not in evidence.dead:
            told["dead by its receipt, but not on the dead letters' topic"].append(one.fact)
        elif outcome not in ("DELIVERED", "DEAD_LETTERED", PARKED):
            told[f"ended as {outcome}"].append(one.fact)
    for what, facts in told.items():
        yield from some(what, facts)


def _nothing_invented(evidence: Evidence, _: Limits) -> Iterator[str]:
    ids = {one.fact: one.event_id for one in evidence.kept}
    yield from some("called, but not on the topic", {c.fact for c in evidence.calls} - ids.keys())


def _struck(evidence: Evidence, _: Limits) -> Iterator[str]:
    if not evidence.struck:
        yield "the fault did not strike: the run says nothing"


def _parked(evidence: Evidence, limits: Limits) -> Iterator[str]:
    parked = [s for s, ending in fold(evidence.told).items() if ending.outcome == PARKED]
    if len(parked) != limits.parked:
        yield f"{len(parked)} events are parked, {limits.parked} should be: {parked[:SHOWN]}"


def _spared(evidence: Evidence, limits: Limits) -> Iterator[str]:
    vain = sum(not call.taken for call in evidence.calls)
    if limits.vain is not None and vain > limits.vain:
        yield f"{vain} calls to a system that could not take them, {limits.vain} are allowed"


def _in_order(evidence: Evidence, _: Limits) -> Iterator[str]:
    """The calls of each dossier: none begins before those of earlier facts had their end.

    What never is taken (a dead letter, a parked event) has left the queue and is passed over.
    """
    taken = {call.fact for call in evidence.calls if call.taken}
    line: dict[str, list[Fact]] = defaultdict(list)
    for one in sorted(_first(evidence.kept), key=lambda one: one.source):
        if one.fact in taken:
            line[one.fact.dossier].append(one.fact)
    seen: set[Fact] = set()
    early: list[Fact] = []
    for call in evidence.calls:
        if not call.taken or call.fact in seen:
            continue
        seen.add(call.fact)
        waiting = line[call.fact.dossier]
        if waiting and waiting[0] == call.fact:
            del waiting[0]
        elif call.fact in waiting:
            waiting.remove(call.fact)
            early.append(call.fact)
    yield from some("delivered before an earlier fact of its dossier", early)


def _first(kept: Iterable[Kept]) -> Iterator[Kept]:
    seen: set[Fact] = set()
    for one in kept:
        if one.fact not in seen:
            seen.add(one.fact)
            yield one


def _same_repeats(evidence: Evidence, limits: Limits) -> Iterator[str]:
    ids = {one.fact: one.event_id for one in evidence.kept}
    bodies: dict[Fact, set[str]] = defaultdict(set)
    for call in evidence.calls:
        bodies[call.fact].add(call.digest)
    wrong = {call.fact for call in evidence.calls if call.key != ids.get(call.fact, call.key)}
    yield from some("called under another key than its event's", wrong)
    yield from some("called with several bodies", (f for f, n in bodies.items() if len(n) > 1))
    found = repeats(evidence)
    if found > limits.repeats:
        yield f"{found} repeats, {limits.repeats} could be in flight"


def _one_end(evidence: Evidence, limits: Limits) -> Iterator[str]:
    endings = fold(evidence.told)
    yield from some("has ends that differ", (s for s, e in endings.items() if e.contradicts))
    surplus = sum(len(ending.surplus) for ending in endings.values())
    most = limits.repeats if limits.doubles is None else limits.doubles
    if surplus > most:
        yield f"{surplus} receipts behind a first one, {most} could be in flight"


def _one_version(evidence: Evidence, limits: Limits) -> Iterator[str]:
    """What was said was said by one version, and that is the one that the receipt names."""
    if not evidence.versions:
        return
    said: dict[Fact, set[str]] = defaultdict(set)
    for call in evidence.calls:
        said[call.fact].add(evidence.versions.get(call.version, "unknown"))
    facts = {one.source: one.fact for one in evidence.kept}
    yield from some("told by several versions", (f for f, n in said.items() if len(n) > 1))
    other = [
        facts[one.source]
        for one in evidence.told
        if one.kind == "OUTCOME" and one.source in facts
        if said[facts[one.source]] - {one.bundle}
    ]
    yield from some("told by another version than its receipt names", other)
    unused = set(evidence.versions.values()) - set().union(*said.values())
    if len(unused) > limits.skipped:
        yield from some("versions told nothing: they were never taken up", unused)


def _bounded(evidence: Evidence, limits: Limits) -> Iterator[str]:
    for name, used in evidence.used.items():
        for what, found, most in (
            ("MB of memory", used.memory, limits.memory),
            ("descriptors", used.descriptors, limits.descriptors),
            ("threads", used.threads, limits.threads),
        ):
            if found > most:
                yield f"{name} had {found:.0f} {what}, {most:.0f} are allowed"
    if evidence.disk > limits.disk:
        yield f"{evidence.disk:.0f} MB on disk, {limits.disk:.0f} are allowed"


def _back_in_time(evidence: Evidence, limits: Limits) -> Iterator[str]:
    allowed = limits.recovery + evidence.slowness
    for seconds in evidence.recoveries:
        if seconds > allowed:
            yield f"delivery came back after {seconds:.1f} s, {allowed:.0f} are allowed"


CHECKS: dict[str, Callable[[Evidence, Limits], Iterator[str]]] = {
    "I1 kept": _kept,
    "I1 ended": _ended,
    "I1 invented": _nothing_invented,
    "struck": _struck,
    "parked": _parked,
    "spared": _spared,
    "I2": _in_order,
    "I3": _same_repeats,
    "I4": _one_end,
    "version": _one_version,
    "I5": _bounded,
    "I6": _back_in_time,
    **MEASURES,
}
# what is asked of the second registration, too
BESIDE = ("I1 kept", "I1 ended", "I1 invented", "parked", "dead", "I2", "I3", "I4")
