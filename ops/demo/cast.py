"""Who takes part: synthetic persons, agencies, places, four procedures."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

FIELD = {"code": "G99-TN01", "name": "Lĩnh vực thử nghiệm"}
OFFICER = "Cán bộ Thử"
ON_DUTY = "Người Trực Ca"  # decides what the hub cannot
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
P2 = Person("Trần Thị Thử", "026102000022", "0300000022", "thu@example.test", "1902-05-06")
P3 = Person("Lê Giả Định", "025003000033", "0300000033", "dinh@example.test", "1903-07-08")
P4 = Person("Phạm Ví Dụ", "017104000044", "0300000044", "du@example.test", "1904-09-10")
P5 = Person("Hoàng Thị Kiểm", "026105000055", "0300000055", "kiem@example.test", "1905-11-12")
P6 = Person("Vũ Minh Họa", "025006000066", "0300000066", "hoa@example.test", "1906-01-20")
P7 = Person("Đặng Văn Nháp", "026007000077", "0300000077", "nhap@example.test", "1907-03-15")
PERSONS = (P1, P2, P3, P4, P5, P6, P7)


@dataclass(frozen=True, slots=True)
class Agency:
    """Who handles a dossier."""

    code: str
    name: str


PHU_THO = Agency("H44.99.99", "Sở Thử nghiệm tỉnh Phú Thọ")
VINH_PHUC = Agency("H62.99.99", "Sở Thử nghiệm tỉnh Vĩnh Phúc")  # until the provinces merged


@dataclass(frozen=True, slots=True)
class Place:
    """A commune by its codes, which mean something on a day only; districts ended on 2025-07-01."""

    commune: str
    name: str
    province: str
    district: str | None = None

    def told(self, detail: str, day: str) -> Json:
        """An address in it as the one-stop writes it; `day`: when the codes are meant."""
        found: Json = {"ChiTiet": detail, "MaXa": self.commune, "TenXa": self.name}
        if self.district:
            found["MaHuyen"] = self.district
        return found | {"MaTinh": self.province, "NgayHieuLuc": day}

    def shown(self, detail: str, day: str) -> Json:
        """The same as the portal writes it."""
        return {
            "chiTiet": detail,
            "maXa": self.commune,
            "tenXa": self.name,
            "maHuyen": self.district,
            "maTinh": self.province,
            "ngayHieuLuc": local(day).strip(),
        }


VINH_YEN = Place("08707", "Phường Vĩnh Yên", "25")
HOME = "Số 1 đường Thử Nghiệm"  # of every person
DESK = "Số 99 đường Một Cửa"  # of every agency


def local(moment: str) -> str:
    """`2025-10-13 08:15:00` as the portal and MyVNPost write it."""
    day, _, clock = moment.partition(" ")
    year, month, date = day.split("-")
    return f"{date}/{month}/{year} {clock}"


def day_of(moment: str) -> str:
    """The day of a moment."""
    return moment.partition(" ")[0]


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
        "diaChi": VINH_YEN.shown(HOME, day_of(at)),
        "trichYeu": summary,
        "ngayNop": local(at),
        "maDonVi": PHU_THO.code,
        "tenDonVi": PHU_THO.name,
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
    online: bool = True,
    fees: list[Json] | None = None,
    agency: Agency = PHU_THO,
    home: Place = VINH_YEN,
) -> Json:
    """A dossier's header, as the one-stop writes it. `home`: where the person lived then."""
    header: Json = {
        "MaTTHC": procedure,
        "TenTTHC": PROCEDURES[procedure],
        "MaLinhVuc": FIELD["code"],
        "TenLinhVuc": FIELD["name"],
        "KenhThucHien": "2" if online else "1",
        "LoaiDoiTuong": "1",
        "ChuHoSo": person.name,
        "LoaiGiayTo": "1",
        "SoGiayTo": person.id_number,
        "NgaySinh": person.born,
        "SoDienThoai": person.phone,
        "Email": person.email,
        "XacThucVNeID": "true",
        "DiaChi": home.told(HOME, day_of(filed)),
        "TrichYeu": summary,
        "NgayNop": xsd(filed),
        "NgayTiepNhan": xsd(accepted),
        "NgayHenTra": xsd(due),
        "MaDonVi": agency.code,
        "TenDonVi": agency.name,
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


def party(name: str, phone: str, where: Json, email: str | None = None) -> Json:
    """A sender or receiver of an envelope, as the one-stop writes it."""
    found: Json = {"HoTen": name, "SoDienThoai": phone}
    if email:
        found["Email"] = email
    return found | {"DiaChi": where}


def sent_back(number: str, person: Person, where: Json, day: str) -> Json:
    """The agency's order of an envelope with the result to a person, as the one-stop writes it."""
    return {
        "MaDon": number,
        "Chieu": "RETURN",
        "NguoiGui": party(PHU_THO.name, "0300000099", VINH_YEN.told(DESK, day)),
        "NguoiNhan": party(person.name, person.phone, where, person.email),
        "NoiDung": "Giấy xác nhận thử nghiệm",
        "KhoiLuong": "50",
        "TienThuHo": "0",
        "MaDonVi": PHU_THO.code,
    }


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
