"""A contract with one of everything that document/literal has, in both versions of SOAP.

`Mau.Gui` is wrapped, `Mau.Hoi` is bare: its elements are not named after the operation.
"""

from dataclasses import replace
from functools import cache

from hub.contract.load import load_contract
from hub.contract.types import Contract, Document

NS = "urn:test:mau:1"

XSD = """<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:m="urn:test:mau:1"
    targetNamespace="urn:test:mau:1" elementFormDefault="qualified">
  <xs:simpleType name="Ma"><xs:restriction base="xs:string">
    <xs:minLength value="1"/><xs:maxLength value="20"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Loai"><xs:restriction base="xs:string">
    <xs:enumeration value="A"/><xs:enumeration value="Đ"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="BaSo"><xs:restriction base="xs:string">
    <xs:pattern value="[0-9]{3}"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="SoNho"><xs:restriction base="xs:int">
    <xs:minInclusive value="0"/><xs:maxInclusive value="1000"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="PhienBan"><xs:restriction base="xs:string">
    <xs:enumeration value="1"/></xs:restriction></xs:simpleType>
  <xs:complexType name="GiaTri"><xs:simpleContent><xs:extension base="xs:decimal">
    <xs:attribute name="donVi" type="xs:string" use="required"/></xs:extension></xs:simpleContent>
  </xs:complexType>
  <xs:complexType name="Muc">
    <xs:sequence>
      <xs:element name="Ten" type="xs:string"/>
      <xs:element name="Con" type="m:Muc" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attribute name="so" type="m:SoNho" use="required"/>
    <xs:attribute name="nhan" type="xs:string"/>
  </xs:complexType>
  <xs:complexType name="NoiDung">
    <xs:sequence>
      <xs:element name="Ma" type="m:Ma"/>
      <xs:element name="PhienBan" type="m:PhienBan"/>
      <xs:element name="ThoiDiem" type="xs:dateTime"/>
      <xs:element name="Ngay" type="xs:date" minOccurs="0"/>
      <xs:element name="SoLuong" type="m:SoNho" minOccurs="0"/>
      <xs:element name="Tien" type="xs:long" minOccurs="0"/>
      <xs:element name="TyLe" type="xs:decimal" minOccurs="0"/>
      <xs:element name="DaXacThuc" type="xs:boolean"/>
      <xs:element name="Loai" type="m:Loai"/>
      <xs:element name="MaHuyen" type="m:BaSo" nillable="true"/>
      <xs:element name="Nhan" type="xs:string" minOccurs="0" maxOccurs="3"/>
      <xs:element name="Rong" type="xs:string" nillable="true" maxOccurs="unbounded" minOccurs="0"/>
      <xs:element name="Muc" type="m:Muc" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="GiaTri" type="m:GiaTri" minOccurs="0"/>
      <xs:element name="ngoai" type="xs:string" form="unqualified" minOccurs="0"/>
      <xs:choice>
        <xs:element name="SoDinhDanh" type="xs:string"><xs:annotation>
          <xs:appinfo><pii>p</pii></xs:appinfo></xs:annotation></xs:element>
        <xs:element name="SoCMND" type="xs:string"><xs:annotation>
          <xs:appinfo><pii>p</pii></xs:appinfo></xs:annotation></xs:element>
      </xs:choice>
      <xs:element name="GhiChu" type="xs:string" minOccurs="0"><xs:annotation>
        <xs:appinfo><pii>p</pii></xs:appinfo></xs:annotation></xs:element>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="KetQua"><xs:sequence>
    <xs:element name="Ma" type="m:Ma"/>
    <xs:element name="MoTa" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType>
  <xs:element name="Gui"><xs:complexType><xs:complexContent>
    <xs:extension base="m:NoiDung"/></xs:complexContent></xs:complexType></xs:element>
  <xs:element name="GuiTraLoi"><xs:complexType><xs:sequence>
    <xs:element name="KetQua" type="m:KetQua"/>
    <xs:element name="Lai" type="m:NoiDung" minOccurs="0"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="CauHoi"><xs:complexType><xs:sequence>
    <xs:element name="Ma" type="m:Ma"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="CauTraLoi" type="m:KetQua"/>
  <xs:element name="LoiMau"><xs:complexType><xs:sequence>
    <xs:element name="So" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""

_WSDL = """<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="Mau" targetNamespace="urn:test:mau:1"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/{soap}/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:m="urn:test:mau:1">
  <wsdl:types><xs:schema>
    <xs:import namespace="urn:test:mau:1" schemaLocation="xsd/mau.xsd"/></xs:schema></wsdl:types>
  <wsdl:message name="GuiVao"><wsdl:part name="parameters" element="m:Gui"/></wsdl:message>
  <wsdl:message name="GuiRa"><wsdl:part name="parameters" element="m:GuiTraLoi"/></wsdl:message>
  <wsdl:message name="HoiVao"><wsdl:part name="cau" element="m:CauHoi"/></wsdl:message>
  <wsdl:message name="HoiRa"><wsdl:part name="cau" element="m:CauTraLoi"/></wsdl:message>
  <wsdl:message name="LoiMau"><wsdl:part name="loi" element="m:LoiMau"/></wsdl:message>
  <wsdl:portType name="Mau">
    <wsdl:operation name="Gui"><wsdl:input message="m:GuiVao"/><wsdl:output message="m:GuiRa"/>
      <wsdl:fault name="LoiMau" message="m:LoiMau"/></wsdl:operation>
    <wsdl:operation name="Hoi"><wsdl:input message="m:HoiVao"/><wsdl:output message="m:HoiRa"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="MauSoap" type="m:Mau">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Gui"><soap:operation soapAction="urn:test:mau:1/Gui"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="LoiMau"><soap:fault name="LoiMau" use="literal"/></wsdl:fault>
    </wsdl:operation>
    <wsdl:operation name="Hoi"><soap:operation soapAction="urn:test:mau:1/Hoi"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Mau"><wsdl:port name="MauPort" binding="m:MauSoap">
    <soap:address location="http://mau.example.test/Mau"/></wsdl:port></wsdl:service>
  <wsdl:service name="Khac"><wsdl:port name="KhacPort" binding="m:MauSoap">
    <soap:address location="http://khac.example.test/Khac"/></wsdl:port></wsdl:service>
</wsdl:definitions>
"""

DOCUMENT: Document = {
    "Ma": "GD-1",
    "PhienBan": "1",
    "ThoiDiem": "2025-10-13T09:05:00+07:00",
    "DaXacThuc": True,
    "Loai": "Đ",
    "MaHuyen": None,
    "SoDinhDanh": "026001000011",
}


def wsdl(version: str) -> bytes:
    return _WSDL.format(soap="soap" if version == "1.1" else "soap12").encode()


def files(version: str) -> dict[str, bytes]:
    return {"mau.wsdl": wsdl(version), "xsd/mau.xsd": XSD.encode()}


@cache
def contract(version: str = "1.1") -> Contract:
    whole = load_contract("soap", files(version), ["mau.wsdl"])
    operations = {n: o for n, o in whole.operations.items() if n.startswith("Mau.")}
    return replace(whole, operations=operations)  # the service Khac is somebody else's


GUI = contract().operations["Mau.Gui"].request
