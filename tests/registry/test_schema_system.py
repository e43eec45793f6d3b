"""On a real Kafka: the contract, two registries at once, and clients that only know Kafka."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest
from confluent_kafka import Consumer
from confluent_kafka.schema_registry import (
    Schema,
    SchemaRegistryClient,
    record_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from hub.access.tokens import own
from hub.broker import KafkaBroker
from hub.dev import runfiles
from hub.dev.waiting import until
from hub.errors import Retry
from hub.events import Codec, Envelope, read_headers, write_headers
from hub.records import Outgoing
from hub.registry.schemas.client import RegistryClient, register_all
from tests.brokers import LiveBroker, running_broker
from tests.events.records import CATALOGUE, SCHEMAS, STATUS_CHANGED, example
from tests.registry.contract import CODE, NOTE, Door, RegistryContract, record, registered
from tests.registry.serving import UrlDoor, serving

pytestmark = pytest.mark.system
FAR = 30.0  # seconds
EVENTS = sorted(CATALOGUE.whole)


@pytest.fixture(scope="module")
def url(kafka: LiveBroker) -> Iterator[str]:
    with serving(KafkaBroker(kafka.bootstrap)) as url:
        yield url


@pytest.fixture
def door(url: str) -> Door:
    return UrlDoor(url)


class TestOurRegistryOnKafka(RegistryContract):
    pass


def test_two_registries_agree_whatever_they_are_asked_at_once(kafka: LiveBroker) -> None:
    broker = KafkaBroker(kafka.bootstrap)
    mark = uuid4().hex[:8]
    texts = [record(f"Race{mark}{number}", CODE) for number in range(12)]
    with serving(broker) as one, serving(broker) as two, ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(RegistryClient(url).register, f"race.{mark}.{number}", text)
            for number, text in enumerate(texts)
            for url in (one, two)
        ]
        numbers = [job.result(timeout=FAR) for job in jobs]
        assert numbers[::2] == numbers[1::2]
        assert len(texts) == len(set(numbers))
        for number, text in zip(numbers[::2], texts, strict=True):
            for url in (one, two):
                assert json.loads(text) == json.loads(RegistryClient(url).schema(number))
    with serving(broker) as later:  # what is on the topic is all it needs
        for number, text in zip(numbers[::2], texts, strict=True):
            assert json.loads(text) == json.loads(RegistryClient(later).schema(number))


def test_a_stock_client_reads_every_event_with_two_addresses(
    kafka: LiveBroker, url: str, topic_prefix: str
) -> None:
    """Broker and registry is all that it is told."""
    broker = KafkaBroker(kafka.bootstrap)
    topic = f"{topic_prefix}hub.dossier"
    broker.ensure_topic(topic, 2, {})
    client = RegistryClient(url)
    register_all(client, SCHEMAS)
    codec = Codec(CATALOGUE, client)
    writer = broker.writer()
    try:
        for name in CATALOGUE.whole:
            envelope = Envelope(str(uuid4()), "onestop", name, 1_760_321_100_000, "progress")
            raw = codec.encode(name, example(name))
            outgoing = Outgoing(topic, b"H44", raw, tuple(write_headers(envelope)))
            writer.send(outgoing).result(timeout=FAR)
    finally:
        writer.close()

    with SchemaRegistryClient({"url": url}) as stock:
        found = _consumed(kafka, topic, AvroDeserializer(stock))
    assert set(CATALOGUE.whole) == set(found)
    accepted = found["dossier.v1.Accepted"]
    assert "chữ" == accepted["dossier_code"]
    assert "1970-03-23 00:26:40+00:00" == str(accepted["at"])
    dossier = accepted["dossier"]
    assert isinstance(dossier, dict)
    assert "1970-01-08" == str(dossier["applicant"]["birth_date"])


def _consumed(
    kafka: LiveBroker, topic: str, deserialize: AvroDeserializer
) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap,
            "group.id": topic,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        consumer.subscribe([topic])
        deadline = monotonic() + FAR
        while len(found) < len(CATALOGUE.whole) and monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is None or message.error():
                continue
            context = SerializationContext(topic, MessageField.VALUE)
            headers = message.headers()
            assert isinstance(headers, list)
            seen = [(key, raw) for key, raw in headers if isinstance(raw, bytes)]
            read: object = deserialize(message.value(), context)
            assert isinstance(read, dict)
            found[read_headers(seen).type] = read
    finally:
        consumer.close()
    return found


def test_what_a_stock_client_writes_the_hub_reads(url: str) -> None:
    """With the schema that it finds in the registry."""
    name = "dossier.v1.StatusChanged"
    client = RegistryClient(url)
    register_all(client, SCHEMAS)
    with SchemaRegistryClient({"url": url}) as stock:
        settings = {
            "auto.register.schemas": False,
            "subject.name.strategy": record_subject_name_strategy,
        }
        serialize = AvroSerializer(stock, stock.get_latest_version(name).schema, conf=settings)
        raw = serialize(STATUS_CHANGED, SerializationContext("hub.dossier", MessageField.VALUE))
    name_read, found = Codec(CATALOGUE, client).decode(raw)
    assert name == name_read
    assert STATUS_CHANGED == {key: value for key, value in found.items() if value is not None}


def test_a_stock_client_manages_subjects(url: str) -> None:
    with SchemaRegistryClient({"url": url}) as stock:
        _manage(stock)


def _manage(stock: SchemaRegistryClient) -> None:
    subject = f"t.v1.Stock{uuid4().hex[:8]}"
    schema = Schema(record("Stock", CODE), "AVRO")
    number = stock.register_schema(subject, schema)
    assert number == stock.lookup_schema(subject, schema).schema_id
    assert [1] == stock.get_versions(subject)
    assert subject in stock.get_subjects()
    assert stock.test_compatibility(subject, schema)
    stock.set_compatibility(subject, "FULL")
    assert "FULL" == stock.get_compatibility(subject)
    assert [1] == stock.delete_subject(subject)


@contextmanager
def process(home: Path, bootstrap: str) -> Iterator[str]:
    """`hub registry` in a process of its own; gives its address, and asks that it ends well."""
    env = {"PATH": os.defpath, "HUB_HOME": str(home), "HUB_BOOTSTRAP": bootstrap}
    child = subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "registry"],
        env={**env, "HUB_SCHEMAS": str(SCHEMAS)},
        stderr=subprocess.DEVNULL,
    )
    try:
        assert until(lambda: runfiles.find(home, "registry") is not None, FAR)
        found = runfiles.find(home, "registry")
        assert found is not None
        url = found.url
        assert until(lambda: UrlDoor(url).call("GET", "/subjects") == (200, EVENTS), FAR)
        yield url
        child.terminate()
        assert 0 == child.wait(timeout=FAR)
    finally:
        child.kill()
        child.wait()


@pytest.mark.timeout(150)
def test_a_broker_that_dies_and_returns_costs_no_schema(tmp_home: Path) -> None:
    """Meanwhile known ids are answered, and everything else is refused as a failure."""
    with running_broker(tmp_home) as mortal, process(tmp_home, mortal.bootstrap) as url:
        token = own(tmp_home, "admin")
        door = UrlDoor(url, token)
        number = registered(door, "mortal", record("Mortal", CODE))
        mortal.control.kill()
        assert 200 == door.call("GET", f"/schemas/ids/{number}")[0]
        with pytest.raises(Retry) as down:
            RegistryClient(url, token=lambda: token).register(
                "mortal", record("Mortal", CODE, NOTE)
            )
        assert down.value.system
        mortal.control.start()
        second = eventually(door, "mortal", record("Mortal", CODE, NOTE))
        assert number < second
        assert (200, [1, 2]) == door.call("GET", "/subjects/mortal/versions")


def eventually(door: UrlDoor, subject: str, text: str) -> int:
    client = RegistryClient(door.url, token=lambda: door.token or "")
    deadline = monotonic() + FAR
    while True:
        try:
            return client.register(subject, text)
        except Retry:
            if monotonic() > deadline:
                raise
