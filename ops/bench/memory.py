"""Resident memory of the hub's processes while 100,000 messages come in and go out.

The gateway takes ratings, the worker delivers each to a fast system, the views fold events and
receipts. What a process still grows by in the last third of the run is told as growth.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from ops.bench.delivery import counts, peer, peer_url
from ops.bench.figures import Figure
from ops.bench.ingest import volley
from ops.bench.processes import BenchError, Child, until
from ops.bench.rig import Rig, open_rig
from ops.bench.scene import Entry

TARGET = 200.0  # MB
GROWTH = 10.0  # MB in the last third
PROCESSES = ("registry", "gateway", "worker", "views")
EVERY = 0.5  # seconds between two looks


def memory(count: int = 100_000) -> list[Figure]:
    """The highest resident memory of each process, and its growth in the last third."""
    with open_rig() as rig, peer(rig) as system, ExitStack() as stack:
        rig.scene.register(Entry("portal"), Entry("onestop", peer_url(rig)))
        hub = [stack.enter_context(rig.process(n, measured=n == "gateway")) for n in PROCESSES]
        with sampling(hub) as curves:
            fired = volley(rig, hub[1], "rating", 0, count, 64)
            if fired.yes != count:
                raise BenchError(f"{fired.yes} of {count} got their yes; others: {fired.others}")
            until(lambda: delivered(rig) >= count, 300, "the last delivery", [*hub, system])
    return [figure for one in hub for figure in _figures(one.name, curves[one.name])]


def delivered(rig: Rig) -> int:
    """What the peer has had."""
    return counts(rig).calls


@contextmanager
def sampling(children: Sequence[Child]) -> Iterator[dict[str, list[float]]]:
    """Look at the resident memory of each process until the block ends."""
    curves: dict[str, list[float]] = {one.name: [] for one in children}
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(EVERY):
            for one in children:
                curves[one.name].append(one.resident())

    thread = threading.Thread(target=look, name="sampling", daemon=True)
    thread.start()
    try:
        yield curves
    finally:
        stop.set()
        thread.join(10)


def growth(curve: Sequence[float]) -> float:
    """How much the highest value of the last third lies above that of the middle third."""
    third = len(curve) // 3
    if third == 0:
        raise BenchError("too few looks at the memory")
    return max(curve[-third:]) - max(curve[third:-third])


def _figures(name: str, curve: Sequence[float]) -> list[Figure]:
    return [
        Figure("memory", f"{name}, highest", "MB", (max(curve),), TARGET),
        Figure("memory", f"{name}, growth in the last third", "MB", (growth(curve),), GROWTH),
    ]
