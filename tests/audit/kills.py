"""`python -m tests.audit.kills [--kills 100]`: kill -9 the auditor at random moments.

Records come all the while, on a real Kafka. After the last kill an auditor runs to the end. Then
every offset is in its log, once, and everything that was ever signed is a beginning of what is
signed now. Exit 0 if that is so.
"""

import argparse
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from hub.audit.checkpoint import Round, Rounds, log_name
from hub.audit.keys import Keys
from hub.audit.log import LeafLog
from hub.audit.opening import open_keys, open_signers
from hub.audit.process import auditor
from hub.audit.proving import Compared, inspect, log_folder
from hub.audit.verify import Trust
from hub.broker import KafkaBroker
from hub.errors import HubError
from hub.log import configure
from hub.records import Outgoing, Position, Spot
from hub.settings import Settings, environment, load
from hub.topics import ACT, EVIDENCE_TOPICS, ensure_all
from tests.brokers import running_broker

PARTITIONS = 3
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["hub.audit.process"])
LONGEST = 2.5  # seconds until a kill, from the start or from the first round of this auditor
WORKING = 0.7  # of the kills: as soon as it has signed; the others may come while it begins
BATCH = 200  # records at once
PAUSE = 0.05  # seconds between batches
WHOLE = 120.0  # seconds for the last auditor


def audit(variables: Mapping[str, str], log: Path) -> None:
    """What `hub auditor` does, in a process that has imported it already."""
    with log.open("ab") as out:
        os.dup2(out.fileno(), sys.stderr.fileno())
    configure("auditor")
    auditor(load(variables))


@dataclass
class Hub:
    """A home, a broker, and what has been signed so far."""

    home: Path
    bootstrap: str
    seen: list[Round] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.broker = KafkaBroker(self.bootstrap)
        self.variables = environment(
            {
                "HUB_HOME": str(self.home),
                "HUB_BOOTSTRAP": self.bootstrap,
                "HUB_PARTITIONS": str(PARTITIONS),
            }
        )
        self.settings: Settings = load(self.variables)
        self.rounds = Rounds(self.home / "audit" / "checkpoints")
        ensure_all(self.broker, PARTITIONS)

    @property
    def spots(self) -> list[Spot]:
        return [Spot(topic, number) for topic in EVIDENCE_TOPICS for number in range(PARTITIONS)]

    @contextmanager
    def auditor(self) -> Iterator[subprocess.Popen[bytes]]:
        """`hub auditor`, killed at the end if it still runs."""
        log = self.home / "auditor.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "hub.cli", "auditor"],
                env=self.variables, stdout=out, stderr=out,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def forked(self) -> BaseProcess:
        """The same without the seconds that Python takes to begin."""
        process = FORKS.Process(target=audit, args=(self.variables, self.home / "auditor.log"))
        process.start()
        return process

    def look(self) -> None:
        """Remember what is signed now."""
        latest = self.rounds.latest()
        if latest is not None and (not self.seen or self.seen[-1] != latest):
            self.seen.append(latest)

    def signed(self) -> dict[Spot, int]:
        latest = self.rounds.latest()
        found = {spot: latest.checkpoint(spot) for spot in self.spots} if latest else {}
        return {spot: one.size for spot, one in found.items() if one is not None}

    def ends(self) -> dict[Spot, int]:
        reader = self.broker.reader(self.spots)
        try:
            return reader.end()
        finally:
            reader.close()

    def until_signed(self, seconds: float = WHOLE) -> None:
        """Wait until all that stands on the topics now is signed."""
        ends = self.ends()
        deadline = time.monotonic() + seconds
        pause = threading.Event()
        while not all(self.signed().get(spot, 0) >= end for spot, end in ends.items()):
            log = (self.home / "auditor.log").read_text()[-1500:]
            assert time.monotonic() < deadline, f"not all is signed; the auditor: {log}"
            pause.wait(0.1)

    def until_next_round(self) -> None:
        """Wait until something is signed that was not seen before."""
        last = self.seen[-1] if self.seen else None
        deadline = time.monotonic() + WHOLE
        pause = threading.Event()
        while self.rounds.latest() in (None, last):
            assert time.monotonic() < deadline, (self.home / "auditor.log").read_text()[-1500:]
            pause.wait(0.01)

    def keys(self) -> Keys:
        return open_keys(self.settings, make=False)

    def verify(self) -> int:
        """All of it; how many records. Raises Failed or AssertionError."""
        trust = Trust([signer.public for signer in open_signers(self.settings)])
        assert len(list(inspect(self.home / "audit", trust))) == len(self.spots)
        keys = self.keys()
        compared = Compared(self.home / "audit", keys)
        reader = self.broker.reader(self.spots)
        ends = reader.end()
        for spot in self.spots:
            reader.seek(spot, 0)
        while any(reader.position(spot) < end for spot, end in ends.items()):
            for record in reader.poll(0.2):
                compared.take(record)
        reader.close()
        compared.end(ends)
        keys.close()
        assert self.signed() == ends, "as many leaves as offsets: nothing missing, nothing twice"
        assert compared.records == sum(ends.values())
        self._grew(trust)
        return compared.records

    def _grew(self, trust: Trust) -> None:
        """Everything that was ever signed is a beginning of the log as it is now."""
        for spot in self.spots:
            log = LeafLog(log_folder(self.home / "audit", spot))
            for round_ in self.seen:
                raw = round_.logs.get(log_name(spot))
                if raw is not None:
                    point = trust.checkpoint(raw, log_name(spot))
                    assert log.root_at(point.size) == point.root
            log.close()


