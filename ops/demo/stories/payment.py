"""4. Payment: told twice, kept once; and DVCQG has a record of that code already."""

from dataclasses import replace

from ops.demo.cast import P4, Json, hoso, local, portal_dossier, result_paper, xsd
from ops.demo.story import (
    NATIONAL,
    NATIONAL_STEP,
    PAGE,
    RESULT,
    STEP,
    Dossier,
    Holds,
    Story,
    accepted,
    progress,
    ready,
    returned,
)

CODE = "H44.99.99-251020-0004"
FILED, ACCEPTED = "2025-10-20 08:00:00", "2025-10-20 09:00:00"
FINISHED, RETURNED = "2025-10-24 10:00:00", "2025-10-24 16:10:00"
URL = "https://tep.example.test/t/DDDD-0001"
SUMMARY = "Đề nghị cấp phép thử nghiệm"
REFERENCE = "TEST-TX-0004"  # of the transaction: sensitive, shown to nobody


def _fee(method: str) -> Json:
    return {
        "MaPhiLePhi": "LP-TN-02",
        "TenPhiLePhi": "Lệ phí cấp phép thử nghiệm",
        "LoaiPhiLePhi": "LP",
        "Gia": "150000",
        "HinhThucThu": method,
    }


def _head(method: str) -> Json:
    return hoso(
        P4,
        "9.999902",
        filed=FILED,
        accepted=ACCEPTED,
        due="2025-10-27 17:00:00",
        by_post=False,
        receipt="BN-0004",
        url=URL,
        summary=SUMMARY,
        fees=[_fee(method)],
    )


UNPAID, PAID = _head("0"), _head("1")
FILING = portal_dossier(CODE, FILED, P4, "9.999902", by_post=False, url=URL, summary=SUMMARY)
PAPERS = result_paper("https://tep.example.test/t/KQ-0004")
REQUEST: Json = {
    "MaYeuCau": "1",
    "LePhi": [_fee("0")],
    "TongTien": "150000",
    "HanNop": xsd("2025-10-22 17:00:00"),
}
PAYMENT: Json = {
    "nguon": "TINH",
    "thoiDiem": local("2025-10-20 19:45:10"),
    "maYeuCau": 1,
    "tongTien": 150000,
    "hinhThuc": "TRUC_TUYEN",
    "nhaCungCap": "CONG-TT-THU",
    "maThamChieu": REFERENCE,
    "nguoiNop": P4.name,
}

_it = Dossier(CODE)
_paid = _it.shown(
    4, "POST /ho-so/{maHoSo}/thanh-toan", "tt-4", PAYMENT, ("onestop", "NhanThanhToan")
)
STEPS = (
    _it.shown(1, "POST /ho-so", f"nop-{CODE}", FILING, ("onestop", "NhanHoSo")),
    _it.told(2, "BaoTiepNhan", ACCEPTED, accepted(UNPAID), PAGE, NATIONAL, NATIONAL),
    _it.told(
        3,
        "BaoYeuCauNopPhi",
        "2025-10-20 09:30:00",
        REQUEST,
        ("portal", "POST /ho-so/{maHoSo}/yeu-cau-thanh-toan"),
        NATIONAL_STEP,
    ),
    _paid,
    replace(_paid, number=5, calls=()),
    _it.told(6, "BaoTienDo", "2025-10-21 08:05:00", progress(), STEP, NATIONAL_STEP),
    _it.told(7, "BaoCoKetQua", FINISHED, ready(PAID, FINISHED, PAPERS), RESULT, NATIONAL),
    _it.told(
        8,
        "BaoDaTra",
        RETURNED,
        returned(PAID, FINISHED, RETURNED, P4, PAPERS, by_post=False),
        RESULT,
        NATIONAL,
    ),
)

STORY = Story(
    4,
    "Payment",
    STEPS,
    (
        Holds(
            "portal",
            CODE,
            {
                "trangThai": "DA_TRA_KET_QUA",
                "hanTra": "27/10/2025 17:00:00",
                "yeuCauThanhToan": ["1 150000"],
                "thanhToan": [],  # its own fact is not echoed to it
                "tienDo": ["DANG_XU_LY"],
            },
        ),
        Holds(
            "onestop",
            CODE,
            {
                "trangThai": "done",
                "NhanHoSo": 1,
                "NhanThanhToan": [f"1 150000 1 {REFERENCE}"],
            },
        ),
        Holds(
            "ngsp",
            CODE,
            {
                "TrangThaiHoSo": "10",
                "writes": ["2", "9", "10"],
                "isUpdating": ["True", "True", "True"],
                "TienDo": ["6 20251020093000", "4 20251021080500"],
                "DanhSachLePhi": ["LP-TN-02 150000"],
                "DuocThanhToanTrucTuyen": ["0", "1", "1"],
            },
        ),
        Holds("receipts", CODE, {"Accepted at ngsp": "DELIVERED: again, delivered"}),
        Holds(
            "views",
            CODE,
            {"status": "RESULT_RETURNED", "late": False, "finished": "2025-10-24 10:00"},
        ),
    ),
    events=7,
    receipts={"onestop": 2, "portal": 5, "ngsp": 5},
    seed=(("ngsp", "seed", {"MaHoSo": CODE}),),
)
