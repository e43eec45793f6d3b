"""The province's portal: citizens' acts become facts, the state of their dossier is shown to them.

Times are local, dd/MM/yyyy HH:mm:ss; money is whole đồng. The portal never changes a status.
"""

# what the portal says -> what the hub says

ORIGIN = {"TINH": "PROVINCE", "DVCQG": "DVCQG"}
APPLICANT = {
    "CA_NHAN": "INDIVIDUAL",
    "DOANH_NGHIEP": "ENTERPRISE",
    "CO_QUAN": "STATE_BODY",
    "TO_CHUC": "ORGANISATION",
}
PAPER = {"CCCD": "CCCD", "CMND": "CMND", "HO_CHIEU": "PASSPORT", "MST": "TAX_CODE", "KHAC": "OTHER"}
HAND_OVER = {"TRUC_TIEP": "COUNTER", "BUU_CHINH": "POST"}

# and back

TO_ORIGIN = {"PROVINCE": "TINH", "DVCQG": "DVCQG"}
TO_CHANNEL = {"COUNTER": "TRUC_TIEP", "ONLINE": "TRUC_TUYEN", "POST": "BUU_CHINH"}
TO_APPLICANT = {
    "INDIVIDUAL": "CA_NHAN",
    "ENTERPRISE": "DOANH_NGHIEP",
    "STATE_BODY": "CO_QUAN",
    "ORGANISATION": "TO_CHUC",
}
TO_PAPER = {"CCCD": "CCCD", "CMND": "CMND", "PASSPORT": "HO_CHIEU", "TAX_CODE": "MST", "OTHER": "KHAC"}
TO_HAND_OVER = {"COUNTER": "TRUC_TIEP", "POST": "BUU_CHINH"}
TO_FEE = {"UNPAID": "CHUA", "ONLINE": "TRUC_TUYEN", "COUNTER": "TAI_QUAY", "POST": "BUU_DIEN"}
TO_EXTENSION = {"LATE": "QUA_HAN", "SUPPLEMENT": "BO_SUNG", "OTHER": "KHAC"}
TO_STATUS = {
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


# ---- the portal reports


def filed(doc):
    """A citizen filed online. The portal registered the dossier, so its code is the code."""
    return Received(
        dossier_code=dossier_code(doc.maHoSo),
        at=moment(doc.ngayNop),
        origin=code(ORIGIN, doc.nguon),
        dossier=DossierHeader(
            procedure_code=doc.maTTHC,
            procedure_name=doc.tenTTHC,
            field_code=doc.maLinhVuc,
            field_name=doc.tenLinhVuc,
            channel="ONLINE",
            applicant=applicant(doc),
            summary=present(doc.trichYeu),
            submitted_at=moment(doc.ngayNop),
            agency_code=doc.maDonVi,
            agency_name=doc.tenDonVi,
            result_delivery=code(HAND_OVER, doc.hinhThucTra),
            attachments=[attachment(item) for item in default(doc.taiLieu, [])],
            fees=[],
        ),
    )


def supplement(doc):
    """A citizen gave the papers that were asked for."""
    return SupplementProvided(
        dossier_code=dossier_code(doc.maHoSo),
        at=moment(doc.thoiDiem),
        origin=code(ORIGIN, doc.nguon),
        request_id=doc.maYeuCau,
        attachments=[attachment(item) for item in doc.taiLieu],
        note=present(doc.ghiChu),
    )


def payment(doc):
    """A citizen paid online; the reference of the transaction is sensitive."""
    return FeePaid(
        dossier_code=dossier_code(doc.maHoSo),
        at=moment(doc.thoiDiem),
        origin=code(ORIGIN, doc.nguon),
        request_id=doc.maYeuCau,
        total_vnd=doc.tongTien,
        method="ONLINE",
        provider=present(doc.nhaCungCap),
        transaction_ref=doc.maThamChieu,
        payer_name=present(doc.nguoiNop),
    )


def collection(doc):
    """A citizen has paper originals fetched by the post."""
    return ConsignmentOrdered(
        dossier_code=dossier_code(doc.maHoSo),
        at=moment(doc.thoiDiem),
        order_number=doc.maDon,
        direction="COLLECT",
        sender=party(doc.nguoiGui),
        receiver=party(doc.nguoiNhan),
        contents=doc.noiDung,
        weight_grams=doc.khoiLuong,
        cod_vnd=0,
        agency_code=doc.maDonVi,
    )


def withdrawal_wish(doc):
    """A citizen wants the dossier back."""
    return WithdrawalRequested(
        dossier_code=dossier_code(doc.maHoSo),
        at=moment(doc.thoiDiem),
        origin=code(ORIGIN, doc.nguon),
        reason=present(doc.lyDo),
    )


def rating(doc):
    """A citizen's opinion, one per dossier."""
    return EvaluationGiven(
        dossier_code=dossier_code(doc.maHoSo),
        at=moment(doc.thoiDiem),
        origin=code(ORIGIN, doc.nguon),
        score=doc.diem,
        comment=present(doc.gopY),
    )


def applicant(doc):
    """The owner of the dossier."""
    kind = code(PAPER, doc.loaiGiayTo)
    born = day(doc.ngaySinh)
    return Applicant(
        kind=code(APPLICANT, doc.loaiDoiTuong),
        full_name=doc.chuHoSo,
        id_kind=kind,
        id_number=id_number(present(doc.soGiayTo), kind, born),
        birth_date=born,
        phone=phone(present(doc.soDienThoai)),
        email=present(doc.email),
        eid_verified=doc.xacThucVNeID,
        national_account=present(doc.maTaiKhoanQG),
        address=address_if_given(doc.diaChi),
    )


def moment(text):
    """A local time of the portal."""
    return local_time(text, "dd/MM/yyyy HH:mm:ss")


def day(text):
    """A date of the portal."""
    return local_date(text, "dd/MM/yyyy")


def address(where):
    """A place, with the day on which its codes are meant."""
    return Address(
        detail=where.chiTiet,
        commune_code=where.maXa,
        commune_name=present(where.tenXa),
        district_code=where.maHuyen,
        province_code=where.maTinh,
        as_of=day(where.ngayHieuLuc),
        vpostcode=present(where.vpostcode),
    )


def address_if_given(where):
    """The address, where there is one."""
    if where is None:
        return None
    return address(where)


def party(side):
    """Who hands an envelope over, or gets it."""
    return Party(
        name=side.hoTen,
        phone=phone(side.soDienThoai),
        email=present(side.email),
        address=address(side.diaChi),
    )


def attachment(item):
    """One paper of a dossier; its file is an address, never its content."""
    return Attachment(
        component_code=present(item.maGiayTo),
        title=present(item.tenGiayTo),
        file_name=present(item.tenTep),
        url=present(item.duongDan),
        sha256=lower(item.maBam),
        digitised=default(item.duocSoHoa, False),
        reused=default(item.duocTaiSuDung, 0),
    )


# ---- the portal is told


def registered(event):
    """A dossier of the national portal, so that the province's portal can show it."""
    return dossier_page(event, "MOI_DANG_KY", None)


def accepted(event):
    """Accepted: from here on the citizen sees a due date."""
    return dossier_page(event, "DA_TIEP_NHAN", None)


def refused(event):
    """Not accepted, and why."""
    return dossier_page(event, "KHONG_TIEP_NHAN", event.reason)


def progress(event):
    """A step; KHONG_RO shows the step and leaves the status."""
    return ThemTienDo(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        trangThai=code(TO_STATUS, event.status),
        nguoiXuLy=event.officer_name,
        phongBan=event.department,
        noiDung=event.note,
    )


def withdrawn(event):
    """The dossier was given back."""
    return ThemTienDo(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        trangThai="DA_RUT",
        nguoiXuLy=event.officer_name,
        noiDung=event.reason,
    )


def supplement_request(event):
    """Which papers the one-stop wants, and until when."""
    return ThemYeuCauBoSung(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        maYeuCau=event.request_id,
        noiDung=event.content,
        giayTo=event.papers,
        hanBoSung=moment_text(event.reply_by),
    )


def fee_request(event):
    """What is to be paid, and until when."""
    return ThemYeuCauThanhToan(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        maYeuCau=event.request_id,
        lePhi=[
            LePhi(
                maPhiLePhi=fee.code,
                tenPhiLePhi=fee.name,
                loaiPhiLePhi=fee.kind,
                gia=fee.amount_vnd,
                hinhThucThu=code(TO_FEE, fee.method),
            )
            for fee in event.fees
        ],
        tongTien=event.total_vnd,
        hanNop=moment_text(event.pay_by),
    )


def fee_at_counter(event):
    """The one-stop took a fee."""
    return ThemThanhToan(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        maYeuCau=event.request_id,
        tongTien=event.total_vnd,
        hinhThuc=code(TO_FEE, event.method),
        soBienLai=event.receipt_number,
    )


def extension(event):
    """The new due date, and why."""
    return CapNhatHanTra(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        hanTraTruoc=moment_text(event.previous_due_at),
        hanTraMoi=moment_text(event.new_due_at),
        lyDo=code(TO_EXTENSION, event.reason),
        giaiTrinh=event.explanation,
    )


def result_ready(event):
    """The result is there; how it will be handed over was chosen when filing."""
    return CapNhatKetQua(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        trangThai="DA_CO_KET_QUA",
        ngayKetThucXuLy=moment_text(event.finished_at),
        hinhThucTra=code(TO_HAND_OVER, event.dossier.result_delivery),
        ketQua=papers(event.results),
    )


def result_returned(event):
    """The result was handed over; the list of papers replaces the one before."""
    return CapNhatKetQua(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        trangThai="DA_TRA_KET_QUA",
        ngayKetThucXuLy=moment_text(event.finished_at),
        ngayTra=moment_text(event.returned_at),
        hinhThucTra=code(TO_HAND_OVER, event.returned_by),
        ketQua=papers(event.results),
    )


def scan(event):
    """Where the envelope is, with the post's own code beside ours."""
    return ThemHanhTrinh(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        maDon=event.order_number,
        soHieu=event.item_code,
        trangThai=event.state,
        maGoc=event.state_raw,
        ghiChu=event.note,
    )


def not_handed_over(event):
    """The postman could not deliver: the citizen should know why."""
    return ThemThongBao(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        loai="PHAT_KHONG_THANH_CONG",
        noiDung=default(event.reason, "Phát không thành công"),
    )


def came_back(event):
    """The envelope went back to the one-stop; the dossier's status stays."""
    return ThemThongBao(
        maHoSo=event.dossier_code,
        thoiDiem=moment_text(event.at),
        loai="CHUYEN_HOAN",
        noiDung="Bưu gửi đã được chuyển hoàn về nơi gửi",
    )


def procedure(event):
    """A procedure was published or changed."""
    return CapNhatThuTuc(
        maTTHC=event.procedure_code,
        ten=event.name,
        maLinhVuc=event.field_code,
        tenLinhVuc=event.field_name,
        congKhai=event.public,
    )


def dossier_page(event, status, reason):
    """What the portal shows of a dossier; files stay where they are."""
    return CapNhatHoSo(
        maHoSo=event.dossier_code,
        nguon=code(TO_ORIGIN, event.origin),
        maTTHC=event.dossier.procedure_code,
        tenTTHC=event.dossier.procedure_name,
        maLinhVuc=event.dossier.field_code,
        tenLinhVuc=event.dossier.field_name,
        kenhThucHien=code(TO_CHANNEL, event.dossier.channel),
        loaiDoiTuong=code(TO_APPLICANT, event.dossier.applicant.kind),
        chuHoSo=event.dossier.applicant.full_name,
        loaiGiayTo=code(TO_PAPER, event.dossier.applicant.id_kind),
        soGiayTo=event.dossier.applicant.id_number,
        ngaySinh=date_text(event.dossier.applicant.birth_date, "dd/MM/yyyy"),
        soDienThoai=event.dossier.applicant.phone,
        email=event.dossier.applicant.email,
        xacThucVNeID=event.dossier.applicant.eid_verified,
        maTaiKhoanQG=event.dossier.applicant.national_account,
        diaChi=place(event.dossier.applicant.address),
        trichYeu=event.dossier.summary,
        ngayNop=moment_text(event.dossier.submitted_at),
        maDonVi=event.dossier.agency_code,
        tenDonVi=event.dossier.agency_name,
        hinhThucTra=code(TO_HAND_OVER, event.dossier.result_delivery),
        ngayTiepNhan=moment_text(event.dossier.accepted_at),
        hanTra=moment_text(event.dossier.due_at),
        trangThai=status,
        lyDo=reason,
    )


def place(where):
    """An address as it was given, with its day."""
    if where is None:
        return None
    return DiaChi(
        chiTiet=where.detail,
        maXa=where.commune_code,
        tenXa=where.commune_name,
        maHuyen=where.district_code,
        maTinh=where.province_code,
        ngayHieuLuc=date_text(where.as_of, "dd/MM/yyyy"),
        vpostcode=where.vpostcode,
    )


def papers(results):
    """The papers of a result."""
    return [GiayToKetQua(ma=paper.code, ten=paper.title, duongDan=paper.url) for paper in results]


def moment_text(at):
    """A moment as the portal writes it."""
    return local_time_text(at, "dd/MM/yyyy HH:mm:ss")
