"""Scenarios 1, 3 and 4 (domain/scenarios.md): who says what, and what every system must hold then.

A step is an act of one system, what the hub must answer, and the calls that the act must cause.
`HOLDS` says, per scenario and system, facts that are asked from the system itself afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.demo.cast import (
    AGENCY,
    AGENCY_NAME,
    OFFICER,
    P1,
    P3,
    P4,
    PROCEDURES,
    Json,
    Person,
    compact,
    hoso,
    local,
    party,
    portal_dossier,
    result_paper,
    xsd,
)

S1, S3, S4 = "H44.99.99-251013-0001", "G22.99.99-251015-000003", "H44.99.99-251020-0004"
S3_LOCAL = "H44.99.99-251015-0003"


@dataclass(frozen=True, slots=True)
class Step:
    """One message into the hub. `calls`: what it must cause, in the receivers' words."""

    number: int
    system: str
    operation: str
    body: Json
    calls: tuple[tuple[str, str], ...]
    key: str = ""
    dossier: str = ""
    answer: str = "accepted"  # or "repeated": a yes that changes nothing
    words: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """One scenario."""

    number: int
    title: str
    dossier: str
    steps: tuple[Step, ...]
    holds: Mapping[str, Mapping[str, object]]
    events: int
    receipts: Mapping[str, int]
    seed: tuple[tuple[str, str, Json], ...] = ()  # acts before the story that cause no message
    views: Mapping[str, object] = field(default_factory=dict)


def _told(number: int, at: str, code: str, origin: str, more: Json) -> Json:
    """The head of every report of the one-stop, and what follows it."""
    head: Json = {
        "MaGiaoDich": f"GD-{code}-{number}",
        "ThoiDiem": xsd(at),
        "MaHoSo": code,
    }
    if origin == "DVCQG":
        head["MaHoSoNoiBo"] = S3_LOCAL
    head["NguonHoSo"] = origin
    return head | more


def _scan(number: int, at: str, status: int, more: Json | None = None) -> Step:
    row: Json = {
        "itemCode": "EB990001015VN",
        "saleOrderCode": S1,
        "status": status,
        "updatedDate": local(at),
    }
    calls = [("onestop", "NhanHanhTrinh"), ("portal", "POST /ho-so/{maHoSo}/hanh-trinh")]
    if status == 14:
        calls.append(("onestop", "NhanKetQuaPhat"))
    return Step(
        number,
        "postal_my",
        "webhook",
        {"rows": [row | (more or {})], "sendDate": local(at[:-2] + "30")},
        tuple(calls),
        dossier=S1,
        words=f"status={status}",
    )


