"""What each simulated system holds of a dossier, asked from its inspection endpoint.

A fact is a name and how it is read; a story names the facts that it is about.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import parse_qs

from ops.demo.cast import Json
from ops.demo.http import get

Fact = Callable[[Json], object]


def facts(system: str, inspect: str, code: str, names: Iterable[str]) -> Json:
    """The named facts of a dossier at a system. `inspect`: base URL of its inspection endpoint."""
    if system == "ngsp":
        found = _national(inspect, code)
    elif system == "postal_my":
        found = {"orders": [_order(number, order) for number, order in _orders(inspect, code)]}
    elif system == "postal":
        found = _gateway_post(inspect, code)
    else:
        readers = PORTAL if system == "portal" else ONESTOP
        _, dossier = get(f"{inspect}/_sim/dossiers/{code}")
        found = {name: readers[name](dossier or {}) for name in names}
    return {name: found.get(name) for name in names}


def last_polled(inspect: str) -> Json:
    """Where VNPost's last poll began: how many of the rows there are lie before it."""
    polls = _calls(inspect, operation="track")
    _, state = get(f"{inspect}/_sim/state")
    oids = [row["_id"]["$oid"] for row in (state or {}).get("rows") or []]
    last = parse_qs(polls[-1]["query"])["lastId"][0] if polls else ""
    asked = oids.index(last) + 1 if last in oids else None
    return {"the last poll asked for what is behind row": asked}


# how a fact of portal and one-stop is read


def _plain(name: str) -> Fact:
    return lambda dossier: dossier.get(name)


def _count(name: str) -> Fact:
    return lambda dossier: len(dossier.get(name) or [])


def _each(name: str, *fields: str) -> Fact:
    """Of each row of a list the fields that it has, as text."""

    def read(dossier: Json) -> object:
        return [_text(row, fields) for row in dossier.get(name) or []]

    return read


def _text(row: Json, fields: Iterable[str]) -> str:
    found = (row.get(field) for field in fields)
    return " ".join(",".join(v) if isinstance(v, list) else str(v) for v in found if v is not None)


def _result(dossier: Json) -> object:
    return (dossier.get("ketQua") or {}).get("ngayTra")


def _received(dossier: Json) -> object:
    """The operations of the hub that the one-stop has something of."""
    return [name for name, rows in dossier.items() if name.startswith("Nhan") and rows]


def _supplements(dossier: Json) -> object:
    rows = dossier.get("NhanBoSung") or []
    return [f"{row.get('MaYeuCau')}, {len(row.get('TaiLieu') or [])} file" for row in rows]


PORTAL: Mapping[str, Fact] = {
    "trangThai": _plain("trangThai"),
    "hanTra": _plain("hanTra"),
    "tienDo": _each("tienDo", "trangThai"),
    "hanhTrinh": _each("hanhTrinh", "trangThai"),
    "maGoc": _each("hanhTrinh", "maGoc"),
    "thongBao": _each("thongBao", "loai"),
    "ngayTra": _result,
    "yeuCauBoSung": _each("yeuCauBoSung", "maYeuCau", "giayTo"),
    "yeuCauThanhToan": _each("yeuCauThanhToan", "maYeuCau", "tongTien"),
    "thanhToan": _each("thanhToan", "tongTien"),
}

ONESTOP: Mapping[str, Fact] = {
    "trangThai": _plain("trangThai"),
    "NgayHenTra": _plain("NgayHenTra"),
    "received": _received,
    "NhanHoSo": _count("NhanHoSo"),
    "NguonHoSo": _each("NhanHoSo", "NguonHoSo"),
    "NhanBoSung": _supplements,
    "NhanYeuCauRut": _count("NhanYeuCauRut"),
    "NhanHanhTrinh": _each("NhanHanhTrinh", "TrangThaiBuuChinh"),
    "NhanKetQuaPhat": _each("NhanKetQuaPhat", "KetQua", "LyDo"),
    "NhanDanhGia": _each("NhanDanhGia", "Diem"),
    "NhanThanhToan": _each("NhanThanhToan", "MaYeuCau", "TongTien", "HinhThucThu", "MaThamChieu"),
}


# the national side


