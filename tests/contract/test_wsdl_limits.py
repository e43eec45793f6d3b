"""A WSDL is read in bounded time, however its parts multiply."""

import sys
import time

import pytest

from tests.contract.wsdl_samples import A, field, load, problems


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
