"""WSDL and XML Schema become the type model, or are refused by name and place."""

import sys
import time

import pytest

from hub.contract.load import load_contract
from hub.contract.problems import ContractErrors
from hub.contract.types import (
    Anything,
    Boolean,
    Contract,
    Field,
    Group,
    Integer,
    ListOf,
    Number,
    Record,
    Ref,
    SoapWire,
    Text,
    Type,
    Xml,
)
from tests.contract.wsdl_samples import ANSWER, SOAP12, XS, field, request, schema, wsdl

SIMPLE = '<xs:simpleType name="T">{}</xs:simpleType>'
RESTRICTED = SIMPLE.format('<xs:restriction base="xs:{base}">{facets}</xs:restriction>')
HERE = Xml("urn:test")


def load(body: bytes, **others: bytes) -> Contract:
    files = {"contract/x.wsdl": body}
    files |= {f"contract/{name}.xsd": content for name, content in others.items()}
    return load_contract("soap", files, ["contract/x.wsdl"])


def do(body: bytes, **others: bytes) -> Record:
    return load(body, **others).operations["S.Do"].request


def problems(body: bytes, **others: bytes) -> list[str]:
    with pytest.raises(ContractErrors) as refused:
        load(body, **others)
    return [str(problem) for problem in refused.value.problems]


def restricted(base: str, facets: str) -> bytes:
    return field('<xs:element name="a" type="t:T"/>', RESTRICTED.format(base=base, facets=facets))


SCALARS: list[tuple[str, str, Type]] = [
    ("string", "", Text()),
    ("string", '<xs:maxLength value="5"/><xs:minLength value="2"/>', Text(None, 2, 5)),
    ("string", '<xs:length value="3"/>', Text(None, 3, 3)),
    ("string", '<xs:pattern value="[A-Z]{2}\\d"/>', Text(pattern=r"[A-Z]{2}\p{Nd}")),
    ("string", '<xs:pattern value="a^$"/>', Text(pattern=r"a\^\$")),
    ("string", '<xs:pattern value="[^a]"/>', Text(pattern="[^a]")),
    ("string", '<xs:pattern value="a"/><xs:pattern value="b"/>', Text(pattern="(?:a)|(?:b)")),
    ("string", '<xs:enumeration value="A"/><xs:enumeration value="B"/>', Text(("A", "B"))),
    ("token", '<xs:whiteSpace value="collapse"/>', Text()),
    ("anyURI", "", Text()),
    ("dateTime", "", Text(format="date-time")),
    ("date", "", Text(format="date")),
    ("base64Binary", "", Text(format="byte")),
    ("boolean", "", Boolean()),
    ("int", "", Integer(-(2**31), 2**31 - 1)),
    ("integer", '<xs:minInclusive value="1"/><xs:maxExclusive value="6"/>', Integer(1, 5)),
    ("nonNegativeInteger", '<xs:minExclusive value="-5"/>', Integer(0, None)),
    ("integer", '<xs:totalDigits value="3"/>', Integer(-999, 999)),
    ("int", '<xs:enumeration value="1"/><xs:enumeration value="2"/>', Integer(values=(1, 2))),
    ("decimal", '<xs:fractionDigits value="0"/><xs:minInclusive value="0"/>', Integer(0)),
    ("decimal", '<xs:minInclusive value="0.5"/>', Number(0.5)),
    ("double", "", Number()),
]


@pytest.mark.parametrize(("base", "facets", "expected"), SCALARS)
def test_a_simple_type_keeps_its_facets(base: str, facets: str, expected: Type) -> None:
    assert expected == do(restricted(base, facets)).fields[0].type


