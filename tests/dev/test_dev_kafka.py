"""The broker of `hub dev`, for real: started, killed, found again, and never in the way."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined] # documented, not in its __all__
    AdminClient,
    ConfigResource,
    NewTopic,
)

from hub.dev import process, runfiles
from hub.dev.kafka import DevBroker, running, serves
from hub.dev.waiting import until
from hub.errors import Halt, Reject, Retry
from tests.brokers import CACHE, LiveBroker, link_cache
from tests.freezing import freeze

pytestmark = pytest.mark.system
LOG_APPEND_TIME = 2


def admin(bootstrap: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


def keep(bootstrap: str, topic: str, value: bytes) -> Message:
    """Create the topic if need be, keep one record, give back what was acknowledged."""
    kept: list[Message] = []
    client = admin(bootstrap)
    if topic not in client.list_topics(timeout=20).topics:
        client.create_topics([NewTopic(topic, 1, 1)])[topic].result(20)
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "log_level": 0})
    producer.produce(topic, value, on_delivery=lambda _, message: kept.append(message))
    producer.flush(20)
    assert kept[0].error() is None
    return kept[0]


def read(bootstrap: str, topic: str, count: int) -> list[Message]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic, "log_level": 0})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[Message] = []

    def enough() -> bool:
        found.extend(consumer.consume(count, 0.5))
        return len(found) >= count

    complete = until(enough, 20)
    consumer.close()
    assert complete
    return found


@contextmanager
def stranger_on(address: str) -> Iterator[None]:
    host, _, port = address.rpartition(":")
    with socket.create_server((host, int(port))):
        yield


def test_the_shared_broker_serves(kafka: LiveBroker, topic_prefix: str) -> None:
    found = running(kafka.home)
    assert found is not None
    assert serves(found)
    assert kafka.bootstrap == found.url
    topic = f"{topic_prefix}first"
    keep(kafka.bootstrap, topic, b"filed")
    assert [b"filed"] == [message.value() for message in read(kafka.bootstrap, topic, 1)]


def test_it_has_the_settings_that_the_promises_need(kafka: LiveBroker) -> None:
    resource = ConfigResource(ConfigResource.Type.BROKER, "1")
    client = admin(kafka.bootstrap)
    settings = client.describe_configs([resource])[resource].result(20)
    assert "LogAppendTime" == settings["log.message.timestamp.type"].value
    assert "false" == settings["auto.create.topics.enable"].value
    assert int(settings["offsets.retention.minutes"].value) >= 30 * 24 * 60
    assert int(settings["message.max.bytes"].value) >= 2 * 1024 * 1024


def test_the_broker_gives_the_time_and_takes_a_large_event(
    kafka: LiveBroker, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}large"
    keep(kafka.bootstrap, topic, b"")  # creates it
    kept: list[Message] = []
    producer = Producer(
        {"bootstrap.servers": kafka.bootstrap, "message.max.bytes": 4_000_000, "log_level": 0}
    )
    large = os.urandom(2 * 1024 * 1024)
    producer.produce(topic, large, timestamp=1, on_delivery=lambda _, m: kept.append(m))
    producer.flush(20)
    assert kept[0].error() is None
    kind, at = read(kafka.bootstrap, topic, 2)[1].timestamp()
    assert LOG_APPEND_TIME == kind
    assert at > 1


def test_a_second_one_in_the_same_home_is_refused(kafka: LiveBroker) -> None:
    with pytest.raises(Reject, match=r"already runs at 127\.0\.0\.1:"), DevBroker(kafka.home):
        pass
    assert kafka.control.pid is not None


def test_topics_and_address_survive_a_stop_and_a_power_cut(tmp_home: Path) -> None:
    with DevBroker(tmp_home, cache=CACHE) as broker:
        address = broker.bootstrap
        keep(address, "kept", b"one")
        broker.stop()
        assert broker.pid is None
        broker.start()
        keep(broker.bootstrap, "kept", b"two")
        broker.kill()
        assert () == runfiles.read_all(tmp_home)
        broker.start()
        assert address == broker.bootstrap
        values = [message.value() for message in read(address, "kept", 2)]
    assert [b"one", b"two"] == values
    assert () == runfiles.read_all(tmp_home)


def test_a_taken_port_is_left_to_its_owner(tmp_home: Path) -> None:
    broker = DevBroker(tmp_home, cache=CACHE)
    with broker:
        before = broker.bootstrap
        keep(before, "kept", b"one")
    with stranger_on(before), broker:
        assert before != broker.bootstrap
        assert [b"one"] == [message.value() for message in read(broker.bootstrap, "kept", 1)]


def test_a_port_that_is_taken_while_it_starts_is_left_too(tmp_home: Path) -> None:
    broker = DevBroker(tmp_home, cache=CACHE)
    with broker:
        before = broker.bootstrap
    configured = broker.node.folder / "server.properties"
    configured.unlink()
    started = threading.Event()

    def be_faster() -> bool:
        if not until(configured.exists, 20, every=0.001):  # ports are chosen; the JVM comes next
            return False
        with stranger_on(before):
            return started.wait(40)

    with ThreadPoolExecutor(1) as pool:
        stranger = pool.submit(be_faster)
        with broker:
            started.set()
            assert before != broker.bootstrap
            keep(broker.bootstrap, "kept", b"one")
        assert stranger.result(10)


def test_before_the_first_start_there_is_no_address(tmp_home: Path) -> None:
    with pytest.raises(Retry, match="hub dev up"):
        _ = DevBroker(tmp_home).bootstrap


def test_data_without_an_identity_is_not_touched(tmp_home: Path) -> None:
    broker = DevBroker(tmp_home, cache=CACHE)
    broker.node.data.mkdir(parents=True)
    (broker.node.data / "meta.properties").write_text("version=1\n")
    with pytest.raises(Halt, match="the data is damaged"):
        broker.start()
    assert ["meta.properties"] == [path.name for path in broker.node.data.iterdir()]


def test_a_home_with_any_sane_name_will_do(tmp_path: Path) -> None:
    with DevBroker(tmp_path / "nhà: hồ sơ 100%\\ #1", cache=CACHE) as broker:
        keep(broker.bootstrap, "kept", b"one")
        assert broker.node.log.stat().st_size > 0


def test_one_that_cannot_start_says_why_at_once_and_leaves_nothing(tmp_home: Path) -> None:
    broker = DevBroker(tmp_home, cache=CACHE)
    with broker:
        pass
    meta = broker.node.data / "meta.properties"
    meta.write_text(meta.read_text().replace("node.id=1", "node.id=7"))
    with pytest.raises(Halt, match="7"):
        broker.start(wait=50)
    assert () == runfiles.read_all(tmp_home)
    assert broker.pid is None


def test_one_that_takes_too_long_is_ended(tmp_home: Path) -> None:
    broker = DevBroker(tmp_home, cache=CACHE)
    with pytest.raises(Retry, match="does not answer after 0 s"):
        broker.start(wait=0)
    assert () == runfiles.read_all(tmp_home)


def test_one_that_hangs_is_ended_by_force(tmp_home: Path) -> None:
    with DevBroker(tmp_home, cache=CACHE) as broker:
        pid = broker.pid
        assert pid is not None
        freeze(pid)
        found = running(tmp_home)
        assert found is not None
        assert not serves(found)
        broker.stop(wait=0.2)
        assert process.identity(pid) is None


def test_a_changed_jar_never_runs(tmp_home: Path) -> None:
    link_cache(tmp_home)
    (jar,) = (tmp_home / "dev").glob("*/kafka-clients-*.jar")
    content = bytearray(jar.read_bytes())
    content[len(content) // 2] ^= 1
    jar.unlink()  # it is a link to the one that all tests use
    jar.write_bytes(content)
    with pytest.raises(Reject, match=rf"{jar.name}: has SHA-256"), DevBroker(tmp_home):
        pass
    assert not (tmp_home / "run").exists()


def test_format_that_broke_off_is_made_again(tmp_home: Path) -> None:
    broker = DevBroker(tmp_home, cache=CACHE)
    half = broker.node.folder / "data.new"
    half.mkdir(parents=True)
    (half / "meta.properties").write_text("version=1\n")
    with broker:
        keep(broker.bootstrap, "kept", b"one")
    assert not half.exists()


OWNER = """
import sys, threading
from pathlib import Path
from hub.dev.kafka import DevBroker
with DevBroker(Path(sys.argv[1]), cache=Path(sys.argv[2])) as broker:
    print(broker.pid, flush=True)
    threading.Event().wait(60)
"""


def test_it_dies_with_the_process_that_owns_it(tmp_home: Path) -> None:
    argv = [sys.executable, "-c", OWNER, str(tmp_home), str(CACHE)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert process.identity(pid) is not None
        owner.kill()
    assert until(lambda: process.identity(pid) is None, 10)
    with DevBroker(tmp_home, cache=CACHE) as broker:  # what it left behind is in nobody's way
        assert 1 == len(list((tmp_home / "run").glob("*.json")))
        assert broker.pid != pid


def test_the_run_file_tells_the_cluster(kafka: LiveBroker) -> None:
    (path,) = (kafka.home / "run").glob("kafka.*.json")
    assert 22 == len(json.loads(path.read_text())["cluster"])
