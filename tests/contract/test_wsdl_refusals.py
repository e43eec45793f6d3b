"""What is not supported in a WSDL is refused by name and place."""

import pytest

from tests.contract.wsdl_samples import (
    ANSWER,
    SIMPLE,
    XS,
    A,
    B,
    C,
    field,
    problems,
    request,
    restricted,
    schema,
    wsdl,
)

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
