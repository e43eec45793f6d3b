"""A contract with one of everything that document/literal has, in both versions of SOAP.

`Mau.Gui` is wrapped, `Mau.Hoi` is bare: its elements are not named after the operation.
"""

from hub.contract.types import (
    Boolean,
    Contract,
    Document,
    Field,
    Group,
    Integer,
    ListOf,
    Number,
    Operation,
    Record,
    Ref,
    SoapWire,
    Text,
    Xml,
)

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
        <xs:element name="SoDinhDanh" type="xs:string"/>
        <xs:element name="SoCMND" type="xs:string"/>
      </xs:choice>
      <xs:element name="GhiChu" type="xs:string" minOccurs="0"/>
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

_X = Xml(NS)
_ATTRIBUTE = Xml(attribute=True)
_MA = Text(min_length=1, max_length=20)
_SMALL = Integer(minimum=0, maximum=1000)

_MUC = Record(
    "Muc",
    (
        Field("so", _SMALL, xml=_ATTRIBUTE),
        Field("nhan", Text(), required=False, xml=_ATTRIBUTE),
        Field("Ten", Text(), xml=_X),
        Field("Con", ListOf(Ref("Muc")), xml=_X),
    ),
)
_GIA_TRI = Record(
    "GiaTri",
    (Field("value", Number(), xml=Xml(text=True)), Field("donVi", Text(), xml=_ATTRIBUTE)),
)
_FIELDS = (
    Field("Ma", _MA, pii="n", xml=_X),
    Field("PhienBan", Text(values=("1",)), xml=_X),
    Field("ThoiDiem", Text(format="date-time"), xml=_X),
    Field("Ngay", Text(format="date"), required=False, xml=_X),
    Field("SoLuong", _SMALL, required=False, xml=_X),
    Field("Tien", Integer(minimum=-(2**63), maximum=2**63 - 1), required=False, xml=_X),
    Field("TyLe", Number(), required=False, xml=_X),
    Field("DaXacThuc", Boolean(), xml=_X),
    Field("Loai", Text(values=("A", "Đ")), xml=_X),
    Field("MaHuyen", Text(pattern="[0-9]{3}"), nullable=True, xml=_X),
    Field("Nhan", ListOf(Text(), max_items=3), xml=_X),
    Field("Rong", ListOf(Text()), nullable=True, xml=_X),
    Field("Muc", ListOf(_MUC), xml=_X),
    Field("GiaTri", _GIA_TRI, required=False, xml=_X),
    Field("ngoai", Text(), required=False, xml=Xml()),
    Field("SoDinhDanh", Text(), required=False, pii="p", xml=_X),
    Field("SoCMND", Text(), required=False, pii="p", xml=_X),
    Field("GhiChu", Text(), required=False, pii="p", xml=_X),
)
_CHOICE = (Group((("SoDinhDanh",), ("SoCMND",))),)
_NOI_DUNG = Record("NoiDung", _FIELDS, groups=_CHOICE)
GUI = Record("Gui", _FIELDS, groups=_CHOICE)
_KET_QUA = Record(
    "KetQua", (Field("Ma", _MA, xml=_X), Field("MoTa", Text(), required=False, xml=_X))
)
GUI_TRA_LOI = Record(
    "GuiTraLoi",
    (Field("KetQua", _KET_QUA, xml=_X), Field("Lai", _NOI_DUNG, required=False, xml=_X)),
)
_CAU_HOI = Record("CauHoi", (Field("Ma", _MA, xml=_X),))
_LOI_MAU = Record("LoiMau", (Field("So", Integer(), xml=_X),))

DOCUMENT: Document = {
    "Ma": "GD-1",
    "PhienBan": "1",
    "ThoiDiem": "2025-10-13T09:05:00+07:00",
    "DaXacThuc": True,
    "Loai": "Đ",
    "MaHuyen": None,
    "Nhan": [],
    "Rong": [],
    "Muc": [],
    "SoDinhDanh": "026001000011",
}


def wsdl(version: str) -> bytes:
    return _WSDL.format(soap="soap" if version == "1.1" else "soap12").encode()


def files(version: str) -> dict[str, bytes]:
    return {"mau.wsdl": wsdl(version), "xsd/mau.xsd": XSD.encode()}


def contract(version: str = "1.1") -> Contract:
    def wire(operation: str, element: str, answer: str, *, wrapped: bool) -> SoapWire:
        return SoapWire(
            "Mau", "MauPort", version, f"{NS}/{operation}", NS, element, NS, answer, wrapped
        )

    operations = (
        Operation(
            "Mau.Gui",
            GUI,
            {"200": GUI_TRA_LOI},
            wire("Gui", "Gui", "GuiTraLoi", wrapped=True),
            {"LoiMau": _LOI_MAU},
        ),
        Operation(
            "Mau.Hoi",
            _CAU_HOI,
            {"200": _KET_QUA},
            wire("Hoi", "CauHoi", "CauTraLoi", wrapped=False),
        ),
    )
    records = (_MUC, _GIA_TRI, _NOI_DUNG, GUI, GUI_TRA_LOI, _KET_QUA, _CAU_HOI, _LOI_MAU)
    return Contract(
        "soap",
        {operation.name: operation for operation in operations},
        {record.name: record for record in records},
        files(version),
    )
