"""The one-stop-shop: what officers report becomes facts, what happened elsewhere is told to them.

Only the one-stop changes a dossier's status. Its words are those of OpenCPS; steps that are its
own business (interoperating, posting) concern nobody else. Times carry their offset, always.
"""

# what the one-stop says -> what the hub says

ORIGIN = {"TINH": "PROVINCE", "DVCQG": "DVCQG"}
CHANNEL = {"1": "COUNTER", "2": "ONLINE", "3": "POST"}
APPLICANT = {"1": "INDIVIDUAL", "2": "ENTERPRISE", "3": "STATE_BODY", "4": "ORGANISATION"}
PAPER = {"1": "CCCD", "2": "CMND", "3": "PASSPORT", "4": "TAX_CODE", "9": "OTHER"}
HAND_OVER = {"0": "COUNTER", "1": "POST"}
FEE = {"0": "UNPAID", "1": "ONLINE", "2": "COUNTER", "3": "POST"}
EXTENSION = {"QUA_HAN": "LATE", "BO_SUNG": "SUPPLEMENT", "KHAC": "OTHER"}
STATUS = {
    "receiving": "REGISTERED",
    "new": "ACCEPTED",
    "denied": "REFUSED",
    "processing": "PROCESSING",
    "waiting": "SUPPLEMENT_REQUIRED",
    "paying": "PAYMENT_REQUIRED",
    "cancelled": "WITHDRAWN",
    "unresolved": "STOPPED",
    "releasing": "COMPLETED",
    "done": "RESULT_RETURNED",
}
INNER_STEPS = ("interoperating", "posting")

# and back

TO_ORIGIN = {"PROVINCE": "TINH", "DVCQG": "DVCQG"}
TO_CHANNEL = {"COUNTER": "1", "ONLINE": "2", "POST": "3"}
TO_APPLICANT = {"INDIVIDUAL": "1", "ENTERPRISE": "2", "STATE_BODY": "3", "ORGANISATION": "4"}
TO_PAPER = {"CCCD": "1", "CMND": "2", "PASSPORT": "3", "TAX_CODE": "4", "OTHER": "9"}
TO_HAND_OVER = {"COUNTER": "0", "POST": "1"}
TO_FEE = {"UNPAID": "0", "ONLINE": "1", "COUNTER": "2", "POST": "3"}


# ---- the one-stop reports


def accepted(doc):
    """A dossier is accepted: from here on its due date runs."""
    if doc.HoSo.NgayTiepNhan is None:
        return reject("BaoTiepNhan phải có HoSo.NgayTiepNhan")
    return Accepted(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        origin=code(ORIGIN, doc.NguonHoSo),
        local_code=present(doc.MaHoSoNoiBo),
        dossier=header(doc.HoSo),
        officer_name=present(doc.CanBo),
    )


def refused(doc):
    """A dossier is not accepted, and why."""
    return Refused(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        origin=code(ORIGIN, doc.NguonHoSo),
        local_code=present(doc.MaHoSoNoiBo),
        dossier=header(doc.HoSo),
        reason=doc.LyDo,
        officer_name=present(doc.CanBo),
    )


def progress(doc):
    """An officer's step becomes one status; inner steps concern nobody else."""
    word = fold(doc.TrangThai)
    if word in INNER_STEPS:
        return None
    return StatusChanged(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        origin=code(ORIGIN, doc.NguonHoSo),
        local_code=present(doc.MaHoSoNoiBo),
        status=code(STATUS, word, otherwise="UNKNOWN"),
        status_raw=doc.TrangThai,
        officer_name=present(doc.CanBo),
        officer_title=present(doc.ChucDanh),
        department=present(doc.PhongBan),
        note=present(doc.NoiDung),
        starts_at=instant(doc.NgayBatDau),
        due_at=instant(doc.NgayKetThucTheoQuyDinh),
    )


def supplement_request(doc):
    """The citizen is asked for papers; the dossier waits."""
    return SupplementRequested(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        origin=code(ORIGIN, doc.NguonHoSo),
        local_code=present(doc.MaHoSoNoiBo),
        request_id=doc.MaYeuCau,
        content=doc.NoiDung,
        papers=default(doc.GiayTo, []),
        reply_by=instant(doc.HanBoSung),
        officer_name=present(doc.CanBo),
    )


