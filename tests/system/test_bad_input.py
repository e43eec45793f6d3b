"""Whatever comes in gets its own clear answer, and what is refused leaves no half effect."""

import json
import socket
import time
from typing import Any

import pytest

from hub.dev.waiting import until
from tests.system.messages import code, filing, order, report
from tests.system.world import Said, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

# JSON


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b'{"maHoSo": ', 400, "SAI_DINH_DANG"),
        (b"\xff\xfe{}", 400, "SAI_DINH_DANG"),
        (b'{"maHoSo": "A", "maHoSo": "B"}', 400, "SAI_DINH_DANG"),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 413, "SAI_DINH_DANG"),
        (b'{"x": NaN}', 400, "SAI_DINH_DANG"),
        (b'{"x": ' + b"9" * 100_000 + b"}", 400, "SAI_DINH_DANG"),
        (b"[]", 400, "SAI_DINH_DANG"),
        (b"", 400, "SAI_DINH_DANG"),
        (b'{"x": "' + b"y" * 2_000_000 + b'"}', 413, "too large"),
    ],
    ids=["cut", "not-utf8", "twice", "deep", "nan", "long-number", "list", "empty", "2MB"],
)
def test_hostile_json_is_refused(world: World, body: bytes, status: int, says: str) -> None:
    with world.nothing_kept():
        answer = world.portal("/ho-so", body)
    assert answer.status_code == status, answer.text
    assert says in answer.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ngayNop": "31/02/2025 08:15:00"}, "calendar"),
        ({"ngaySinh": "31/02/1901"}, "calendar"),
        ({"kenhThucHien": "BO_CAU"}, "kenhThucHien"),
        ({"loaiDoiTuong": "KHONG_RO"}, "loaiDoiTuong"),
        ({"soGiayTo": "12345678901"}, ""),
        ({"taiLieu": "none"}, "taiLieu"),
        ({"maHoSo": None}, "maHoSo"),
        ({"doMat": "C"}, "bí mật nhà nước"),
        ({"trichYeu": "Về việc\nMẬT\nxây dựng"}, "bí mật nhà nước"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_filing_that_cannot_pass_is_refused_with_the_reason(
    world: World, change: dict[str, Any], says: str
) -> None:
    with world.nothing_kept():
        answer = world.portal("/ho-so", filing(code(), **change))
    assert answer.status_code == 400, answer.text
    assert says in answer.text
    assert answer.json()["ma"] in ("SAI_DINH_DANG", "TU_CHOI")


def test_honey_is_no_secret(world: World) -> None:
    answer = world.portal("/ho-so", filing(code(), trichYeu="MẬT ONG RỪNG"))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/portal/ho-so", {"Authorization": "Bearer wrong"}, 401),
        ("POST", "/portal/ho-so", {}, 401),
        ("POST", "/ngsp/ho-so", {"Authorization": "Basic eDp5"}, 401),
        ("POST", "/portal/khong-co", {}, 404),
        ("POST", "/portal/../onestop", {}, 404),
        ("POST", "/nobody/ho-so", {}, 404),
        ("GET", "/", {}, 404),
    ],
)
def test_who_or_where_is_wrong_is_told(
    world: World, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    with world.nothing_kept():
        raw = json.dumps(filing(code())).encode()
        answer = world.send(method, path, raw, Content_Type="application/json", **headers)
    # who does not say who he is learns nothing of the paths either
    assert answer.status_code in ({401, 404} if status == 404 else {status}), answer.text


def test_another_method_or_media_type_is_told(world: World) -> None:
    bearer = f"Bearer {world.secret('portal', 'inbound_token')}"
    with world.nothing_kept():
        unknown = world.send("POST", "/portal/khong-co", b"{}", Authorization=bearer)
        method = world.send("DELETE", "/portal/ho-so", Authorization=bearer)
        media = world.send(
            "POST", "/portal/ho-so", b"<a/>", Authorization=bearer, Content_Type="text/xml"
        )
    assert (unknown.status_code, method.status_code, media.status_code) == (404, 405, 415)
    assert method.headers["allow"]


# SOAP

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body>'
    "</s:Envelope>"
)
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10))
XXE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + ENVELOPE.format("<x>&e;</x>")