def _online() -> Story:
    """1. Filed online, processed, result by post."""
    url = "https://tep.example.test/t/AAAA-0001"
    summary = "Đề nghị cấp giấy xác nhận thử nghiệm"
    head = hoso(
        P1,
        "9.999901",
        filed="2025-10-13 08:15:00",
        accepted="2025-10-13 09:05:00",
        due="2025-10-16 17:00:00",
        by_post=True,
        receipt="BN-0001",
        url=url,
        summary=summary,
    )
    paper = result_paper("https://tep.example.test/t/KQ-0001")

    def told(number: int, operation: str, at: str, more: Json, *calls: tuple[str, str]) -> Step:
        body = _told(number, at, S1, "TINH", more)
        return Step(number, "onestop", operation, body, calls, dossier=S1)

    filed = "2025-10-13 08:15:00"
    steps = (
        Step(
            1,
            "portal",
            "POST /ho-so",
            portal_dossier(S1, filed, P1, "9.999901", by_post=True, url=url, summary=summary),
            (("onestop", "NhanHoSo"),),
            key=f"nop-{S1}",
            dossier=S1,
        ),
        told(
            2,
            "BaoTiepNhan",
            "2025-10-13 09:05:00",
            {"HoSo": head, "CanBo": OFFICER},
            ("portal", "PUT /ho-so/{maHoSo}"),
            ("ngsp", "DongBoHoSoMC"),
        ),
        told(
            3,
            "BaoTienDo",
            "2025-10-13 10:30:00",
            {"TrangThai": "processing", "CanBo": OFFICER},
            ("portal", "POST /ho-so/{maHoSo}/tien-do"),
            ("ngsp", "CapNhatTienDoHoSoMC"),
        ),
        told(
            4,
            "BaoCoKetQua",
            "2025-10-15 14:20:00",
            {"HoSo": head, "NgayKetThucXuLy": xsd("2025-10-15 14:20:00"), "KetQua": paper},
            ("portal", "PUT /ho-so/{maHoSo}/ket-qua"),
            ("ngsp", "DongBoHoSoMC"),
        ),
        told(5, "DatBuuChinh", "2025-10-15 14:30:00", _order(P1), ("postal_my", "CreateOrder")),
        _scan(6, "2025-10-15 15:10:00", 1),
        _scan(7, "2025-10-15 16:40:00", 6),
        _scan(8, "2025-10-16 08:05:00", 11),
        _scan(9, "2025-10-16 09:30:00", 12),
        _scan(10, "2025-10-16 10:15:00", 14, {"receiverReal": P1.name}),
        told(
            11,
            "BaoDaTra",
            "2025-10-16 10:20:00",
            {
                "HoSo": head,
                "NgayKetThucXuLy": xsd("2025-10-15 14:20:00"),
                "NgayTra": xsd("2025-10-16 10:20:00"),
                "HinhThucTra": "1",
                "NguoiNhan": P1.name,
                "KetQua": paper,
            },
            ("portal", "PUT /ho-so/{maHoSo}/ket-qua"),
            ("ngsp", "DongBoHoSoMC"),
        ),
        Step(
            12,
            "portal",
            "POST /ho-so/{maHoSo}/danh-gia",
            {"nguon": "TINH", "thoiDiem": local("2025-10-16 20:00:00"), "diem": 5},
            (("onestop", "NhanDanhGia"),),
            key=f"danh-gia-{S1}",
            dossier=S1,
        ),
    )
    scans = ["CREATED", "COLLECTED", "AT_DELIVERY_OFFICE", "OUT_FOR_DELIVERY", "DELIVERED"]
    return Story(
        1,
        "Filed online, processed, result by post",
        S1,
        steps,
        {
            "portal": {
                "trangThai": "DA_TRA_KET_QUA",
                "hanTra": "16/10/2025 17:00:00",
                "tienDo": ["DANG_XU_LY"],
                "hanhTrinh": scans,
                "thongBao": 0,
                "ngayTra": "16/10/2025 10:20:00",
            },
            "onestop": {
                "trangThai": "done",
                "NhanHoSo": 1,
                "NhanHanhTrinh": scans,
                "NhanKetQuaPhat": ["DELIVERED"],
                "NhanDanhGia": [5],
            },
            "ngsp": {
                "TrangThaiHoSo": "10",
                "NgayTiepNhan": "20251013090500",
                "NgayHenTra": "20251016170000",
                "NgayKetThucXuLy": "20251015142000",
                "NgayTra": "20251016102000",
                "HinhThuc": "1",
                "writes": ["2", "9", "10"],
                "TienDo": ["4 20251013103000"],
            },
            "postal_my": {"orders": [f"{S1} EB990001015VN"]},
        },
        events=13,
        receipts={"onestop": 8, "portal": 9, "ngsp": 4, "postal_my": 1},
        views={"status": "RESULT_RETURNED", "late": False},
    )


def _order(person: Person) -> Json:
    day = "2025-10-15"
    return {
        "MaDon": S1,
        "Chieu": "RETURN",
        "NguoiGui": party(AGENCY_NAME, "0300000099", "Số 99 đường Một Cửa", day),
        "NguoiNhan": party(person.name, person.phone, "Số 1 đường Thử Nghiệm", day, person.email),
        "NoiDung": "Giấy xác nhận thử nghiệm",
        "KhoiLuong": "50",
        "TienThuHo": "0",
        "MaDonVi": AGENCY,
    }