PARTICLES: list[tuple[str, Field]] = [
    ('<xs:element name="a" type="xs:string"/>', Field("a", Text(), xml=HERE)),
    (
        '<xs:element name="a" type="xs:string" minOccurs="0"/>',
        Field("a", Text(), required=False, xml=HERE),
    ),
    (
        '<xs:element name="a" type="xs:string" nillable="true"/>',
        Field("a", Text(), nullable=True, xml=HERE),
    ),
    (
        '<xs:element name="a" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>',
        Field("a", ListOf(Text()), required=False, xml=HERE),
    ),
    (
        '<xs:element name="a" type="xs:string" minOccurs="2" maxOccurs="3"/>',
        Field("a", ListOf(Text(), 2, 3), xml=HERE),
    ),
    (
        '<xs:element name="a" type="xs:int" default="7"/>',
        Field("a", Integer(-(2**31), 2**31 - 1), default=7, xml=HERE),
    ),
    (
        '<xs:element name="a" type="xs:string" fixed="x"/>',
        Field("a", Text(("x",)), xml=HERE),
    ),
    ('<xs:element name="a" form="unqualified" type="xs:string"/>', Field("a", Text(), xml=Xml())),
    ('<xs:element name="a"/>', Field("a", Anything(), xml=HERE)),
    ('<xs:element name="a" type="xs:anyType"/>', Field("a", Anything(), xml=HERE)),
    (
        """<xs:element name="a" type="xs:string"><xs:annotation><xs:documentation>Họ  tên
        </xs:documentation><xs:appinfo><pii>p</pii></xs:appinfo></xs:annotation></xs:element>""",
        Field("a", Text(), pii="p", doc="Họ tên", xml=HERE),
    ),
    (
        """<xs:element name="a"><xs:complexType><xs:sequence>
        <xs:element name="b" type="xs:string"/></xs:sequence></xs:complexType></xs:element>""",
        Field("a", Record("Do_a", (Field("b", Text(), xml=HERE),)), xml=HERE),
    ),
]


@pytest.mark.parametrize(("content", "expected"), PARTICLES)
def test_an_element_becomes_a_field(content: str, expected: Field) -> None:
    assert do(field(content)).fields == (expected,)


def names(record: Record) -> list[str]:
    return [f.name for f in record.fields]


A, B, C = (f'<xs:element name="{name}" type="xs:string"/>' for name in "abc")


def test_a_choice_becomes_a_group_of_optional_fields() -> None:
    body = field(
        f"{A}<xs:choice>{B}<xs:sequence>{C}<xs:element name='d'/></xs:sequence></xs:choice>"
    )
    record = do(body)
    assert names(record) == ["a", "b", "c", "d"]
    assert [f.required for f in record.fields] == [True, False, False, False]
    assert record.groups == (Group((("b",), ("c", "d"))),)


def test_an_optional_choice_may_be_left_out() -> None:
    assert do(field(f"<xs:choice minOccurs='0'>{A}{B}</xs:choice>")).groups == (
        Group((("a",), ("b",)), 0),
    )


def test_a_choice_in_a_choice_is_one_choice() -> None:
    record = do(field(f"<xs:choice>{A}<xs:choice>{B}{C}</xs:choice></xs:choice>"))
    assert record.groups == (Group((("a",), ("b",), ("c",))),)


def test_an_optional_sequence_comes_whole_or_not_at_all() -> None:
    record = do(field(f"<xs:sequence minOccurs='0'>{A}{B}</xs:sequence>"))
    assert record.groups == (Group((("a", "b"),), 0),)


def test_all_is_read_like_a_sequence() -> None:
    assert names(do(request(f"<xs:all>{A}{B}</xs:all>"))) == ["a", "b"]


def test_a_wildcard_that_may_be_absent_opens_the_record() -> None:
    record = do(field(f'{A}<xs:any minOccurs="0" maxOccurs="unbounded" processContents="lax"/>'))
    assert names(record) == ["a"]
    assert not record.closed