def fee_request(doc):
    """The citizen is asked to pay; the dossier waits."""
    return FeeRequested(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        origin=code(ORIGIN, doc.NguonHoSo),
        local_code=present(doc.MaHoSoNoiBo),
        request_id=doc.MaYeuCau,
        fees=[fee(item) for item in doc.LePhi],
        total_vnd=doc.TongTien,
        pay_by=instant(doc.HanNop),
    )


def fee_at_counter(doc):
    """The one-stop took a fee; the receipt number stays with the payment."""
    return FeePaid(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        origin=code(ORIGIN, doc.NguonHoSo),
        local_code=present(doc.MaHoSoNoiBo),
        request_id=doc.MaYeuCau,
        total_vnd=doc.TongTien,
        method=code(FEE, doc.HinhThucThu),
        receipt_number=present(doc.SoBienLai),
        payer_name=present(doc.NguoiNop),
    )


def extension(doc):
    """A new due date, with its reason: being late (and the letter of apology), or a supplement."""
    return DeadlineExtended(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        origin=code(ORIGIN, doc.NguonHoSo),
        local_code=present(doc.MaHoSoNoiBo),
        dossier=header(doc.HoSo),
        status=code(STATUS, fold(doc.TrangThai), otherwise="UNKNOWN"),
        previous_due_at=instant(doc.NgayHenTraTruoc),
        new_due_at=instant(doc.NgayHenTraMoi),
        reason=code(EXTENSION, doc.LyDo),
        explanation=present(doc.GiaiTrinh),
        apology_number=present(doc.SoPhieuXinLoi),
    )


def withdrawal(doc):
    """The citizen's wish to withdraw is granted."""
    return Withdrawn(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        origin=code(ORIGIN, doc.NguonHoSo),
        local_code=present(doc.MaHoSoNoiBo),
        reason=present(doc.LyDo),
        officer_name=present(doc.CanBo),
    )


def result_ready(doc):
    """Processing is finished; this moment decides whether the dossier was late."""
    return ResultReady(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        origin=code(ORIGIN, doc.NguonHoSo),
        local_code=present(doc.MaHoSoNoiBo),
        dossier=header(doc.HoSo),
        finished_at=instant(doc.NgayKetThucXuLy),
        results=[result(paper) for paper in default(doc.KetQua, [])],
    )


def result_returned(doc):
    """The result is in the citizen's hands; the list of papers comes again, whole."""
    return ResultReturned(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        origin=code(ORIGIN, doc.NguonHoSo),
        local_code=present(doc.MaHoSoNoiBo),
        dossier=header(doc.HoSo),
        finished_at=instant(doc.NgayKetThucXuLy),
        returned_at=instant(doc.NgayTra),
        returned_by=code(HAND_OVER, doc.HinhThucTra),
        returned_to=present(doc.NguoiNhan),
        results=[result(paper) for paper in default(doc.KetQua, [])],
    )


def postal_order(doc):
    """An officer orders the post. A typed item number must have its check digit."""
    return ConsignmentOrdered(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        order_number=doc.MaDon,
        direction=doc.Chieu,
        sender=party(doc.NguoiGui),
        receiver=party(doc.NguoiNhan),
        contents=doc.NoiDung,
        weight_grams=doc.KhoiLuong,
        cod_vnd=default(doc.TienThuHo, 0),
        item_code=typed_item_number(doc.SoHieuBuuGui),
        agency_code=doc.MaDonVi,
    )


def postal_cancellation(doc):
    """An officer takes a postal order back."""
    return CancellationRequested(
        dossier_code=dossier_code(doc.MaHoSo),
        at=instant(doc.ThoiDiem),
        order_number=doc.MaDon,
        agency_code=doc.MaDonVi,
        reason=present(doc.LyDo),
    )


def header(hs):
    """What every peer wants to know of a dossier. The national code of a procedure, if it can be told."""
    return DossierHeader(
        procedure_code=national_procedure(hs.MaTTHC, setting.procedures),
        procedure_name=hs.TenTTHC,
        field_code=hs.MaLinhVuc,
        field_name=hs.TenLinhVuc,
        channel=code(CHANNEL, hs.KenhThucHien),
        applicant=applicant(hs),
        summary=present(hs.TrichYeu),
        submitted_at=instant(hs.NgayNop),
        accepted_at=instant(hs.NgayTiepNhan),
        due_at=instant(hs.NgayHenTra),
        agency_code=hs.MaDonVi,
        agency_name=hs.TenDonVi,
        result_delivery=code(HAND_OVER, hs.HinhThucTra),
        receipt_number=present(hs.SoBienNhan),
        attachments=[attachment(item) for item in default(hs.TaiLieu, [])],
        fees=[fee(item) for item in default(hs.LePhi, [])],
    )


