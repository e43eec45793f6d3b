"""The wire format: what comes out, what goes in, and what hostile bytes do."""

import json
from io import BytesIO

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.types import Document, Value
from hub.errors import Reject, Retry
from hub.events import Codec
from hub.events.catalogue import Definition, build, fields_of
from tests.events.records import CATALOGUE, STATUS_CHANGED, example

STATUS = "dossier.v1.StatusChanged"


class Known:
    """A registry in memory: ids in the order of registration, from 1."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def register(self, subject: str, text: str) -> int:
        del subject
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1

    def schema(self, number: int) -> str:
        if number == 99:
            raise Retry("registry unreachable", system=True)
        if not 1 <= number <= len(self.texts):
            raise Retry(f"schema {number} is not known")
        return self.texts[number - 1]


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def codec(known: Known) -> Codec:
    return Codec(CATALOGUE, known)


DEFAULTS: dict[str, dict[str, Value]] = {
    "hub.v1.Receipt": {"series": 0, "epoch": -1, "offsets": [], "act": -1},
    "hub.v1.Act": {"source_partition": -1, "source_offset": -1, "series": -1},
}


def _present(value: Value) -> Value:
    if isinstance(value, list):
        return [_present(item) for item in value]
    if isinstance(value, dict):
        return {key: _present(part) for key, part in value.items() if part is not None}
    return value


@pytest.mark.parametrize("name", sorted(CATALOGUE.whole))
@pytest.mark.parametrize("full", [True, False])
def test_every_record_comes_back_as_it_was(codec: Codec, name: str, full: bool) -> None:
    record = example(name, full=full)
    name_read, read = codec.decode(codec.encode(name, record))
    assert name == name_read
    assert DEFAULTS.get(name, {}) | record == _present(read)
    assert {field for field, _ in fields_of(CATALOGUE.whole[name])} == set(read)


def test_the_bytes_are_those_of_a_stock_writer_with_the_prefix(codec: Codec, known: Known) -> None:
    known.texts += ["another"] * 299
    raw = codec.encode(STATUS, STATUS_CHANGED)
    assert b"\x00\x00\x00\x01\x2c" == raw[:5]
    out = BytesIO()
    fastavro.schemaless_writer(out, json.loads(CATALOGUE.texts[STATUS]), STATUS_CHANGED)
    assert out.getvalue() == raw[5:]


def test_times_and_dates_stay_numbers(codec: Codec) -> None:
    raw = codec.encode("dossier.v1.Received", example("dossier.v1.Received"))
    _, read = codec.decode(raw)
    dossier = read["dossier"]
    assert isinstance(dossier, dict)
    applicant = dossier["applicant"]
    assert isinstance(applicant, dict)
    assert 7_000_000_000 == read["at"]
    assert 7 == applicant["birth_date"]


@pytest.mark.parametrize(
    ("change", "place", "what"),
    [
        ({"status": "DONE"}, "status", "no symbol of common.v1.DossierStatus"),
        ({"at": "2025-10-13"}, "at", "not of type long"),
        ({"at": None}, "at", "not of type long"),
        ({"at": 2**63}, "at", "not of type long"),
        ({"note": 5}, "note", "not of type string"),
        ({"note": "\ud800"}, "note", "not of type string"),
        ({"surprise": 1}, "", "'surprise'"),
    ],
)
def test_a_misfit_names_the_field_and_not_the_value(
    codec: Codec, change: Document, place: str, what: str
) -> None:
    with pytest.raises(Reject) as refused:
        codec.encode(STATUS, {**STATUS_CHANGED, **change})
    assert f"{STATUS} {place}".rstrip() == refused.value.where
    assert what in refused.value.what
    assert "misfit" == refused.value.code


def test_a_misfit_deep_inside_is_found(codec: Codec) -> None:
    record = example("dossier.v1.Accepted")
    dossier = record["dossier"]
    assert isinstance(dossier, dict)
    attachments = dossier["attachments"]
    assert isinstance(attachments, list)
    attachments.append({"digitised": True})
    with pytest.raises(Reject, match=r"dossier\.attachments\[1\]\.reused"):
        codec.encode("dossier.v1.Accepted", record)


def test_a_missing_required_field_is_named(codec: Codec) -> None:
    record = {key: value for key, value in STATUS_CHANGED.items() if key != "status_raw"}
    with pytest.raises(Reject, match="status_raw"):
        codec.encode(STATUS, record)


def test_an_unknown_name_is_a_bug(codec: Codec) -> None:
    with pytest.raises(KeyError):
        codec.encode("dossier.v1.Nothing", {})


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not-avro"),
        (b"\x01\x00\x00\x00\x01", "not-avro"),
        (b"{}", "not-avro"),
        (b"\x00\x00\x00\x00", "truncated"),
        (b"\x00\x00\x00\x00\x01", "truncated"),
    ],
)
def test_what_can_never_be_read_is_rejected(codec: Codec, raw: bytes, code: str) -> None:
    codec.encode(STATUS, STATUS_CHANGED)
    with pytest.raises(Reject) as refused:
        codec.decode(raw)
    assert code == refused.value.code


def test_every_cut_and_every_addition_is_noticed(codec: Codec) -> None:
    raw = codec.encode(STATUS, STATUS_CHANGED)
    for length in range(len(raw)):
        with pytest.raises(Reject):
            codec.decode(raw[:length])
    with pytest.raises(Reject, match="left over") as refused:
        codec.decode(raw + b"\x00")
    assert "undecodable" == refused.value.code


@given(st.sampled_from(sorted(CATALOGUE.whole)), st.binary(max_size=200))
def test_any_bytes_are_a_record_or_rejected(name: str, tail: bytes) -> None:
    codec = Codec(CATALOGUE, Known())
    prefix = codec.encode(name, example(name))[:5]
    try:
        name_read, _ = codec.decode(prefix + tail)
    except Reject:
        return
    assert name == name_read


@given(st.data())
def test_a_flipped_byte_is_a_record_or_rejected(data: st.DataObject) -> None:
    codec = Codec(CATALOGUE, Known())
    raw = bytearray(codec.encode("dossier.v1.Accepted", example("dossier.v1.Accepted")))
    place = data.draw(st.integers(5, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        codec.decode(bytes(raw))
    except Reject:
        return


def test_an_unknown_id_is_for_later_and_a_dead_registry_for_all(codec: Codec) -> None:
    with pytest.raises(Retry) as later:
        codec.decode(b"\x00\x00\x00\x00\x07rest")
    assert not later.value.system
    with pytest.raises(Retry) as down:
        codec.decode(b"\x00\x00\x00\x00\x63rest")
    assert down.value.system


def test_an_id_that_becomes_known_is_read_then(codec: Codec, known: Known) -> None:
    other = Codec(CATALOGUE, known)
    raw = b"\x00\x00\x00\x00\x01"
    with pytest.raises(Retry):
        codec.decode(raw)
    raw = other.encode(STATUS, STATUS_CHANGED)
    assert STATUS == codec.decode(raw)[0]


def test_the_schema_behind_an_id_must_be_a_records(codec: Codec, known: Known) -> None:
    known.texts.append('"string"')
    with pytest.raises(Reject, match="not a record"):
        codec.decode(b"\x00\x00\x00\x00\x01\x02a")


def test_a_registrys_schema_that_is_none_is_rejected(codec: Codec, known: Known) -> None:
    known.texts.append('{"type":"record","name":"X","fields":[{"name":"a","type":"unheard.Of"}]}')
    with pytest.raises(Reject) as refused:
        codec.decode(b"\x00\x00\x00\x00\x01\x02a")
    assert "undecodable" == refused.value.code


def test_warming_learns_all_ids_at_once(codec: Codec, known: Known) -> None:
    codec.warm()
    assert len(CATALOGUE.whole) == len(known.texts)
    codec.encode(STATUS, STATUS_CHANGED)
    assert len(CATALOGUE.whole) == len(known.texts)


NEW: Definition = {
    "type": "record",
    "name": "Moved",
    "namespace": "test.v1",
    "fields": [
        {"name": "code", "type": "string"},
        {"name": "added", "type": ["null", "string"], "default": None},
        {
            "name": "state",
            "type": {
                "type": "enum",
                "name": "State",
                "symbols": ["A", "UNKNOWN"],
                "default": "UNKNOWN",
            },
        },
    ],
}


def test_a_record_of_another_version_is_resolved_to_the_hubs(known: Known) -> None:
    stranger = json.loads(json.dumps(NEW))
    stranger["fields"][1] = {"name": "dropped", "type": "int"}
    stranger["fields"][2]["type"]["symbols"] = ["A", "B"]
    del stranger["fields"][2]["type"]["default"]
    writer = Codec(build({"test.v1.Moved": stranger}), known)
    reader = Codec(build({"test.v1.Moved": NEW}), known)
    raw = writer.encode("test.v1.Moved", {"code": "1", "dropped": 5, "state": "B"})
    assert ("test.v1.Moved", {"code": "1", "added": None, "state": "UNKNOWN"}) == reader.decode(raw)


def test_a_schema_spelt_otherwise_is_the_same(known: Known) -> None:
    """As other registries give it back: names and namespaces moved, documentation changed."""
    codec = Codec(CATALOGUE, known)
    raw = codec.encode(STATUS, STATUS_CHANGED)
    spelt = json.loads(known.texts[0])
    spelt |= {"name": f"{spelt['namespace']}.{spelt['name']}", "namespace": "x", "doc": "changed"}
    known.texts[0] = json.dumps(spelt)
    name, found = Codec(CATALOGUE, known).decode(raw)
    assert STATUS == name
    assert STATUS_CHANGED == _present(found)


def test_a_version_that_cannot_be_resolved_is_rejected(known: Known) -> None:
    stranger = json.loads(json.dumps(NEW))
    stranger["fields"][0]["type"] = "int"
    writer = Codec(build({"test.v1.Moved": stranger}), known)
    reader = Codec(build({"test.v1.Moved": NEW}), known)
    raw = writer.encode("test.v1.Moved", {"code": 1, "state": "A"})
    with pytest.raises(Reject) as refused:
        reader.decode(raw)
    assert "incompatible-schema" == refused.value.code


def test_what_was_learnt_is_read_without_asking(codec: Codec, known: Known) -> None:
    codec.warm()
    raw = codec.encode(STATUS, STATUS_CHANGED)
    known.texts.clear()  # the registry has gone
    name, record = codec.decode(raw)
    assert (STATUS, STATUS_CHANGED["status"]) == (name, record["status"])
