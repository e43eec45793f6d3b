"""Reading topics as an outsider does: with a stock client, to their end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias
from uuid import uuid4

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

FAR = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Row:
    """A record as a stock consumer sees it."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    value: bytes


def read_all(bootstrap: str, topics: Sequence[str]) -> list[Row]:
    """Every record that now stands on the topics, in order per partition."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": f"outside-{uuid4()}", "log_level": 0}
    )
    try:
        ends: dict[tuple[str, int], int] = {}
        for topic in topics:
            for number in consumer.list_topics(topic, timeout=FAR).topics[topic].partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), FAR)
                if high > low:
                    ends[topic, number] = high
        consumer.assign([TopicPartition(*spot, 0) for spot in ends])
        return _until(consumer, ends)
    finally:
        consumer.close()


def _until(consumer: Consumer, ends: dict[tuple[str, int], int]) -> list[Row]:
    rows: list[Row] = []
    deadline = monotonic() + FAR
    while ends:
        assert monotonic() < deadline, f"not read to the end: {ends}"
        for message in consumer.consume(500, timeout=0.5):
            assert message.error() is None, message.error()
            spot = (str(message.topic()), int(message.partition() or 0))
            offset = int(message.offset() or 0)
            if ends.get(spot, 0) <= offset + 1:
                ends.pop(spot, None)
            headers = {_text(n): _text(v) for n, v in list(message.headers() or ())}
            key = _text(message.key())
            rows.append(Row(*spot, offset, key, headers, _bytes(message.value())))
    return sorted(rows, key=lambda row: (row.topic, row.partition, row.offset))


def _bytes(found: str | bytes | None) -> bytes:
    return found.encode() if isinstance(found, str) else found or b""


def _text(found: str | bytes | None) -> str:
    return _bytes(found).decode()


Decoder: TypeAlias = Callable[[Row], dict[str, Any]]


@contextmanager
def decoder(registry: str) -> Iterator[Decoder]:
    """Confluent's own deserializer; all it knows is the registry's URL."""
    with SchemaRegistryClient({"url": registry}) as client:
        deserialize = AvroDeserializer(client)

        def decode(row: Row) -> dict[str, Any]:
            found = deserialize(row.value, SerializationContext(row.topic, MessageField.VALUE))
            assert isinstance(found, dict)
            return found

        yield decode
