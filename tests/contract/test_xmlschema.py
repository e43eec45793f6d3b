"""Messages are checked against the contract's schemas; zeep is the other reader."""

import time
from pathlib import Path

import pytest
from lxml import etree
from zeep import Client
from zeep.settings import Settings

from hub.contract.binding import Limits
from hub.contract.load import load_contract
from hub.contract.problems import ContractErrors
from hub.contract.types import Boolean, Integer, ListOf, Number, Record, Text, Type
from hub.contract.xml import Element, parse
from hub.contract.xmlschema import Misfit, SchemaValidator, schema_of
from tests.contract.wsdl_samples import ANSWER, XS, field, request, schema, wsdl

ONESTOP = Path(__file__).parents[2] / "connectors" / "onestop"
FILES = {
    path.relative_to(ONESTOP).as_posix(): path.read_bytes()
    for path in (ONESTOP / "contract").iterdir()
}
CONTRACT = load_contract("soap", FILES, ["contract/motcua.wsdl"])


def element(text: str) -> Element:
    return parse(text.encode(), Limits())


def validator(body: bytes, **others: bytes) -> SchemaValidator:
    files = {"contract/x.wsdl": body}
    files |= {f"contract/{name}.xsd": content for name, content in others.items()}
    return schema_of(load_contract("soap", files, ["contract/x.wsdl"]))


A = '<xs:element name="a" type="xs:int"/>'
B = '<xs:element name="b" minOccurs="0" type="t:T"/>'
T = (
    '<xs:simpleType name="T"><xs:restriction base="xs:string"><xs:maxLength value="2"/>'
    '<xs:enumeration value="x"/><xs:enumeration value="yy"/></xs:restriction></xs:simpleType>'
)
SMALL = validator(field(f"{A}{B}", T))

WRONG: list[tuple[str, list[tuple[str, str]]]] = [
    ("<a>x</a>", [("Do/a", "does not have the form of its type")]),
    ("<a>1</a><b>z</b>", [("Do/b", "is none of the listed values")]),
    ("<b>x</b>", [("Do/b", "an element is missing, not expected here, or in the wrong order")]),
    ("", [("Do", "an element is missing, not expected here, or in the wrong order")]),
    ("<a>1</a><c/>", [("Do/c", "an element is missing, not expected here, or in the wrong order")]),
    ('<a y="1">1</a>', [("Do/a", "has attributes, which are not allowed here")]),
]


@pytest.mark.parametrize(("content", "expected"), WRONG)
def test_a_misfit_is_told_by_path_without_its_value(
    content: str, expected: list[tuple[str, str]]
) -> None:
    found = SMALL.validate(element(f'<Do xmlns="urn:test">{content}</Do>'))
    assert found[: len(expected)] == [Misfit(path, what) for path, what in expected]


def test_a_message_inside_an_envelope_is_checked_from_its_own_element() -> None:
    envelope = '<e:E xmlns:e="u"><e:B><Do xmlns="urn:test"><a>{}</a></Do></e:B></e:E>'
    assert SMALL.validate(element(envelope.format(1))[0][0]) == []
    found = SMALL.validate(element(envelope.format("Nguyễn Văn Mẫu"))[0][0])
    assert found == [Misfit("Do/a", "does not have the form of its type")]


def test_an_element_of_no_contract_is_refused() -> None:
    found = SMALL.validate(element('<Dont xmlns="urn:test"/>'))
    assert found == [Misfit("Dont", "is not an element of the contract")]


def test_schemas_of_several_files_and_namespaces_work_together() -> None:
    common = f"""<xs:schema {XS} xmlns:o="urn:other" targetNamespace="urn:other"
      elementFormDefault="qualified"><xs:include schemaLocation="part.xsd"/>
      <xs:element name="o" type="o:S"/></xs:schema>""".encode()
    part = f"""<xs:schema {XS}><xs:simpleType name="S"><xs:restriction base="xs:int"/>
      </xs:simpleType></xs:schema>""".encode()
    other = schema(
        '<xs:import namespace="urn:other" schemaLocation="common.xsd"/>'
        '<xs:element name="Do"><xs:complexType><xs:sequence>'
        '<xs:element xmlns:o="urn:other" ref="o:o"/></xs:sequence></xs:complexType></xs:element>'
    )
    check = validator(wsdl(other + schema(ANSWER)), common=common, part=part)
    good = '<Do xmlns="urn:test"><o xmlns="urn:other">1</o></Do>'
    assert check.validate(element(good)) == []
    assert check.validate(element(good.replace("1", "x"))) != []
    answer = '<DoResponse xmlns="urn:test"><code>1</code></DoResponse>'
    assert check.validate(element(answer)) == []


