"""Segments: what stands in one is found again, by us and by stock Avro tools."""

from io import BytesIO

import fastavro
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.archive.segment import (
    BLOCK,
    Extent,
    Sealed,
    read_record,
    read_segment,
    write_segment,
)
from hub.errors import Halt
from hub.records import Spot

SPOT = Spot("hub.dossier", 3)


def sealed(offset: int, content: bytes = b"x") -> Sealed:
    return Sealed(offset, 1_760_000_000_000 + offset, f"holder-{offset % 3}", b"n" * 12, content)


def some(count: int) -> list[Sealed]:
    return [sealed(2**40 + 2 * n, bytes([n % 256]) * (n % 200)) for n in range(count)]


@given(
    st.lists(
        st.tuples(st.integers(0, 2**62), st.integers(-(2**62), 2**62), st.text(), st.binary()),
        min_size=1,
        unique_by=lambda row: row[0],
    )
)
def test_a_segment_gives_back_what_was_written(rows: list[tuple[int, int, str, bytes]]) -> None:
    written = [Sealed(o, t, h, b"n" * 12, c) for o, t, h, c in sorted(rows)]
    raw, extents = write_segment(SPOT, written)
    assert [(one, extent) for one, extent in read_segment(raw)] == list(
        zip(written, extents, strict=True)
    )


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_a_stock_reader_reads_it(count: int) -> None:
    raw, _ = write_segment(SPOT, some(count))
    reader = fastavro.reader(BytesIO(raw))
    assert reader.metadata["hub.topic"] == "hub.dossier"
    assert reader.metadata["hub.partition"] == "3"
    rows = [msgspec.convert(row, Sealed) for row in reader]
    assert rows == some(count)


def test_one_record_is_read_without_the_others() -> None:
    raw, extents = write_segment(SPOT, some(250))
    start, length = extents[173]
    assert read_record(raw[start : start + length]) == some(250)[173]


@pytest.mark.parametrize("offsets", [[], [1, 1], [2, 1]])
def test_offsets_rise(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="offsets rise"):
        write_segment(SPOT, [sealed(offset) for offset in offsets])


def test_what_is_cut_off_is_damaged() -> None:
    raw, _ = write_segment(SPOT, some(120))
    for length in range(0, len(raw), 97):
        with pytest.raises(Halt, match="damaged"):
            list(read_segment(raw[:length]))


def test_a_record_with_more_behind_it_is_damaged() -> None:
    raw, extents = write_segment(SPOT, some(2))
    start, length = extents[0]
    with pytest.raises(Halt, match="damaged"):
        read_record(raw[start : start + length + 1])
    assert extents[1] == Extent(start + length, extents[1].length)
