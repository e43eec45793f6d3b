"""The one-stop seen by a stock SOAP client, and what it tells the hub."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ops.systems import soap
from ops.systems.wire import Reply
from tests.ops.systems import sim_golden as golden
from tests.ops.systems.sim_kit import Hub, Sim, Start

pytestmark = pytest.mark.process

zeep: Any = import_module("zeep")  # it has no types
Transport: Any = import_module("zeep.transports").Transport
UsernameToken: Any = import_module("zeep.wsse.username").UsernameToken
AT = "2025-10-13T09:05:00+07:00"
HEAD = {"MaGiaoDich": "g1", "ThoiDiem": AT, "MaHoSo": golden.CODE, "NguonHoSo": "TINH"}
SCAN = {
    "MaGiaoDich": "g2",
    "ThoiDiem": AT,
    "MaHoSo": golden.CODE,
    "MaDon": golden.CODE,
    "SoHieuBuuGui": "EB990001015VN",
    "TrangThaiBuuChinh": "DELIVERED",
    "MaGoc": "14",
}
DONE = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b'<BaoTienDoTraLoi xmlns="urn:vn:tinh:motcua:1"><KetQua><Ma>00</Ma></KetQua>'
    b"</BaoTienDoTraLoi></s:Body></s:Envelope>"
)


def client(sim: Sim, password: str | None = None) -> Any:
    user = UsernameToken(sim.config["username"], password or sim.config["password"])
    made = zeep.Client(sim.config["wsdl"], wsse=user, transport=Transport(cache=None))
    url = f"{sim.client.base_url}/MotCuaTiepNhan"
    return made.create_service("{urn:vn:tinh:motcua:1}MotCuaTiepNhanSoap", url)


@pytest.fixture
def sim(start: Start, configs: Any) -> Sim:
    made = start("onestop")
    made.config["wsdl"] = str(configs / made.config["wsdl"])
    return made


def filed() -> dict[str, Any]:
    return HEAD | {"HoSo": golden.DOSSIER_XML}


def test_a_stock_client_hands_over_a_dossier_and_its_scans(sim: Sim) -> None:
    service = client(sim)
    answer = service.NhanHoSo(**filed())
    assert ("00", golden.CODE) == (answer.Ma, answer.MaHoSo)
    assert "00" == service.NhanHanhTrinh(**SCAN).Ma
    rating = HEAD | {"MaGiaoDich": "g3", "Diem": 5}
    assert "00" == service.NhanDanhGia(**rating).Ma
    assert "00" == service.TraCuuGiaoDich(MaGiaoDich="g2").Ma
    assert "03" == service.TraCuuGiaoDich(MaGiaoDich="g9").Ma
    kept = sim.get(f"dossiers/{golden.CODE}")
    assert "receiving" == kept["trangThai"]
    assert [1, 1, 1] == [len(kept[n]) for n in ("NhanHoSo", "NhanHanhTrinh", "NhanDanhGia")]
    assert "EB990001015VN" == kept["NhanHanhTrinh"][0]["SoHieuBuuGui"]
    assert "GT-01" == kept["NhanHoSo"][0]["HoSo"]["TaiLieu"][0]["MaGiayTo"]
    assert [] == sim.get("violations")
    assert sim.config["password"] not in str(sim.get("calls"))


def test_an_unknown_dossier_is_03_and_a_known_key_01(sim: Sim) -> None:
    service = client(sim)
    assert "03" == service.NhanHanhTrinh(**SCAN).Ma
    service.NhanHoSo(**filed())
    assert ["00", "01"] == [service.NhanHanhTrinh(**SCAN).Ma for _ in range(2)]
    assert [] == sim.get("violations")
    assert "01" == service.NhanHanhTrinh(**SCAN | {"MaGoc": "15"}).Ma
    assert "00" == service.NhanHoSo(**filed() | {"MaGiaoDich": "g7"}).Ma
    assert 1 == len(sim.get(f"dossiers/{golden.CODE}")["NhanHanhTrinh"])
    assert [
        "MaGiaoDich came again with another message",
        "NhanHoSo came again under another MaGiaoDich",
    ] == [v["what"] for v in sim.get("violations")]


def test_a_wrong_password_is_an_authentication_fault(sim: Sim) -> None:
    with pytest.raises(zeep.exceptions.Fault) as caught:
        client(sim, "wrong").NhanHoSo(**filed())
    assert caught.value.code.endswith("FailedAuthentication")
    assert "denied" == sim.get("calls")[-1]["verdict"]


def raw(sim: Sim, inner: str, **headers: str) -> Any:
    user, password = sim.config["username"], sim.config["password"]
    body = (
        f'<s:Envelope xmlns:s="{soap.SOAP}"><s:Header><w:Security xmlns:w="{soap.WSSE}">'
        f"<w:UsernameToken><w:Username>{user}</w:Username><w:Password>{password}</w:Password>"
        f"</w:UsernameToken></w:Security></s:Header><s:Body>{inner}</s:Body></s:Envelope>"
    )
    given = {
        "Content-Type": "text/xml",
        "SOAPAction": '"urn:vn:tinh:motcua:1/NhanYeuCauRut"',
    } | headers
    return sim.client.post("/MotCuaTiepNhan", content=body.encode(), headers=given)


RUT = (
    '<NhanYeuCauRut xmlns="urn:vn:tinh:motcua:1"><MaGiaoDich>r</MaGiaoDich>'
    "<ThoiDiem>2025-10-13T09:05:00{zone}</ThoiDiem><MaHoSo>{code}</MaHoSo>"
    "<NguonHoSo>{origin}</NguonHoSo>{more}</NhanYeuCauRut>"
)


@pytest.mark.parametrize(
    ("values", "headers", "said"),
    [
        ({}, {}, "<Ma>03</Ma>"),
        ({"zone": ""}, {}, "<Ma>02</Ma>"),
        ({"origin": "HUYEN"}, {}, "soap:Client"),
        ({"code": "x" * 51}, {}, "soap:Client"),
        ({"more": "<La>1</La>"}, {}, "soap:Client"),
        ({}, {"SOAPAction": '"urn:x"'}, "soap:Client"),
        ({}, {"Content-Type": "application/soap+xml"}, "soap:Client"),
    ],
)
def test_messages_are_checked(
    sim: Sim, values: dict[str, str], headers: dict[str, str], said: str
) -> None:
    full = {"zone": "+07:00", "code": golden.CODE, "origin": "TINH", "more": ""} | values
    answer = raw(sim, RUT.format(**full), **headers)
    assert said in answer.text
    assert (500 if "soap:Client" in said else 200) == answer.status_code


@pytest.mark.parametrize("inner", ["", "<a/><b/>", "not xml <"])
def test_what_is_no_envelope_is_a_client_fault(sim: Sim, inner: str) -> None:
    assert "soap:Client" in raw(sim, inner).text


def test_a_doctype_is_refused(sim: Sim) -> None:
    body = b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'
    answer = sim.client.post("/MotCuaTiepNhan", content=body, headers={"Content-Type": "text/xml"})
    assert (500, True) == (answer.status_code, "soap:Client" in answer.text)


def test_a_mark_of_secrecy_is_refused_and_noted(sim: Sim) -> None:
    secret = golden.DOSSIER_XML | {"DoMat": "C"}
    assert "02" == client(sim).NhanHoSo(**HEAD | {"HoSo": secret}).Ma
    assert ["a dossier with a secrecy mark was sent"] == [v["what"] for v in sim.get("violations")]


def test_its_wsdl_is_published_with_its_own_address(sim: Sim) -> None:
    made = zeep.Client(
        f"{sim.client.base_url}/MotCuaTiepNhan?wsdl", transport=Transport(cache=None)
    )
    assert {"MotCuaBaoCao", "MotCuaTiepNhan"} == set(made.wsdl.services)


def test_its_reports_are_valid_and_change_its_own_status_only_when_taken(
    sim: Sim, hub: Hub
) -> None:
    schema = soap.read_interface(Path(sim.config["wsdl"])).schema
    hub.reply = Reply(503)
    body = HEAD | {"HoSo": golden.DOSSIER_XML, "CanBo": "Cán bộ Thử"}
    assert not sim.act("BaoTiepNhan", body)["accepted"]
    assert sim.get(f"dossiers/{golden.CODE}")["trangThai"] is None
    hub.reply = Reply(200, DONE, "text/xml")
    made = sim.act("BaoTiepNhan", body)
    assert made["accepted"]
    envelope, payload = soap.parse(hub.requests[-1].body)
    assert schema.validate(payload)
    assert (sim.config["hub_username"], sim.config["hub_password"]) == soap.username_token(envelope)
    assert '"urn:vn:tinh:motcua:1/BaoTiepNhan"' == hub.requests[-1].headers["soapaction"]
    assert sim.config["hub_password"] not in str(made)
    kept = sim.get(f"dossiers/{golden.CODE}")
    assert ("new", "2025-10-16T17:00:00+07:00") == (kept["trangThai"], kept["NgayHenTra"])
    step = HEAD | {"MaGiaoDich": "g2", "TrangThai": "processing"}
    sim.act("BaoTienDo", step)
    assert "processing" == sim.get(f"dossiers/{golden.CODE}")["trangThai"]


def test_a_report_in_any_order_goes_out_in_the_order_of_the_wsdl(sim: Sim, hub: Hub) -> None:
    hub.reply = Reply(200, DONE, "text/xml")
    body = {"TrangThai": "processing", "NguonHoSo": "TINH", "MaHoSo": golden.CODE, "ThoiDiem": AT}
    sim.act("BaoTienDo", body, key="k-1")
    _, payload = soap.parse(hub.requests[-1].body)
    assert ["MaGiaoDich", "ThoiDiem", "MaHoSo", "NguonHoSo", "TrangThai"] == [
        etree.QName(child).localname for child in payload
    ]
    assert "k-1" == payload[0].text


def test_a_report_that_breaks_the_wsdl_is_not_sent_unless_asked(sim: Sim, hub: Hub) -> None:
    order = {"operation": "BaoTienDo", "body": HEAD | {"La": "1"}}
    assert 400 == sim.inspect.post("/_sim/act", json=order).status_code
    assert [] == hub.requests
    sim.inspect.post("/_sim/act", json=order | {"unchecked": True})
    assert b"<La>1</La>" in hub.requests[-1].body