def applicant(hs):
    """The owner of the dossier."""
    kind = code(PAPER, hs.LoaiGiayTo)
    born = xsd_date(hs.NgaySinh)
    return Applicant(
        kind=code(APPLICANT, hs.LoaiDoiTuong),
        full_name=hs.ChuHoSo,
        id_kind=kind,
        id_number=id_number(present(hs.SoGiayTo), kind, born),
        birth_date=born,
        phone=phone(present(hs.SoDienThoai)),
        email=present(hs.Email),
        eid_verified=hs.XacThucVNeID,
        national_account=present(hs.MaTaiKhoanQG),
        address=address_if_given(hs.DiaChi),
    )


def address(where):
    """A place, with the day on which its codes are meant; never compared or rewritten here."""
    return Address(
        detail=where.ChiTiet,
        commune_code=where.MaXa,
        commune_name=present(where.TenXa),
        district_code=where.MaHuyen,
        province_code=where.MaTinh,
        as_of=xsd_date(where.NgayHieuLuc),
        vpostcode=present(where.Vpostcode),
    )


def address_if_given(where):
    """The address, where there is one."""
    if where is None:
        return None
    return address(where)


def party(side):
    """Who hands an envelope over, or gets it."""
    return Party(
        name=side.HoTen,
        phone=phone(side.SoDienThoai),
        email=present(side.Email),
        address=address(side.DiaChi),
    )


def attachment(item):
    """One paper of a dossier; its file is an address, never its content."""
    return Attachment(
        component_code=present(item.MaGiayTo),
        title=present(item.TenGiayTo),
        file_name=present(item.TenTep),
        url=present(item.DuongDan),
        sha256=lower(item.MaBam),
        digitised=default(item.DuocSoHoa, False),
        reused=default(item.DuocTaiSuDung, 0),
    )


def fee(item):
    """One fee in đồng."""
    return Fee(
        code=present(item.MaPhiLePhi),
        name=item.TenPhiLePhi,
        kind=present(item.LoaiPhiLePhi),
        amount_vnd=item.Gia,
        method=code(FEE, item.HinhThucThu),
    )


def result(paper):
    """One paper of the result."""
    return ResultPaper(
        code=present(paper.MaGiayToKetQua),
        title=paper.TenGiayTo,
        number=present(paper.SoKyHieu),
        url=present(paper.DuongDan),
    )


# ---- the one-stop is told


def filed(event):
    """A dossier came in by the portal or by the national portal: an officer will look at it."""
    return NhanHoSo(
        ThoiDiem=instant_text(event.at),
        MaHoSo=event.dossier_code,
        MaHoSoNoiBo=event.local_code,
        NguonHoSo=code(TO_ORIGIN, event.origin),
        HoSo=dossier_for_onestop(event.dossier),
    )


def supplement(event):
    """The citizen gave what was asked for; the status changes only with the officer's next step."""
    return NhanBoSung(
        ThoiDiem=instant_text(event.at),
        MaHoSo=event.dossier_code,
        MaHoSoNoiBo=event.local_code,
        NguonHoSo=code(TO_ORIGIN, event.origin),
        MaYeuCau=event.request_id,
        TaiLieu=[paper_for_onestop(item) for item in event.attachments],
        GhiChu=event.note,
    )


def payment(event):
    """The citizen paid online."""
    return NhanThanhToan(
        ThoiDiem=instant_text(event.at),
        MaHoSo=event.dossier_code,
        MaHoSoNoiBo=event.local_code,
        NguonHoSo=code(TO_ORIGIN, event.origin),
        MaYeuCau=event.request_id,
        TongTien=event.total_vnd,
        HinhThucThu=code(TO_FEE, event.method),
        MaThamChieu=event.transaction_ref,
        NguoiNop=event.payer_name,
    )


def withdrawal_wish(event):
    """The citizen wants the dossier back; the officer decides."""
    return NhanYeuCauRut(
        ThoiDiem=instant_text(event.at),
        MaHoSo=event.dossier_code,
        MaHoSoNoiBo=event.local_code,
        NguonHoSo=code(TO_ORIGIN, event.origin),
        LyDo=event.reason,
    )


def scan(event):
    """Where the envelope is, with the post's own code beside ours."""
    return NhanHanhTrinh(
        ThoiDiem=instant_text(event.at),
        MaHoSo=event.dossier_code,
        MaDon=event.order_number,
        SoHieuBuuGui=event.item_code,
        TrangThaiBuuChinh=event.state,
        MaGoc=event.state_raw,
        GhiChu=event.note,
        BuuCuc=event.office_code,
    )