def _national(inspect: str, code: str) -> Json:
    """DVCQG's last HoSo, its steps and writes, and what the calls said that it does not keep."""
    _, dossier = get(f"{inspect}/_sim/dossiers/{code}")
    kept: Json = dossier or {}
    header: Json = kept.get("HoSo") or {}
    writes, steps = kept.get("writes") or [], kept.get("TienDo") or []
    whole = _bodies(_calls(inspect, operation="DongBoHoSoMC", dossier=code, verdict="stored"))
    return {
        **{name: header.get(name) for name in _HEADER},
        "TrangThaiHoSo": kept.get("TrangThaiHoSo"),
        "writes": [row["TrangThaiHoSo"] for row in writes],
        "isUpdating": [row["isUpdating"] for row in writes],
        "DonViXuLy": [row["DonViXuLy"] for row in writes],
        "TienDo": [f"{row['TrangThai']} {row['ThoiDiemXuLy']}" for row in steps],
        "TraCuuHoSo": kept.get("queries"),
        "calls": _in_order(_calls(inspect, dossier=code)),
        "DongBoHoSoMC": len(writes),
        "CapNhatTienDoHoSoMC": len(steps),
        "steps sent": _alike(_calls(inspect, operation="CapNhatTienDoHoSoMC", dossier=code)),
        "DanhSachLePhi": [
            f"{row['MaPhiLePhi']} {row['Gia']}" for row in header.get("DanhSachLePhi") or []
        ],
        "DuocThanhToanTrucTuyen": [w["data"][0]["DuocThanhToanTrucTuyen"] for w in whole],
        **_statuses(inspect, code),
    }


_HEADER = ("NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "HinhThuc", "KenhThucHien")


def _statuses(inspect: str, code: str) -> Json:
    """What it was told of a dossier that was filed there."""
    calls = _calls(inspect, operation="DongBoTrangThaiHoSo", dossier=code, verdict="stored")
    told = _bodies(calls)
    return {
        "DongBoTrangThaiHoSo": [call["data"]["TrangThai"] for call in told],
        "NoiDung": [call["data"]["NoiDung"] for call in told],
        "MaHoSoDonVi": sorted({call["data"]["MaHoSoDonVi"] for call in told}),
        "type": sorted({call["type"] for call in told}),
    }


def _in_order(calls: list[Json]) -> list[str]:
    """What was said and how it ended; what was said again with the same end is told once."""
    told = (f"{call['operation']} {call['verdict']}" for call in calls)
    return [what for what, _ in groupby(told)]


def _alike(calls: list[Json]) -> str:
    """How many calls, and how many contents without what a session puts in."""
    return f"{len(calls)} calls, {len({call['content_digest'] for call in calls})} content"


# the post


def _orders(inspect: str, code: str) -> list[tuple[str, Json]]:
    """The orders of a dossier by number."""
    _, dossier = get(f"{inspect}/_sim/dossiers/{code}")
    return list(((dossier or {}).get("orders") or {}).items())


def _order(number: str, order: Json) -> str:
    """An order of MyVNPost; one that was placed twice says so."""
    to = order["order"]["informationOrder"]
    where = f"{to['receiverCommuneCode']} {to['receiverDistrictCode']} {to['receiverProvinceCode']}"
    again = "" if order["placed"] == 1 else f", placed {order['placed']} times"
    return f"{number} {order['item_code']} to {where}{again}"


def _gateway_post(inspect: str, code: str) -> Json:
    orders = _orders(inspect, code)
    return {
        "orders": [number for number, _ in orders],
        "order": _verdicts(inspect, code, "order"),
        "cancel": _verdicts(inspect, code, "cancel"),
        "cancelled": [query for _, order in orders for query in order["cancelled"]],
    }


def _verdicts(inspect: str, code: str, operation: str) -> list[str]:
    return [call["verdict"] for call in _calls(inspect, operation=operation, dossier=code)]


# the journal of calls


def _calls(inspect: str, **filters: str) -> list[Json]:
    """The calls that a system was made, in order."""
    query = "".join(f"&{name}={value}" for name, value in filters.items())
    _, found = get(f"{inspect}/_sim/calls?direction=in{query}")
    return found or []


def _bodies(calls: list[Json]) -> list[Any]:
    return [json.loads(call["body"]) for call in calls]
