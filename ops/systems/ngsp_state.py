"""What DVCQG keeps of one dossier: the last HoSo, its steps, the status rows, counters."""

from ops.systems.model import Effect, Json


def new_dossier() -> Json:
    """`writes`: stored HoSo writes, in order. `TrangThaiHoSo`: the latest status of any kind."""
    return {
        "HoSo": None,
        "TrangThaiHoSo": None,
        "TienDo": [],
        "DongBoTrangThai": [],
        "writes": [],
        "queries": 0,
        "origin": "DongBoHoSoMC",
    }


def progress_key(row: Json) -> tuple[str, ...]:
    """What makes two progress rows the same one; the real rule is not published."""
    at = row.get("ThoiDiemXuLy") or row.get("NgayXuLy") or ""
    who = row.get("NguoiXuLy") or row.get("NoiDung") or ""
    return row["MaHoSo"], at, row["TrangThai"], who


def file_urls(rows: list[Json]) -> list[str]:
    """Where the files of these rows lie."""
    places = {
        "TaiLieuNop": "DuongDanTaiTepTin",
        "DanhSachGiayToKetQua": "DuongDanTepTinKetQua",
        "TaiLieuXuLy": "DuongDan",
    }
    return [
        paper[place]
        for row in rows
        for name, place in places.items()
        for paper in row.get(name, [])
        if paper.get(place)
    ]


def apply_write(dossier: Json, effect: Effect, row: Json) -> None:
    """One row of a stored call, of a record put there, or of a dossier filed at DVCQG."""
    if effect.operation in ("seed", "inbound"):
        if dossier["HoSo"] is None:
            dossier["HoSo"] = row
            dossier["origin"] = effect.operation
            dossier["TrangThaiHoSo"] = dossier["TrangThaiHoSo"] or row.get("TrangThaiHoSo")
        return
    if effect.operation == "DongBoHoSoMC":
        dossier["HoSo"] = row
        dossier["TrangThaiHoSo"] = row["TrangThaiHoSo"]
        dossier["writes"].append(
            {
                "TrangThaiHoSo": row["TrangThaiHoSo"],
                "isUpdating": effect.data["isUpdating"],
                "NgayHenTra": row["NgayHenTra"],
                "DonViXuLy": row["DonViXuLy"],
                "at": effect.at,
            }
        )
        return
    name = "TienDo" if effect.operation == "CapNhatTienDoHoSoMC" else "DongBoTrangThai"
    if all(progress_key(kept) != progress_key(row) for kept in dossier[name]):
        dossier[name].append(row)
        dossier["TrangThaiHoSo"] = row["TrangThai"]
