"""6. Withdrawn while the post is on its way.

VNPost is reached through the national gateway and asked for its scans; the national side takes one
step without answering (faults/6.yaml).
"""

from datetime import datetime

from ops.demo.cast import (
    DESK,
    HOME,
    OFFICER,
    P6,
    PHU_THO,
    VINH_YEN,
    Json,
    hoso,
    local,
    portal_dossier,
    xsd,
)
from ops.demo.story import (
    JOURNEY,
    NATIONAL,
    NATIONAL_STEP,
    PAGE,
    STEP,
    Dossier,
    Holds,
    Step,
    Story,
    accepted,
)

CODE = "H44.99.99-251110-0006"
ORDER_NUMBER = f"{CODE}.C1"
DAY = "2025-11-10"
FILED, ACCEPTED = f"{DAY} 08:00:00", f"{DAY} 09:20:00"
URL = "https://tep.example.test/t/FFFF-0001"
SUMMARY = "Đề nghị cấp đổi"
HEAD = hoso(
    P6,
    "9.999904",
    filed=FILED,
    accepted=ACCEPTED,
    due="2025-11-17 17:00:00",
    by_post=False,
    receipt="BN-0006",
    url=URL,
    summary=SUMMARY,
)
FILING = portal_dossier(CODE, FILED, P6, "9.999904", by_post=False, url=URL, summary=SUMMARY)
COLLECTION: Json = {
    "thoiDiem": local(f"{DAY} 08:01:00"),
    "maDon": ORDER_NUMBER,
    "nguoiGui": {
        "hoTen": P6.name,
        "soDienThoai": P6.phone,
        "email": P6.email,
        "diaChi": VINH_YEN.shown(HOME, DAY),
    },
    "nguoiNhan": {
        "hoTen": PHU_THO.name,
        "soDienThoai": "0300000099",
        "diaChi": VINH_YEN.shown(DESK, DAY),
    },
    "noiDung": "Bản chính giấy tờ",
    "khoiLuong": 100,
    "maDonVi": PHU_THO.code,
}
WISH: Json = {
    "nguon": "TINH",
    "thoiDiem": local(f"{DAY} 14:00:00"),
    "lyDo": "Nộp nhầm thủ tục",
}
AGREED: Json = {"LyDo": "Nộp nhầm thủ tục", "CanBo": OFFICER}
CANCELLATION: Json = {
    "MaDon": ORDER_NUMBER,
    "MaDonVi": PHU_THO.code,
    "LyDo": "Công dân rút hồ sơ",
}
POLL = ("postal", "track")

_it = Dossier(CODE)


def _rows(number: int, at: str, status: int) -> Step:
    """VNPost has one row more, until the hub asks."""
    moment = int(datetime.fromisoformat(xsd(at)).timestamp() * 1000)
    row = {"OrderNumber": ORDER_NUMBER, "StatusCode": status, "EventTime": moment}
    words = f"StatusCode={status}"
    return Step(number, "postal", "rows", {"rows": [row]}, JOURNEY, CODE, status=None, words=words)


STEPS = (
    _it.shown(1, "POST /ho-so", f"nop-{CODE}", FILING, ("onestop", "NhanHoSo")),
    _it.shown(
        2, "POST /ho-so/{maHoSo}/thu-gom", f"thu-gom-{CODE}", COLLECTION, ("postal", "order")
    ),
    _it.told(3, "BaoTiepNhan", ACCEPTED, accepted(HEAD), PAGE, NATIONAL),
    _rows(4, f"{DAY} 10:00:00", 1),
    _it.shown(5, "POST /ho-so/{maHoSo}/rut", f"rut-{CODE}", WISH, ("onestop", "NhanYeuCauRut")),
    _it.told(6, "BaoRutHoSo", f"{DAY} 15:00:00", AGREED, STEP, NATIONAL_STEP, NATIONAL_STEP),
    _it.told(7, "HuyBuuChinh", f"{DAY} 15:01:00", CANCELLATION, ("postal", "cancel")),
    _rows(8, f"{DAY} 16:00:00", 9),
    # nothing new: the first of two polls has been worked off when the second one comes
    Step(9, "postal", "rows", {"rows": []}, (POLL, POLL), CODE, status=None, words="no rows"),
)

STORY = Story(
    6,
    "Withdrawn while the post is on its way",
    STEPS,
    (
        Holds(
            "portal",
            CODE,
            {
                "trangThai": "DA_RUT",
                "hanTra": "17/11/2025 17:00:00",
                "tienDo": ["DA_RUT"],
                "hanhTrinh": ["UNKNOWN", "UNKNOWN"],
                "maGoc": ["1", "9"],
            },
        ),
        Holds(
            "onestop",
            CODE,
            {
                "trangThai": "cancelled",
                "NhanHoSo": 1,
                "NhanYeuCauRut": 1,
                "NhanHanhTrinh": ["UNKNOWN", "UNKNOWN"],
                "NhanKetQuaPhat": [],
            },
        ),
        Holds(
            "ngsp",
            CODE,
            {
                "TrangThaiHoSo": "7",
                "writes": ["2"],
                "TienDo": ["7 20251110150000"],
                "steps sent": "2 calls, 1 content",
            },
        ),
        Holds(
            "postal",
            CODE,
            {
                "orders": [ORDER_NUMBER],
                "order": ["stored"],
                "cancel": ["stored"],
                "cancelled": [f"CustomerCode=T-TEST&OrderNumber={ORDER_NUMBER}"],
            },
        ),
        Holds("poll cursor", CODE, {"the last poll asked for what is behind row": 2}),
        Holds(
            "receipts",
            CODE,
            {"Withdrawn at ngsp": "DELIVERED: unknown, delivered (was in doubt)"},
        ),
        Holds("views", CODE, {"status": "WITHDRAWN", "late": None}),
    ),
    events=8,
    receipts={"onestop": 4, "portal": 4, "ngsp": 2, "postal": 2},
    postal="postal",
)
