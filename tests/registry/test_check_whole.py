"""A check is whole: mistakes of every stage are told together, and the largest contract in time."""

import sys
import time
from pathlib import Path

import pytest

from hub.registry.bundle_files import read_files
from hub.registry.check import check
from hub.registry.event_types import Events, read_events

ROOT = Path(__file__).parents[2]
GOOD = Path(__file__).parent / "corpus" / "connectors"
TYPES, ENUMERATIONS, OPERATIONS = 600, 50, 30
SECONDS = 2.0  # of processor time

MISTAKES = [
    ("connector.yaml", b"timeout: 30", b"timeouts: 30", "delivery.timeouts is an unknown key"),
    ("connector.yaml", b"bearer, token: $secret.token", b"bearer, token: Mua-Thu", "a credential"),
    ("connector.yaml", b'result: "0"', b'results: "0"', "the contract has no 'results' there"),
    ("connector.yaml", b"identity: [id]", b"identity: [ident]", "leads nowhere at 'ident'"),
    ("mapping.py", b"note=event.note", b"note=event.not_e", "no field 'not_e'"),
    ("mapping.py", b'"GONE": "DELIVERED"', b'"GONE": "DELIVERD"', "'DELIVERD'"),
    ("cases/told/processing.in.json", b"{", b"{{", "is not JSON"),
]
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def events() -> Events:
    return read_events(ROOT / "schemas" / "avro")


def test_a_mistake_in_every_stage_is_told_at_once(events: Events) -> None:
    files: Files = read_files(GOOD / "desk")
    for name, old, new, _ in MISTAKES:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)
    files["notes.txt"] = b"x"
    found = check("desk", files, events)
    told = "\n".join(map(str, found.problems))
    for _, _, _, said in MISTAKES:
        assert said in told
    assert "notes.txt: is read by nothing" in told
    assert len(found.problems) == len(MISTAKES) + 1, told


@pytest.mark.parametrize(
    ("broken", "still"),
    [
        ("connector.yaml", {"mapping.py"}),
        ("contract/desk.openapi.yaml", {"mapping.py", "cases/told/processing.in.json"}),
    ],
)
def test_what_cannot_be_read_at_all_hides_nothing_that_can(
    broken: str, still: set[str], events: Events
) -> None:
    files: Files = read_files(GOOD / "desk")
    files[broken] += b"\n}"
    files["mapping.py"] += b"\nimport os\n"
    files["cases/told/processing.in.json"] += b"}"
    found = {problem.at.partition(":")[0] for problem in check("desk", files, events).problems}
    assert still | {broken} <= found


def test_a_flow_that_cannot_be_read_leaves_no_trail_in_the_mapping(events: Events) -> None:
    files: Files = read_files(GOOD / "desk")
    old = b"  withdrawn: {receive: POST /withdrawals"
    files["connector.yaml"] = files["connector.yaml"].replace(old, old + b", emits: [Withdrawn]")
    (problem,) = check("desk", files, events).problems
    assert problem.what == "flows.withdrawn.emits is an unknown key"