def _supplement() -> Story:
    """3. Supplement for a dossier filed on DVCQG."""
    head = hoso(
        P3,
        "9.999904",
        filed="2025-10-15 07:50:00",
        accepted="2025-10-15 08:40:00",
        due="2025-10-22 17:00:00",
        by_post=False,
        receipt="BN-0003",
        url="https://tep.example.test/t/CCCC-0001",
        summary="Đề nghị cấp đổi",
    )
    paper = result_paper("https://tep.example.test/t/KQ-0003")
    both = (("portal", "PUT /ho-so/{maHoSo}/ket-qua"), ("ngsp", "DongBoTrangThaiHoSo"))

    def told(number: int, operation: str, at: str, more: Json, *calls: tuple[str, str]) -> Step:
        body = _told(number, at, S3, "DVCQG", more)
        return Step(number, "onestop", operation, body, calls, dossier=S3)

    def file(paper: str, name: str, url: str) -> Json:
        return {"MaGiayTo": paper, "TenTepDinhKem": name, "DuongDanTaiTepTin": url}

    steps = (
        Step(
            1,
            "ngsp",
            "ho-so",
            {
                "MaHoSo": S3,
                "MaTTHC": "9.999904",
                "TenTTHC": PROCEDURES["9.999904"],
                "MaLinhVuc": "G99-TN01",
                "TenLinhVuc": "Lĩnh vực thử nghiệm",
                "MaSoThue": "",
                "TenThuongNhan": "",
                "NgayNopHoSo": compact("2025-10-15 07:50:00"),
                "DienThoai": P3.phone,
                "Email": P3.email,
                "NguoiNop": {
                    "LoaiDoiTuong": "1",
                    "SoDinhDanh": P3.id_number,
                    "HoTen": P3.name,
                    "NgaySinh": P3.born.replace("-", ""),
                },
                "TaiLieuNop": [file("GT-01", "don.pdf", "https://tep.example.test/t/CCCC-0001")],
            },
            (("onestop", "NhanHoSo"), ("portal", "PUT /ho-so/{maHoSo}")),
            dossier=S3,
        ),
        told(
            2,
            "BaoTiepNhan",
            "2025-10-15 08:40:00",
            {"HoSo": head, "CanBo": OFFICER},
            ("portal", "PUT /ho-so/{maHoSo}"),
            ("ngsp", "DongBoTrangThaiHoSo"),
        ),
        told(
            3,
            "BaoYeuCauBoSung",
            "2025-10-16 09:00:00",
            {
                "MaYeuCau": "1",
                "NoiDung": "Thiếu giấy tờ GT-02",
                "GiayTo": ["GT-02"],
                "HanBoSung": xsd("2025-10-23 17:00:00"),
                "CanBo": OFFICER,
            },
            ("portal", "POST /ho-so/{maHoSo}/yeu-cau-bo-sung"),
            ("ngsp", "DongBoTrangThaiHoSo"),
        ),
        Step(
            4,
            "ngsp",
            "bo-sung",
            {
                "service": "BoSungHoSo",
                "isUpdating": "True",
                "data": {
                    "MaHoSoQG": S3,
                    "MaTTHC": "9.999904",
                    "YeuCauSo": 1,
                    "NgayBoSung": compact("2025-10-20 21:10:00"),
                    "TaiLieuNop": [
                        file("GT-02", "giay-to.pdf", "https://tep.example.test/t/CCCC-0002?ky=1")
                    ],
                },
            },
            (("onestop", "NhanBoSung"),),
            dossier=S3,
        ),
        told(
            5,
            "BaoTienDo",
            "2025-10-21 08:30:00",
            {"TrangThai": "processing", "CanBo": OFFICER},
            ("portal", "POST /ho-so/{maHoSo}/tien-do"),
            ("ngsp", "DongBoTrangThaiHoSo"),
        ),
        told(
            6,
            "BaoGiaHan",
            "2025-10-21 08:31:00",
            {
                "HoSo": head,
                "TrangThai": "processing",
                "NgayHenTraTruoc": xsd("2025-10-22 17:00:00"),
                "NgayHenTraMoi": xsd("2025-10-27 17:00:00"),
                "LyDo": "BO_SUNG",
            },
            ("portal", "PUT /ho-so/{maHoSo}/han-tra"),
            ("ngsp", "DongBoTrangThaiHoSo"),
        ),
        told(
            7,
            "BaoCoKetQua",
            "2025-10-24 15:00:00",
            {
                "HoSo": head | {"NgayHenTra": xsd("2025-10-27 17:00:00")},
                "NgayKetThucXuLy": xsd("2025-10-24 15:00:00"),
                "KetQua": paper,
            },
            *both,
        ),
        told(
            8,
            "BaoDaTra",
            "2025-10-27 09:00:00",
            {
                "HoSo": head | {"NgayHenTra": xsd("2025-10-27 17:00:00")},
                "NgayKetThucXuLy": xsd("2025-10-24 15:00:00"),
                "NgayTra": xsd("2025-10-27 09:00:00"),
                "HinhThucTra": "0",
                "NguoiNhan": P3.name,
                "KetQua": paper,
            },
            *both,
        ),
    )
    return Story(
        3,
        "Supplement for a dossier filed on DVCQG",
        S3,
        steps,
        {
            "portal": {
                "trangThai": "DA_TRA_KET_QUA",
                "hanTra": "27/10/2025 17:00:00",
                "yeuCauBoSung": ["1 GT-02"],
                "tienDo": ["DANG_XU_LY"],
                "hanhTrinh": [],
            },
            "onestop": {
                "trangThai": "done",
                "NhanHoSo": 1,
                "NguonHoSo": "DVCQG",
                "NhanBoSung": ["1, 1 file"],
                "NgayHenTra": xsd("2025-10-27 17:00:00"),
            },
            "ngsp": {
                "DongBoTrangThaiHoSo": ["2", "5", "4", "4", "9", "10"],
                "MaHoSoDonVi": [S3_LOCAL],
                "DongBoHoSoMC": 0,
                "CapNhatTienDoHoSoMC": 0,
                "new date named": True,
            },
        },
        events=8,
        receipts={"onestop": 2, "portal": 7, "ngsp": 6},
        views={"status": "RESULT_RETURNED", "late": False},
    )


