"""A system that takes lists, on a real Kafka, while its worker is killed."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hub.broker import KafkaBroker
from hub.dev.waiting import until
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.registry.schemas.client import RegistryClient
from hub.settings import environment
from hub.topics import ensure_all
from ops.bench.messages import code
from tests.brokers import running_broker
from tests.faults.filling import STEPS, facts, fill
from tests.faults.processes import Processes
from tests.registry.batch_kit import rest
from tests.system.reading import read_all
from tests.system.world import FAR

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

SCHEMAS = Path(__file__).parents[2] / "schemas" / "avro"
DOSSIERS = 200
REFUSED, GUILTY = code(7), code(11)  # a row says no; every call with it in is refused
FIRST_LIFE = 300  # steps taken when the worker is killed
IN_FLIGHT, MOST = 2, 20
Step = tuple[str, int]


class Lists:
    """A system that takes lists of steps; `calls` in the order in which they came."""

    def __init__(self) -> None:
        self.calls: list[list[Step]] = []
        self.taken: list[Step] = []
        self._lock = threading.Lock()

    def answer(self, body: bytes) -> tuple[int, object]:
        rows = json.loads(body)["data"]
        steps = [(row["MaHoSo"], int(row["GhiChu"])) for row in rows]
        with self._lock:
            self.calls.append(steps)
            if any(dossier == GUILTY for dossier, _ in steps):
                return 400, {"error_code": 4}
            self.taken += [step for step in steps if step[0] != REFUSED]
        said = {dossier: 5 if dossier == REFUSED else 0 for dossier, _ in steps}
        return 200, {"result": [{"ma_ho_so": d, "error_code": n} for d, n in said.items()]}


@contextmanager
def serving(system: Lists) -> Iterator[str]:
    """The system at an address of its own, until the block ends."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            status, said = system.answer(self.rfile.read(length))
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(FAR)


def outcomes(bootstrap: str) -> Counter[str]:
    rows = read_all(bootstrap, ["hub.receipt"])
    return Counter(row.headers["hub_outcome"] for row in rows if "hub_outcome" in row.headers)


def test_lists_are_fed_in_order_and_a_crash_repeats_no_more_than_was_under_way(
    tmp_path: Path,
) -> None:
    system, home = Lists(), tmp_path / "home"
    home.mkdir()
    rest(tmp_path / "connectors")
    registrations = tmp_path / "registrations.yaml"
    with serving(system) as endpoint, running_broker(home) as broker:
        entry = {
            "connector": "lists",
            "endpoint": endpoint,
            "allow_addresses": ["127.0.0.0/8"],
            "delivery": {"in_flight": IN_FLIGHT, "timeout": 2},
        }
        registrations.write_text(json.dumps({"registrations": [entry]}), encoding="utf-8")
        variables = environment(
            {
                "HUB_HOME": str(home),
                "HUB_BOOTSTRAP": broker.bootstrap,
                "HUB_REGISTRATIONS": str(registrations),
                "HUB_CONNECTORS": str(tmp_path / "connectors"),
                "HUB_SCHEMAS": str(SCHEMAS),
                "HUB_PARTITIONS": "3",
            }
        )
        with Processes(home, variables) as processes:
            url = processes.url(processes.hub("registry"))
            assert url is not None
            kafka = KafkaBroker(broker.bootstrap)
            ensure_all(kafka, 3)
            codec = Codec(load(SCHEMAS), RegistryClient(url))
            fill(kafka, codec, "dossier.v1.StatusChanged", facts(0, DOSSIERS * STEPS), {})
            worker = processes.hub("worker", wait=False)
            assert until(lambda: len(system.taken) >= FIRST_LIFE, FAR), worker.log.read_text()
            processes.end(worker, signal.SIGKILL)
            processes.hub("worker", wait=False)
            assert until(lambda: outcomes(broker.bootstrap).total() >= 1000, 2 * FAR, 0.5)
            ends = outcomes(broker.bootstrap)
    assert ends == {"DELIVERED": 990, "DEAD_LETTERED": 10}
    well = [code(number) for number in range(DOSSIERS) if code(number) not in (REFUSED, GUILTY)]
    steps = list(dict.fromkeys(system.taken))
    for dossier in well:
        assert [step for found, step in steps if found == dossier] == list(range(STEPS))
    # under way when the worker died, or taken and their receipts not acknowledged yet
    assert len(system.taken) - len(steps) <= 3 * IN_FLIGHT * MOST
    assert len(system.calls) < 300, Counter(map(len, system.calls))
    assert max(map(len, system.calls)) > MOST / 2
    assert all(len({dossier for dossier, _ in call}) == len(call) for call in system.calls)
    refused = [len(call) for call in system.calls if GUILTY in dict(call)]
    assert refused.count(1) in (STEPS, STEPS + 1)  # one may have been under way, too
