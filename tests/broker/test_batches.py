"""Record batches, read back by a client that others wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as murmur2_of_the_library
from kafka.record import MemoryRecords

from hub.broker.batches import body, encode, murmur2
from hub.records import Outgoing

TEXT = st.binary(max_size=300)
OUTGOING = st.builds(
    Outgoing,
    st.just("t"),
    st.none() | TEXT,
    st.none() | TEXT | st.binary(min_size=70_000, max_size=70_001),
    st.lists(st.tuples(st.text(max_size=20), TEXT), max_size=12).map(tuple),
)


@given(st.lists(OUTGOING, min_size=1, max_size=80), st.integers(0, 2**31 - 1))
def test_what_is_written_is_read_in_its_order(records: list[Outgoing], sequence: int) -> None:
    raw = encode([body(one) for one in records], 1_700_000_000_123, (7_000_000_001, 3), sequence)
    batches = MemoryRecords(raw)
    batch = batches.next_batch()
    assert batch.validate_crc()
    assert (batch.producer_id, batch.producer_epoch) == (7_000_000_001, 3)
    assert (batch.base_sequence, batch.last_offset_delta) == (sequence, len(records) - 1)
    read = [(r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in batch]
    assert read == [
        (place, 1_700_000_000_123, one.key, one.value, one.headers)
        for place, one in enumerate(records)
    ]
    assert not batches.has_next()


def test_what_is_large_is_compressed() -> None:
    raw = encode([body(Outgoing("t", b"k", b"abc" * 10_000))], 0, (1, 0), 0)
    assert len(raw) < 1_000


@given(st.binary(max_size=60))
def test_a_key_goes_where_every_client_sends_it(key: bytes) -> None:
    assert murmur2(key) == murmur2_of_the_library(key)


@pytest.mark.parametrize(
    ("key", "hashed"),
    [  # of Kafka's own UtilsTest
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_published_hashes(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed % 2**32
