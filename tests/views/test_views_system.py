"""On a real Kafka: the process answers, is killed, loses its state, and answers the same again."""

import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Consumer

from adapters.http.simple import fetch
from hub.access.tokens import bearer, own
from hub.broker import KafkaBroker
from hub.dev import runfiles
from hub.dev.waiting import until
from hub.errors import HubError
from hub.events import Codec
from hub.records import Outgoing
from hub.registry.schemas.client import RegistryClient
from hub.settings import environment
from hub.topics import DOSSIER, RECEIPT, TOPICS, ensure_all
from tests.brokers import LiveBroker, running_broker
from tests.events.records import CATALOGUE, SCHEMAS
from tests.registry.serving import serving
from tests.views.facts import MARKED, late_over_tet, on_time, outgoing, paid, receipts, supplemented

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
FAR = 40.0  # seconds
PARTITIONS = 3
STORIES = (on_time(), supplemented(), paid(), late_over_tet())
CODES = tuple(str(story[0][1]["dossier_code"]) for story in STORIES)


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveBroker]:
    """A broker of these tests: the topics have the hub's own names."""
    with running_broker(tmp_path_factory.mktemp("views-kafka")) as broker:
        ensure_all(KafkaBroker(broker.bootstrap), PARTITIONS)
        yield broker


class Views:
    """A running `hub views`."""

    def __init__(self, process: subprocess.Popen[bytes], home: Path, log: Path) -> None:
        self.process = process
        self.log = log
        self._home = home

    @property
    def url(self) -> str:
        def here() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            found = runfiles.find(self._home, "views")
            return found is not None and found.pid == self.process.pid

        assert until(here, FAR), self.log.read_text()
        found = runfiles.find(self._home, "views")
        assert found is not None
        return found.url

    def get(self, path: str) -> tuple[int, object]:
        status, headers, body = fetch(
            "GET", self.url + path, headers=bearer(own(self._home, "admin")), timeout=10.0
        )
        plain = "json" not in headers.get("content-type", "")
        return status, body.decode() if plain else orjson.loads(body)

    def knows(self, code: str) -> bool:
        """Whether it knows the dossier, at the latest after a while."""
        return until(lambda: self.get(f"/dossiers/{code}")[0] == 200, FAR)

    def ready(self) -> bool:
        try:
            return self.get("/health/ready")[0] == 200
        except HubError:
            return False


@contextmanager
def child(
    part: str, home: Path, bootstrap: str, registry: str | None
) -> Iterator[subprocess.Popen[bytes]]:
    changes = {
        "HUB_HOME": str(home),
        "HUB_BOOTSTRAP": bootstrap,
        "HUB_REGISTRY_URL": registry or "",
        "HUB_SCHEMAS": str(SCHEMAS),
        "HUB_PARTITIONS": str(PARTITIONS),
    }
    with (home / f"{part}.log").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", part],
            env=environment(changes),
            stdout=out,
            stderr=out,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def running(home: Path, bootstrap: str, registry: str | None) -> Iterator[Views]:
    with child("views", home, bootstrap, registry) as process:
        yield Views(process, home, home / "views.log")


def keep(broker: KafkaBroker, records: list[Outgoing]) -> None:
    writer = broker.writer()
    try:
        for future in [writer.send(record) for record in records]:
            future.result(timeout=FAR)
    finally:
        writer.close()


def told_by_cli(home: Path, code: str) -> str:
    """What `hub dossier show` prints."""
    found = subprocess.run(
        [sys.executable, "-m", "hub.cli", "dossier", "show", code],
        env=environment({"HUB_HOME": str(home)}),
        stdout=subprocess.PIPE,
        timeout=FAR,
        check=True,
    )
    return found.stdout.decode()


def test_killed_and_without_its_state_it_answers_the_same(
    own_kafka: LiveBroker, tmp_home: Path
) -> None:
    broker = KafkaBroker(own_kafka.bootstrap)
    with serving(broker) as registry:
        codec = Codec(CATALOGUE, RegistryClient(registry))
        events = [outgoing(story, codec) for story in STORIES]
        keep(broker, [record for story in events for record in story])
        keep(broker, receipts(broker, events[0], codec, PARTITIONS))
        keep(broker, [Outgoing(DOSSIER, b"foreign", b"{}"), Outgoing(RECEIPT, b"x", None, (), 0)])
        with running(tmp_home, own_kafka.bootstrap, registry) as views:
            assert until(views.ready, FAR), views.log.read_text()
            first = [views.get(f"/dossiers/{code}") for code in CODES]
            counts = views.get("/counts")
            assert [200] * 4 == [status for status, _ in first]
            views.process.send_signal(signal.SIGKILL)
            views.process.wait()
        again = tmp_home / "state" / "views"
        assert again.exists()
        with running(tmp_home, own_kafka.bootstrap, registry) as views:  # with its state
            assert until(views.ready, FAR), views.log.read_text()
            assert first == [views.get(f"/dossiers/{code}") for code in CODES]
            assert counts == views.get("/counts")
            views.process.kill()
            views.process.wait()
        shutil.rmtree(again)
        with running(tmp_home, own_kafka.bootstrap, registry) as views:  # and without
            assert until(views.ready, FAR), views.log.read_text()
            assert first == [views.get(f"/dossiers/{code}") for code in CODES]
            assert counts == views.get("/counts")
            shown = told_by_cli(tmp_home, CODES[0])
            views.process.terminate()
            assert 0 == views.process.wait(20), views.log.read_text()
            log = views.log.read_text()
    lines = shown.splitlines()
    assert (
        f"{CODES[0]} · RESULT_RETURNED · on time (finished 2025-10-15 14:20, due 2025-10-16 17:00)"
        == lines[0]
    )
    assert ["AT", "TYPE", "SOURCE", "SAYS"] == lines[1].split()
    assert 2 + 14 == len(lines)  # 13 events and a dead letter
    said = orjson.dumps([first, counts]).decode() + log + shown
    assert not [mark for mark in MARKED if mark in said]


