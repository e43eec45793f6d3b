"""Templates write what zeep writes, and refuse what is no message."""

import re
from collections.abc import Iterator

import pytest
import zeep
from hypothesis import given, settings

from adapters.soap.envelope import bare
from adapters.soap.template import compile_template
from hub.contract.types import Contract, Document, Field, Integer, MapOf, Record, Text, Xml
from hub.errors import Reject
from tests.adapters.soap.oracle import canonical, documents, written_by_zeep, zeep_client
from tests.adapters.soap.samples import DOCUMENT, GUI, NS, contract, files

TYPES = contract().types
render = compile_template(TYPES, GUI, NS, "Gui")


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def peer(request: pytest.FixtureRequest) -> Iterator[tuple[zeep.Client, Contract, str]]:
    with zeep_client(files(request.param), "mau.wsdl") as client:
        yield client, contract(request.param), request.param


@settings(max_examples=60)
@given(document=documents(GUI, TYPES))
def test_a_request_is_what_zeep_builds_for_the_same_values(
    peer: tuple[zeep.Client, Contract, str], document: Document
) -> None:
    client, _, version = peer
    expected = written_by_zeep(client, "Gui", GUI, document, service="Mau")
    assert canonical(expected) == canonical(bare(version)(render(document)))


def test_a_bare_operation_is_what_zeep_builds(peer: tuple[zeep.Client, Contract, str]) -> None:
    client, described, version = peer
    record = described.operations["Mau.Hoi"].request
    ours = bare(version)(compile_template(TYPES, record, NS, "CauHoi")({"Ma": "x"}))
    theirs = written_by_zeep(client, "Hoi", record, {"Ma": "x"}, service="Mau")
    assert canonical(theirs) == canonical(ours)


def without(key: str) -> Document:
    return {name: value for name, value in DOCUMENT.items() if name != key}


@pytest.mark.parametrize(
    ("document", "where", "what"),
    [
        (without("Ma"), "Gui.Ma", "a required value is missing"),
        ({**DOCUMENT, "Ma": 12}, "Gui.Ma", "a text is needed"),
        ({**DOCUMENT, "Ma": "a\x00b"}, "Gui.Ma", "a character that XML cannot carry"),
        ({**DOCUMENT, "Ma": "a\ud800b"}, "Gui.Ma", "a character that XML cannot carry"),
        ({**DOCUMENT, "Ma": "a\uffffb"}, "Gui.Ma", "a character that XML cannot carry"),
        ({**DOCUMENT, "SoLuong": True}, "Gui.SoLuong", "a whole number is needed"),
        ({**DOCUMENT, "TyLe": float("nan")}, "Gui.TyLe", "not finite"),
        ({**DOCUMENT, "DaXacThuc": 1}, "Gui.DaXacThuc", "true or false is needed"),
        ({**DOCUMENT, "La": "x"}, "Gui", r"no field \['La'\]"),
        ({**DOCUMENT, "Nhan": "x"}, "Gui.Nhan", "a list is needed"),
        ({**DOCUMENT, "Nhan": ["a", None]}, "Gui.Nhan", "an item has no value"),
        ({**DOCUMENT, "Nhan": ["a"] * 4}, "Gui.Nhan", "a list of 4 is outside"),
        ({**DOCUMENT, "Muc": [{"so": 1}]}, "Gui.Muc.Ten", "a required value is missing"),
        ({**DOCUMENT, "Muc": [{"Ten": "x"}]}, "Gui.Muc.so", "a required value is missing"),
        ({**DOCUMENT, "Muc": ["x"]}, "Gui.Muc", "a record is needed"),
        ({**DOCUMENT, "SoCMND": "1"}, "Gui", "2 alternatives of a choice"),
        (without("SoDinhDanh"), "Gui", "0 alternatives of a choice"),
    ],
)
def test_what_is_no_message_is_refused_by_place(document: Document, where: str, what: str) -> None:
    with pytest.raises(Reject) as refused:
        render(document)
    assert where == refused.value.where
    assert re.search(what, refused.value.what)


def test_a_refusal_shows_no_value() -> None:
    with pytest.raises(Reject) as refused:
        render({**DOCUMENT, "SoDinhDanh": "026001000011\x00"})
    assert "026001000011" not in str(refused.value)


def test_a_constant_is_written_by_itself_and_an_optional_field_left_out() -> None:
    written = render(without("PhienBan"))
    assert ":PhienBan>1</" in written
    assert "SoLuong" not in written


def test_a_record_that_holds_itself_is_written_to_any_depth() -> None:
    inner: Document = {"so": 0, "Ten": "đáy", "Con": []}
    for level in range(1, 30):
        inner = {"so": level, "Ten": "t", "Con": [inner]}
    assert 30 == render({**DOCUMENT, "Muc": [inner]}).count('so="')


def test_a_type_without_a_form_in_xml_is_refused_when_it_is_compiled() -> None:
    record = Record("R", (Field("x", MapOf(Text()), xml=Xml(NS)),))
    with pytest.raises(Reject, match="MapOf has no form in XML"):
        compile_template({}, record, NS, "R")


def test_attributes_are_escaped() -> None:
    record = Record("R", (Field("a", Text(), xml=Xml(attribute=True)), Field("b", Integer())))
    written = compile_template({}, record, None, "R")({"a": 'x"<&\t\n\r', "b": 1})
    assert written == '<R a="x&quot;&lt;&amp;&#9;&#10;&#13;"><b>1</b></R>'


def test_types_that_share_their_parts_do_not_multiply() -> None:
    record = Record("R0", (Field("x", Text(), xml=Xml(NS)),))
    for level in range(1, 40):
        twice = tuple(Field(name, record, required=False, xml=Xml(NS)) for name in ("a", "b"))
        record = Record(f"R{level}", twice)
    assert "<n0:R" in compile_template({}, record, NS, "R")({})
