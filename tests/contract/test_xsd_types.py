"""What a WSDL's schema says becomes the type model."""

import pytest

from hub.contract.types import (
    Anything,
    Boolean,
    Field,
    Group,
    Integer,
    ListOf,
    Number,
    Record,
    Ref,
    Text,
    Type,
    Xml,
)
from tests.contract.wsdl_samples import (
    ANSWER,
    XS,
    A,
    B,
    C,
    do,
    field,
    load,
    request,
    restricted,
    schema,
    wsdl,
)

HERE = Xml("urn:test")


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
