"""The operations centre counts dossiers: what was accepted, returned, rated, and whether in time.

Nothing that names a person or a dossier goes out: neither code nor name nor address.
"""

KENH = {"COUNTER": "TRUC_TIEP", "ONLINE": "TRUC_TUYEN", "POST": "BUU_CHINH"}
HINH_THUC_TRA = {"COUNTER": "TRUC_TIEP", "POST": "BUU_CHINH"}


def accepted(event):
    """Accepted, told to GhiTiepNhan."""
    return GhiTiepNhan(
        maDonVi=event.dossier.agency_code,
        maTTHC=event.dossier.procedure_code,
        maLinhVuc=event.dossier.field_code,
        kenh=code(KENH, event.dossier.channel),
        thoiDiem=instant_text(event.at),
        ngayHenTra=instant_text(event.dossier.due_at),
    )


def result_returned(event):
    """ResultReturned, told to GhiTraKetQua."""
    return GhiTraKetQua(
        maDonVi=event.dossier.agency_code,
        maTTHC=event.dossier.procedure_code,
        maLinhVuc=event.dossier.field_code,
        thoiDiem=instant_text(event.returned_at),
        hinhThucTra=code(HINH_THUC_TRA, event.returned_by),
        quaHan=event.dossier.due_at is not None and event.returned_at > event.dossier.due_at,
    )


def evaluation_given(event):
    """EvaluationGiven, told to GhiDanhGia."""
    return GhiDanhGia(
        diem=event.score,
        thoiDiem=instant_text(event.at),
    )
