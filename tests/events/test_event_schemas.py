"""The files under schemas/avro: complete, marked, and readable by every Avro library."""

import avro.schema
import fastavro
import orjson
import pytest

from hub.errors import Reject
from hub.events.catalogue import Definition, build, fields_of, inline, load, read
from tests.events.records import CATALOGUE, SCHEMAS

# The events and the number of their fields, counted by hand.
EVENTS = {
    "catalogue.v1.ProcedurePublished": 8,
    "consignment.v1.CancellationRequested": 5,
    "consignment.v1.ConsignmentDelivered": 6,
    "consignment.v1.ConsignmentOrdered": 11,
    "consignment.v1.ConsignmentReturned": 5,
    "consignment.v1.ConsignmentTracked": 8,
    "consignment.v1.DeliveryFailed": 6,
    "dossier.v1.Accepted": 6,
    "dossier.v1.DeadlineExtended": 11,
    "dossier.v1.EvaluationGiven": 6,
    "dossier.v1.Received": 5,
    "dossier.v1.Refused": 7,
    "dossier.v1.ResultReady": 7,
    "dossier.v1.ResultReturned": 10,
    "dossier.v1.StatusChanged": 12,
    "dossier.v1.SupplementProvided": 7,
    "dossier.v1.SupplementRequested": 9,
    "dossier.v1.WithdrawalRequested": 5,
    "dossier.v1.Withdrawn": 6,
    "payment.v1.FeePaid": 11,
    "payment.v1.FeeRequested": 8,
}
SENSITIVE = {"url", "transaction_ref"}


def test_all_events_of_the_domain_are_there() -> None:
    found = {name: len(fields_of(whole)) for name, whole in CATALOGUE.whole.items()}
    assert {**EVENTS, "hub.v1.Act": 15, "hub.v1.Receipt": 21} == found


def test_the_key_stands_first() -> None:
    keys = {name: CATALOGUE.key_field(name) for name in EVENTS}
    assert "procedure_code" == keys.pop("catalogue.v1.ProcedurePublished")
    assert {"dossier_code"} == set(keys.values())


@pytest.mark.parametrize("name", sorted(CATALOGUE.whole))
def test_two_libraries_accept_it(name: str) -> None:
    text = CATALOGUE.texts[name]
    official = avro.schema.parse(text)
    assert isinstance(official, avro.schema.RecordSchema)
    assert name == official.fullname
    parsed = fastavro.parse_schema(orjson.loads(text))
    assert isinstance(parsed, dict)
    assert name == parsed["name"]


def test_sensitive_are_the_values_that_open_papers_or_accounts() -> None:
    found = {
        field
        for definition in CATALOGUE.files.values()
        for field, spec in fields_of(definition)
        if spec.get("pii") == "s"
    }
    assert SENSITIVE == found


def test_strange_symbols_have_a_way_out_where_a_peer_may_surprise() -> None:
    defaults = {
        name: definition.get("default")
        for name, definition in CATALOGUE.files.items()
        if "UNKNOWN" in str(definition.get("symbols"))
    }
    assert {
        "common.v1.DossierStatus": "UNKNOWN",
        "common.v1.PostalState": "UNKNOWN",
        "hub.v1.Outcome": "UNKNOWN",
        "hub.v1.ActKind": "UNKNOWN",
        "hub.v1.ReceiptKind": "UNKNOWN",
    } == defaults


def test_a_shared_type_is_written_out_once() -> None:
    text = CATALOGUE.texts["consignment.v1.ConsignmentOrdered"]
    assert 1 == text.count('"name":"Party"')
    assert 1 == text.count('"common.v1.Party"')


def test_a_mention_of_nothing_is_refused() -> None:
    definition: Definition = {
        "type": "record",
        "name": "A",
        "namespace": "x.v1",
        "fields": [{"name": "b", "type": {"type": "array", "items": "x.v1.B"}}],
    }
    with pytest.raises(Reject, match=r"x\.v1\.A\.avsc: mentions 'x\.v1\.B'"):
        build({"x.v1.A": definition})


def test_a_record_may_hold_itself() -> None:
    definition: Definition = {
        "type": "record",
        "name": "A",
        "namespace": "x.v1",
        "fields": [{"name": "next", "type": ["null", "x.v1.A"], "default": None}],
    }
    assert definition == inline("x.v1.A", {"x.v1.A": definition})


def test_a_file_has_the_name_of_what_it_defines(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("schemas")
    with pytest.raises(Reject, match=r"holds no \.avsc file"):
        load(folder)
    wrong = folder / "x.v1.B.avsc"
    wrong.write_bytes((SCHEMAS / "common.v1.Party.avsc").read_bytes())
    with pytest.raises(Reject, match=r"x\.v1\.B\.avsc: defines 'common\.v1\.Party'"):
        read(wrong)
    wrong.write_text("[")
    with pytest.raises(Reject, match="cannot be read"):
        read(wrong)
    wrong.write_text("[]")
    with pytest.raises(Reject, match="not one JSON object"):
        read(wrong)
    wrong.write_text(" " * 300_000)
    with pytest.raises(Reject, match="not one JSON object"):
        read(wrong)
