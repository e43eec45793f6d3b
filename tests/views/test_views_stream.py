"""The Faust app: what it is told of the cluster, and what becomes of an error."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import faust
import pytest
from confluent_kafka import Producer
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from hub.broker import KafkaBroker
from hub.errors import Halt
from hub.records import Record, Spot
from hub.settings import Security
from hub.views.app import credentials, make_app, run_app
from tests.brokers import LiveBroker

PASSWORD = "not-a-secret"


async def nothing(records: Sequence[Record]) -> None:
    raise AssertionError(records)


def app_of(folder: Path, security: Security | None = None) -> faust.App:
    return make_app(
        "127.0.0.1:1,127.0.0.1:2",
        security or Security(),
        "g",
        folder,
        ("a", "b"),
        dict,
        nothing,
    )


def auth(security: Security) -> Mapping[str, Any]:
    """What aiokafka is given."""
    found: Mapping[str, Any] = credentials_to_aiokafka_auth(credentials(security))
    return found


def test_plaintext_needs_nothing() -> None:
    assert {"security_protocol": "PLAINTEXT"} == auth(Security())


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_sasl_reaches_the_client(tmp_path: Path, protocol: str, mechanism: str) -> None:
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    given = auth(
        Security(
            protocol=protocol,
            sasl_mechanism=mechanism,
            sasl_username="hub",
            sasl_password=f"file:{secret}",
        )
    )
    assert (protocol, mechanism, "hub", PASSWORD) == (
        given["security_protocol"],
        given["sasl_mechanism"],
        given["sasl_plain_username"],
        given["sasl_plain_password"],
    )
    assert (protocol == "SASL_SSL") == isinstance(given["ssl_context"], ssl.SSLContext)


def test_ssl_checks_the_broker() -> None:
    given = auth(Security(protocol="SSL"))
    assert "SSL" == given["security_protocol"]
    assert ssl.CERT_REQUIRED == given["ssl_context"].verify_mode
    assert given["ssl_context"].check_hostname


def test_it_makes_no_topic_no_table_and_no_web_server(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    assert not app.conf.topic_allow_declare
    assert app.conf.topic_disable_leader
    assert not app.conf.web_enabled
    assert {} == dict(app.tables)
    assert ["127.0.0.1:1", "127.0.0.1:2"] == [url.authority for url in app.conf.broker]


class Kept:
    """What was handed over, until `most` records have come; `error`: every batch fails with it."""

    def __init__(self, most: int, error: Exception | None = None) -> None:
        self.most = most
        self.error = error
        self.records: list[Record] = []
        self.done = asyncio.Event()

    async def apply(self, records: Sequence[Record]) -> None:
        if self.error is not None:
            raise self.error
        self.records += records
        if len(self.records) >= self.most:
            self.done.set()


@pytest.fixture
def topic(kafka: LiveBroker, topic_prefix: str) -> str:
    name = f"{topic_prefix}stream"
    broker = KafkaBroker(kafka.bootstrap)
    broker.ensure_topic(name, 2, {})
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    headers: dict[str, str | bytes | None] = {"ce_type": b"x", "empty": None}  # Kafka allows that
    for n in range(10):
        producer.produce(name, b"%d" % n, b"k", n % 2, headers=headers)
    assert producer.flush(20) == 0
    return name


async def streamed(bootstrap: str, folder: Path, topic: str, kept: Kept, start: int) -> None:
    positions = {Spot(topic, 0): start, Spot(topic, 1): start}
    app = make_app(
        bootstrap, Security(), f"{topic}.g", folder, (topic,), lambda: positions, kept.apply
    )
    stop = asyncio.Event()
    running = asyncio.create_task(run_app(app, stop))
    waiting = asyncio.create_task(kept.done.wait())
    async with asyncio.timeout(30):
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        waiting.cancel()
        await running


@pytest.mark.system
@pytest.mark.parametrize("start", [0, 1, 3])
def test_reading_begins_exactly_where_the_store_says(
    kafka: LiveBroker, topic: str, tmp_path: Path, start: int
) -> None:
    kept = Kept(10 - 2 * start)
    asyncio.run(streamed(kafka.bootstrap, tmp_path, topic, kept, start))
    for partition in (0, 1):
        read = [r for r in kept.records if r.partition == partition]
        assert [*range(start, 5)] == [r.offset for r in read]
        assert [b"%d" % (2 * n + partition) for n in range(start, 5)] == [r.value for r in read]
    assert (b"k", (("ce_type", b"x"), ("empty", b""))) == (
        kept.records[0].key,
        kept.records[0].headers,
    )
    assert {} == KafkaBroker(kafka.bootstrap).committed(f"{topic}.g")


@pytest.mark.system
def test_an_error_in_the_fold_ends_the_stream_with_that_error(
    kafka: LiveBroker, topic: str, tmp_path: Path
) -> None:
    kept = Kept(10, Halt("the registry refuses the credential"))
    with pytest.raises(Halt, match="refuses the credential"):
        asyncio.run(streamed(kafka.bootstrap, tmp_path, topic, kept, 0))
    assert [] == kept.records