def _payment() -> Story:
    """4. Payment."""
    url = "https://tep.example.test/t/DDDD-0001"
    summary = "Đề nghị cấp phép thử nghiệm"
    fee = {
        "MaPhiLePhi": "LP-TN-02",
        "TenPhiLePhi": "Lệ phí cấp phép thử nghiệm",
        "LoaiPhiLePhi": "LP",
        "Gia": "150000",
    }

    def head(method: str) -> Json:
        return hoso(
            P4,
            "9.999902",
            filed="2025-10-20 08:00:00",
            accepted="2025-10-20 09:00:00",
            due="2025-10-27 17:00:00",
            by_post=False,
            receipt="BN-0004",
            url=url,
            summary=summary,
            fees=[fee | {"HinhThucThu": method}],
        )

    def told(number: int, operation: str, at: str, more: Json, *calls: tuple[str, str]) -> Step:
        body = _told(number, at, S4, "TINH", more)
        return Step(number, "onestop", operation, body, calls, dossier=S4)

    paper = result_paper("https://tep.example.test/t/KQ-0004")
    paid: Json = {
        "nguon": "TINH",
        "thoiDiem": local("2025-10-20 19:45:10"),
        "maYeuCau": 1,
        "tongTien": 150000,
        "hinhThuc": "TRUC_TUYEN",
        "nhaCungCap": "CONG-TT-THU",
        "maThamChieu": "TEST-TX-0004",
        "nguoiNop": P4.name,
    }
    pay = "POST /ho-so/{maHoSo}/thanh-toan"
    both = (("portal", "PUT /ho-so/{maHoSo}/ket-qua"), ("ngsp", "DongBoHoSoMC"))
    steps = (
        Step(
            1,
            "portal",
            "POST /ho-so",
            portal_dossier(
                S4,
                "2025-10-20 08:00:00",
                P4,
                "9.999902",
                by_post=False,
                url=url,
                summary=summary,
            ),
            (("onestop", "NhanHoSo"),),
            key=f"nop-{S4}",
            dossier=S4,
        ),
        told(
            2,
            "BaoTiepNhan",
            "2025-10-20 09:00:00",
            {"HoSo": head("0"), "CanBo": OFFICER},
            ("portal", "PUT /ho-so/{maHoSo}"),
            ("ngsp", "DongBoHoSoMC"),
            ("ngsp", "DongBoHoSoMC"),
        ),
        told(
            3,
            "BaoYeuCauNopPhi",
            "2025-10-20 09:30:00",
            {
                "MaYeuCau": "1",
                "LePhi": [fee | {"HinhThucThu": "0"}],
                "TongTien": "150000",
                "HanNop": xsd("2025-10-22 17:00:00"),
            },
            ("portal", "POST /ho-so/{maHoSo}/yeu-cau-thanh-toan"),
            ("ngsp", "CapNhatTienDoHoSoMC"),
        ),
        Step(4, "portal", pay, paid, (("onestop", "NhanThanhToan"),), key="tt-4", dossier=S4),
        Step(5, "portal", pay, paid, (), key="tt-4", dossier=S4, answer="repeated"),
        told(
            6,
            "BaoTienDo",
            "2025-10-21 08:05:00",
            {"TrangThai": "processing", "CanBo": OFFICER},
            ("portal", "POST /ho-so/{maHoSo}/tien-do"),
            ("ngsp", "CapNhatTienDoHoSoMC"),
        ),
        told(
            7,
            "BaoCoKetQua",
            "2025-10-24 10:00:00",
            {
                "HoSo": head("1"),
                "NgayKetThucXuLy": xsd("2025-10-24 10:00:00"),
                "KetQua": paper,
            },
            *both,
        ),
        told(
            8,
            "BaoDaTra",
            "2025-10-24 16:10:00",
            {
                "HoSo": head("1"),
                "NgayKetThucXuLy": xsd("2025-10-24 10:00:00"),
                "NgayTra": xsd("2025-10-24 16:10:00"),
                "HinhThucTra": "0",
                "NguoiNhan": P4.name,
                "KetQua": paper,
            },
            *both,
        ),
    )
    return Story(
        4,
        "Payment",
        S4,
        steps,
        {
            "portal": {
                "trangThai": "DA_TRA_KET_QUA",
                "hanTra": "27/10/2025 17:00:00",
                "yeuCauThanhToan": ["1 150000"],
                "thanhToan from the hub": 0,
                "tienDo": ["DANG_XU_LY"],
            },
            "onestop": {
                "trangThai": "done",
                "NhanHoSo": 1,
                "NhanThanhToan": ["1 150000 1 TEST-TX-0004"],
            },
            "ngsp": {
                "TrangThaiHoSo": "10",
                "writes": ["2", "9", "10"],
                "isUpdating": ["True", "True", "True"],
                "TienDo": ["6 20251020093000", "4 20251021080500"],
                "DanhSachLePhi": ["LP-TN-02 150000"],
                "DuocThanhToanTrucTuyen": ["0", "1", "1"],
            },
        },
        events=7,
        receipts={"onestop": 2, "portal": 5, "ngsp": 5},
        seed=(("ngsp", "seed", {"MaHoSo": S4}),),
        views={"status": "RESULT_RETURNED", "late": False},
    )


STORIES = (_online(), _supplement(), _payment())
