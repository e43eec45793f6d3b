"""2. Failed delivery and redelivery.

The national side stores the first record and drops the line (faults/2.yaml), the postman finds
nobody, MyVNPost repeats a message, someone forges one.
"""

from dataclasses import replace

from ops.demo.cast import HOME, P2, VINH_YEN, hoso, local, result_paper, sent_back
from ops.demo.story import (
    HANDED,
    JOURNEY,
    NATIONAL,
    PAGE,
    RESULT,
    Dossier,
    Holds,
    Story,
    accepted,
    ready,
    returned,
)

CODE = "H44.99.99-251014-0002"
ITEM = "EB990001029VN"
ACCEPTED = "2025-10-14 08:20:00"
FINISHED, RETURNED = "2025-10-16 09:00:00", "2025-10-20 09:20:00"
HEAD = hoso(
    P2,
    "9.999901",
    filed=ACCEPTED,
    accepted=ACCEPTED,
    due="2025-10-17 17:00:00",
    by_post=True,
    receipt="BN-0002",
    url="https://tep.example.test/t/BBBB-0001",
    summary="Đề nghị cấp giấy xác nhận thử nghiệm",
    online=False,
)
PAPERS = result_paper("https://tep.example.test/t/KQ-0002")
ORDER = sent_back(CODE, P2, VINH_YEN.told(HOME, "2025-10-16"), "2025-10-16")
FOREIGN_ITEM = "EB990001094VN"
FOREIGN = {  # a row of another customer of the same account
    "itemCode": FOREIGN_ITEM,
    "saleOrderCode": "SHOP-00094",
    "status": 12,
    "updatedDate": local("2025-10-17 09:00:00"),
}
SCANS = [
    "CREATED",
    "COLLECTED",
    "OUT_FOR_DELIVERY",
    "DELIVERY_FAILED",
    "OUT_FOR_DELIVERY",
    "DELIVERED",
]

_it = Dossier(CODE)
_failed = _it.scanned(
    7,
    "2025-10-17 10:30:00",
    ITEM,
    15,
    *JOURNEY,
    HANDED,
    ("portal", "POST /ho-so/{maHoSo}/thong-bao"),
    more={"reasonNote": "Vắng nhà"},
)
STEPS = (
    _it.told(1, "BaoTiepNhan", ACCEPTED, accepted(HEAD), PAGE, NATIONAL, ("ngsp", "TraCuuHoSo")),
    _it.told(2, "BaoCoKetQua", FINISHED, ready(HEAD, FINISHED, PAPERS), RESULT, NATIONAL),
    _it.told(3, "DatBuuChinh", "2025-10-16 09:10:00", ORDER, ("postal_my", "CreateOrder")),
    _it.scanned(4, "2025-10-16 10:00:00", ITEM, 1, *JOURNEY),
    _it.scanned(5, "2025-10-16 16:00:00", ITEM, 6, *JOURNEY),
    _it.scanned(6, "2025-10-17 09:00:00", ITEM, 12, *JOURNEY, others=(FOREIGN,)),
    _failed,
    replace(_failed, number=8, operation="again", calls=()),  # byte for byte
    _it.scanned(9, "2025-10-17 11:00:00", ITEM, 14, forged=True),
    _it.scanned(10, "2025-10-20 08:40:00", ITEM, 12, *JOURNEY),
    _it.scanned(
        11, "2025-10-20 09:15:00", ITEM, 14, *JOURNEY, HANDED, more={"receiverReal": P2.name}
    ),
    _it.told(
        12,
        "BaoDaTra",
        RETURNED,
        returned(HEAD, FINISHED, RETURNED, P2, PAPERS, by_post=True),
        RESULT,
        NATIONAL,
    ),
)

STORY = Story(
    2,
    "Failed delivery and redelivery",
    STEPS,
    (
        Holds(
            "portal",
            CODE,
            {
                "trangThai": "DA_TRA_KET_QUA",
                "hanTra": "17/10/2025 17:00:00",
                "tienDo": [],
                "hanhTrinh": SCANS,
                "thongBao": ["PHAT_KHONG_THANH_CONG"],
            },
        ),
        Holds(
            "onestop",
            CODE,
            {
                "trangThai": "done",
                "NhanHanhTrinh": SCANS,
                "NhanKetQuaPhat": ["DELIVERY_FAILED Vắng nhà", "DELIVERED"],
            },
        ),
        Holds(
            "ngsp",
            CODE,
            {
                "TrangThaiHoSo": "10",
                "writes": ["2", "9", "10"],
                "TraCuuHoSo": 1,
                "TienDo": [],
                "KenhThucHien": "1",
            },
        ),
        Holds("postal_my", CODE, {"orders": [f"{CODE} {ITEM} to 08707 VNPOST 25"]}),
        Holds(
            "receipts",
            CODE,
            {"Accepted at ngsp": "DELIVERED: unknown, asked (was in doubt)"},
        ),
        Holds(
            "gateway",
            CODE,
            {
                "refused in the log": ["401 denied"],
                "refused, counted": 1,
                "foreign items, counted": 1,
                "set aside": [FOREIGN_ITEM],
            },
        ),
        Holds(
            "views",
            CODE,
            {
                "status": "RESULT_RETURNED",
                "late": False,
                "finished": "2025-10-16 09:00",
                "items": [ITEM],
                "delivery failures": [1],
            },
        ),
    ),
    events=12,
    receipts={"onestop": 8, "portal": 10, "ngsp": 3, "postal_my": 1},
)
