"""The evidence: a million records into the log, beside a worker; proofs and verification.

The auditor is measured as it runs in production: it reads Kafka, keeps keys, writes and signs, and
feeds the archive. Proofs are of one log of a million leaves; each is verified.
"""

import json
import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from hub.audit.checkpoint import Head, Rounds, sign_round
from hub.audit.leaf import encode, hash_of, salt_of
from hub.audit.log import LeafLog
from hub.audit.merkle import Subtree
from hub.audit.note import make_signer
from hub.audit.package import Disclosed, PackageWriter
from hub.audit.proving import inspect, log_folder, prove
from hub.audit.verify import Trust, verify_package
from hub.errors import HubError
from hub.records import Outgoing, Position, Record, Spot
from hub.settings import PARTITIONS
from hub.topics import DOSSIER, ensure_all
from ops.bench.delivery import peer, peer_url
from ops.bench.feed import codec_of, outgoing
from ops.bench.figures import Figure
from ops.bench.messages import status_changed
from ops.bench.processes import Child, until
from ops.bench.rig import Rig, open_rig
from ops.bench.scene import Entry

COUNT = 1_000_000  # records, leaves
PACKED = 200_000  # records of the package that is verified
DOSSIERS = 20_000
PROOFS = 300
RATE, PROOF, VERIFIED, MEMORY = 10_000.0, 50.0, 100_000.0, 300.0  # the targets
LONGEST = 900.0  # seconds
KEY = bytes(32)
SPOT = Spot(DOSSIER, 0)
SIGNER = make_signer("bench", b"s" * 32)
TRUST = Trust([SIGNER.public])


def audit(count: int = COUNT) -> list[Figure]:
    """Recording, memory, proofs, verification."""
    return [*recording(count), *proving(count), *verifying(min(count, PACKED))]


def recording(count: int) -> list[Figure]:
    """Records a second from Kafka to signed leaves, while a worker delivers the same topic."""
    with open_rig() as rig, ExitStack() as stack:
        stack.enter_context(peer(rig))
        rig.scene.register(Entry("portal", peer_url(rig)))
        registry = stack.enter_context(rig.process("registry", measured=False))
        ensure_all(rig.broker, PARTITIONS)
        fill(rig, rig.url(registry), count)
        stack.enter_context(rig.process("worker", measured=False))
        auditor = stack.enter_context(rig.begun("auditor", measured=True))
        until(lambda: signed(rig.home) > 0, 60, "the first checkpoint", [auditor])
        began, first = time.monotonic(), signed(rig.home)
        until(lambda: signed(rig.home) >= count, LONGEST, "the last checkpoint", [auditor])
        rate = (signed(rig.home) - first) / (time.monotonic() - began)
        archived = settle(auditor, rig)
        peak = auditor.peak()
    note = "" if rig.cores.apart else "auditor, worker and the rest share one core"
    return [
        Figure("audit", "record, beside a worker", "records/s", (rate,), RATE, "higher", note),
        Figure("audit", "highest memory of the auditor", "MB", (peak,), MEMORY),
        Figure("audit", "record and archive, processor time", "µs", (archived,)),
    ]


def settle(auditor: Child, rig: Rig) -> float:
    """Processor time per record once the auditor rests: all is archived that is due."""
    last, pause = -1.0, Event()
    deadline = time.monotonic() + LONGEST
    while auditor.cpu() - last > 1.0 and time.monotonic() < deadline:
        last = auditor.cpu()
        pause.wait(5.0)
    return auditor.cpu() * 1e6 / signed(rig.home)


def signed(home: Path) -> int:
    """How many leaves the last round covers; 0 before the first."""
    latest = Rounds(home / "audit" / "checkpoints").latest()
    found = latest.logs if latest else {}
    return sum(int(note.split("\n")[1]) for note in found.values())


