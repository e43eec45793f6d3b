"""5. Late dossier over Tết: DVCQG is down first, later it refuses this one dossier (faults/5.yaml).

While it is down nothing is parked; what it refuses for long is set aside, and a person resumes it.
Two other dossiers show that nobody waits for this one.
"""

from ops.demo.cast import ON_DUTY, P2, P5, Json, Person, hoso, result_paper, xsd
from ops.demo.story import (
    NATIONAL,
    NATIONAL_STEP,
    PAGE,
    RESULT,
    STEP,
    Breaks,
    Decision,
    Dossier,
    Holds,
    Story,
    Trouble,
    Waits,
    accepted,
    progress,
    ready,
    returned,
)

CODE = "H44.99.99-260211-0005"
DURING_OUTAGE, WHILE_PARKED = "H44.99.99-260225-0105", "H44.99.99-260227-0205"
ACCEPTED = "2026-02-11 08:30:00"
FIRST_DUE, DUE = "2026-02-25 17:00:00", "2026-02-27 17:00:00"
FINISHED, RETURNED = "2026-02-27 10:00:00", "2026-02-27 15:30:00"
PAPERS = result_paper("https://tep.example.test/t/KQ-0005")


def _head(person: Person, at: str, due: str, receipt: str) -> Json:
    return hoso(
        person,
        "9.999904",
        filed=at,
        accepted=at,
        due=due,
        by_post=False,
        receipt=receipt,
        url=f"https://tep.example.test/t/{receipt}",
        summary="Đề nghị cấp đổi",
        online=False,
    )


HEAD = _head(P5, ACCEPTED, FIRST_DUE, "BN-0005")
LATER = HEAD | {"NgayHenTra": xsd(DUE)}
OTHER = _head(P2, "2026-02-25 16:40:00", "2026-03-04 17:00:00", "BN-0105")
ANOTHER = _head(P2, "2026-02-27 10:15:00", "2026-03-06 17:00:00", "BN-0205")
EXTENSION: Json = {
    "HoSo": HEAD,
    "TrangThai": "processing",
    "NgayHenTraTruoc": xsd(FIRST_DUE),
    "NgayHenTraMoi": xsd(DUE),
    "LyDo": "QUA_HAN",
    "SoPhieuXinLoi": "01/PXL",
}
RESUME = ("parked", "resume", "--registration", "ngsp", "--dossier", CODE)
WHY = ("--by", ON_DUTY, "--because", "Cổng DVCQG đã sửa lỗi")

_it = Dossier(CODE)
ACTS = (
    _it.told(1, "BaoTiepNhan", ACCEPTED, accepted(HEAD), PAGE, NATIONAL),
    _it.told(2, "BaoTienDo", "2026-02-12 09:00:00", progress(), STEP, NATIONAL_STEP),
    Trouble("ngsp", ("outage",), CODE),
    _it.told(
        3,
        "BaoGiaHan",
        "2026-02-25 16:30:00",
        EXTENSION,
        ("portal", "PUT /ho-so/{maHoSo}/han-tra"),
        NATIONAL,
    ),
    Dossier(DURING_OUTAGE).told(3, "BaoTiepNhan", "2026-02-25 16:40:00", accepted(OTHER), PAGE),
    _it.told(4, "BaoTienDo", "2026-02-25 16:45:00", progress(NoiDung="Trình lãnh đạo"), STEP),
    Breaks("ngsp"),
    Trouble("ngsp", (), CODE, (NATIONAL, NATIONAL_STEP)),
    Trouble("ngsp", ("one dossier refused",), CODE),
    _it.told(5, "BaoCoKetQua", FINISHED, ready(LATER, FINISHED, PAPERS), RESULT, NATIONAL),
    Waits(("parked", "list", "--registration", "ngsp"), CODE),
    Dossier(WHILE_PARKED).told(
        5, "BaoTiepNhan", "2026-02-27 10:15:00", accepted(ANOTHER), PAGE, NATIONAL
    ),
    _it.told(
        6,
        "BaoDaTra",
        RETURNED,
        returned(LATER, FINISHED, RETURNED, P5, PAPERS, by_post=False),
        RESULT,
    ),
    Trouble("ngsp", (), CODE),
    Decision(6, (*RESUME, *WHY), CODE, (NATIONAL, NATIONAL)),
)

STORY = Story(
    5,
    "Late dossier over Tết",
    ACTS,
    (
        Holds(
            "portal",
            CODE,
            {
                "trangThai": "DA_TRA_KET_QUA",
                "hanTra": "27/02/2026 17:00:00",
                "tienDo": ["DANG_XU_LY", "DANG_XU_LY"],
            },
        ),
        Holds("onestop", CODE, {"trangThai": "done", "received": []}),
        Holds(
            "ngsp",
            CODE,
            {
                "TrangThaiHoSo": "10",
                "NgayHenTra": "20260227170000",
                "writes": ["2", "4", "9", "10"],
                "TienDo": ["4 20260212090000", "4 20260225164500"],
                "calls": [
                    "DongBoHoSoMC stored",
                    "CapNhatTienDoHoSoMC stored",
                    "DongBoHoSoMC fault",
                    "DongBoHoSoMC stored",
                    "CapNhatTienDoHoSoMC stored",
                    "DongBoHoSoMC fault",
                    "DongBoHoSoMC stored",
                ],
            },
        ),
        Holds(
            "receipts",
            CODE,
            {
                "DeadlineExtended at ngsp": "DELIVERED: system, delivered (was in doubt)",
                "StatusChanged at ngsp": "DELIVERED: delivered | DELIVERED: delivered",
                "ResultReady at ngsp": "PARKED: retry | DELIVERED: delivered",
                "ResultReturned at ngsp": "PARKED:  | DELIVERED: delivered",
            },
        ),
        Holds("acts", CODE, {"RESUMED at ngsp": f"by {ON_DUTY}: Cổng DVCQG đã sửa lỗi"}),
        Holds("receipts", DURING_OUTAGE, {"ends at ngsp": ["DELIVERED"]}),
        Holds("receipts", WHILE_PARKED, {"Accepted at ngsp": "DELIVERED: delivered"}),
        Holds(
            "views",
            CODE,
            {
                "status": "RESULT_RETURNED",
                "late": True,
                "working days late": 2,
                "judged against": "2026-02-25 17:00",
                "finished": "2026-02-27 10:00",
            },
        ),
    ),
    events=6,
    receipts={"portal": 6, "ngsp": 6},
    others={"PARKED": 2},
    beside=(DURING_OUTAGE, WHILE_PARKED),
)
