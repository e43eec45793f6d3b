"""A WSDL becomes operations: how they travel, their faults, what they import."""

import pytest

from hub.contract.load import load_contract
from hub.contract.problems import ContractErrors
from hub.contract.types import (
    Field,
    Record,
    SoapWire,
    Text,
    Xml,
)
from tests.contract.wsdl_samples import (
    ANSWER,
    SOAP12,
    XS,
    A,
    do,
    load,
    problems,
    request,
    schema,
    wsdl,
)


@pytest.mark.parametrize(("soap", "version"), [("", "1.1"), (SOAP12, "1.2")])
def test_the_wire_says_how_the_operation_travels(soap: str, version: str) -> None:
    changes = {"soap": soap, "prefix": "soap12"} if soap else {}
    operation = load(request(f"<xs:sequence>{A}</xs:sequence>", **changes)).operations["S.Do"]
    assert operation.wire == SoapWire(
        "S", "SPort", version, "urn:test/Do", "urn:test", "Do", "urn:test", "DoResponse", True
    )
    assert list(operation.answers) == ["200"]


def test_declared_faults_are_known_by_their_element() -> None:
    body = request(
        f"<xs:sequence>{A}</xs:sequence>",
        '<xs:element name="Oops"><xs:complexType><xs:sequence>'
        '<xs:element name="why" type="xs:string"/></xs:sequence></xs:complexType></xs:element>',
        messages='<wsdl:message name="F"><wsdl:part name="f" element="t:Oops"/></wsdl:message>',
        fault='<wsdl:fault name="F" message="t:F"/>',
    )
    text = body.decode().replace(
        '<wsdl:output><soap:body use="literal"/></wsdl:output>',
        '<wsdl:output><soap:body use="literal"/></wsdl:output>'
        '<wsdl:fault name="F"><soap:fault name="F" use="literal"/></wsdl:fault>',
    )
    faults = load(text.encode()).operations["S.Do"].faults
    assert list(faults) == ["Oops"]


def test_a_bare_message_of_a_simple_type_is_a_record_with_its_value() -> None:
    record = do(wsdl(schema(f'<xs:element name="Do" type="xs:string"/>{ANSWER}')))
    assert record == Record("Do", (Field("value", Text(), xml=Xml(text=True)),))


def test_a_wsdl_may_import_another_of_the_bundle() -> None:
    whole = request(f"<xs:sequence>{A}</xs:sequence>").decode()
    service = whole[whole.index("<wsdl:service") : whole.index("</wsdl:definitions>")]
    head = whole[: whole.index(">", whole.index("<wsdl:definitions")) + 1]
    files = {
        "contract/x.wsdl": (
            f'{head}<wsdl:import namespace="urn:test" location="y.wsdl"/>{service}'
            "</wsdl:definitions>"
        ).encode(),
        "contract/y.wsdl": whole.replace(service, "").encode(),
        "contract/unused.txt": b"x",
    }
    contract = load_contract("soap", files, ["contract/x.wsdl"])
    assert list(contract.operations) == ["S.Do"]
    assert set(contract.files) == {"contract/x.wsdl", "contract/y.wsdl"}


def test_an_import_of_a_schema_as_a_wsdl_is_refused() -> None:
    other = f'<xs:schema {XS} targetNamespace="u"/>'.encode()
    body = request("", imports='<wsdl:import namespace="u" location="o.xsd"/>')
    assert "wsdl:import of the schema contract/o.xsd" in problems(body, o=other)[0]


def test_an_import_of_another_namespace_than_it_says_is_refused() -> None:
    other = f'<xs:schema {XS} targetNamespace="u"/>'.encode()
    body = wsdl(schema(f'<xs:import namespace="v" schemaLocation="o.xsd"/>{ANSWER}'))
    assert "contract/o.xsd is not of the namespace 'v'" in problems(body, o=other)[0]


def test_ports_of_other_protocols_are_left_out() -> None:
    http = "http://schemas.xmlsoap.org/wsdl/http/"
    text = request(f"<xs:sequence>{A}</xs:sequence>").decode()
    text = text.replace(
        '<wsdl:service name="S">',
        f"""<wsdl:binding name="H" type="t:P"><h:binding xmlns:h="{http}" verb="GET"/>
        <wsdl:operation name="Do"><h:operation xmlns:h="{http}" location="/Do"/>
        <wsdl:input><h:urlEncoded xmlns:h="{http}"/></wsdl:input>
        <wsdl:output/></wsdl:operation></wsdl:binding>
        <wsdl:service name="S"><wsdl:port name="HPort" binding="t:H">
        <h:address xmlns:h="{http}" location="http://127.0.0.1/"/></wsdl:port>""",
    )
    wire = load(text.encode()).operations["S.Do"].wire
    assert isinstance(wire, SoapWire)
    assert wire.port == "SPort"


def test_two_wsdls_of_one_contract_may_not_have_the_same_operation() -> None:
    body = request(f"<xs:sequence>{A}</xs:sequence>")
    files = {"a.wsdl": body, "b.wsdl": body}
    with pytest.raises(ContractErrors) as refused:
        load_contract("soap", files, ["a.wsdl", "b.wsdl"])
    assert "b.wsdl:8: Do is already defined at a.wsdl:8" in str(refused.value)


def test_a_contract_is_of_a_known_kind_and_size() -> None:
    with pytest.raises(ContractErrors, match="no contract is of the kind 'grpc'"):
        load_contract("grpc", {"a": b""}, ["a"])
    with pytest.raises(ContractErrors, match="no contract file is named"):
        load_contract("rest", {}, [])
    with pytest.raises(ContractErrors, match="more than 4194304 bytes"):
        load_contract("rest", {"a": b" " * 4_194_305}, ["a"])
    with pytest.raises(ContractErrors, match="more than 200 contract files"):
        load_contract("rest", {str(n): b"" for n in range(201)}, ["0"])
    with pytest.raises(ContractErrors, match=r"b\.yaml: is not in the bundle"):
        load_contract("rest", {"a.yaml": b"{}"}, ["b.yaml"])