def fill(rig: Rig, registry: str, count: int) -> None:
    """So many events of DOSSIERS dossiers. Nobody asks whether one came twice."""
    codec = codec_of(registry)
    made: list[Outgoing] = [
        outgoing(codec, "dossier.v1.StatusChanged", status_changed(number, 0), number, 0)
        for number in range(DOSSIERS)
    ]
    writer, left = rig.broker.writer(), [count]

    def done(result: Position | HubError) -> None:
        left[0] -= isinstance(result, Position)

    for number in range(count):
        if number % 1_000 == 0:
            until(lambda: writer.waiting < 10_000, 60, "room in the writer's queue")
        writer.append(made[number % DOSSIERS], done)
    until(lambda: left[0] == 0, 60, "the filled topic")
    writer.close()


def proving(count: int) -> list[Figure]:
    """Proofs out of one log of `count` leaves, and the whole log against what was signed."""
    with TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        log = LeafLog(log_folder(folder, SPOT), write=True)
        began = time.perf_counter()
        for first in range(0, count, 2_000):
            log.extend([sha256(b"%d" % n).digest() for n in range(first, first + 2_000)])
        log.sync()
        appended = count / (time.perf_counter() - began)
        heads = {SPOT: Head(count, log.root_at(count))}
        Rounds(folder / "checkpoints").keep(sign_round(heads, 1_767_322_800, [SIGNER]))
        log.close()
        places = [Position(*SPOT, random.randrange(count)) for _ in range(PROOFS)]
        proofs = [timed(partial(prove, folder, place, None, None))[0] * 1e3 for place in places]
        seconds, cpu = timed(lambda: list(inspect(folder, TRUST)))
    return [
        Figure("audit", "append leaves to a log", "leaves/s", (appended,)),
        Figure("audit", f"inclusion proof of {count:,} leaves", "ms", tuple(proofs), PROOF),
        Figure("audit", "verify a log", "leaves/s", (count / seconds,), VERIFIED, "higher"),
        Figure("audit", "verify a log, processor time", "µs", (cpu * 1e6 / count,)),
    ]


def verifying(count: int) -> list[Figure]:
    """A package with content, verified whole by the offline verifier."""
    with TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name) / "package"
        pack(folder, count)
        runs = [timed(lambda: verify_package(folder, TRUST)) for _ in range(3)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    note = f"{count:,} records of 400 bytes; this process never had more than {peak:.0f} MB"
    rates = tuple(count / seconds for seconds, _ in runs)
    cpu = tuple(cpu * 1e6 / count for _, cpu in runs)
    return [
        Figure("audit", "verify a package", "records/s", rates, VERIFIED, "higher", note),
        Figure("audit", "verify a package, processor time", "µs", cpu),
    ]


def pack(folder: Path, count: int) -> None:
    """A package of so many records, as an export writes it."""
    log = LeafLog(folder.with_name("log"), write=True)
    records = list(made(count))
    log.extend([hash_of(record, KEY) for record in records])
    round_ = sign_round({SPOT: Head(count, log.root_at(count))}, 1_767_322_800, [SIGNER])
    write(folder, records, log.subtree, round_.heads, list(round_.logs.values()))
    log.close()


def write(
    folder: Path, records: Sequence[Record], subtree: Subtree, heads: str, notes: Sequence[str]
) -> None:
    """The files of a package."""
    package = PackageWriter(folder, heads, SIGNER.public.text)
    with package.log(SPOT, 0, subtree, notes) as entries:
        for record in records:
            content = Disclosed(salt_of(KEY, *record[:3]), encode(record))
            entries.record(hash_of(record, KEY), content)
    package.finish()


def made(count: int) -> Iterator[Record]:
    """Records of 400 bytes."""
    headers = (("ce_id", b"7d1c" * 8), ("ce_type", b"dossier.v1.StatusChanged"))
    for number in range(count):
        value = json.dumps({"number": number, "text": "a" * 240}).encode()
        yield Record(*SPOT, number, 1_767_322_800_000, b"000.00.00.H62-260102", value, headers)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that it takes, and of the processor."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - used
