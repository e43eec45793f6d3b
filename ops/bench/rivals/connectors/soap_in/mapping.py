"""A status that the board reports, as an event."""

ORIGIN = {"TINH": "PROVINCE", "DVCQG": "DVCQG"}
STATUS = {
    "MOI_DANG_KY": "REGISTERED",
    "DA_TIEP_NHAN": "ACCEPTED",
    "KHONG_TIEP_NHAN": "REFUSED",
    "DANG_XU_LY": "PROCESSING",
    "CHO_BO_SUNG": "SUPPLEMENT_REQUIRED",
    "CHO_THANH_TOAN": "PAYMENT_REQUIRED",
    "DA_RUT": "WITHDRAWN",
    "DUNG_XU_LY": "STOPPED",
    "DA_CO_KET_QUA": "COMPLETED",
    "DA_TRA_KET_QUA": "RESULT_RETURNED",
    "KHONG_RO": "UNKNOWN",
}


def told(doc):
    """One status."""
    return StatusChanged(
        dossier_code=dossier_code(doc.dossier),
        at=instant(doc.at),
        origin=code(ORIGIN, doc.origin),
        local_code=doc.step,
        status=code(STATUS, doc.status),
        status_raw=doc.status_raw,
        officer_name=doc.officer,
        officer_title=doc.title,
        department=doc.department,
        note=doc.note,
    )