def test_groups_attributes_and_extensions_are_put_together() -> None:
    more = f"""
      <xs:group name="G"><xs:sequence>{B}</xs:sequence></xs:group>
      <xs:attributeGroup name="AG"><xs:attribute name="y" type="xs:int"/></xs:attributeGroup>
      <xs:complexType name="Base"><xs:sequence>{A}</xs:sequence>
        <xs:attribute name="x" use="required"/></xs:complexType>
      <xs:complexType name="More"><xs:complexContent><xs:extension base="t:Base">
        <xs:sequence><xs:group ref="t:G"/></xs:sequence><xs:attributeGroup ref="t:AG"/>
      </xs:extension></xs:complexContent></xs:complexType>"""
    body = wsdl(schema(f'<xs:element name="Do" type="t:More"/>{more}{ANSWER}'))
    contract = load(body)
    record = contract.operations["S.Do"].request
    assert record.name == "Do"
    assert names(record) == ["a", "x", "b", "y"]
    by_name = {f.name: f for f in record.fields}
    assert by_name["x"].xml == Xml(None, attribute=True)
    assert (by_name["x"].required, by_name["y"].required) == (True, False)
    assert set(contract.types) == {"Do", "DoResponse", "More"}


def test_text_with_attributes_has_a_field_for_its_text() -> None:
    record = do(
        request(
            '<xs:simpleContent><xs:extension base="xs:decimal">'
            '<xs:attribute name="unit" type="xs:string" default="VND"/>'
            "</xs:extension></xs:simpleContent>"
        )
    )
    value, unit = record.fields
    assert (value.name, value.type, value.xml) == ("value", Number(), Xml(text=True))
    assert (unit.name, unit.default, unit.required) == ("unit", "VND", False)


def test_an_element_reference_is_in_its_own_namespace() -> None:
    other = f"""<xs:schema {XS} targetNamespace="urn:other">
      <xs:element name="o" type="xs:string"/></xs:schema>""".encode()
    body = wsdl(
        schema(
            '<xs:import namespace="urn:other" schemaLocation="other.xsd"/>'
            '<xs:element name="Do"><xs:complexType><xs:sequence>'
            '<xs:element xmlns:o="urn:other" ref="o:o"/>'
            f"</xs:sequence></xs:complexType></xs:element>{ANSWER}"
        )
    )
    assert do(body, other=other).fields == (Field("o", Text(), xml=Xml("urn:other")),)


def test_an_included_schema_takes_the_namespace_of_its_reader() -> None:
    part = f"""<xs:schema {XS} elementFormDefault="qualified">
      <xs:complexType name="C"><xs:sequence><xs:element name="a" type="S"/></xs:sequence>
      </xs:complexType><xs:simpleType name="S"><xs:restriction base="xs:string"/></xs:simpleType>
      </xs:schema>""".encode()
    body = wsdl(
        schema(f'<xs:include schemaLocation="part.xsd"/><xs:element name="Do" type="t:C"/>{ANSWER}')
    )
    assert do(body, part=part).fields == (Field("a", Text(), xml=HERE),)


def test_a_recursive_type_mentions_itself() -> None:
    more = """<xs:complexType name="Tree"><xs:sequence>
      <xs:element name="kid" type="t:Tree" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType>"""
    contract = load(field('<xs:element name="a" type="t:Tree"/>', more))
    assert contract.types["Tree"].fields[0].type == ListOf(Ref("Tree"))


def test_unions_of_texts_are_joined_where_one_type_says_the_same() -> None:
    more = """<xs:simpleType name="T"><xs:union memberTypes="t:E"><xs:simpleType>
      <xs:restriction base="xs:string"><xs:enumeration value="C"/></xs:restriction>
      </xs:simpleType></xs:union></xs:simpleType>
      <xs:simpleType name="E"><xs:restriction base="xs:string"><xs:enumeration value="A"/>
      </xs:restriction></xs:simpleType>"""
    record = do(field('<xs:element name="a" type="t:T"/>', more))
    assert record.fields[0].type == Text(("A", "C"))


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


