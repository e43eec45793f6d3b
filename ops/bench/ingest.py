"""Messages a second through a gateway that has one core, every one acknowledged by Kafka.

A run counts only if each message got its yes and the topic holds exactly those facts.
"""

import subprocess
import sys
from urllib.parse import urlsplit

import msgspec

from hub.topics import DOSSIER
from ops.bench.figures import Figure
from ops.bench.load import LONGEST, Fired, Job, Kind
from ops.bench.messages import code
from ops.bench.processes import BenchError, Child
from ops.bench.rig import Rig, check_facts, open_rig
from ops.bench.scene import Entry

CONNECTIONS = 32
WARM = 1_000  # messages before the first run
KINDS: tuple[tuple[Kind, str, float], ...] = (
    ("rating", "REST POST danh-gia", 3_000),
    ("filing", "REST POST ho-so", 3_000),
    ("progress", "SOAP BaoTienDo", 2_000),
)


def ingest(repeats: int = 3, count: int = 5_000) -> list[Figure]:
    """Rate, processor time and latency per kind of message."""
    figures: list[Figure] = []
    with open_rig() as rig:
        rig.scene.register(Entry("portal"), Entry("onestop"))
        with (
            rig.process("registry", measured=False),
            rig.process("gateway", measured=True) as gateway,
        ):
            sent = 0
            for kind, name, target in KINDS:
                run(rig, gateway, kind, sent, WARM)
                sent += WARM
                runs = []
                for _ in range(repeats):
                    runs.append(run(rig, gateway, kind, sent, count))
                    sent += count
                figures += _figures(name, target, runs, apart=rig.cores.apart)
    return figures


def _figures(
    name: str, target: float, runs: list[tuple[Fired, float]], *, apart: bool
) -> list[Figure]:
    alone = "" if apart else "gateway and the rest share one core"
    rates = tuple(fired.yes / fired.seconds for fired, _ in runs)
    cpu = tuple(seconds * 1e6 / fired.yes for fired, seconds in runs)
    return [
        Figure("ingest", name, "messages/s", rates, target, "higher", alone),
        Figure("ingest", f"{name}, gateway's processor time", "µs", cpu),
        Figure("ingest", f"{name}, median", "ms", tuple(f.median_ms for f, _ in runs)),
        Figure("ingest", f"{name}, 99 of 100", "ms", tuple(f.slowest_ms for f, _ in runs)),
    ]


def run(rig: Rig, gateway: Child, kind: Kind, first: int, count: int) -> tuple[Fired, float]:
    """One volley, and the processor seconds of the gateway. Raises BenchError."""
    before, cpu = rig.ends(DOSSIER), gateway.cpu()
    fired = volley(rig, gateway, kind, first, count)
    used = gateway.cpu() - cpu
    if fired.yes != count:
        raise BenchError(f"{fired.yes} of {count} got their yes; others: {fired.others}")
    check_facts(rig.read(before), [code(number) for number in range(first, first + count)])
    return fired, used


def volley(
    rig: Rig,
    gateway: Child,
    kind: Kind,
    first: int,
    count: int,
    connections: int = CONNECTIONS,
) -> Fired:
    """Let a generator of its own process fire."""
    sender = rig.scene.sender()
    job = Job(
        port=urlsplit(rig.url(gateway)).port or 0,
        kind=kind,
        first=first,
        count=count,
        connections=connections,
        token=sender.token,
        username=sender.username,
        password=sender.password,
        filed=sender.filed,
    )
    done = subprocess.run(
        [sys.executable, "-m", "ops.bench.load"],
        input=msgspec.json.encode(job),
        env=rig.variables,
        capture_output=True,
        timeout=LONGEST + 30,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"the load generator failed: {done.stderr.decode()[-1_000:]}")
    return msgspec.json.decode(done.stdout, type=Fired)
