"""One run of one case: what is done, and what it gives. A run that does not count raises."""

import threading
import time
from collections.abc import Mapping, Sequence
from math import ceil

from ops.bench.feed import Fact
from ops.bench.processes import BenchError
from ops.bench.rivals.facts import schedule
from ops.bench.scaling.cases import Case
from ops.bench.scaling.reckon import growth, latencies, ways
from ops.bench.scaling.stage import Stage, Workers, open_stage

DOSSIERS = 5_000
PACED = 10.0  # seconds of the part that measures latency
SHORTEST = 6.0  # seconds of a steady run: a lag is looked at by thirds
IDLE = 5.0  # seconds
SLOW = 2.0  # seconds until the slow neighbour answers
Values = dict[str, float]


def run(case: Case, calls: int) -> Values:
    """One run of about so many calls. Raises BenchError when it does not count."""
    kinds = {"maximum": maximum, "steady": steady, "neighbours": neighbours}
    with open_stage(case.setup) as stage, stage.workers() as workers:
        idle = _idle(workers)
        found = kinds[case.kind](case, calls, stage, workers)
        return found | {
            "idle": idle,
            "peak": workers.peak(),
            "threads": float(workers.threads()),
            "startup": workers.startup,
        }


def maximum(case: Case, calls: int, stage: Stage, workers: Workers) -> Values:
    """`rate`: calls a second; `cpu`: processor seconds per 1,000 of them; latency at the load."""
    warm, events = case.warm(calls), case.events(calls)
    facts = schedule(warm + events, DOSSIERS)
    stage.fill(facts)
    stage.arrived(sum(stage.wanted(facts[:warm])), workers)
    before, since, cpu = stage.calls(), stage.last(), workers.cpu()
    stage.arrived(sum(stage.wanted(facts)), workers)
    timed, used = stage.calls() - before, workers.cpu() - cpu
    if timed <= 0:
        raise BenchError("too few events: all had come before the clock was read")
    rate = timed / (stage.last() - since)
    pace = case.load * rate * len(facts) / sum(stage.wanted(facts))
    facts = schedule(len(facts) + ceil(pace * PACED), DOSSIERS)
    sent = stage.trickle(facts[warm + events :], pace)
    _through(stage, workers, facts)
    found = {"rate": rate, "cpu": used * 1e3 / timed, "at": pace}
    return found | latencies(_ways(case, stage, sent))


def steady(case: Case, calls: int, stage: Stage, workers: Workers) -> Values:
    """`behind`: events that waited more at the end than at the beginning; `rate` of calls."""
    seconds = min(case.seconds, max(SHORTEST, calls / case.pace))
    facts = schedule(int(case.pace * seconds), DOSSIERS)
    cpu, began = workers.cpu(), time.monotonic()
    sent = stage.trickle(facts, case.pace)
    busy = (workers.cpu() - cpu) / (time.monotonic() - began)
    _through(stage, workers, facts)
    used = workers.cpu() - cpu
    arrived = [at for one in _systems(case, stage) for name, at in one.items() if name in sent]
    wanted = sum(stage.wanted(facts))
    found = {
        "rate": wanted / (max(arrived) - min(arrived)),
        "cpu": used * 1e3 / wanted,
        "busy": busy,
        "behind": growth(sorted(sent.values()), sorted(arrived)),
    }
    return found | latencies(_ways(case, stage, sent))


def neighbours(case: Case, calls: int, stage: Stage, workers: Workers) -> Values:
    """`before`, `while`: p99 of the other systems in ms; `more`: how much longer it took then.

    The slow one gets all of its events, too, once it is well again.
    """
    each = min(calls // case.setup.connectors, int(case.pace * case.seconds))
    facts = schedule(2 * each, DOSSIERS)
    calm = stage.trickle(facts[:each], case.pace)
    _arrived(stage, workers, facts[:each])
    stage.slow(0, SLOW)
    slowed = stage.trickle(facts[each:], case.pace)
    stage.slow(0, 0.0)
    _through(stage, workers, facts)
    others = range(1, case.setup.connectors)
    found = {
        when: latencies(_merged([ways(sent, stage.arrivals(number)) for number in others]))["p99"]
        for when, sent in (("before", calm), ("while", slowed))
    }
    return found | {"more": found["while"] / found["before"] - 1}


def _idle(workers: Workers) -> float:
    """The share of a core that the workers use while there is nothing to do."""
    cpu, began = workers.cpu(), time.monotonic()
    threading.Event().wait(IDLE)
    return (workers.cpu() - cpu) / (time.monotonic() - began)


def _arrived(stage: Stage, workers: Workers, facts: Sequence[Fact]) -> None:
    stage.arrived(sum(stage.wanted(facts)), workers)


def _through(stage: Stage, workers: Workers, facts: Sequence[Fact]) -> None:
    _arrived(stage, workers, facts)
    stage.check(facts, workers)


def _systems(case: Case, stage: Stage) -> list[dict[str, float]]:
    return [stage.arrivals(number) for number in range(case.setup.connectors)]


def _ways(case: Case, stage: Stage, sent: Mapping[str, float]) -> list[float]:
    return _merged([ways(sent, one) for one in _systems(case, stage)])


def _merged(parts: Sequence[Sequence[float]]) -> list[float]:
    return sorted(value for part in parts for value in part)
