"""7. The province merges in mid-life.

Two dossiers of Vĩnh Phúc are finished in Phú Thọ. One person's commune became a part of a new one;
the other's was divided, so that the order of step 8 can never be delivered as it is.
"""

from ops.demo.cast import (
    HOME,
    ON_DUTY,
    P4,
    P7,
    PHU_THO,
    VINH_PHUC,
    Agency,
    Json,
    Person,
    Place,
    hoso,
    result_paper,
    sent_back,
)
from ops.demo.story import (
    HANDED,
    JOURNEY,
    NATIONAL,
    NATIONAL_STEP,
    PAGE,
    RESULT,
    STEP,
    Decision,
    Dossier,
    Holds,
    Story,
    Waits,
    accepted,
    progress,
    ready,
    returned,
)

A, B = "H62.99.99-250626-0007", "H62.99.99-250627-0008"
SECOND_ORDER = f"{B}.R2"
ITEM_A, ITEM_B = "EB990001077VN", "EB990001085VN"
THANH_TRU = Place("08731", "Xã Thanh Trù", "26", district="243")
CAO_SON = Place("04957", "Xã Cao Sơn", "17", district="152")
LIEN_SON = Place("04960", "Xã Liên Sơn", "25")
ACCEPTED_A, ACCEPTED_B = "2025-06-26 09:00:00", "2025-06-27 09:00:00"
DAY_A, DAY_B = "2025-06-26", "2025-06-27"
DUE_A, DUE_B = "2025-07-10 17:00:00", "2025-07-11 17:00:00"
FINISHED_A, FINISHED_B = "2025-07-08 15:00:00", "2025-07-08 15:05:00"
RETURNED_A, RETURNED_B = "2025-07-09 16:05:00", "2025-07-10 16:05:00"
DEPARTMENT = "Phòng Nghiệp vụ, Sở Thử nghiệm tỉnh Phú Thọ"
PAPERS_A = result_paper("https://tep.example.test/t/KQ-0007")
PAPERS_B = result_paper("https://tep.example.test/t/KQ-0008")


def _head(person: Person, home: Place, at: str, due: str, receipt: str, agency: Agency) -> Json:
    return hoso(
        person,
        "9.999903",
        filed=at,
        accepted=at,
        due=due,
        by_post=True,
        receipt=receipt,
        url=f"https://tep.example.test/t/{receipt}",
        summary="Đề nghị đăng ký thử nghiệm",
        online=False,
        agency=agency,
        home=home,
    )


BEFORE_A = _head(P7, THANH_TRU, ACCEPTED_A, DUE_A, "BN-0007", VINH_PHUC)
AFTER_A = _head(P7, THANH_TRU, ACCEPTED_A, DUE_A, "BN-0007", PHU_THO)
BEFORE_B = _head(P4, CAO_SON, ACCEPTED_B, DUE_B, "BN-0008", VINH_PHUC)
AFTER_B = _head(P4, CAO_SON, ACCEPTED_B, DUE_B, "BN-0008", PHU_THO)
ORDER_A = sent_back(A, P7, THANH_TRU.told(HOME, DAY_A), "2025-07-08")
ORDER_B = sent_back(B, P4, CAO_SON.told(HOME, DAY_B), "2025-07-08")
ORDER_B2 = sent_back(SECOND_ORDER, P4, LIEN_SON.told(HOME, "2025-07-09"), "2025-07-09")
CREATE = ("postal_my", "CreateOrder")

DISCARD = ("dead-letter", "discard", "--registration", "postal_my", "--reason", "04924, 04960")
INSTEAD = "thay bằng .R2"
DECIDED = f"discarded by {ON_DUTY}: {INSTEAD}"

