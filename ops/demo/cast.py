"""Who takes part: synthetic persons, one agency, four procedures (local.md 6, codes.md 4)."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

AGENCY = "H44.99.99"
AGENCY_NAME = "Sở Thử nghiệm tỉnh Phú Thọ"
FIELD = {"code": "G99-TN01", "name": "Lĩnh vực thử nghiệm"}
OFFICER = "Cán bộ Thử"
HASH = "68f1d44a13fc66005376351955e9a38e27f143509e9fd122fba65077c2c6d65d"
PROCEDURES = {
    "9.999901": "Cấp giấy xác nhận thử nghiệm",
    "9.999902": "Cấp phép thử nghiệm",
    "9.999903": "Đăng ký thử nghiệm",
    "9.999904": "Cấp đổi thử nghiệm",
}


@dataclass(frozen=True, slots=True)
class Person:
    """A test person, born 1901-1910."""

    name: str
    id_number: str
    phone: str
    email: str
    born: str  # yyyy-mm-dd


P1 = Person("Nguyễn Văn Mẫu", "026001000011", "0300000011", "mau@example.test", "1901-02-03")
P3 = Person("Lê Giả Định", "025003000033", "0300000033", "dinh@example.test", "1903-07-08")
P4 = Person("Phạm Ví Dụ", "017104000044", "0300000044", "du@example.test", "1904-09-10")


def local(moment: str) -> str:
    """`2025-10-13 08:15:00` as the portal and MyVNPost write it."""
    day, _, clock = moment.partition(" ")
    year, month, date = day.split("-")
    return f"{date}/{month}/{year} {clock}"


def xsd(moment: str) -> str:
    """The same as the one-stop writes it."""
    return f"{moment.replace(' ', 'T')}+07:00"


def compact(moment: str) -> str:
    """The same as DVCQG writes it."""
    return moment.translate(str.maketrans("", "", "- :"))


def portal_dossier(
    code: str, at: str, person: Person, procedure: str, *, by_post: bool, url: str, summary: str
) -> Json:
    """A filing, as the portal sends it (the golden payload of scenario 1)."""
    year, month, day = person.born.split("-")
    return {
        "maHoSo": code,
        "nguon": "TINH",
        "maTTHC": procedure,
        "tenTTHC": PROCEDURES[procedure],
        "maLinhVuc": FIELD["code"],
        "tenLinhVuc": FIELD["name"],
        "kenhThucHien": "TRUC_TUYEN",
        "loaiDoiTuong": "CA_NHAN",
        "chuHoSo": person.name,
        "loaiGiayTo": "CCCD",
        "soGiayTo": person.id_number,
        "ngaySinh": f"{day}/{month}/{year}",
        "soDienThoai": person.phone,
        "email": person.email,
        "xacThucVNeID": True,
        "diaChi": {
            "chiTiet": "Số 1 đường Thử Nghiệm",
            "maXa": "08707",
            "tenXa": "Phường Vĩnh Yên",
            "maHuyen": None,
            "maTinh": "25",
            "ngayHieuLuc": local(at).split(" ")[0],
        },
        "trichYeu": summary,
        "ngayNop": local(at),
        "maDonVi": AGENCY,
        "tenDonVi": AGENCY_NAME,
        "hinhThucTra": "BUU_CHINH" if by_post else "TRUC_TIEP",
        "taiLieu": [
            {
                "maGiayTo": "GT-01",
                "tenGiayTo": "Đơn đề nghị",
                "tenTep": "don.pdf",
                "duongDan": url,
                "maBam": HASH,
                "duocSoHoa": True,
                "duocTaiSuDung": 0,
            }
        ],
    }


def hoso(  # noqa: PLR0913 - what a dossier's header says
    person: Person,
    procedure: str,
    *,
    filed: str,
    accepted: str,
    due: str,
    by_post: bool,
    receipt: str,
    url: str,
    summary: str,
    verified: bool = True,
    fees: list[Json] | None = None,
) -> Json:
    """A dossier's header, as the one-stop writes it."""
    day = filed.split(" ", maxsplit=1)[0]
    header: Json = {
        "MaTTHC": procedure,
        "TenTTHC": PROCEDURES[procedure],
        "MaLinhVuc": FIELD["code"],
        "TenLinhVuc": FIELD["name"],
        "KenhThucHien": "2",
        "LoaiDoiTuong": "1",
        "ChuHoSo": person.name,
        "LoaiGiayTo": "1",
        "SoGiayTo": person.id_number,
        "NgaySinh": person.born,
        "SoDienThoai": person.phone,
        "Email": person.email,
        "XacThucVNeID": "true" if verified else "false",
        "DiaChi": {
            "ChiTiet": "Số 1 đường Thử Nghiệm",
            "MaXa": "08707",
            "TenXa": "Phường Vĩnh Yên",
            "MaTinh": "25",
            "NgayHieuLuc": day,
        },
        "TrichYeu": summary,
        "NgayNop": xsd(filed),
        "NgayTiepNhan": xsd(accepted),
        "NgayHenTra": xsd(due),
        "MaDonVi": AGENCY,
        "TenDonVi": AGENCY_NAME,
        "HinhThucTra": "1" if by_post else "0",
        "SoBienNhan": receipt,
        "TaiLieu": [
            {
                "MaGiayTo": "GT-01",
                "TenGiayTo": "Đơn đề nghị",
                "TenTep": "don.pdf",
                "DuongDan": url,
                "MaBam": HASH,
                "DuocSoHoa": "true",
                "DuocTaiSuDung": "0",
            }
        ],
    }
    if fees:
        header["LePhi"] = fees
    return header


def party(name: str, phone: str, detail: str, day: str, email: str | None = None) -> Json:
    """A sender or receiver of an envelope, as the one-stop writes it."""
    found: Json = {"HoTen": name, "SoDienThoai": phone}
    if email:
        found["Email"] = email
    found["DiaChi"] = {
        "ChiTiet": detail,
        "MaXa": "08707",
        "TenXa": "Phường Vĩnh Yên",
        "MaTinh": "25",
        "NgayHieuLuc": day,
    }
    return found


def result_paper(url: str) -> list[Json]:
    """The one result of a dossier."""
    return [
        {
            "MaGiayToKetQua": "KQ-01",
            "TenGiayTo": "Giấy xác nhận thử nghiệm",
            "SoKyHieu": "01/GXN-TN",
            "DuongDan": url,
        }
    ]
