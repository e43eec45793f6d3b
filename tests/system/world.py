"""The hub's processes one by one, beside a broker and simulated systems of their own.

For tests that end a process, or the broker, and look what that costs. What a test broke it mends.
"""

import json
import logging
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from confluent_kafka import Consumer, TopicPartition
from lxml import etree

from hub.dev.kafka import DevBroker
from hub.dev.waiting import until
from hub.settings import environment
from ops.demo import stage as parts
from ops.systems import soap
from tests.brokers import CACHE
from tests.loopback import PLAIN
from tests.system.privacy import leaks, personal, secrets_of
from tests.system.reading import Row, read_all

FAR = 40.0  # seconds
STRANGER = "127.0.0.2"  # an address that the webhook's list does not hold
EVENTS = ("hub.dossier", "hub.catalogue")


@dataclass
class World:
    """What runs. `running`: the hub's processes by name."""

    home: Path
    broker: DevBroker
    gateway: str
    registry: str
    inspect: Mapping[str, str]
    environment: Mapping[str, str] = field(repr=False)
    secrets: frozenset[str] = field(repr=False)
    interface: soap.Interface = field(repr=False)
    offsets: Consumer = field(repr=False)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    # processes

    def start(self, name: str, *, wait: bool = True) -> None:
        """Start a process of the hub; with `wait` until it is ready."""
        address = {"gateway": self.gateway, "registry": self.registry}.get(
            name, "http://127.0.0.1:0"
        )
        log = self.home / "log" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("ab") as out:
            self.running[name] = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "hub.cli",
                    name,
                    "--listen",
                    address.removeprefix("http://"),
                ],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        if wait:
            self.await_ready(name)

    def await_ready(self, name: str, wait: float = FAR) -> None:
        """Wait until a process that was started says that it can do its work."""
        assert until(lambda: self.ready(name), wait), parts.tail(self.home, name)

    def end(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End a process of the hub and wait for it."""
        process = self.running.pop(name)
        process.send_signal(how)
        process.wait(FAR)

    def ready(self, name: str) -> bool:
        """Whether a process says that it can do its work."""
        return self.page(name, "/health/ready")[0] in (200, 404)

    def page(self, name: str, path: str) -> tuple[int, str]:
        """What a process of the hub answers; 0 when nobody does."""
        url = self.url(name)
        if url is None:
            return 0, ""
        try:
            answer = httpx.get(f"{url}{path}", timeout=5, verify=PLAIN)
        except httpx.HTTPError:
            return 0, ""
        return answer.status_code, answer.text

    def url(self, name: str) -> str | None:
        """Where a process serves, as its run file says."""
        process = self.running.get(name)
        if process is None or process.poll() is not None:
            return None
        file = self.home / "run" / f"{name}.{process.pid}.json"
        try:
            found: str = json.loads(file.read_bytes())["url"]
        except (FileNotFoundError, ValueError):
            return None
        return found

    def metric(self, process: str, name: str, **labels: str) -> float:
        """A counter or gauge of a process; 0 where it has not been touched."""
        wanted = ",".join(f'{k}="{v}"' for k, v in labels.items())
        start = f"{name}{{{wanted}}} "
        _, text = self.page(process, "/metrics")
        return sum(float(x[len(start) :]) for x in text.splitlines() if x.startswith(start))

    def log(self, name: str) -> list[dict[str, Any]]:
        """The JSON lines of a process's log."""
        lines = (self.home / "log" / f"{name}.log").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def polled(self) -> bool:
        """Whether the catalogue has been read more than once: what was new is kept."""
        labels = {"flow": "procedures", "outcome": "done", "registration": "ngsp"}
        return self.metric("worker", "hub_polls_total", **labels) > 1

    # messages

    def send(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        source: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """One request at the gateway; its answer tells nothing that it must not."""
        transport = httpx.HTTPTransport(verify=PLAIN, local_address=source)
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        with httpx.Client(transport=transport, timeout=FAR) as client:
            answer = client.request(method, self.gateway + path, content=content, headers=named)
        assert leaks([(path, answer.text)], personal() | self.secrets) == []
        return answer

    def portal(
        self, path: str, body: object, *, key: str = "k", token: str | None = None
    ) -> httpx.Response:
        """A message of the portal; `body` as bytes goes as it is."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        bearer = self.secret("portal", "inbound_token") if token is None else token
        return self.send(
            "POST",
            f"/portal{path}",
            raw,
            Authorization=f"Bearer {bearer}",
            Content_Type="application/json",
            Idempotency_Key=key,
        )

    def ngsp(self, path: str, body: object) -> httpx.Response:
        """A message of the national side."""
        bearer = self.secret("ngsp", "inbound_token")
        return self.send(
            "POST",
            f"/ngsp{path}",
            json.dumps(body).encode(),
            Authorization=f"Bearer {bearer}",
            Content_Type="application/json",
        )

    def envelope(
        self, operation: str, document: Mapping[str, Any], password: str | None = None
    ) -> bytes:
        """A report of the one-stop, in its order; what the schema does not know comes last."""
        payload = self.interface.build(operation, dict(document), lenient=True)
        secret = self.secret("onestop", "inbound_password") if password is None else password
        return soap.envelope(payload, "mot-cua", secret)

    def onestop(self, operation: str, document: Mapping[str, Any], **more: str) -> "Said":
        """A report of the one-stop."""
        return self.raw_soap(self.envelope(operation, document, **more))

    def raw_soap(self, content: bytes) -> "Said":
        """Bytes at the one-stop's door."""
        answer = self.send(
            "POST", "/onestop/MotCuaBaoCao", content, Content_Type="text/xml; charset=utf-8"
        )
        return Said.of(answer)

    def act(self, system: str, operation: str, body: object, **more: object) -> dict[str, Any]:
        """A system does what it does by itself."""
        order = {"operation": operation, "body": body, **more}
        answer = httpx.post(
            f"{self.inspect[system]}/_sim/act", json=order, timeout=FAR, verify=PLAIN
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def webhook(self, *rows: Mapping[str, Any], **more: object) -> dict[str, Any]:
        """Scans of MyVNPost, signed; what the hub answered."""
        body = {"rows": list(rows), "sendDate": "16/10/2025 10:15:30"}
        found: dict[str, Any] = self.act("postal_my", "webhook", body, **more)["answer"]
        return found

    def faults(self, system: str, **script: object) -> None:
        """Script a system's faults and switches; `faults(system)` ends all rules."""
        script = script or {"rules": [], "on": []}
        answer = httpx.put(
            f"{self.inspect[system]}/_sim/faults", json=script, timeout=FAR, verify=PLAIN
        )
        assert answer.status_code == 200, answer.text

    def secret(self, system: str, name: str) -> str:
        """A credential of the stage."""
        file = self.home / "systems" / "secrets" / system / name
        return file.read_text(encoding="utf-8").strip()

    # what came of it

    def kept(self) -> int:
        """How many events stand on the topics."""
        total = 0
        for topic in EVENTS:
            for number in range(int(parts.PARTITIONS)):
                total += self.offsets.get_watermark_offsets(TopicPartition(topic, number), FAR)[1]
        return total

    def facts(self, code: str) -> list[str]:
        """The types of a dossier's events, in their order."""
        return [row.headers["ce_type"].rpartition(".")[2] for row in self.rows("hub.dossier", code)]

    def rows(self, topic: str, code: str) -> list[Row]:
        """The records of one key."""
        return [row for row in read_all(self.broker.bootstrap, [topic]) if row.key == code]

    def calls(self, system: str, code: str) -> list[dict[str, Any]]:
        """What a system was told of a dossier and took, in order."""
        url = f"{self.inspect[system]}/_sim/calls?direction=in&limit=100000"
        rows: list[dict[str, Any]] = httpx.get(url, timeout=FAR, verify=PLAIN).json()
        return [r for r in rows if r["dossier"].startswith(code) and r["verdict"] == "stored"]

    def told(self, system: str, code: str) -> list[str]:
        """The operations of those calls."""
        return [row["operation"] for row in self.calls(system, code)]

    def dossier(self, system: str, code: str) -> dict[str, Any]:
        """What a system keeps of a dossier; empty if nothing."""
        answer = httpx.get(
            f"{self.inspect[system]}/_sim/dossiers/{code}", timeout=FAR, verify=PLAIN
        )
        found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        return found

    def hub(self, *words: str) -> list[dict[str, Any]]:
        """The rows that a command answers."""
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli", *words],
            env=dict(self.environment),
            capture_output=True,
            timeout=FAR,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def receipts(self, code: str) -> dict[tuple[str, str], str]:
        """(event, registration) -> outcome, of a dossier."""
        rows = self.hub("receipt", "list", "--dossier", code, "--json", "-n", "1000")
        return {(row["event"], row["registration"]): row["outcome"] for row in rows}

    @contextmanager
    def nothing_kept(self) -> Iterator[None]:
        """Holds when no event came of what is done inside."""
        before = self.kept()
        yield
        assert self.kept() == before


@dataclass(frozen=True)
class Said:
    """An answer at the one-stop's door: HTTP status, the code of KetQua or the Fault, its text."""

    status: int
    code: str
    text: str

    @classmethod
    def of(cls, answer: httpx.Response) -> "Said":
        root = etree.fromstring(answer.content)
        found = {etree.QName(e).localname: e.text or "" for e in root.iter()}
        code = found.get("Ma") or found.get("faultcode", "").rpartition(":")[2]
        said = found.get("MoTa") or " ".join(str(text) for text in root.itertext() if text.strip())
        return cls(answer.status_code, code, said)


@contextmanager
def running_world(home: Path) -> Iterator[World]:
    """A broker, the systems, registry, gateway and worker; ended with the block."""
    with ExitStack() as stack:
        credentials = parts._credentials(home)
        gateway, registry = (f"http://127.0.0.1:{parts._free_port()}" for _ in range(2))
        systems = [
            stack.enter_context(parts._system(home, name, gateway, home / "systems"))
            for name in parts.SYSTEMS
        ]
        broker = stack.enter_context(DevBroker(home, cache=CACHE))  # the systems come up meanwhile
        serving = {name: parts._serving(home, name, process) for name, process in systems}
        parts._register(
            home, credentials, {n: str(f["url"]) for n, f in serving.items()}, "postal_my"
        )
        _change(home)
        quiet = {"log_level": 0, "logger": logging.getLogger("offsets")}
        offsets = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "offsets", **quiet})
        stack.callback(offsets.close)
        world = World(
            home=home,
            broker=broker,
            gateway=gateway,
            registry=registry,
            inspect={name: str(facts["inspect"]) for name, facts in serving.items()},
            environment=environment(
                {
                    "HUB_HOME": str(home),
                    "HUB_BOOTSTRAP": broker.bootstrap,
                    "HUB_REGISTRY_URL": registry,
                    "HUB_REGISTRATIONS": str(home / "registrations.yaml"),
                    "HUB_CONNECTORS": str(home / "connectors"),
                    "HUB_PARTITIONS": parts.PARTITIONS,
                }
            ),
            secrets=secrets_of(home),
            interface=soap.read_interface(_wsdl(home)),
            offsets=offsets,
        )
        stack.callback(_end, world)
        world.start("registry")  # first: at an address that is given, it lets nobody else register
        others = ("gateway", "worker")
        for name in others:
            world.start(name, wait=False)
        for name in others:
            world.await_ready(name, 2 * FAR)
        assert until(world.polled, FAR), "the catalogue is not polled"
        yield world


def _change(home: Path) -> None:
    """A connector with errors, a stricter list of addresses, a catalogue that is asked often."""
    shutil.copytree("connectors", home / "connectors")
    broken = home / "connectors" / "broken"
    shutil.copytree("connectors/portal", broken)
    for name, right, wrong in (
        ("connector.yaml", "name: portal", "name: broken"),
        ("mapping.py", "doc.maTTHC,", "doc.maTTHCX,"),
    ):
        text = (broken / name).read_text(encoding="utf-8")
        assert right in text
        (broken / name).write_text(text.replace(right, wrong), encoding="utf-8")
    file = home / "registrations.yaml"
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    for entry in found["registrations"]:
        if entry["connector"] == "postal_my":
            entry["settings"]["allow_list"] = ["127.0.0.1/32"]
        if entry["connector"] == "ngsp":
            entry["settings"]["catalogue_every"] = 1
    found["registrations"].append({"connector": "broken", "endpoint": "http://127.0.0.1:9"})
    file.write_text(yaml.safe_dump(found, allow_unicode=True), encoding="utf-8")


def _wsdl(home: Path) -> Path:
    config = yaml.safe_load((home / "systems" / "onestop.yaml").read_text(encoding="utf-8"))
    return home / "systems" / str(config["wsdl"])


def _end(world: World) -> None:
    for name in list(world.running)[::-1]:
        world.end(name)
