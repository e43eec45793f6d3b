"""3. Supplement for a dossier filed on DVCQG: it is known by its national code everywhere."""

from ops.demo.cast import FIELD, OFFICER, P3, PROCEDURES, Json, compact, hoso, result_paper, xsd
from ops.demo.story import (
    NATIONAL_STATUS,
    PAGE,
    RESULT,
    STEP,
    Dossier,
    Holds,
    Step,
    Story,
    accepted,
    progress,
    ready,
    returned,
)

CODE, LOCAL = "G22.99.99-251015-000003", "H44.99.99-251015-0003"
FILED, ACCEPTED = "2025-10-15 07:50:00", "2025-10-15 08:40:00"
FINISHED, RETURNED = "2025-10-24 15:00:00", "2025-10-27 09:00:00"
FIRST_DUE, DUE = "2025-10-22 17:00:00", "2025-10-27 17:00:00"
URL = "https://tep.example.test/t/CCCC-0001"
HEAD = hoso(
    P3,
    "9.999904",
    filed=FILED,
    accepted=ACCEPTED,
    due=FIRST_DUE,
    by_post=False,
    receipt="BN-0003",
    url=URL,
    summary="Đề nghị cấp đổi",
)
LATER = HEAD | {"NgayHenTra": xsd(DUE)}
PAPERS = result_paper("https://tep.example.test/t/KQ-0003")


def _file(paper: str, name: str, url: str) -> Json:
    return {"MaGiayTo": paper, "TenTepDinhKem": name, "DuongDanTaiTepTin": url}


FILING: Json = {
    "MaHoSo": CODE,
    "MaTTHC": "9.999904",
    "TenTTHC": PROCEDURES["9.999904"],
    "MaLinhVuc": FIELD["code"],
    "TenLinhVuc": FIELD["name"],
    "MaSoThue": "",
    "TenThuongNhan": "",
    "NgayNopHoSo": compact(FILED),
    "DienThoai": P3.phone,
    "Email": P3.email,
    "NguoiNop": {
        "LoaiDoiTuong": "1",
        "SoDinhDanh": P3.id_number,
        "HoTen": P3.name,
        "NgaySinh": P3.born.replace("-", ""),
    },
    "TaiLieuNop": [_file("GT-01", "don.pdf", URL)],
}
AMENDMENT: Json = {
    "service": "BoSungHoSo",
    "isUpdating": "True",
    "data": {
        "MaHoSoQG": CODE,
        "MaTTHC": "9.999904",
        "YeuCauSo": 1,
        "NgayBoSung": compact("2025-10-20 21:10:00"),
        "TaiLieuNop": [_file("GT-02", "giay-to.pdf", "https://tep.example.test/t/CCCC-0002?ky=1")],
    },
}
REQUEST: Json = {
    "MaYeuCau": "1",
    "NoiDung": "Thiếu giấy tờ GT-02",
    "GiayTo": ["GT-02"],
    "HanBoSung": xsd("2025-10-23 17:00:00"),
    "CanBo": OFFICER,
}
EXTENSION: Json = {
    "HoSo": HEAD,
    "TrangThai": "processing",
    "NgayHenTraTruoc": xsd(FIRST_DUE),
    "NgayHenTraMoi": xsd(DUE),
    "LyDo": "BO_SUNG",
}

_it = Dossier(CODE, LOCAL)
STEPS = (
    Step(1, "ngsp", "ho-so", FILING, (("onestop", "NhanHoSo"), PAGE), CODE),
    _it.told(2, "BaoTiepNhan", ACCEPTED, accepted(HEAD), PAGE, NATIONAL_STATUS),
    _it.told(
        3,
        "BaoYeuCauBoSung",
        "2025-10-16 09:00:00",
        REQUEST,
        ("portal", "POST /ho-so/{maHoSo}/yeu-cau-bo-sung"),
        NATIONAL_STATUS,
    ),
    Step(4, "ngsp", "bo-sung", AMENDMENT, (("onestop", "NhanBoSung"),), CODE),
    _it.told(5, "BaoTienDo", "2025-10-21 08:30:00", progress(), STEP, NATIONAL_STATUS),
    _it.told(
        6,
        "BaoGiaHan",
        "2025-10-21 08:31:00",
        EXTENSION,
        ("portal", "PUT /ho-so/{maHoSo}/han-tra"),
        NATIONAL_STATUS,
    ),
    _it.told(7, "BaoCoKetQua", FINISHED, ready(LATER, FINISHED, PAPERS), RESULT, NATIONAL_STATUS),
    _it.told(
        8,
        "BaoDaTra",
        RETURNED,
        returned(LATER, FINISHED, RETURNED, P3, PAPERS, by_post=False),
        RESULT,
        NATIONAL_STATUS,
    ),
)

STORY = Story(
    3,
    "Supplement for a dossier filed on DVCQG",
    STEPS,
    (
        Holds(
            "portal",
            CODE,
            {
                "trangThai": "DA_TRA_KET_QUA",
                "hanTra": "27/10/2025 17:00:00",
                "yeuCauBoSung": ["1 GT-02"],
                "tienDo": ["DANG_XU_LY"],
                "hanhTrinh": [],
            },
        ),
        Holds(
            "onestop",
            CODE,
            {
                "trangThai": "done",
                "NhanHoSo": 1,
                "NguonHoSo": ["DVCQG"],
                "NhanBoSung": ["1, 1 file"],
                "NgayHenTra": xsd(DUE),
            },
        ),
        Holds(
            "ngsp",
            CODE,
            {
                "DongBoTrangThaiHoSo": ["2", "5", "4", "4", "9", "10"],
                "MaHoSoDonVi": [LOCAL],
                "type": ["2"],
                "DongBoHoSoMC": 0,
                "CapNhatTienDoHoSoMC": 0,
                "NoiDung": [
                    "Được tiếp nhận",
                    "Thiếu giấy tờ GT-02",
                    "Đang xử lý",
                    "Hẹn lại ngày trả kết quả: 27/10/2025 17:00:00",
                    "Đã xử lý xong",
                    "Đã trả kết quả",
                ],
            },
        ),
        Holds(
            "views",
            CODE,
            {
                "status": "RESULT_RETURNED",
                "local code": LOCAL,
                "late": False,
                "judged against": "2025-10-27 17:00",
                "finished": "2025-10-24 15:00",
            },
        ),
    ),
    events=8,
    receipts={"onestop": 2, "portal": 7, "ngsp": 6},
)
