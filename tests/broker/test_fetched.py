"""Fetched batches, read by us and by the library: the same records, the same refusals."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from crc32c import crc32c
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record import MemoryRecords
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.legacy_records import LegacyRecordBatchBuilder

from hub.broker.batches import body, encode
from hub.broker.fetched import read_by_us
from hub.records import Outgoing, Record

TP = TopicPartition("t", 3)
CRC, FROM_ATTRIBUTES = slice(17, 21), 21
TIMES_BY_BROKER, CONTROL = 0x08, 0x20
BYTES = st.none() | st.binary(max_size=80)
HEADERS = st.lists(st.tuples(st.text(max_size=70), BYTES), max_size=4)
RECORDS = st.lists(st.tuples(st.integers(0, 2**41), BYTES, BYTES, HEADERS), min_size=1, max_size=12)


def read(kind: Callable[..., Any], raw: bytes, start: int = 0) -> tuple[list[Any], type | None]:
    """What can be taken, and the error behind it."""
    part = kind(start, TP, MemoryRecords(raw))
    found: list[Any] = []
    try:
        while part:
            found += part.take(3)
    except CorruptRecordError:
        return found, CorruptRecordError
    return found, None


def kind_of_ours() -> Callable[..., Any]:
    consumer = SimpleNamespace(_fetcher=SimpleNamespace())
    read_by_us(consumer)
    kind: Callable[..., Any] = consumer._fetcher.PartitionRecords
    return kind


def ours(raw: bytes, start: int = 0) -> tuple[list[Record], type | None]:
    return read(kind_of_ours(), raw, start)


def theirs(raw: bytes, start: int = 0) -> tuple[list[Record], type | None]:
    found, error = read(Fetcher.PartitionRecords, raw, start)
    return [
        Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value,
               tuple((name, text or b"") for name, text in r.headers))
        for r in found
    ], error  # fmt: skip


def built(records: list[Any], codec: int, base: int = 0) -> bytes:
    builder = DefaultRecordBatchBuilder(2, codec, False, -1, -1, -1, 2**20)
    for place, (time, key, value, headers) in enumerate(records):
        builder.append(place, time, key, value, headers)
    return base.to_bytes(8, "big") + bytes(builder.build())[8:]


def changed(raw: bytes, place: int, value: int) -> bytes:
    """One byte is another, and the checksum fits."""
    held = bytearray(raw)
    held[place] = value
    held[CRC] = crc32c(held[FROM_ATTRIBUTES:]).to_bytes(4, "big")
    return bytes(held)


@given(RECORDS, st.sampled_from([0, 1, 3]), st.integers(0, 2**40), st.booleans())
def test_what_any_client_wrote_is_read_as_the_library_reads_it(
    records: list[Any], codec: int, base: int, by_broker: bool
) -> None:
    raw = built(records, codec, base)
    if by_broker:
        raw = changed(raw, FROM_ATTRIBUTES + 1, raw[FROM_ATTRIBUTES + 1] | TIMES_BY_BROKER)
    assert ours(raw) == theirs(raw)
    assert len(ours(raw)[0]) == len(records)


@given(RECORDS, st.data())
def test_a_forged_byte_is_refused_where_the_library_refuses_it(
    records: list[Any], data: st.DataObject
) -> None:
    raw = built(records, 0)
    place = data.draw(st.integers(61, len(raw) - 1))  # behind the batch's own header
    forged = changed(raw, place, data.draw(st.integers(0, 255)))
    (found, error), (expected, refused) = ours(forged), theirs(forged)
    assert error == refused
    # The library gives a record that reaches beyond its batch, and refuses the batch then.
    assert found == expected[: len(found)]
    assert len(found) == len(expected) or refused


@given(RECORDS, st.integers(1, 5), st.integers(0, 2**31 - 1))
def test_a_position_and_its_epoch_are_the_librarys_after_each_take(
    records: list[Any], most: int, epoch: int
) -> None:
    """By the epoch a consumer tells that a new leader's log has lost what it had read."""
    raw = bytearray(built(records, 3) + built(records, 0, len(records)))
    raw[12:16] = epoch.to_bytes(4, "big")  # of the first batch; the checksum leaves it out
    parts = [kind(0, TP, MemoryRecords(raw)) for kind in (kind_of_ours(), Fetcher.PartitionRecords)]
    while all(parts):
        taken = [len(part.take(most)) for part in parts]
        assert taken[0] == taken[1]
        assert parts[0].next_fetch_offset == parts[1].next_fetch_offset
        assert parts[0].leader_epoch == parts[1].leader_epoch
    assert not any(parts)


@given(RECORDS, st.integers(0, 20))
def test_a_reader_in_the_midst_of_a_batch_gets_the_rest_of_it(
    records: list[Any], start: int
) -> None:
    raw = built(records, 3) + built(records, 0, len(records))
    assert ours(raw, start) == theirs(raw, start)


def test_a_batch_that_fails_its_checksum_is_not_read() -> None:
    good = encode([body(Outgoing("t", b"k", b"v"))], 0, (1, 0), 0)
    bad = good[:-1] + bytes([good[-1] ^ 1])
    assert ours(bad) == ([], CorruptRecordError)


def test_a_batch_cut_off_by_the_fetch_is_left_to_the_next() -> None:
    good = encode([body(Outgoing("t", b"k", b"v"))], 0, (1, 0), 0)
    assert ours(good + good[:-1]) == ours(good)


def test_what_a_transaction_wrote_of_itself_is_passed_over() -> None:
    raw = built([(0, b"\0\0\0\1", b"\0\0\0\0\0\0", [])], 0, 7)
    raw = changed(raw, FROM_ATTRIBUTES + 1, raw[FROM_ATTRIBUTES + 1] | CONTROL)
    assert ours(raw + built([(0, b"k", b"v", [])], 0, 8)) == (
        [Record("t", 3, 8, 0, b"k", b"v", ())],
        None,
    )


def test_the_next_fetch_begins_behind_what_compaction_took_from_a_batch() -> None:
    raw = built([(0, b"k", b"v", [])], 0, 40)
    raw = changed(raw, 26, 5)  # the last offset's delta; the other five are gone
    part = kind_of_ours()(40, TP, MemoryRecords(raw))
    assert [record.offset for record in part.take(10)] == [40]
    assert (bool(part), part.next_fetch_offset) == (False, 46)


@pytest.mark.parametrize("magic", [0, 1])
def test_a_log_from_before_record_batches_is_read(magic: int) -> None:
    builder = LegacyRecordBatchBuilder(magic, 0, 2**20)
    builder.append(0, timestamp=5, key=b"k", value=b"v")
    builder.append(1, timestamp=6, key=None, value=b"w")
    raw = bytes(builder.build())
    found, error = ours(raw)
    assert [(r.offset, r.key, r.value) for r in found] == [(0, b"k", b"v"), (1, None, b"w")]
    assert error is None
    assert ours(raw[:-1] + b"x") == (found[:1], CorruptRecordError)