def test_it_waits_for_what_is_not_there_and_outlives_what_breaks(
    tmp_path: Path, tmp_home: Path
) -> None:
    with running(tmp_home, "", None) as views:
        assert (503, "waiting for the broker\n") == views.get("/health/ready")
        assert 503 == views.get(f"/dossiers/{CODES[0]}")[0]
        with running_broker(tmp_path / "kafka") as kafka:
            broker = KafkaBroker(kafka.bootstrap)
            ensure_all(broker, PARTITIONS)
            pid = kafka.control.pid
            assert pid is not None
            runfiles.write(tmp_home, "kafka", kafka.bootstrap, pid, {})
            with child("registry", tmp_home, kafka.bootstrap, None):
                assert until(lambda: runfiles.find(tmp_home, "registry") is not None, FAR)
                found = runfiles.find(tmp_home, "registry")
                assert found is not None
                codec = Codec(
                    CATALOGUE, RegistryClient(found.url, token=lambda: own(tmp_home, "hub"))
                )
                codec.warm()
                keep(broker, [one for story in STORIES[:2] for one in outgoing(story, codec)])
            # The registry is gone: the events are there, what they say is not known yet.
            assert until(lambda: "schema registry" in str(views.get("/health/ready")[1]), FAR), (
                views.log.read_text()
            )
            assert 404 == views.get(f"/dossiers/{CODES[0]}")[0]
            with child("registry", tmp_home, kafka.bootstrap, None):
                assert until(views.ready, FAR), views.log.read_text()
                # Ready means: what stood there when the broker was found.
                assert [True, True] == [views.knows(code) for code in CODES[:2]]
                kafka.control.kill()
                kafka.control.start()
                keep(KafkaBroker(kafka.bootstrap), outgoing(STORIES[2], codec))
                assert views.knows(CODES[2]), views.log.read_text()
                with held(tmp_home / "state" / "views" / "views.db"):
                    keep(KafkaBroker(kafka.bootstrap), outgoing(STORIES[3], codec))
                    assert until(lambda: b"stream_broken" in views.log.read_bytes(), FAR)
                assert until(views.ready, FAR), views.log.read_text()
                assert views.knows(CODES[3]), views.log.read_text()
            made = topics_of(kafka.bootstrap)
        views.process.terminate()
        assert 0 == views.process.wait(30), views.log.read_text()
    ours = {topic.name for topic in TOPICS}
    assert ours <= made
    assert {"__consumer_offsets"} >= made - ours


def test_without_room_for_its_state_it_says_so_and_goes_on_when_there_is(
    tmp_path: Path, tmp_home: Path
) -> None:
    with (
        running_broker(tmp_path / "kafka") as kafka,
        serving(KafkaBroker(kafka.bootstrap)) as registry,
        running(tmp_home, kafka.bootstrap, registry) as views,
    ):
        broker = KafkaBroker(kafka.bootstrap)
        ensure_all(broker, PARTITIONS)
        codec = Codec(CATALOGUE, RegistryClient(registry))
        keep(broker, outgoing(STORIES[0], codec))
        assert views.knows(CODES[0]), views.log.read_text()
        files(views.process.pid, 0)  # to a write that is a full disk: setrlimit(2), EFBIG
        keep(broker, [one for story in STORIES[1:] for one in outgoing(story, codec)])
        assert until(lambda: "look at the disk" in str(views.get("/health/ready")[1]), FAR)
        assert [404] * 3 == [views.get(f"/dossiers/{code}")[0] for code in CODES[1:]]
        files(views.process.pid, resource.RLIM_INFINITY)
        assert until(views.ready, FAR), views.log.read_text()
        assert [True] * 4 == [views.knows(code) for code in CODES]


def files(pid: int, most: int) -> None:
    """How many bytes a file may have that the process writes."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Nobody else can write to the database meanwhile."""
    holder = sqlite3.connect(file, isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        yield
    finally:
        holder.close()


def topics_of(bootstrap: str) -> set[str]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "looks"})
    try:
        return set(consumer.list_topics(timeout=FAR).topics)
    finally:
        consumer.close()