EL = '<xs:element name="a" type="xs:string"/>'
REFUSED: list[tuple[bytes, str]] = [
    (field(f'<xs:choice maxOccurs="unbounded">{A}{B}</xs:choice>'), "a repeated xs:choice"),
    (field(f'<xs:sequence maxOccurs="2">{A}</xs:sequence>'), "a repeated xs:sequence"),
    (field(f"{A}{A}"), "a stands twice in the same content"),
    (field("<xs:any/>"), "xs:any that must be there"),
    (field('<xs:element name="a" type="t:Nope"/>'), "t:Nope is not defined in urn:test"),
    (field('<xs:element name="a" type="xs:QName"/>'), "xs:QName is not supported"),
    (field('<xs:element name="a" type="xs:string" maxOccurs="10001"/>'), "is more than 10000"),
    (field('<xs:element name="a" type="xs:int" default="x"/>'), "default='x' is not a value"),
    (field('<xs:element name="a" type="xs:boolean" fixed="true"/>'), "fixed is for texts"),
    (field('<xs:element name="a" substitutionGroup="t:b"/>'), "substitutionGroup is not"),
    (field('<xs:element name="a" abstract="true"/>'), "an abstract element"),
    (request(f'<xs:sequence>{A}</xs:sequence><xs:assert test="1"/>'), "xs:assert is not"),
    (
        field('<xs:element name="a"><xs:complexType mixed="true"/></xs:element>'),
        "mixed content is not supported",
    ),
    (
        field('<xs:element name="a" type="t:T"/>', '<xs:complexType name="T" abstract="true"/>'),
        "the abstract type t:T",
    ),
    (
        field(
            '<xs:element name="a" type="t:T"/>',
            SIMPLE.format('<xs:list itemType="xs:string"/>'),
        ),
        "xs:list is not supported",
    ),
    (
        field(
            '<xs:element name="a" type="t:T"/>',
            SIMPLE.format('<xs:union memberTypes="xs:int xs:string"/>'),
        ),
        "this xs:union is not supported",
    ),
    (
        field(
            '<xs:element name="a"><xs:complexType><xs:complexContent>'
            '<xs:restriction base="xs:anyType"/></xs:complexContent></xs:complexType></xs:element>'
        ),
        "xs:restriction of complexContent",
    ),
    (
        field(
            '<xs:choice><xs:sequence><xs:element name="a"/>'
            '<xs:element name="b" minOccurs="0"/></xs:sequence><xs:element name="c"/></xs:choice>'
        ),
        "an alternative of xs:choice with optional parts",
    ),
    (
        field('<xs:element name="a"><xs:annotation><xs:appinfo><pii>x</pii></xs:appinfo>'
              "</xs:annotation></xs:element>"),
        "pii is n, p or s",
    ),
    (restricted("decimal", '<xs:fractionDigits value="2"/>'), "xs:fractionDigits '2' is not"),
    (restricted("string", '<xs:maxLength value="1e9"/>'), "xs:maxLength '1e9' is not supported"),
    (restricted("date", '<xs:minInclusive value="2020-01-01"/>'), "xs:minInclusive '2020-01-01'"),
    (restricted("string", '<xs:pattern value="[a-z-[aeiou]]"/>'), "class subtraction"),
    (restricted("string", '<xs:pattern value="\\i\\c*"/>'), r"\i in a pattern is not supported"),
    (restricted("string", '<xs:pattern value="\\p{IsThai}"/>'), "invalid character class range"),
    (restricted("int", '<xs:pattern value="[0-9]"/>'), "xs:pattern is not supported on this type"),
    (wsdl(schema(f'<xs:redefine schemaLocation="x.xsd"/>{ANSWER}')), "xs:redefine is not"),
    (
        wsdl(schema(f'<xs:import namespace="u" schemaLocation="http://h/x.xsd"/>{ANSWER}')),
        "the external location 'http://h/x.xsd' is not fetched",
    ),
    (
        wsdl(schema(f'<xs:include schemaLocation="../../etc/x.xsd"/>{ANSWER}')),
        "'../etc/x.xsd' is not in the bundle",
    ),
    (
        wsdl(schema(f'<xs:element name="Do" type="xs:string"/><xs:element name="Do"/>{ANSWER}')),
        "Do is already defined at contract/x.wsdl:8",
    ),
    (request(f"<xs:sequence>{A}</xs:sequence>", style="rpc"), 'style="rpc" is not supported'),
    (request(f"<xs:sequence>{A}</xs:sequence>", use="encoded"), 'use="encoded" is not supported'),
    (
        request(f"<xs:sequence>{A}</xs:sequence>", part='type="xs:string"'),
        "a message part with a type is not supported",
    ),
    (
        request(f"<xs:sequence>{A}</xs:sequence>", messages='<wsdl:message name="Two"/>'),
        "the message Two has not exactly one part",
    ),
    (
        request(
            f"<xs:sequence>{A}</xs:sequence>",
            header='<soap:header message="t:In" part="parameters" use="literal"/>',
        ),
        "soap:header is not supported",
    ),
    (request(f"<xs:sequence>{A}</xs:sequence>", output=""), "S.Do is not a request with an answer"),
    (b'<!DOCTYPE a [<!ENTITY x "y">]><a/>', "a DOCTYPE is not accepted"),
    (b"<a/>", "not a WSDL 1.1 document"),
    (b"<a>", "not well-formed XML"),
    (
        request(
            f"<xs:sequence>{A}</xs:sequence>",
            imports='<wsdl:import namespace="u" location="https://h/y.wsdl"/>',
        ),
        "the external location 'https://h/y.wsdl' is not fetched",
    ),
]  # fmt: skip


