"""1. Filed online, processed, result by post."""

from ops.demo.cast import HOME, P1, VINH_YEN, hoso, local, portal_dossier, result_paper, sent_back
from ops.demo.story import (
    HANDED,
    JOURNEY,
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

CODE = "H44.99.99-251013-0001"
ITEM = "EB990001015VN"
FILED, ACCEPTED = "2025-10-13 08:15:00", "2025-10-13 09:05:00"
FINISHED, RETURNED = "2025-10-15 14:20:00", "2025-10-16 10:20:00"
URL = "https://tep.example.test/t/AAAA-0001"
SUMMARY = "Đề nghị cấp giấy xác nhận thử nghiệm"
HEAD = hoso(
    P1,
    "9.999901",
    filed=FILED,
    accepted=ACCEPTED,
    due="2025-10-16 17:00:00",
    by_post=True,
    receipt="BN-0001",
    url=URL,
    summary=SUMMARY,
)
FILING = portal_dossier(CODE, FILED, P1, "9.999901", by_post=True, url=URL, summary=SUMMARY)
PAPERS = result_paper("https://tep.example.test/t/KQ-0001")
ORDER = sent_back(CODE, P1, VINH_YEN.told(HOME, "2025-10-15"), "2025-10-15")
RATING = {"nguon": "TINH", "thoiDiem": local("2025-10-16 20:00:00"), "diem": 5}
SCANS = ["CREATED", "COLLECTED", "AT_DELIVERY_OFFICE", "OUT_FOR_DELIVERY", "DELIVERED"]

_it = Dossier(CODE)
STEPS = (
    _it.shown(1, "POST /ho-so", f"nop-{CODE}", FILING, ("onestop", "NhanHoSo")),
    _it.told(2, "BaoTiepNhan", ACCEPTED, accepted(HEAD), PAGE, NATIONAL),
    _it.told(3, "BaoTienDo", "2025-10-13 10:30:00", progress(), STEP, NATIONAL_STEP),
    _it.told(4, "BaoCoKetQua", FINISHED, ready(HEAD, FINISHED, PAPERS), RESULT, NATIONAL),
    _it.told(5, "DatBuuChinh", "2025-10-15 14:30:00", ORDER, ("postal_my", "CreateOrder")),
    _it.scanned(6, "2025-10-15 15:10:00", ITEM, 1, *JOURNEY),
    _it.scanned(7, "2025-10-15 16:40:00", ITEM, 6, *JOURNEY),
    _it.scanned(8, "2025-10-16 08:05:00", ITEM, 11, *JOURNEY),
    _it.scanned(9, "2025-10-16 09:30:00", ITEM, 12, *JOURNEY),
    _it.scanned(
        10, "2025-10-16 10:15:00", ITEM, 14, *JOURNEY, HANDED, more={"receiverReal": P1.name}
    ),
    _it.told(
        11,
        "BaoDaTra",
        RETURNED,
        returned(HEAD, FINISHED, RETURNED, P1, PAPERS, by_post=True),
        RESULT,
        NATIONAL,
    ),
    _it.shown(
        12,
        "POST /ho-so/{maHoSo}/danh-gia",
        f"danh-gia-{CODE}",
        RATING,
        ("onestop", "NhanDanhGia"),
    ),
)

STORY = Story(
    1,
    "Filed online, processed, result by post",
    STEPS,
    (
        Holds(
            "portal",
            CODE,
            {
                "trangThai": "DA_TRA_KET_QUA",
                "hanTra": "16/10/2025 17:00:00",
                "tienDo": ["DANG_XU_LY"],
                "hanhTrinh": SCANS,
                "thongBao": [],
                "ngayTra": "16/10/2025 10:20:00",
            },
        ),
        Holds(
            "onestop",
            CODE,
            {
                "trangThai": "done",
                "NhanHoSo": 1,
                "NhanHanhTrinh": SCANS,
                "NhanKetQuaPhat": ["DELIVERED"],
                "NhanDanhGia": ["5"],
            },
        ),
        Holds(
            "ngsp",
            CODE,
            {
                "TrangThaiHoSo": "10",
                "NgayTiepNhan": "20251013090500",
                "NgayHenTra": "20251016170000",
                "NgayKetThucXuLy": "20251015142000",
                "NgayTra": "20251016102000",
                "HinhThuc": "1",
                "writes": ["2", "9", "10"],
                "TienDo": ["4 20251013103000"],
            },
        ),
        Holds("postal_my", CODE, {"orders": [f"{CODE} {ITEM} to 08707 VNPOST 25"]}),
        Holds(
            "views",
            CODE,
            {
                "status": "RESULT_RETURNED",
                "late": False,
                "finished": "2025-10-15 14:20",
                "post": ["post 2025-10-15 15:10 → 2025-10-16 10:15"],
            },
        ),
    ),
    events=13,
    receipts={"onestop": 8, "portal": 9, "ngsp": 4, "postal_my": 1},
)