@pytest.mark.parametrize(
    "body",
    [
        b"<a><b></a>",
        b"\x00\x01",
        b"",
        ENVELOPE.format("").encode(),
        f"<!DOCTYPE x [{LAUGHS}]>{ENVELOPE.format('<x>&a9;</x>')}".encode(),
        XXE.encode(),
        ENVELOPE.format("<x>" + "<a/>" * 200_000 + "</x>").encode(),
        ENVELOPE.format("<a>" * 5_000 + "</a>" * 5_000).encode(),
        ENVELOPE.format('<x a="&#0;"/>').encode(),
    ],
    ids=["cut", "binary", "empty", "no-body", "laughs", "xxe", "elements", "deep", "nul"],
)
def test_hostile_xml_is_a_fault_of_the_client(world: World, body: bytes) -> None:
    began = time.monotonic()
    with world.nothing_kept():
        said = world.raw_soap(body)
    assert said.status in (400, 413, 500)
    assert said.code == "Client", said
    assert "root:" not in said.text
    assert time.monotonic() - began < 10


def test_a_million_elements_do_not_come_in(world: World) -> None:
    body = ENVELOPE.format("<x>" + "<a/>" * 1_000_000 + "</x>").encode()
    answer = world.send("POST", "/onestop/MotCuaBaoCao", body, Content_Type="text/xml")
    assert answer.status_code == 413


def test_a_wrong_password_is_a_fault_of_its_own(world: World) -> None:
    with world.nothing_kept():
        said = world.onestop("BaoTienDo", report(code(), TrangThai="processing"), password="no")
    assert said.code in ("FailedAuthentication", "Client")
    assert world.send("POST", "/onestop/MotCuaBaoCao", b"<a/>").status_code == 415


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ThoiDiem": "2025-02-31T09:00:00+07:00"}, "ThoiDiem"),
        ({"ThoiDiem": "2025-11-03T09:00:00"}, "offset"),
        ({"NguonHoSo": "HUE"}, "NguonHoSo"),
        ({"MaGiaoDich": ""}, ""),
        ({"KhongCo": "x"}, ""),
    ],
)
def test_a_report_that_is_not_of_the_contract_is_a_fault(
    world: World, change: dict[str, Any], says: str
) -> None:
    with world.nothing_kept():
        said = world.onestop("BaoTienDo", report(code(), TrangThai="processing") | change)
    assert said.code in ("Client", "02"), said
    assert says in said.text


def test_an_unknown_operation_is_a_fault(world: World) -> None:
    raw = world.envelope("BaoTienDo", report(code(), TrangThai="new"))
    with world.nothing_kept():
        said = world.raw_soap(raw.replace(b"BaoTienDo", b"BaoNhamRoi"))
    assert said.code == "Client", said


# Slowness


def test_a_sender_that_drips_is_cut_off(world: World) -> None:
    host, _, port = world.gateway.removeprefix("http://").partition(":")
    began = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=1) as line:
        line.sendall(b"POST /portal/ho-so HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
        said = b""

        def answered() -> bool:
            nonlocal said
            try:
                line.sendall(b" ")
                line.settimeout(0.5)
                said += line.recv(4096)
            except TimeoutError:
                return False
            except OSError:
                return True
            return bool(said)

        assert until(answered, 25, 0.3)
    assert said.startswith(b"HTTP/1.1 408"), said
    assert time.monotonic() - began < 20


def test_a_head_that_drips_is_cut_off(world: World) -> None:
    host, _, port = world.gateway.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=1) as line:
        line.sendall(b"POST /portal/ho-so HTTP/1.1\r\n")

        def closed() -> bool:
            try:
                line.sendall(b"x-a: b\r\n")
                line.settimeout(0.5)
                return not line.recv(4096)
            except TimeoutError:
                return False
            except OSError:
                return True

        assert until(closed, 40, 0.3), "a head may take for ever"


def test_said_is_what_a_person_would_read(world: World) -> None:
    said = world.onestop("DatBuuChinh", order(code(), KhoiLuong="nặng"))
    assert isinstance(said, Said)
    assert said.code == "Client"
    assert "KhoiLuong" in said.text
