"""What each system holds of a dossier, asked from the system itself, ready to be compared.

`facts(system, …)` reads a simulated system's inspection endpoint; only what a story names is taken.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ops.demo.http import get

Json = dict[str, Any]
Fact = Callable[[Json], object]


def _of(name: str, *path: str) -> Fact:
    """Each row of a list, as the texts at `path` of it."""

    def read(dossier: Json) -> object:
        return [" ".join(_texts(row, path)) for row in dossier.get(name) or []]

    return read


def _texts(row: Json, path: tuple[str, ...]) -> list[str]:
    return [str(row.get(part, "")) for part in path]


def _count(name: str) -> Fact:
    return lambda dossier: len(dossier.get(name) or [])


def _plain(name: str) -> Fact:
    return lambda dossier: dossier.get(name)


def _result(dossier: Json) -> object:
    return (dossier.get("ketQua") or {}).get("ngayTra")


def _requests(dossier: Json) -> object:
    rows = dossier.get("yeuCauBoSung") or []
    return [f"{row['maYeuCau']} {','.join(row.get('giayTo') or [])}" for row in rows]


def _from_hub(dossier: Json) -> object:
    return sum(1 for row in dossier.get("thanhToan") or [] if not row.get("own"))


PORTAL: Mapping[str, Fact] = {
    "trangThai": _plain("trangThai"),
    "hanTra": _plain("hanTra"),
    "tienDo": _of("tienDo", "trangThai"),
    "hanhTrinh": _of("hanhTrinh", "trangThai"),
    "thongBao": _count("thongBao"),
    "ngayTra": _result,
    "yeuCauBoSung": _requests,
    "yeuCauThanhToan": _of("yeuCauThanhToan", "maYeuCau", "tongTien"),
    "thanhToan from the hub": _from_hub,
}


def _supplements(dossier: Json) -> object:
    found = []
    for row in dossier.get("NhanBoSung") or []:
        files = row.get("TaiLieu") or []
        found.append(f"{row.get('MaYeuCau')}, {len(files)} file")
    return found


def _scores(dossier: Json) -> object:
    return [int(row["Diem"]) for row in dossier.get("NhanDanhGia") or []]


def _origin(dossier: Json) -> object:
    rows = dossier.get("NhanHoSo") or [{}]
    return rows[0].get("NguonHoSo")


ONESTOP: Mapping[str, Fact] = {
    "trangThai": _plain("trangThai"),
    "NgayHenTra": _plain("NgayHenTra"),
    "NhanHoSo": _count("NhanHoSo"),
    "NguonHoSo": _origin,
    "NhanBoSung": _supplements,
    "NhanHanhTrinh": _of("NhanHanhTrinh", "TrangThaiBuuChinh"),
    "NhanKetQuaPhat": _of("NhanKetQuaPhat", "KetQua"),
    "NhanDanhGia": _scores,
    "NhanThanhToan": _of("NhanThanhToan", "MaYeuCau", "TongTien", "HinhThucThu", "MaThamChieu"),
}


def _calls(inspect: str, operation: str, dossier: str) -> list[Json]:
    """The bodies of the calls of this kind that the system stored, in order."""
    _, found = get(f"{inspect}/_sim/calls?operation={operation}&dossier={dossier}&direction=in")
    return [
        json.loads(call["body"])
        for call in _listed(found)
        if call.get("verdict") == "stored" and call.get("body")
    ]


def _listed(found: Any) -> list[Json]:
    rows = found.get("calls", []) if isinstance(found, dict) else found
    return [row for row in rows or [] if isinstance(row, dict)]


def _national(inspect: str, code: str) -> Json:
    """DVCQG's last HoSo, its steps and writes, and what the calls said that it does not keep."""
    _, dossier = get(f"{inspect}/_sim/dossiers/{code}")
    kept: Json = dossier or {}
    header: Json = kept.get("HoSo") or {}
    writes = _calls(inspect, "DongBoHoSoMC", code)
    status = _calls(inspect, "DongBoTrangThaiHoSo", code)
    steps = kept.get("TienDo") or []
    return {
        **{name: header.get(name) for name in _HEADER},
        "TrangThaiHoSo": kept.get("TrangThaiHoSo"),
        "writes": [row["TrangThaiHoSo"] for row in kept.get("writes") or []],
        "isUpdating": [row["isUpdating"] for row in kept.get("writes") or []],
        "TienDo": [f"{row['TrangThai']} {row['ThoiDiemXuLy']}" for row in steps],
        "DongBoTrangThaiHoSo": [call["data"]["TrangThai"] for call in status],
        "MaHoSoDonVi": sorted({call["data"]["MaHoSoDonVi"] for call in status}),
        "DongBoHoSoMC": len(writes),
        "CapNhatTienDoHoSoMC": len(steps),
        "new date named": any("27/10/2025" in call["data"]["NoiDung"] for call in status),
        "DanhSachLePhi": [
            f"{row['MaPhiLePhi']} {row['Gia']}" for row in header.get("DanhSachLePhi") or []
        ],
        "DuocThanhToanTrucTuyen": [w["data"][0]["DuocThanhToanTrucTuyen"] for w in writes],
    }


_HEADER = ("NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "HinhThuc")


def facts(system: str, inspect: str, code: str, names: list[str]) -> Json:
    """The named facts of a dossier at a system."""
    if system == "ngsp":
        found = _national(inspect, code)
        return {name: found.get(name) for name in names}
    if system in ("postal_my", "postal"):
        _, state = get(f"{inspect}/_sim/state")
        orders = (state or {}).get("orders") or {}
        mine = [f"{n} {o.get('item_code')}" for n, o in orders.items() if n.startswith(code)]
        return {"orders": mine}
    _, dossier = get(f"{inspect}/_sim/dossiers/{code}")
    readers = PORTAL if system == "portal" else ONESTOP
    return {name: readers[name](dossier or {}) for name in names}
