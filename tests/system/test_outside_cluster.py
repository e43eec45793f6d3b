"""The hub on somebody else's cluster: TLS, a user, rights one by one; and on another's registry.

One stage: a secured Kafka, two simulated systems, the hub's four processes. The registry runs in a
home of its own behind a door that asks for a password, so to the others it is an outside one. All
settings come from HUB_*; the rights are those of ops/runbooks/outside-cluster.md and no more.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from kafka.admin import ACLOperation, ResourceType

from hub.access.tokens import bearer, own
from hub.broker import KafkaBroker
from hub.dev import runfiles
from hub.dev.node import free_port
from hub.dev.process import owned_by_us
from hub.dev.waiting import until
from hub.errors import Halt, Retry
from hub.records import Outgoing
from hub.settings import environment, load
from hub.topics import DOSSIER, TOPICS
from ops.demo.http import get, post
from ops.demo.stories import online
from tests.registry_door import guarded
from tests.secured_cluster import CLIENT, LIMITED, USER, Secured, grant, secured_cluster
from tests.secured_cluster import make_authority as make_stranger

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]
FAR = 60.0  # seconds; a busy machine starts seven processes
SOON = 10.0  # seconds until a wrong setting is told, counted from when the program runs
PARTITIONS = "2"
SYSTEMS = ("portal", "onestop")
STARTED = ("auditor", "gateway", "worker", "views")  # by `hub up`, which starts no registry here
PARTS = ("registry", *STARTED)
LIST = ("event", "list", "--json")

# ops/runbooks/outside-cluster.md, *Rights*
USE = (ACLOperation.READ, ACLOperation.WRITE)
MAKE = (*USE, ACLOperation.CREATE)
GROUPS = [(ResourceType.GROUP, name, (ACLOperation.READ,)) for name in ("hub.*", "hub-views-v1-*")]


@dataclass(frozen=True, slots=True)
class Child:
    """A process that was started here; `said` is all that it printed."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def ready(self, home: Path, part: str) -> str:
        """The address of a part of the hub in that home, once it says that it is ready."""

        def answers() -> bool:
            assert self.process.poll() is None, self.said
            found = runfiles.find(home, part)
            # a registry has no such page: it serves when it stands in the run files
            return found is not None and get(f"{found.url}/health/ready")[0] in (
                (200, 404) if part == "registry" else (200,)
            )

        assert until(answers, FAR, every=0.1), self.said
        return url_of(home, part)


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs. `variables`: the settings of gateway, worker, views and of commands."""

    home: Path
    variables: Mapping[str, str] = field(repr=False)
    logs: Mapping[str, Path]
    inspect: Mapping[str, str]  # system -> base URL of its inspection endpoint

    def said(self, part: str) -> str:
        """All that a part of the hub printed."""
        return self.logs[part].read_text(encoding="utf-8", errors="replace")


def url_of(home: Path, part: str) -> str:
    """Where a part of the hub serves."""
    found = runfiles.find(home, part)
    assert found is not None, part
    return found.url


@contextmanager
def child(log: Path, arguments: list[str], variables: Mapping[str, str]) -> Iterator[Child]:
    """A process of ours, ended with the block."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            owned_by_us([sys.executable, *arguments]),
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield Child(process, log)
    finally:
        process.terminate()
        try:
            process.wait(FAR)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def hub(stack: ExitStack, variables: Mapping[str, str], *words: str) -> Child:
    """A process of the hub."""
    log = Path(variables["HUB_HOME"]) / f"{words[0]}.out"
    return stack.enter_context(child(log, ["-m", "hub.cli", *words], variables))


def rows(variables: Mapping[str, str], *words: str) -> list[Any]:
    """What a command of the hub answers."""
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", *words],
        env=environment(variables),
        capture_output=True,
        timeout=FAR,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured_cluster(tmp_path_factory.mktemp("outside")) as found:
        topics = [(ResourceType.TOPIC, name, MAKE) for name in ("hub.*", "_schemas")]
        grant(found, USER, [*topics, *GROUPS])
        grant(found, CLIENT, [(ResourceType.TOPIC, "hub.*", USE), *GROUPS])
        yield found


