"""On a real Kafka: the auditor is killed, its disk is full, and the evidence is whole."""

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.audit.gate import Gate
from hub.audit.recorder import BEAT
from hub.dev.waiting import until
from hub.records import Outgoing
from hub.surroundings import now_ms
from hub.topics import DOSSIER, RECEIPT
from tests.audit.kills import Hub, kill_often
from tests.brokers import running_broker

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
FAR = 60.0  # seconds
CODE = "000.00.00.H62-260102-0001"
EVENT = "7d1c" * 8
KILLS = 6


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A broker of these tests, whose topics have the hub's own names."""
    with running_broker(tmp_path_factory.mktemp("audit-kafka")) as broker:
        yield Hub(tmp_path_factory.mktemp("audit"), broker.bootstrap)


def command(hub: Hub, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", "audit", *words],
        env={**hub.variables, **changes}, capture_output=True, text=True, check=False, timeout=FAR,
    )  # fmt: skip


def keep(hub: Hub, *records: Outgoing) -> None:
    writer = hub.broker.writer()
    for future in [writer.send(record) for record in records]:
        future.result(FAR)
    writer.close()


def test_killed_at_random_moments_it_records_everything_once(hub: Hub) -> None:
    assert kill_often(hub, KILLS, seed=1, longest=1.0) > 0
    assert len(hub.seen) > KILLS // 2


def test_what_was_recorded_is_proved_and_verified_by_hand(hub: Hub, tmp_path: Path) -> None:
    id_ = ("ce_id", EVENT.encode())
    keep(
        hub,
        Outgoing(DOSSIER, CODE.encode(), b"the answer", (id_,), 1),
        Outgoing(RECEIPT, CODE.encode(), b"delivered", (("hub_event", EVENT.encode()),), 1),
    )
    with hub.auditor() as auditor:
        hub.until_signed()
        auditor.send_signal(signal.SIGTERM)
        assert auditor.wait(FAR) == 0
    proved = command(hub, "prove", EVENT[:9], "--unmask", "a test", HUB_MAY_UNMASK="yes")
    assert proved.returncode == 0, proved.stderr
    assert [item["topic"] for item in json.loads(proved.stdout)["items"]] == [DOSSIER, RECEIPT]
    (tmp_path / "proof.json").write_text(proved.stdout)
    (tmp_path / "hub.pub").write_text(command(hub, "keys", "public").stdout)
    keys = ("--key", str(tmp_path / "hub.pub"))
    verified = command(hub, "verify", str(tmp_path / "proof.json"), *keys)
    assert (verified.returncode, verified.stderr) == (0, "holds: 2 records, 0 withheld, 0 gaps\n")
    masked = command(hub, "prove", EVENT)
    assert {item["record"] for item in json.loads(masked.stdout)["items"]} == {None}
    refused = command(hub, "prove", EVENT, "--unmask", "a test")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert command(hub, "prove", "0123").returncode == 1
    own = command(hub, "verify", "--records", "--json")
    assert own.returncode == 0, own.stderr
    assert sum(json.loads(line)["leaves"] for line in own.stdout.splitlines()) > 0


def test_a_witness_follows(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "hub.pub").write_text(command(hub, "keys", "public").stdout)
    store = ("--store", str(tmp_path / "w1"))
    named = ("--name", "thanh-tra.example/w1", "--key", str(tmp_path / "hub.pub"))
    made = command(hub, "witness", "init", *store, *named)
    assert made.returncode == 0, made.stderr
    assert command(hub, "witness", "init", *store, *named).returncode == 1
    said, answer = tmp_path / "said.json", tmp_path / "answer.json"
    keep(hub, Outgoing(DOSSIER, CODE.encode(), b"first", (), 0))
    with hub.auditor():  # also where this test is the first
        hub.until_signed()
    stated = command(hub, "checkpoint", "--statement")
    assert stated.returncode == 0, stated.stderr
    said.write_text(stated.stdout)
    cosigned = command(hub, "witness", "cosign", str(said), *store)
    assert cosigned.returncode == 0, cosigned.stderr
    answer.write_text(cosigned.stdout)
    keep(hub, *[Outgoing(DOSSIER, CODE.encode(), b"%d" % n, (), n % 3) for n in range(100)])
    with hub.auditor():
        hub.until_signed()
    said.write_text(command(hub, "checkpoint", "--since", str(answer)).stdout)
    again = command(hub, "witness", "cosign", str(said), *store)
    assert again.returncode == 0, again.stderr
    answer.write_text(again.stdout)
    for where in (store, ()):
        compared = command(hub, "witness", "compare", str(answer), *where, "--json")
        assert compared.returncode == 0, compared.stderr
        found = {json.loads(line)["is"] for line in compared.stdout.splitlines()}
        assert found == ({"the same"} if where else {"ours"})
    assert command(hub, "witness", "accept", str(answer)).returncode == 1, "nobody is named"
    (tmp_path / "w1.pub").write_text(made.stdout)
    named_here = {"HUB_AUDIT_WITNESSES": str(tmp_path / "w1.pub")}
    accepted = command(hub, "witness", "accept", str(answer), "--json", **named_here)
    assert accepted.returncode == 0, accepted.stderr
    assert json.loads(accepted.stdout)["cosigned_by"] == ["thanh-tra.example/w1"]
    shown = command(hub, "checkpoint", "--json", **named_here)
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    assert len(rows) == len(hub.spots)
    assert {tuple(row["cosigned_by"]) for row in rows} == {("thanh-tra.example/w1",)}
    assert all(row["cosigned"] == row["leaves"] for row in rows)


def test_a_full_disk_closes_the_gate_and_room_opens_it(hub: Hub) -> None:
    gate = Gate(hub.broker, BEAT + 5.0, now_ms)
    hub.look()
    with hub.auditor() as auditor:
        hub.until_next_round()
        gate.start()
        # smaller than any file that it appends to: as where the disk is full
        resource.prlimit(auditor.pid, resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
        keep(hub, *[Outgoing(DOSSIER, CODE.encode(), b"x", (), n % 3) for n in range(30)])
        assert eventually(lambda: "cannot be" in str(gate.problem())), gate.problem()
        infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(auditor.pid, resource.RLIMIT_FSIZE, infinite)
        assert eventually(lambda: gate.problem() is None), gate.problem()
        hub.until_signed()
        auditor.terminate()
        assert auditor.wait(FAR) == 0
    gate.stop()
    hub.verify()


def test_a_second_auditor_in_this_home_is_refused(hub: Hub) -> None:
    hub.look()
    with hub.auditor() as first:
        hub.until_next_round()
        second = subprocess.run(
            [sys.executable, "-m", "hub.cli", "auditor"],
            env=hub.variables, capture_output=True, text=True, check=False, timeout=FAR,
        )  # fmt: skip
        assert second.returncode == 4
        assert f"hub auditor runs here already (process {first.pid})" in second.stderr


def eventually(happened: Callable[[], bool]) -> bool:
    """Whether it does within a while."""
    deadline = time.monotonic() + FAR
    return until(happened, max(0.0, deadline - time.monotonic()))