@contextmanager
def producing(hub: Hub, seed: int) -> Iterator[None]:
    """Records to all topics of evidence until the block ends."""
    stop, writer, luck = threading.Event(), hub.broker.writer(), random.Random(seed)
    failed: list[HubError] = []

    def done(result: Position | HubError) -> None:
        if isinstance(result, HubError):
            failed.append(result)

    def produce() -> None:
        while not stop.wait(PAUSE):
            for _ in range(BATCH):
                topic = luck.choice(EVIDENCE_TOPICS)
                code = f"000.00.00.H62-260102-{luck.randrange(3000):04}".encode()
                key = b"postal" if topic == ACT else code
                body = luck.randbytes(luck.randrange(20, 400))
                part = luck.randrange(PARTITIONS)
                writer.append(Outgoing(topic, key, body, (("ce_id", code),), part), done)

    thread = threading.Thread(target=produce, name="produce")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        writer.close()
    assert not failed, failed[0]


def kill_often(hub: Hub, kills: int, seed: int, longest: float = LONGEST) -> int:
    """Kill so many auditors, let a last one finish, verify; how many records there were."""
    luck = random.Random(seed)
    pause = threading.Event()
    with producing(hub, seed):
        for number in range(kills):
            process = hub.forked()
            if luck.random() < WORKING:
                hub.until_next_round()
            pause.wait(luck.uniform(0.0, longest))
            assert process.is_alive(), (hub.home / "auditor.log").read_text()[-1500:]
            process.kill()  # SIGKILL
            process.join()
            hub.look()
            if number % 10 == 9:
                sys.stderr.write(f"{number + 1} kills, {sum(hub.signed().values())} signed\n")
    with hub.auditor() as last:
        hub.until_signed()
        last.terminate()
        assert last.wait(30) == 0
    hub.look()
    return hub.verify()


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        home = Path(name)
        with running_broker(home / "kafka") as broker:
            hub = Hub(home / "hub", broker.bootstrap)
            records = kill_often(hub, given.kills, given.seed)
    sys.stdout.write(
        f"{given.kills} kills at random moments (seed {given.seed}): {records} records,"
        f" {len(hub.seen)} different rounds seen; every offset is one leaf, every round holds\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
