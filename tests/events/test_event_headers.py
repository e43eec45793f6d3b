"""Headers and ids."""

from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Reject
from hub.events import Envelope, event_id, read_headers, write_headers
from hub.events.identity import NAMESPACE

ENVELOPE = Envelope(
    id="b8f2d5a0-5c3e-5b5e-8f5a-0d4f6f3c2b1a",
    source="onestop",
    type="dossier.v1.StatusChanged",
    time=1_760_321_100_000,
    flow="progress",
    digest="ab12",
    flags=("lenient_code", "unknown_unit"),
    unserved=("order",),
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def test_headers_are_cloudevents_attributes_and_ours() -> None:
    assert [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"b8f2d5a0-5c3e-5b5e-8f5a-0d4f6f3c2b1a"),
        ("ce_source", b"/connectors/onestop"),
        ("ce_type", b"dossier.v1.StatusChanged"),
        ("ce_time", b"2025-10-13T02:05:00.000Z"),
        ("content-type", b"application/vnd.confluent.avro"),
        ("hub_flow", b"progress"),
        ("hub_digest", b"ab12"),
        ("hub_flags", b"lenient_code,unknown_unit"),
        ("hub_unserved", b"order"),
        ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ] == write_headers(ENVELOPE)


@given(st.integers(0, 4_102_444_800_000), st.booleans())
def test_an_envelope_comes_back_as_it_was(time: int, bare: bool) -> None:
    envelope = Envelope("1", "portal", "a.v1.B", time, "f") if bare else ENVELOPE
    assert envelope == read_headers(write_headers(envelope))


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_time", "hub_flow"])
def test_a_missing_header_is_named(name: str) -> None:
    headers = [header for header in write_headers(ENVELOPE) if header[0] != name]
    with pytest.raises(Reject, match=f"header {name}: is missing"):
        read_headers(headers)


@pytest.mark.parametrize("time", [b"yesterday", b"2025-10-13T02:05:00", b"\xff", b"9" * 5000])
def test_a_time_that_is_none_is_rejected(time: bytes) -> None:
    headers = [*write_headers(ENVELOPE)[:4], ("hub_flow", b"f"), ("ce_time", time)]
    with pytest.raises(Reject, match="cannot be read"):
        read_headers(headers)


def test_an_id_is_a_version_5_uuid_of_the_documented_name() -> None:
    made = event_id("onestop", "progress", ("GD-1",), 0)
    assert str(uuid5(NAMESPACE, "7:onestop8:progress1:14:GD-11:0")) == made
    assert 5 == UUID(made).version


@given(st.lists(st.text(st.characters(), max_size=4), min_size=3, max_size=6), st.integers(0, 20))
def test_ids_differ_wherever_a_boundary_moves(parts: list[str], index: int) -> None:
    connector, flow, *identity = parts
    made = event_id(connector, flow, tuple(identity), index)
    assert made == event_id(connector, flow, tuple(identity), index)
    others = [
        (connector + flow, "", tuple(identity), index),
        (connector, flow, ("".join(identity), ""), index),
        (connector, flow, (*identity, str(index)), index),
        (connector, flow, tuple(identity), index + 1),
        (connector, "x" + flow, tuple(identity), index),
    ]
    mine = (connector, flow, tuple(identity), index)
    assert all(made != event_id(*other) for other in others if other != mine)


def test_a_broken_text_still_has_an_id() -> None:
    assert event_id("c", "f", ("\ud800",), 0) != event_id("c", "f", ("\ud801",), 0)
