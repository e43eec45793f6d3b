"""Events a second from a filled topic to a fast system, through a worker that has one core.

A run counts only if each event came exactly once, those of a dossier in their order, and every one
has its receipt. Each run is a new registration, so that it reads the same topic from its beginning.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from adapters.http.simple import fetch
from hub.records import Spot
from hub.settings import PARTITIONS
from hub.topics import RECEIPT, ensure_all
from ops.bench.feed import Fact, Make, codec_of, fill
from ops.bench.figures import Figure
from ops.bench.messages import status_changed, tracked
from ops.bench.peer import Counts
from ops.bench.processes import BenchError, Child, child, until
from ops.bench.rig import Rig, open_rig
from ops.bench.scene import Entry

TARGET = 2_000.0  # events a second
STEPS = 5  # facts of a dossier
LONGEST = 120.0  # seconds
KINDS: tuple[tuple[str, str, str, Make], ...] = (
    ("portal", "dossier.v1.StatusChanged", "JSON, StatusChanged to POST tien-do", status_changed),
    ("onestop", "consignment.v1.ConsignmentTracked", "SOAP, scan to NhanHanhTrinh", tracked),
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One run."""

    rate: float  # events a second, first to last call at the peer
    cpu: float  # microseconds of the worker's processor time per event, start-up left out


def delivery(repeats: int = 3, count: int = 10_000) -> list[Figure]:
    """Rate and processor time per kind of contract."""
    figures = []
    for connector, kind, name, make in KINDS:
        with open_rig() as rig, peer(rig) as system, rig.process("registry", measured=False) as reg:
            rig.scene.register()
            ensure_all(rig.broker, PARTITIONS)
            fill(rig, codec_of(rig.url(reg)), kind, make, facts_of(count))
            url = peer_url(rig)
            runs = [
                run(rig, system, Entry(connector, url, f"{connector}_{number}"), count)
                for number in range(repeats)
            ]
        rates, cpu = tuple(r.rate for r in runs), tuple(r.cpu for r in runs)
        note = "" if rig.cores.apart else "worker and the rest share one core"
        figures += [
            Figure("delivery", name, "events/s", rates, TARGET, "higher", note),
            Figure("delivery", f"{name}, worker's processor time", "µs", cpu),
        ]
    return figures


@contextmanager
def peer(rig: Rig, delay: float = 0.0, systems: int = 1) -> Iterator[Child]:
    """The systems that are delivered to; they answer after `delay` seconds."""
    file, log = rig.home / "peer.json", rig.home / "log" / "peer.log"
    arguments = ["-m", "ops.bench.peer", str(file), str(delay), str(systems)]
    with child("peer", arguments, log, rig.variables, rig.cores.others) as started:
        until(file.exists, 20, "the peer", [started])
        yield started


def peer_url(rig: Rig, number: int = 0) -> str:
    """Where one of the systems serves."""
    port = msgspec.json.decode((rig.home / "peer.json").read_bytes())["ports"][number]
    return f"http://127.0.0.1:{port}"


def counts(rig: Rig) -> Counts:
    """What the peer has seen."""
    _, _, body = fetch("GET", f"{peer_url(rig)}/_bench", timeout=5.0)
    return msgspec.json.decode(body, type=Counts)


def facts_of(count: int) -> list[Fact]:
    """`count` facts, STEPS for each dossier, the first of all dossiers first."""
    return [(dossier, step) for step in range(STEPS) for dossier in range(count // STEPS)]


def run(rig: Rig, system: Child, entry: Entry, count: int) -> Delivered:
    """One worker, from start to the last receipt. Raises BenchError."""
    fetch("GET", f"{entry.endpoint}/_bench/fresh", timeout=5.0)
    rig.scene.register(entry)
    receipts = rig.ends(RECEIPT)
    with rig.process("worker", measured=True) as worker:
        until(lambda: counts(rig).calls > 0, 30, "the first call", [worker, system])
        at, cpu = counts(rig).calls, worker.cpu()
        until(lambda: counts(rig).calls >= count, LONGEST, "the last call", [worker, system])
        until(lambda: len(_outcomes(rig, receipts)) >= count, 20, "the receipts", [worker])
        used = worker.cpu() - cpu
        seen = counts(rig)
    _check(rig, seen, receipts, count)
    return Delivered((count - 1) / (seen.last - seen.first), used * 1e6 / (count - at))


def _check(rig: Rig, seen: Counts, receipts: dict[Spot, int], count: int) -> None:
    if (seen.calls, seen.repeated, seen.out_of_order) != (count, 0, 0):
        raise BenchError(f"not each once and in order: {seen}")
    outcomes = _outcomes(rig, receipts)
    if outcomes != [b"DELIVERED"] * count:
        raise BenchError(f"{len(outcomes)} receipts, {outcomes.count(b'DELIVERED')} delivered")


def _outcomes(rig: Rig, since: dict[Spot, int]) -> list[bytes]:
    """The ends on the receipt topic; owners, marks and attempts stand there, too."""
    found = (dict(record.headers).get("hub_outcome") for record in rig.read(since))
    return [outcome for outcome in found if outcome is not None]
