"""The load: facts appended to the events' topic at full speed, each acknowledged by the broker."""

import threading
import time
from collections.abc import Sequence
from math import inf

from hub.errors import HubError
from hub.events.codec import Codec
from hub.records import Broker, Outgoing, Position
from ops.bench.feed import outgoing
from ops.bench.messages import code, status_changed, tracked
from ops.bench.processes import BenchError, until
from tests.faults.evidence import Fact

STEPS = 5  # facts of a dossier
MAKE = {
    "dossier.v1.StatusChanged": status_changed,
    "consignment.v1.ConsignmentTracked": tracked,
}
AT_ONCE = 50  # dossiers whose facts are interleaved
ROOM = 5_000  # records that may wait in the writer
LAST = 180.0  # seconds for room, and for what waits at the end: a crowded machine is slow


def facts(first: int, count: int) -> list[tuple[int, int]]:
    """(dossier's number, step): the first step of all dossiers, then the second, …"""
    dossiers = range(first, first + -(-count // STEPS))
    return [(dossier, step) for step in range(STEPS) for dossier in dossiers][:count]


def interleaved(count: int) -> list[tuple[int, int]]:
    """The same facts, a few dossiers after each other: the steps of each come close together."""
    blocks = range(0, -(-count // STEPS), AT_ONCE)
    return [one for first in blocks for one in facts(first, AT_ONCE * STEPS)][:count]


def fill(
    broker: Broker,
    codec: Codec,
    kind: str,
    wanted: Sequence[tuple[int, int]],
    sent: dict[Fact, float],
    pace: float = inf,
) -> None:
    """Append these facts, `pace` a second; `sent` gets what was acknowledged, and when.

    Raises BenchError if one was not.
    """
    acknowledged: dict[Fact, float] = {}
    failed = threading.Event()
    writer = broker.writer()

    def append(dossier: int, step: int) -> None:
        def done(result: Position | HubError) -> None:
            if isinstance(result, HubError):
                failed.set()
            else:
                acknowledged[Fact(code(dossier), step)] = time.monotonic()

        writer.append(fact(codec, kind, dossier, step), done)

    began, pause = time.monotonic(), threading.Event()
    try:
        for place, (dossier, step) in enumerate(wanted):
            pause.wait(max(0.0, began + place / pace - time.monotonic()))
            until(lambda: writer.waiting < ROOM, LAST, "room in the writer's queue")
            append(dossier, step)
        until(lambda: failed.is_set() or len(acknowledged) == len(wanted), LAST, "the load")
    finally:
        writer.close()
        sent |= acknowledged  # also where the load breaks off: it stands on the topic
    if failed.is_set():
        raise BenchError("a fact of the load was not acknowledged")


def fact(codec: Codec, kind: str, dossier: int, step: int) -> Outgoing:
    """The record of one fact."""
    return outgoing(codec, kind, MAKE[kind](dossier, step), dossier, step)