@pytest.fixture(scope="module")
def stage(cluster: Secured, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    home, elsewhere = tmp_path_factory.mktemp("hub"), tmp_path_factory.mktemp("registry")
    listen = f"127.0.0.1:{free_port()}"
    known = {**cluster.variables(), "HUB_PARTITIONS": PARTITIONS}
    bootstrap = ("--bootstrap", known["HUB_BOOTSTRAP"])
    without = {**known, "HUB_BOOTSTRAP": ""}
    with ExitStack() as stack:
        registry = hub(stack, {**without, "HUB_HOME": str(elsewhere)}, "registry", *bootstrap)
        inspect = systems(stack, home, f"http://{listen}")
        url = registry.ready(elsewhere, "registry")
        door = stack.enter_context(guarded(url, USER, cluster.secret))
        reference = quote(f"file:{cluster.password}", safe="")
        own = {
            "HUB_HOME": str(home),
            "HUB_REGISTRATIONS": str(home / "registrations.yaml"),
            "HUB_REGISTRY_URL": f"http://{USER}:{reference}@{door}",
        }
        rest = hub(stack, {**without, **own}, "up", "--listen", listen, *bootstrap)
        for name in STARTED:
            rest.ready(home, name)
        logs = {"registry": registry.log, **{n: home / "log" / f"{n}.log" for n in STARTED}}
        yield Stage(home, {**known, **own}, logs, inspect)


def systems(stack: ExitStack, home: Path, hub: str) -> dict[str, str]:
    """Start the simulated systems, register them; where each can be inspected."""
    made = home / "systems"
    subprocess.run(
        [sys.executable, "-m", "ops.systems", "make-config", str(made)], timeout=FAR, check=True
    )
    running = {}
    for name in SYSTEMS:
        words = ["-m", "ops.systems", name, "--home", str(home), "--hub", hub]
        words += ["--config", str(made / f"{name}.yaml")]
        running[name] = stack.enter_context(child(home / f"{name}.out", words, {}))
    told = {name: facts(home, name, running[name]) for name in SYSTEMS}
    credentials = json.loads((made / "hub.json").read_bytes())
    entries = [
        {
            "connector": n,
            "endpoint": told[n]["url"],
            "allow_addresses": ["127.0.0.0/8"],
            "agencies": ["H44.99.99"],
            **credentials[n],
        }
        for n in SYSTEMS
    ]
    (home / "registrations.yaml").write_text(
        yaml.safe_dump({"registrations": entries}, allow_unicode=True), encoding="utf-8"
    )
    return {name: str(told[name]["inspect"]) for name in SYSTEMS}


def facts(home: Path, name: str, running: Child) -> dict[str, Any]:
    """What a simulated system tells of itself."""
    file = home / "run" / f"{name}.json"
    assert until(lambda: running.process.poll() is not None or file.exists(), FAR), running.said
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


@pytest.fixture(scope="module")
def filed(stage: Stage) -> str:
    """A dossier is filed at the portal and has reached the one-stop; its code."""
    step = online.STEPS[0]
    order = {"operation": step.operation, "body": step.body}
    status, report = post(f"{stage.inspect['portal']}/_sim/act", order)
    assert status == 200, report
    assert report["accepted"], report

    def arrived() -> bool:
        _, calls = get(f"{stage.inspect['onestop']}/_sim/calls?operation=NhanHoSo&direction=in")
        return [call["verdict"] for call in calls] == ["stored"]

    assert until(arrived, FAR, every=0.1), stage.said("worker")
    return online.CODE


def test_a_message_goes_through(stage: Stage, filed: str) -> None:
    (event,) = rows(stage.variables, *LIST, "--dossier", filed)
    assert (event["key"], event["type"], event["topic"]) == (
        filed,
        "dossier.v1.Received",
        "hub.dossier",
    )
    standing = rows(stage.variables, "status", "--json")
    running = {row["process"]: row["ready"] for row in standing if row["kind"] == "process"}
    assert running == dict.fromkeys(STARTED, "yes")
    told: list[Any] = []

    def delivered() -> bool:  # a receipt follows its call
        found = rows(stage.variables, "receipt", "list", "--json", "--dossier", filed)
        told[:] = [row for row in found if row["outcome"] == "DELIVERED"]
        return bool(told)

    assert until(delivered, FAR)
    assert [(row["registration"], row["event_id"]) for row in told] == [("onestop", event["id"])]


def test_views_follow_it(stage: Stage, filed: str) -> None:
    url = url_of(stage.home, "views")

    def shown() -> bool:
        status, dossier = get(f"{url}/dossiers/{filed}", bearer(own(stage.home, "admin")))
        return status == 200 and filed in json.dumps(dossier)

    assert until(shown, FAR, every=0.1), stage.said("views")


def test_the_hub_has_no_registry_of_its_own(stage: Stage, filed: str) -> None:
    assert filed
    assert {row.name for row in runfiles.read_all(stage.home)} - set(SYSTEMS) == set(STARTED)


def test_no_process_tells_a_secret(stage: Stage, cluster: Secured, filed: str) -> None:
    assert filed
    for part in stage.logs:
        said = stage.said(part)
        assert said, part
        assert cluster.secret not in said, part
        assert "Traceback" not in said, part


@pytest.mark.parametrize("way", ["certificate", "PLAIN"])
def test_other_ways_in_need_no_right_to_create(
    stage: Stage, cluster: Secured, filed: str, tmp_path: Path, way: str
) -> None:
    """By certificate comes a user who may not create topics, nor see those of the registry."""
    door = cluster.mutual() if way == "certificate" else cluster.variables("PLAIN")
    keep = {"HUB_HOME": str(tmp_path), "HUB_REGISTRY_URL": stage.variables["HUB_REGISTRY_URL"]}
    variables = {**door, **keep, "HUB_PARTITIONS": PARTITIONS}
    with ExitStack() as stack:
        views = hub(stack, variables, "views")
        assert [row["key"] for row in rows(variables, *LIST)] == [filed]
        url = views.ready(tmp_path, "views")
        assert get(f"{url}/dossiers/{filed}", bearer(own(tmp_path, "admin")))[0] == 200


def test_a_missing_right_is_named(stage: Stage, cluster: Secured, tmp_path: Path) -> None:
    assert stage.logs
    variables = {**cluster.variables(user=LIMITED), "HUB_HOME": str(tmp_path)}
    (told,) = told_by(variables, [("registry",)])
    assert (told.code, "Traceback" in told.text) == (4, False), told
    assert "error: topic: the cluster does not give us the right" in told.text
    assert "ops/runbooks/outside-cluster.md" in told.text
    broker = KafkaBroker(cluster.sasl, load(variables).security)
    with pytest.raises(Halt, match="consumer group: the cluster does not give us the right"):
        broker.committed("hub.portal")
    writer = broker.writer()
    try:
        with pytest.raises(Retry, match="topic: the cluster does not give us the right"):
            writer.send(Outgoing(DOSSIER, b"key", b"value")).result(timeout=FAR)
    finally:
        writer.close()


@dataclass(frozen=True, slots=True)
class Told:
    """How a command ended."""

    words: tuple[str, ...]
    code: int
    text: str


def told_by(variables: Mapping[str, str], commands: Sequence[tuple[str, ...]]) -> list[Told]:
    """Run commands side by side to their ends; one that does not end fails the test."""
    home = Path(variables["HUB_HOME"])
    with ExitStack() as stack:
        running = {}
        for words in commands:
            log, arguments = home / f"{words[0]}.out", ["-m", "hub.cli", *words]
            running[words] = stack.enter_context(child(log, arguments, variables))
        found = []
        for words, one in running.items():
            code = one.process.wait(FAR)
            found.append(Told(words, code, one.said))
        return found


MISTAKES = {
    "password": ("HUB_KAFKA_SASL_PASSWORD", "refuses user hub or its password"),
    "authority": ("HUB_KAFKA_CA", "cannot be trusted"),
    "plaintext": ("HUB_KAFKA_SECURITY", "speaks TLS alone"),
}


def mistaken(cluster: Secured, folder: Path, mistake: str) -> dict[str, str]:
    """The right settings, with one mistake."""
    variable = MISTAKES[mistake][0]
    if mistake == "password":
        (folder / "wrong").write_text("not-the-password\n", encoding="ascii")
        return {**cluster.variables(), variable: f"file:{folder / 'wrong'}"}
    if mistake == "authority":
        return {**cluster.variables(), variable: str(make_stranger(folder, "stranger").pem)}
    return {**cluster.variables(), variable: "PLAINTEXT"}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_command_tells_what_is_wrong(
    stage: Stage, cluster: Secured, tmp_path: Path, mistake: str
) -> None:
    variable, why = MISTAKES[mistake]
    variables = {
        **stage.variables,
        **mistaken(cluster, tmp_path, mistake),
        "HUB_HOME": str(tmp_path),
    }
    for told in told_by(variables, [*((name,) for name in PARTS), LIST]):
        assert told.code == 4, told
        assert f"error: {variable}: " in told.text, told
        assert cluster.sasl in told.text, told
        assert why in told.text, told
        assert "Traceback" not in told.text, told
        assert cluster.secret not in told.text
        assert "not-the-password" not in told.text


@pytest.mark.parametrize(
    ("door", "changes", "variable", "why"),
    [
        ("sasl", {"HUB_KAFKA_SASL_USERNAME": "nobody"}, "SASL_PASSWORD", "refuses user nobody"),
        (
            "sasl",
            {"HUB_KAFKA_SASL_MECHANISM": "SCRAM-SHA-256"},
            "SASL_MECHANISM",
            "it offers SCRAM-SHA-512, PLAIN",
        ),
        ("sasl", {"HUB_KAFKA_SECURITY": "SSL"}, "SECURITY", "set it to SASL_SSL"),
        ("sasl", {"HUB_KAFKA_SASL_PASSWORD": "file:/nowhere"}, "", "file:/nowhere: cannot be read"),
        ("sasl", {"HUB_KAFKA_CA": ""}, "CA", "now the system decides"),
        ("sasl", {"HUB_KAFKA_CA": "/nowhere"}, "CA", "No such file"),
        ("tls", {"HUB_KAFKA_CERTIFICATE": ""}, "CERTIFICATE", "does not accept our certificate"),
        ("tls", {"HUB_KAFKA_KEY": ""}, "CERTIFICATE", "the certificate's own key"),
        ("tls", {"HUB_KAFKA_KEY": "{ca}"}, "KEY", "the certificate's own key"),
        ("plain", {"HUB_KAFKA_SECURITY": "SSL"}, "SECURITY", "speaks no TLS"),
        (
            "plain",
            {"HUB_KAFKA_SECURITY": "SASL_PLAINTEXT"},
            "SECURITY",
            "set it to PLAINTEXT",
        ),
    ],
)
def test_each_mistake_has_its_variable(
    cluster: Secured, door: str, changes: dict[str, str], variable: str, why: str
) -> None:
    right = cluster.mutual() if door == "tls" else cluster.variables()
    if door == "plain":
        right["HUB_BOOTSTRAP"] = cluster.plain
    wrong = {name: text.format(ca=cluster.ca) for name, text in changes.items()}
    settings = load({**right, **wrong})
    began = time.monotonic()
    with pytest.raises(Halt) as raised:
        KafkaBroker(settings.bootstrap or "", settings.security).cluster()
    assert time.monotonic() - began < SOON
    assert raised.value.where == (f"HUB_KAFKA_{variable}" if variable else "file:/nowhere")
    assert why in str(raised.value)
    assert cluster.secret not in str(raised.value)


def test_a_name_that_the_certificate_does_not_bear(cluster: Secured) -> None:
    bootstrap = cluster.sasl.replace("127.0.0.1", "localhost")
    settings = load({**cluster.variables(), "HUB_BOOTSTRAP": bootstrap})
    with pytest.raises(Halt, match="is for another name") as raised:
        KafkaBroker(bootstrap, settings.security).cluster()
    assert raised.value.where == "HUB_BOOTSTRAP"


def test_the_topics_of_the_runbook_are_those_of_the_hub() -> None:
    page = Path("ops/runbooks/outside-cluster.md").read_text(encoding="utf-8")
    for topic in TOPICS:
        (line,) = [row for row in page.splitlines() if row.startswith(f"| `{topic.name}` |")]
        for name, value in topic.config.items():
            assert f"`{name}={value}`" in line, (topic.name, name)
        assert ("| 1 |" in line) == topic.single
