"""A small WSDL around a schema, read; for tests."""

import pytest

from hub.contract.load import load_contract
from hub.contract.problems import ContractErrors
from hub.contract.types import Contract, Record

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
URN = "urn:test"

WSDL = """<?xml version="1.0"?>
<wsdl:definitions name="T" targetNamespace="urn:test" xmlns:t="urn:test"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:{prefix}="{soap}"
    xmlns:xs="http://www.w3.org/2001/XMLSchema">
  {imports}
  <wsdl:types>
{schemas}
  </wsdl:types>
  <wsdl:message name="In"><wsdl:part name="parameters" {part}/></wsdl:message>
  <wsdl:message name="Out"><wsdl:part name="parameters" element="t:DoResponse"/></wsdl:message>
  {messages}
  <wsdl:portType name="P">
    <wsdl:operation name="Do">
      <wsdl:input message="t:In"/>{output}{fault}
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="B" type="t:P">
    <{prefix}:binding style="{style}" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Do">
      <{prefix}:operation soapAction="urn:test/Do"/>
      <wsdl:input>{header}<{prefix}:body use="{use}"/></wsdl:input>
      <wsdl:output><{prefix}:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="S"><wsdl:port name="SPort" binding="t:B">
    <{prefix}:address location="http://127.0.0.1/"/></wsdl:port></wsdl:service>
</wsdl:definitions>
"""

SOAP11 = "http://schemas.xmlsoap.org/wsdl/soap/"
SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"


def schema(content: str, attributes: str = 'elementFormDefault="qualified"') -> str:
    return (
        f'<xs:schema {XS} xmlns:t="urn:test" targetNamespace="urn:test" {attributes}>'
        f"\n{content}\n</xs:schema>"
    )


ANSWER = (
    '<xs:element name="DoResponse"><xs:complexType><xs:sequence>'
    '<xs:element name="code" type="xs:int"/></xs:sequence></xs:complexType></xs:element>'
)


def wsdl(schemas: str, **changes: str) -> bytes:
    """A WSDL with one operation, S.Do, whose request is the element Do."""
    values = {
        "prefix": "soap",
        "soap": SOAP11,
        "imports": "",
        "schemas": schemas,
        "part": 'element="t:Do"',
        "messages": "",
        "output": '<wsdl:output message="t:Out"/>',
        "fault": "",
        "style": "document",
        "header": "",
        "use": "literal",
    }
    return WSDL.format(**(values | changes)).encode()


def request(content: str, more: str = "", **changes: str) -> bytes:
    """A WSDL whose request element Do has this content (inside xs:complexType)."""
    element = f'<xs:element name="Do"><xs:complexType>\n{content}\n</xs:complexType></xs:element>'
    return wsdl(schema(f"{element}\n{more}\n{ANSWER}"), **changes)


def field(content: str, more: str = "") -> bytes:
    """A WSDL whose request is a sequence of `content`."""
    return request(f"<xs:sequence>{content}</xs:sequence>", more)


A, B, C = (f'<xs:element name="{name}" type="xs:string"/>' for name in "abc")
SIMPLE = '<xs:simpleType name="T">{}</xs:simpleType>'
RESTRICTED = SIMPLE.format('<xs:restriction base="xs:{base}">{facets}</xs:restriction>')


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
