"""Kafka's frames are found wherever the stream is cut."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.frames import OFFSET_COMMIT, Asked, Cutter, answered, asked


def frame(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


@given(st.lists(st.binary(max_size=40), max_size=6), st.data())
def test_frames_come_out_whole_and_in_order_wherever_the_stream_is_cut(
    bodies: list[bytes], data: st.DataObject
) -> None:
    frames = [frame(body) for body in bodies]
    stream = b"".join(frames)
    cutter, found = Cutter(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += cutter.feed(stream[:size])
        stream = stream[size:]
    assert found == frames


def test_a_request_tells_its_api_and_the_answer_whose_it_is() -> None:
    request = frame(struct.pack(">hhi", OFFSET_COMMIT, 9, 77) + b"the rest")
    assert Asked(OFFSET_COMMIT, 9, 77) == asked(request)
    assert answered(frame(struct.pack(">i", 77) + b"the rest")) == 77


def test_a_length_below_zero_is_no_kafka() -> None:
    with pytest.raises(ValueError, match="-1"):
        Cutter().feed(b"\xff\xff\xff\xff")
