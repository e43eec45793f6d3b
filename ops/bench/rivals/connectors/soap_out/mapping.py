"""A status in the board's words. Fields that the board must have are said to be empty, not left out."""

ORIGIN = {"PROVINCE": "TINH", "DVCQG": "DVCQG"}
STATUS = {
    "REGISTERED": "MOI_DANG_KY",
    "ACCEPTED": "DA_TIEP_NHAN",
    "REFUSED": "KHONG_TIEP_NHAN",
    "PROCESSING": "DANG_XU_LY",
    "SUPPLEMENT_REQUIRED": "CHO_BO_SUNG",
    "PAYMENT_REQUIRED": "CHO_THANH_TOAN",
    "WITHDRAWN": "DA_RUT",
    "STOPPED": "DUNG_XU_LY",
    "COMPLETED": "DA_CO_KET_QUA",
    "RESULT_RETURNED": "DA_TRA_KET_QUA",
    "UNKNOWN": "KHONG_RO",
}


def told(event):
    """One status."""
    return TellStatus(
        dossier=event.dossier_code,
        step=default(event.local_code, ""),
        at=instant_text(event.at),
        origin=code(ORIGIN, event.origin),
        status=code(STATUS, event.status),
        status_raw=event.status_raw,
        officer=default(event.officer_name, ""),
        title=default(event.officer_title, ""),
        department=default(event.department, ""),
        note=default(event.note, ""),
    )