@pytest.mark.parametrize("own", ["", 'xmlns="urn:test"', 'xmlns:t="urn:test"'])
def test_a_prefix_that_the_wsdl_declares_counts_in_its_schema(own: str) -> None:
    """Source: Namespaces in XML 1.0, section 6.1: a declaration holds for what stands inside."""
    inline = (
        f'<xs:schema {own} targetNamespace="urn:test" elementFormDefault="qualified">'
        f'<xs:element name="Do"><xs:complexType><xs:sequence>{A}{B}</xs:sequence>'
        f"</xs:complexType></xs:element>{T}{ANSWER}</xs:schema>"
    )
    check = validator(wsdl(inline))
    assert check.validate(element('<Do xmlns="urn:test"><a>1</a><b>yy</b></Do>')) == []
    found = check.validate(element('<Do xmlns="urn:test"><a>1</a><b>z</b></Do>'))
    assert found[0] == Misfit("Do/b", "is none of the listed values")


def test_a_schema_that_libxml2_finds_inconsistent_is_refused() -> None:
    twice = '<xs:element name="a" minOccurs="0"/><xs:any minOccurs="0" processContents="lax"/>'
    with pytest.raises(ContractErrors, match="the schemas are not consistent"):
        validator(field(twice))


def test_a_catastrophic_pattern_costs_nothing() -> None:
    patterned = (
        '<xs:simpleType name="P"><xs:restriction base="xs:string">'
        '<xs:pattern value="(x+x+)+y"/></xs:restriction></xs:simpleType>'
    )
    check = validator(field('<xs:element name="a" type="t:P" maxOccurs="unbounded"/>', patterned))
    values = f"<a>{'x' * 40}</a>" * 100
    many = element(f'<Do xmlns="urn:test">{values}</Do>')
    started = time.process_time()
    check.validate(many)
    assert time.process_time() - started < 1  # libxml2 alone: about a second for each


def test_a_misfit_in_each_of_many_elements_costs_no_more_than_reading_them() -> None:
    check = validator(field('<xs:element name="a" type="xs:int" maxOccurs="unbounded"/>'))
    wrong = element(f'<Do xmlns="urn:test">{"<a>x</a>" * 40_000}</Do>')
    started = time.process_time()
    assert check.validate(wrong) == [Misfit("Do", "does not have the form of its type")]
    assert time.process_time() - started < 3  # 0.3 s; with paths it is half a minute
    assert check.validate(element(f'<Do xmlns="urn:test">{"<a>1</a>" * 40_000}</Do>')) == []


def test_a_tree_from_another_thread_is_checked_like_any_other() -> None:
    names = "".join(f"<n{number}{'y' * 190}x/>" for number in range(10))
    strange = element(f'<e xmlns:e="u"><h>{names}</h><Do xmlns="urn:test"><a>1</a></Do></e>')
    assert SMALL.validate(strange[1]) == []


def test_attributes_and_text_are_checked() -> None:
    content = (
        '<xs:simpleContent><xs:extension base="xs:int"><xs:attribute name="u" use="required"/>'
        "</xs:extension></xs:simpleContent>"
    )
    check = validator(request(content))
    assert check.validate(element('<Do xmlns="urn:test" u="1">5</Do>')) == []
    found = check.validate(element('<Do xmlns="urn:test">5</Do>'))
    assert found == [Misfit("Do", "an attribute is missing")]


# ---------------------------------------------------------------------------- zeep as the oracle

SAMPLES = {
    "date-time": "2025-10-13T09:05:00+07:00",
    "date": "1901-02-03",
    "[0-9]{5}": "01234",
    "[0-9]{3}": "123",
    "[0-9]{2}": "25",
    "[0-9a-fA-F]{64}": "a" * 64,
}


def sample(type_: Type) -> object:
    """A value of a type, as zeep takes it."""
    match type_:
        case Text(values=values) if values is not None:
            return values[-1]
        case Text():
            found = SAMPLES.get(type_.pattern or type_.format or "", "Trần Thị Thử")
            return found[: type_.max_length]
        case Integer():
            return type_.maximum if type_.values is None else type_.values[0]
        case Boolean():
            return True
        case Number():
            return 1.5
        case ListOf(item=item):
            return [sample(item)] * 2
        case Record():
            return {f.name: sample(f.type) for f in type_.fields}
        case _:
            raise AssertionError(type_)


def test_what_zeep_writes_from_our_model_is_valid_for_every_operation() -> None:
    settings = Settings(forbid_dtd=True, forbid_external=True)
    place = str(ONESTOP / "contract" / "motcua.wsdl")
    client = Client(place, settings=settings)  # type: ignore[no-untyped-call]  # zeep has no hints
    check = schema_of(CONTRACT)
    for name, operation in CONTRACT.operations.items():
        service, _, call = name.partition(".")
        proxy = client.bind(service)
        values = sample(operation.request)
        assert isinstance(values, dict)
        envelope = client.create_message(proxy, call, **values)  # type: ignore[no-untyped-call]  # as above
        body = parse(etree.tostring(envelope), Limits()).find("{*}Body")
        assert body is not None
        assert check.validate(body[0]) == [], name
        assert len(body[0]) >= len([f for f in operation.request.fields if f.required])