def large() -> Files:
    """A WSDL of 600 types and 30 operations, half a megabyte, with a mapping for two of them."""
    enumerations = "".join(
        f'<xs:simpleType name="E{i}"><xs:restriction base="xs:string">'
        + "".join(f'<xs:enumeration value="V{k}"/>' for k in range(20))
        + "</xs:restriction></xs:simpleType>\n"
        for i in range(ENUMERATIONS)
    )
    types = "".join(
        f'<xs:complexType name="T{i}"><xs:sequence>'
        + "".join(
            f'<xs:element name="f{j}" type="{"xs:string" if j % 3 else f"t:E{j}"}"'
            f' minOccurs="{int(not j)}"/>'
            for j in range(12)
        )
        + (f'<xs:element name="n" type="t:T{i + 1}" minOccurs="0"/>' if i % 20 < 19 else "")
        + "</xs:sequence></xs:complexType>\n"
        for i in range(TYPES)
    )
    parts = [_operation(i) for i in range(OPERATIONS)]
    elements, messages, port, binding = ("".join(found) for found in zip(*parts, strict=True))
    wsdl = (
        '<wsdl:definitions name="T" targetNamespace="urn:t" xmlns:t="urn:t"'
        ' xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"'
        ' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"'
        ' xmlns:xs="http://www.w3.org/2001/XMLSchema">\n'
        '<wsdl:types><xs:schema targetNamespace="urn:t" elementFormDefault="qualified">\n'
        f"{enumerations}{types}{elements}</xs:schema></wsdl:types>\n{messages}"
        f'<wsdl:portType name="P">{port}</wsdl:portType>\n'
        '<wsdl:binding name="B" type="t:P"><soap:binding style="document"'
        f' transport="http://schemas.xmlsoap.org/soap/http"/>{binding}</wsdl:binding>\n'
        '<wsdl:service name="S"><wsdl:port name="SP" binding="t:B">'
        '<soap:address location="http://large.invalid/"/></wsdl:port></wsdl:service>'
        "</wsdl:definitions>"
    )
    counter = read_files(GOOD / "counter")
    manifest = counter["connector.yaml"].decode().replace("counter", "large")
    manifest = manifest.replace("Desk.Tell", "S.Op3").replace("Desk.Refuse", "S.Op4")
    mapping = (
        "def told(event):\n"
        "    return Op3(Number=event.dossier_code, At=instant_text(event.at))\n\n\n"
        "def refused(doc):\n    return Withdrawn(dossier_code=dossier_code(doc.Number),"
        " at=instant(doc.At), origin='PROVINCE')\n"
    )
    message = '<t:{} xmlns:t="urn:t"><t:Number>H44.99.99-251013-0001</t:Number>{}</t:{}>'
    at = "<t:At>2025-10-13T09:05:00+07:00</t:At>"
    event = counter["cases/refused/returned.out.json"].replace(b"not ours", b"x")
    return {
        "connector.yaml": manifest.replace("large_password", "counter_password").encode(),
        "contract/large.wsdl": wsdl.encode(),
        "mapping.py": mapping.encode(),
        "cases/with.json": counter["cases/with.json"],
        "cases/told/one.in.json": counter["cases/told/processing.in.json"],
        "cases/told/one.out.xml": message.format("Op3", at, "Op3").encode(),
        "cases/refused/one.in.xml": message.format("Op4", at, "Op4").encode(),
        "cases/refused/one.out.json": event.replace(b',\n        "reason": "x"', b""),
    }


def _operation(i: int) -> tuple[str, str, str, str]:
    """The elements, messages, port's and binding's part of one operation."""
    body = f'<xs:element name="Body" type="t:T{i * 20}" minOccurs="0"/>'
    holds = (
        '<xs:element name="{}"><xs:complexType><xs:sequence>{}{}'
        "</xs:sequence></xs:complexType></xs:element>\n"
    )
    text = '<xs:element name="{}" type="xs:string"/>'
    at = '<xs:element name="At" type="xs:dateTime"/>'
    elements = holds.format(f"Op{i}", text.format("Number") + at, body)
    elements += holds.format(f"Op{i}Response", text.format("Code"), body)
    part = '<wsdl:message name="{}"><wsdl:part name="b" element="t:{}"/></wsdl:message>\n'
    messages = part.format(f"I{i}", f"Op{i}") + part.format(f"O{i}", f"Op{i}Response")
    port = (
        f'<wsdl:operation name="Op{i}"><wsdl:input message="t:I{i}"/>'
        f'<wsdl:output message="t:O{i}"/></wsdl:operation>\n'
    )
    literal = '<soap:body use="literal"/>'
    binding = (
        f'<wsdl:operation name="Op{i}"><soap:operation soapAction="urn:t/{i}"/>'
        f"<wsdl:input>{literal}</wsdl:input><wsdl:output>{literal}</wsdl:output></wsdl:operation>\n"
    )
    return elements, messages, port, binding


def test_a_contract_of_600_types_is_checked_in_two_seconds(events: Events) -> None:
    files = large()
    check("counter", read_files(GOOD / "counter"), events)  # loading zeep is not what is measured
    before = time.process_time()
    found = check("large", files, events)
    took = time.process_time() - before
    assert found.problems == ()
    assert found.bundle is not None
    assert len(found.bundle.inbound.types) >= TYPES
    traced = sys.gettrace() is not None  # by coverage, which costs three times as much
    assert took < SECONDS * (4 if traced else 1)