def handed_over(event):
    """The envelope was delivered; the dossier closes only with the officer's BaoDaTra."""
    return delivery_result(event, "DELIVERED", event.received_by, None)


def not_handed_over(event):
    """The postman could not deliver, and why."""
    return delivery_result(event, "DELIVERY_FAILED", None, event.reason)


def came_back(event):
    """The envelope is back at its sender; the dossier stays as it was."""
    return delivery_result(event, "RETURNED", None, None)


def rating(event):
    """What the citizen thought of it."""
    return NhanDanhGia(
        ThoiDiem=instant_text(event.at),
        MaHoSo=event.dossier_code,
        MaHoSoNoiBo=event.local_code,
        NguonHoSo=code(TO_ORIGIN, event.origin),
        Diem=event.score,
        GopY=event.comment,
    )


def procedure(event):
    """A procedure was published or changed; no dossier is meant, so MaHoSo is empty."""
    return NhanThuTuc(
        ThoiDiem=instant_text(event.at),
        MaHoSo="",
        MaTTHC=event.procedure_code,
        TenTTHC=event.name,
        MaLinhVuc=event.field_code,
        TenLinhVuc=event.field_name,
        CongKhai=event.public,
    )


def delivery_result(event, outcome, receiver, reason):
    """How an envelope's way ended."""
    return NhanKetQuaPhat(
        ThoiDiem=instant_text(event.at),
        MaHoSo=event.dossier_code,
        MaDon=event.order_number,
        SoHieuBuuGui=event.item_code,
        KetQua=outcome,
        NguoiNhan=receiver,
        LyDo=reason,
    )


def dossier_for_onestop(dossier):
    """The header in the one-stop's words."""
    return HoSo(
        MaTTHC=dossier.procedure_code,
        TenTTHC=dossier.procedure_name,
        MaLinhVuc=dossier.field_code,
        TenLinhVuc=dossier.field_name,
        KenhThucHien=code(TO_CHANNEL, dossier.channel),
        LoaiDoiTuong=code(TO_APPLICANT, dossier.applicant.kind),
        ChuHoSo=dossier.applicant.full_name,
        LoaiGiayTo=code(TO_PAPER, dossier.applicant.id_kind),
        SoGiayTo=dossier.applicant.id_number,
        NgaySinh=xsd_date_text(dossier.applicant.birth_date),
        SoDienThoai=dossier.applicant.phone,
        Email=dossier.applicant.email,
        XacThucVNeID=dossier.applicant.eid_verified,
        DiaChi=place_for_onestop(dossier.applicant.address),
        MaTaiKhoanQG=dossier.applicant.national_account,
        TrichYeu=cut(dossier.summary, 1000),
        NgayNop=instant_text(dossier.submitted_at),
        NgayTiepNhan=instant_text(dossier.accepted_at),
        NgayHenTra=instant_text(dossier.due_at),
        MaDonVi=dossier.agency_code,
        TenDonVi=dossier.agency_name,
        HinhThucTra=code(TO_HAND_OVER, dossier.result_delivery),
        SoBienNhan=dossier.receipt_number,
        TaiLieu=[paper_for_onestop(item) for item in dossier.attachments],
        LePhi=[fee_for_onestop(item) for item in dossier.fees],
    )


def place_for_onestop(where):
    """An address as it was given, with its day."""
    if where is None:
        return None
    return DiaChi(
        ChiTiet=where.detail,
        MaXa=where.commune_code,
        TenXa=where.commune_name,
        MaHuyen=where.district_code,
        MaTinh=where.province_code,
        NgayHieuLuc=xsd_date_text(where.as_of),
        Vpostcode=where.vpostcode,
    )


def paper_for_onestop(item):
    """One paper; the officer fetches the file at its address."""
    return TaiLieu(
        MaGiayTo=item.component_code,
        TenGiayTo=item.title,
        TenTep=item.file_name,
        DuongDan=item.url,
        MaBam=item.sha256,
        DuocSoHoa=item.digitised,
        DuocTaiSuDung=item.reused,
    )


def fee_for_onestop(item):
    """One fee in đồng."""
    return LePhi(
        MaPhiLePhi=item.code,
        TenPhiLePhi=item.name,
        LoaiPhiLePhi=item.kind,
        Gia=item.amount_vnd,
        HinhThucThu=code(TO_FEE, item.method),
    )