_a, _b = Dossier(A), Dossier(B)
ACTS = (
    _a.told(1, "BaoTiepNhan", ACCEPTED_A, accepted(BEFORE_A), PAGE, NATIONAL),
    _b.told(2, "BaoTiepNhan", ACCEPTED_B, accepted(BEFORE_B), PAGE, NATIONAL),
    _a.told(
        3,
        "BaoTienDo",
        "2025-07-02 10:00:00",
        progress(PhongBan=DEPARTMENT),
        STEP,
        NATIONAL_STEP,
    ),
    _b.told(4, "BaoTienDo", "2025-07-02 10:05:00", progress(), STEP, NATIONAL_STEP),
    _a.told(5, "BaoCoKetQua", FINISHED_A, ready(AFTER_A, FINISHED_A, PAPERS_A), RESULT, NATIONAL),
    _b.told(6, "BaoCoKetQua", FINISHED_B, ready(AFTER_B, FINISHED_B, PAPERS_B), RESULT, NATIONAL),
    _a.told(7, "DatBuuChinh", "2025-07-08 15:10:00", ORDER_A, CREATE),
    _b.told(8, "DatBuuChinh", "2025-07-08 15:12:00", ORDER_B),
    _b.told(9, "DatBuuChinh", "2025-07-09 08:30:00", ORDER_B2, CREATE),
    Waits(("dead-letter", "list", "--dossier", B, "--state", "open"), B),
    Decision(9, (*DISCARD, "--by", ON_DUTY, "--because", INSTEAD), B),
    _a.scanned(10, "2025-07-09 16:00:00", ITEM_A, 14, *JOURNEY, HANDED),
    _a.told(
        11,
        "BaoDaTra",
        RETURNED_A,
        returned(AFTER_A, FINISHED_A, RETURNED_A, P7, PAPERS_A, by_post=True),
        RESULT,
        NATIONAL,
    ),
    _b.scanned(12, "2025-07-10 16:00:00", ITEM_B, 14, *JOURNEY, HANDED, order=SECOND_ORDER),
    _b.told(
        13,
        "BaoDaTra",
        RETURNED_B,
        returned(AFTER_B, FINISHED_B, RETURNED_B, P4, PAPERS_B, by_post=True),
        RESULT,
        NATIONAL,
    ),
)


def _portal(code: str, due: str) -> Holds:
    return Holds(
        "portal",
        code,
        {
            "trangThai": "DA_TRA_KET_QUA",
            "hanTra": due,
            "tienDo": ["DANG_XU_LY"],
            "hanhTrinh": ["DELIVERED"],
        },
    )


def _onestop(code: str) -> Holds:
    return Holds(
        "onestop",
        code,
        {"trangThai": "done", "NhanHanhTrinh": ["DELIVERED"], "NhanKetQuaPhat": ["DELIVERED"]},
    )


def _national(code: str, step: str) -> Holds:
    return Holds(
        "ngsp",
        code,
        {
            "TrangThaiHoSo": "10",
            "writes": ["2", "9", "10"],
            "TienDo": [step],
            "DonViXuLy": [VINH_PHUC.name, PHU_THO.name, PHU_THO.name],
        },
    )


def _on_time(code: str, finished: str) -> Holds:
    return Holds("views", code, {"status": "RESULT_RETURNED", "late": False, "finished": finished})


STORY = Story(
    7,
    "The province merges in mid-life",
    ACTS,
    (
        _portal(A, "10/07/2025 17:00:00"),
        _portal(B, "11/07/2025 17:00:00"),
        _onestop(A),
        _onestop(B),
        _national(A, "4 20250702100000"),
        _national(B, "4 20250702100500"),
        Holds("postal_my", A, {"orders": [f"{A} {ITEM_A} to 08707 VNPOST 25"]}),
        Holds("postal_my", B, {"orders": [f"{SECOND_ORDER} {ITEM_B} to 04960 VNPOST 25"]}),
        Holds(
            "dead letters",
            B,
            {"ConsignmentOrdered at postal_my": f"order {B}; candidates 04924, 04960; {DECIDED}"},
        ),
        Holds("events", A, {"address": f"08731 / 243 / 26 as of {DAY_A}"}),
        Holds("events", B, {"address": f"04957 / 152 / 17 as of {DAY_B}"}),
        Holds(
            "look-ups",
            A,
            {
                "unit(08707, 2025-06-26)": "Phường Tích Sơn",
                "unit(08707, 2025-07-02)": "Phường Vĩnh Yên",
                "successors(08731, 2025-06-26, 2025-07-08)": ["08707 FULL"],
                "successors(04957, 2025-06-27, 2025-07-08)": ["04924 PART", "04960 PART"],
                "unit(08731, 2025-07-02)": None,
                "unit(26, 2025-07-02)": None,
            },
        ),
        _on_time(A, "2025-07-08 15:00"),
        _on_time(B, "2025-07-08 15:05"),
    ),
    events=15,
    receipts={"onestop": 4, "portal": 10, "ngsp": 8, "postal_my": 2},
    others={"DEAD_LETTERED": 1},
)