REFUSED += [
    (wsdl(schema(f'<xs:element name="Do"/>{ANSWER}')), "a message of any content"),
    (field('<xs:element name="a"><xs:complexType><xs:attributeGroup ref="t:N"/></xs:complexType>'
           "</xs:element>"), "t:N is not defined"),
    (field('<xs:group ref="t:N"/>'), "t:N is not defined"),
    (field('<xs:element ref="t:N"/>'), "t:N is not defined"),
    (field('<xs:element name="a"><xs:complexType><xs:attribute ref="t:N"/></xs:complexType>'
           "</xs:element>"), "t:N is not defined"),
    (field('<xs:element name="a"><xs:complexType><xs:complexContent mixed="true">'
           '<xs:extension base="xs:anyType"/></xs:complexContent></xs:complexType></xs:element>'),
     "mixed content"),
    (field('<xs:element name="a"><xs:complexType><xs:complexContent>'
           '<xs:extension base="t:N"/></xs:complexContent></xs:complexType></xs:element>'),
     "t:N is not defined"),
    (field('<xs:element name="a"><xs:simpleType><xs:restriction base="t:C"/></xs:simpleType>'
           "</xs:element>", f'<xs:complexType name="C"><xs:sequence>{A}</xs:sequence>'
           "</xs:complexType>"), "t:C is not a simple type"),
    (field('<xs:element name="a"><xs:simpleType><xs:restriction base="t:N"/></xs:simpleType>'
           "</xs:element>"), "t:N is not defined"),
    (field('<xs:element name="a" type="t:T"/>', SIMPLE.format("")), "an empty xs:simpleType"),
    (field('<xs:element name="a" type="t:T"/>', SIMPLE.format("<xs:restriction/>")),
     "xs:restriction without a base"),
    (restricted("boolean", '<xs:enumeration value="true"/>'), "xs:enumeration is not supported"),
    (restricted("int", '<xs:enumeration value="x"/>'), "xs:enumeration is not supported"),
    (field(f'<xs:sequence minOccurs="0">{A}<xs:choice>{B}{C}</xs:choice></xs:sequence>'),
     "a choice inside an optional xs:sequence"),
    (field(f'<xs:sequence minOccurs="0">{A}<xs:element name="b" minOccurs="0"/></xs:sequence>'),
     "an optional xs:sequence with required and optional elements"),
    (wsdl(schema(f'<xs:element type="xs:int"/>{ANSWER}')), "xs:element without a name"),
    (wsdl(schema(f"<xs:include/>{ANSWER}")), "xs:include without schemaLocation"),
    (wsdl(schema(f"<xs:what/>{ANSWER}")), "what is not supported here"),
    (request(f"<xs:sequence>{A}</xs:sequence>",
             header='<m:multipartRelated xmlns:m="http://schemas.xmlsoap.org/wsdl/mime/"/>'),
     "mime:multipartRelated is not supported"),
    (request(f"<xs:sequence>{A}</xs:sequence>", part='element="t:Absent"'),
     "the WSDL is not consistent: UserWarning"),
    (request(f"<xs:sequence>{A}</xs:sequence>").replace(b'binding="t:B"', b'binding="t:X"'),
     "contract/x.wsdl:31: the binding t:X of a port is not defined"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "what"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_supported_is_refused_by_name(body: bytes, what: str) -> None:
    found = problems(body)
    assert any(what in problem for problem in found), found
    assert all(problem.startswith("contract/x.wsdl") for problem in found)


def test_all_problems_are_told_at_once_with_their_lines() -> None:
    found = problems(field('\n<xs:any/>\n<xs:element name="a" type="xs:QName"/>\n'))
    assert [problem.split(" ")[0] for problem in found] == [
        "contract/x.wsdl:10:",
        "contract/x.wsdl:11:",
    ]


def test_a_clash_of_names_between_namespaces_is_refused() -> None:
    other = f"""<xs:schema {XS} targetNamespace="urn:other"><xs:complexType name="C">
      <xs:sequence><xs:element name="z" type="xs:int"/></xs:sequence></xs:complexType>
      <xs:element name="o"><xs:complexType><xs:sequence>
      <xs:element name="c" type="o:C" xmlns:o="urn:other"/></xs:sequence></xs:complexType>
      </xs:element></xs:schema>""".encode()
    body = wsdl(
        schema(
            '<xs:import namespace="urn:other" schemaLocation="other.xsd"/>'
            f'<xs:complexType name="C"><xs:sequence>{A}</xs:sequence></xs:complexType>'
            '<xs:element name="Do"><xs:complexType><xs:sequence><xs:element name="c" type="t:C"/>'
            '<xs:element xmlns:o="urn:other" ref="o:o"/>'
            f"</xs:sequence></xs:complexType></xs:element>{ANSWER}"
        )
    )
    assert problems(body, other=other) == [
        "contract/other.xsd:1: the name C is taken by contract/x.wsdl:8; rename one of the two"
    ]


def test_a_wsdl_of_600_types_is_read_within_two_seconds() -> None:
    types = "".join(
        f'<xs:complexType name="T{i}"><xs:sequence>'
        + "".join(f'<xs:element name="f{j}" type="xs:string" minOccurs="0"/>' for j in range(12))
        + (f'<xs:element name="n" type="t:T{i + 1}" minOccurs="0"/>' if i % 20 != 19 else "")
        + "</xs:sequence></xs:complexType>\n"
        for i in range(600)
    )
    content = "".join(f'<xs:element name="e{i}" type="t:T{i}"/>' for i in range(0, 600, 20))
    body = field(content, types)
    load(field(A))  # zeep's own import is not what is measured
    started = time.process_time()
    contract = load(body)
    assert len(contract.types) == 602
    traced = sys.gettrace() is not None  # by coverage, which costs three times as much
    assert time.process_time() - started < (8 if traced else 2)


def test_a_type_that_libxml2_would_chew_on_for_minutes_is_refused() -> None:
    many = "".join(f'<xs:element name="a{i}" type="xs:int" minOccurs="0"/>' for i in range(2_000))
    (found,) = problems(field(many))
    assert "the types have too many elements together; divide the largest type" in found


def test_types_that_share_their_parts_do_not_multiply() -> None:
    types = "".join(
        f'<xs:complexType name="T{i}"><xs:sequence><xs:element name="l" type="t:T{i + 1}"/>'
        f'<xs:element name="r" type="t:T{i + 1}"/></xs:sequence></xs:complexType>'
        for i in range(40)
    )
    more = f'{types}<xs:complexType name="T40"><xs:sequence>{A}</xs:sequence></xs:complexType>'
    contract = load(field('<xs:element name="root" type="t:T0"/>', more))
    assert len(contract.types) == 43


INTRICATE = [
    "".join(
        f'<xs:group name="G{i}"><xs:sequence><xs:group ref="t:G{i + 1}"/>'
        f'<xs:group ref="t:G{i + 1}"/></xs:sequence></xs:group>'
        for i in range(40)
    )
    + f'<xs:group name="G40"><xs:sequence>{A}</xs:sequence></xs:group>'
    + '<xs:complexType name="T"><xs:group ref="t:G0"/></xs:complexType>',
    "".join(
        f'<xs:simpleType name="U{i}"><xs:union memberTypes="t:U{i + 1} t:U{i + 1}"/>'
        "</xs:simpleType>"
        for i in range(30)
    )
    + '<xs:simpleType name="U30"><xs:restriction base="xs:string"/></xs:simpleType>'
    + '<xs:simpleType name="T"><xs:restriction base="t:U0"/></xs:simpleType>',
    "".join(
        f'<xs:attributeGroup name="A{i}"><xs:attributeGroup ref="t:A{i + 1}"/>'
        f'<xs:attributeGroup ref="t:A{i + 1}"/></xs:attributeGroup>'
        for i in range(40)
    )
    + '<xs:attributeGroup name="A40"><xs:attribute name="x"/></xs:attributeGroup>'
    + '<xs:complexType name="T"><xs:attributeGroup ref="t:A0"/></xs:complexType>',
]


@pytest.mark.parametrize("types", INTRICATE, ids=["groups", "unions", "attributes"])
@pytest.mark.timeout(20)
def test_parts_that_multiply_are_refused(types: str) -> None:
    (found,) = problems(field('<xs:element name="a" type="t:T" minOccurs="0"/>', types))
    assert "the schemas are too intricate" in found


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


def test_attributes_may_be_prohibited_typed_in_place_and_qualified() -> None:
    record = do(
        wsdl(
            schema(
                f"""<xs:element name="Do"><xs:complexType><xs:attribute name="x" use="prohibited"/>
                <xs:attribute name="y"><xs:simpleType><xs:restriction base="xs:int"/>
                </xs:simpleType></xs:attribute><xs:anyAttribute/></xs:complexType></xs:element>
                {ANSWER}""",
                'attributeFormDefault="qualified"',
            )
        )
    )
    (y,) = record.fields
    assert (y.name, y.required, y.xml) == ("y", False, Xml("urn:test", attribute=True))
    assert not record.closed


def test_the_class_of_personal_data_may_stand_at_the_type() -> None:
    more = """<xs:simpleType name="T"><xs:annotation><xs:appinfo><pii>p</pii></xs:appinfo>
      </xs:annotation><xs:restriction base="xs:string"/></xs:simpleType>"""
    assert do(field('<xs:element name="a" type="t:T"/>', more)).fields[0].pii == "p"


def test_defaults_are_values_of_their_type() -> None:
    record = do(
        field(
            '<xs:element name="a" type="xs:boolean" default="1"/>'
            '<xs:element name="b" type="xs:decimal" default="1.5"/>'
            '<xs:element name="c" type="xs:string" default="x"/>'
            '<xs:element name="d" type="xs:int" fixed="4"/><xs:element name="e" maxOccurs="0"/>'
        )
    )
    assert [f.default for f in record.fields] == [True, 1.5, "x", None]
    assert record.fields[3].type == Integer(values=(4,))
