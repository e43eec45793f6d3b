"""Cổng Dịch vụ công quốc gia: the national copy of every dossier.

A dossier of the province is written whole (DongBoHoSoMC) at its turning points and step by step
(CapNhatTienDoHoSoMC) between them; one that was filed on the national portal is reported by its
status alone (DongBoTrangThaiHoSo). All values are texts, times are yyyyMMddHHmmss in local time,
nothing is "" and no list is []. A status that we do not know ourselves is never sent.
"""

# statuses and what is written where the event brings no words of its own (TrangThaiHoSo)

STATUS = {
    "REGISTERED": "1",
    "ACCEPTED": "2",
    "REFUSED": "3",
    "PROCESSING": "4",
    "SUPPLEMENT_REQUIRED": "5",
    "PAYMENT_REQUIRED": "6",
    "WITHDRAWN": "7",
    "STOPPED": "8",
    "COMPLETED": "9",
    "RESULT_RETURNED": "10",
    "UNKNOWN": None,
}
STATUS_OF_NATIONAL_DOSSIER = {
    "REGISTERED": "1",
    "ACCEPTED": "2",
    "REFUSED": "11",
    "PROCESSING": "4",
    "SUPPLEMENT_REQUIRED": "5",
    "PAYMENT_REQUIRED": "6",
    "WITHDRAWN": "7",
    "STOPPED": "8",
    "COMPLETED": "9",
    "RESULT_RETURNED": "10",
    "UNKNOWN": None,
}
WORDS = {
    "REGISTERED": "Mới đăng ký",
    "ACCEPTED": "Được tiếp nhận",
    "REFUSED": "Không được tiếp nhận",
    "PROCESSING": "Đang xử lý",
    "SUPPLEMENT_REQUIRED": "Yêu cầu bổ sung giấy tờ",
    "PAYMENT_REQUIRED": "Yêu cầu thực hiện nghĩa vụ tài chính",
    "WITHDRAWN": "Công dân yêu cầu rút hồ sơ",
    "STOPPED": "Dừng xử lý",
    "COMPLETED": "Đã xử lý xong",
    "RESULT_RETURNED": "Đã trả kết quả",
    "UNKNOWN": "",
}

CHANNEL = {"COUNTER": "1", "ONLINE": "2", "POST": "3"}
APPLICANT = {"INDIVIDUAL": "1", "ENTERPRISE": "2", "STATE_BODY": "3", "ORGANISATION": "4"}
IDENTITY = {"CCCD": "1", "CMND": "2", "PASSPORT": None, "TAX_CODE": None, "OTHER": None}
HAND_OVER = {"COUNTER": "0", "POST": "1"}
FILED_AT = {"PROVINCE": "2", "DVCQG": "1"}
FEE = {"UNPAID": "0", "ONLINE": "1", "COUNTER": "2", "POST": "3"}
REUSED = {0: "0", 1: "1", 2: "2"}

FROM_APPLICANT = {"1": "INDIVIDUAL", "2": "ENTERPRISE", "3": "STATE_BODY", "4": "ORGANISATION"}
FROM_HAND_OVER = {"0": "COUNTER", "1": "POST"}

DESK = "Bộ phận Một cửa"


# ---- the hub writes: turning points


def accepted(event):
    """The first national call of a dossier: it was accepted."""
    if event.origin == "DVCQG":
        return national_status(event, "2", "Được tiếp nhận", event.dossier.applicant.national_account, [])
    return dossier_written(
        event,
        "False",
        "2",
        stamp(default(event.dossier.accepted_at, event.at)),
        stamp(event.dossier.due_at),
        "",
        "",
        "",
        "",
        [],
    )


def accepted_in_doubt(event):
    """Whether the dossier is there. One that was filed there is there anyway: that says nothing."""
    return does_it_exist(event)


def refused(event):
    """The first national call of a dossier: it was refused. NgayTiepNhan is filled with the filing time."""
    if event.origin == "DVCQG":
        return national_status(event, "11", event.reason, event.dossier.applicant.national_account, [])
    return dossier_written(
        event,
        "False",
        "3",
        stamp(default(event.dossier.submitted_at, event.at)),
        stamp(event.dossier.due_at),
        stamp(event.at),
        "",
        "",
        event.reason,
        [],
    )


def refused_in_doubt(event):
    """Whether the dossier is there."""
    return does_it_exist(event)


def extension(event):
    """A new due date."""
    if event.origin == "DVCQG":
        status = code(STATUS_OF_NATIONAL_DOSSIER, event.status)
        if status is None:
            return None
        until = local_time_text(event.new_due_at, "dd/MM/yyyy HH:mm:ss")
        return national_status(
            event,
            status,
            with_reason(f"Hẹn lại ngày trả kết quả: {until}", event.explanation),
            event.dossier.applicant.national_account,
            [],
        )
    status = code(STATUS, event.status)
    if status is None:
        return None
    return dossier_written(
        event,
        "True",
        status,
        stamp(event.dossier.accepted_at),
        stamp(event.new_due_at),
        "",
        "",
        "",
        default(event.explanation, ""),
        [],
    )


def result_ready(event):
    """Processing is finished; the papers go by address."""
    return with_papers(event, "9", "Đã xử lý xong", "")


def result_returned(event):
    """The result was handed over; the list of papers goes again, whole."""
    return with_papers(event, "10", "Đã trả kết quả", stamp(event.returned_at))


def with_papers(event, status, words, returned):
    """A finished dossier and the papers of its result, in the form of where it was filed."""
    if event.origin == "DVCQG":
        return national_status(
            event,
            status,
            words,
            event.dossier.applicant.national_account,
            [handed_paper(paper) for paper in event.results],
        )
    return dossier_written(
        event,
        "True",
        status,
        stamp(event.dossier.accepted_at),
        stamp(event.dossier.due_at),
        "",
        returned,
        stamp(event.finished_at),
        "",
        [result_paper(paper) for paper in event.results],
    )


# ---- the hub writes: steps


def progress(event):
    """A step of an officer. A step we cannot name is not told."""
    words = default(event.note, code(WORDS, event.status))
    if event.origin == "DVCQG":
        national = code(STATUS_OF_NATIONAL_DOSSIER, event.status)
        if national is None:
            return None
        return national_status(event, national, words, None, [])
    status = code(STATUS, event.status)
    if status is None:
        return None
    return GoiTichHop(
        body=CapNhatTienDoHoSoMC(
            data=[
                TienDo(
                    MaHoSo=event.dossier_code,
                    NguoiXuLy=cut(default(event.officer_name, default(event.department, DESK)), 50),
                    ChucDanh=default(event.officer_title, ""),
                    ThoiDiemXuLy=stamp(event.at),
                    PhongBanXuLy=default(event.department, ""),
                    NoiDungXuLy=words,
                    TrangThai=status,
                    NgayBatDau=stamp(event.starts_at),
                    NgayKetThucTheoQuyDinh=stamp(event.due_at),
                )
            ]
        )
    )


def supplement_request(event):
    """Papers are missing; the dossier waits."""
    if event.origin == "DVCQG":
        return national_status(event, "5", event.content, None, [])
    return step(event, "5", event.content, event.officer_name)


def fee_request(event):
    """A fee is to be paid; the dossier waits."""
    if event.origin == "DVCQG":
        return national_status(event, "6", "Yêu cầu thực hiện nghĩa vụ tài chính", None, [])
    return step(event, "6", "Yêu cầu thực hiện nghĩa vụ tài chính", None)


def withdrawn(event):
    """The dossier was given back at the citizen's wish."""
    words = default(event.reason, "Công dân yêu cầu rút hồ sơ")
    if event.origin == "DVCQG":
        return national_status(event, "7", words, None, [])
    return step(event, "7", words, event.officer_name)


# ---- how a call is built


def dossier_written(
    event, updating, status, accepted_at, due_at, refused_at, returned_at, finished_at, note, results
):
    """DongBoHoSoMC with one dossier: all its fields, in the order of the national table."""
    return GoiTichHop(
        body=DongBoHoSoMC(
            isUpdating=updating,
            data=[
                HoSo(
                    MaHoSo=event.dossier_code,
                    MaTTHC=event.dossier.procedure_code,
                    TenTTHC=event.dossier.procedure_name,
                    MaLinhVuc=event.dossier.field_code,
                    TenLinhVuc=event.dossier.field_name,
                    KenhThucHien=code(CHANNEL, event.dossier.channel),
                    SoBienNhan=default(event.dossier.receipt_number, ""),
                    ChuHoSo=event.dossier.applicant.full_name,
                    SoGiayToChuHoSo=default(event.dossier.applicant.id_number, ""),
                    DinhDanhCHS=identities(event.dossier.applicant),
                    LoaiDoiTuong=code(APPLICANT, event.dossier.applicant.kind),
                    MaDoiTuong=default(event.dossier.applicant.national_account, ""),
                    ThongTinKhac="",
                    Email=default(event.dossier.applicant.email, ""),
                    Fax="",
                    SoDienThoai=default(event.dossier.applicant.phone, ""),
                    TrichYeuHoSo=cut(default(event.dossier.summary, ""), 1000),
                    NgayNopHoSo=stamp(event.dossier.submitted_at),
                    NgayTiepNhan=accepted_at,
                    NgayHenTra=due_at,
                    TrangThaiHoSo=status,
                    NgayTuChoi=refused_at,
                    NgayTra=returned_at,
                    NgayKetThucXuLy=finished_at,
                    ThongTinTra="",
                    HinhThuc=code(HAND_OVER, event.dossier.result_delivery),
                    DonViXuLy=event.dossier.agency_name,
                    GhiChu=note,
                    NoiNopHoSo=code(FILED_AT, event.origin),
                    HoSoCoThanhPhanSoHoa=yes_no(
                        any_of([item.digitised for item in event.dossier.attachments])
                    ),
                    TaiKhoanDuocXacThucVoiVNeID=yes_no(event.dossier.applicant.eid_verified),
                    DuocThanhToanTrucTuyen=how_paid([fee.method for fee in event.dossier.fees]),
                    DSKetNoiCSDL=[],
                    TaiLieuNop=[handed_in(item) for item in event.dossier.attachments],
                    DanhSachLePhi=[fee_row(fee) for fee in event.dossier.fees],
                    DanhSachTepDinhKemKhac=[],
                    DanhSachHoSoBoSung=[],
                    DanhSachGiayToKetQua=results,
                )
            ],
        )
    )


def step(event, status, words, officer):
    """CapNhatTienDoHoSoMC with one row; the row is the same on a repeat, so the repeat has no effect."""
    return GoiTichHop(
        body=CapNhatTienDoHoSoMC(
            data=[
                TienDo(
                    MaHoSo=event.dossier_code,
                    NguoiXuLy=cut(default(officer, DESK), 50),
                    ChucDanh="",
                    ThoiDiemXuLy=stamp(event.at),
                    PhongBanXuLy="",
                    NoiDungXuLy=words,
                    TrangThai=status,
                    NgayBatDau="",
                    NgayKetThucTheoQuyDinh="",
                )
            ]
        )
    )


def national_status(event, status, words, account, papers):
    """DongBoTrangThaiHoSo: the status of a dossier that was filed on the national portal."""
    return GoiTichHop(
        body=DongBoTrangThaiHoSo(
            data=TrangThai(
                MaHoSo=event.dossier_code,
                TrangThai=status,
                MaHoSoDonVi=default(event.local_code, ""),
                MaDoiTuong=default(account, ""),
                NoiDung=words,
                NgayXuLy=stamp(event.at),
                TaiLieuXuLy=papers,
            )
        )
    )


def does_it_exist(event):
    """TraCuuHoSo, for a dossier that our own call would have made."""
    if event.origin == "DVCQG":
        return None
    return GoiTichHop(body=TraCuuHoSo(mahoso=event.dossier_code))


def identities(owner):
    """The identity number, where the national side knows its kind; others stand in SoGiayToChuHoSo alone."""
    kind = code(IDENTITY, owner.id_kind)
    if kind is None or owner.id_number is None:
        return []
    return [DinhDanh(LoaiDinhDanh=kind, SoDinhDanh=owner.id_number)]


def how_paid(methods):
    """DuocThanhToanTrucTuyen: 1 all online, 3 otherwise; no fee, or one that is not paid yet, is 0."""
    if "UNPAID" in methods:
        return "0"
    if "COUNTER" in methods or "POST" in methods:
        return "3"
    if "ONLINE" in methods:
        return "1"
    return "0"


def handed_in(item):
    """One paper of the dossier (TaiLieuNop)."""
    return TaiLieuNop(
        TepDinhKemId=default(item.sha256, ""),
        TenTepDinhKem=cut(default(item.file_name, default(item.title, "")), 4000),
        IsDeleted="False",
        MaThanhPhanHoSo=default(item.component_code, ""),
        DuongDanTaiTepTin=default(item.url, ""),
        DuocSoHoa=yes_no(item.digitised),
        DuocTaiSuDung=code(REUSED, item.reused, otherwise="0"),
        DuocLayTuKhoDMQG="0",
        MaKetQuaThayThe="",
    )


def fee_row(fee):
    """One fee (DanhSachLePhi)."""
    return LePhi(
        TenPhiLePhi=fee.name,
        MaPhiLePhi=default(fee.code, ""),
        HinhThucThu=code(FEE, fee.method),
        Gia=f"{fee.amount_vnd}",
        LoaiPhiLePhi=default(fee.kind, ""),
    )


def result_paper(paper):
    """One paper of the result (DanhSachGiayToKetQua)."""
    return GiayToKetQua(
        TenGiayTo=cut(paper.title, 2000),
        MaThanhPhanHoSo="",
        GiayToId=default(paper.number, ""),
        DuongDanTepTinKetQua=default(paper.url, ""),
        MaGiayToKetQua=default(paper.code, ""),
    )


def handed_paper(paper):
    """One paper of the result (TaiLieuXuLy)."""
    return TepXuLy(TenTep=paper.title, DuongDan=default(paper.url, ""))


def with_reason(words, reason):
    """Fixed words, and the officer's own behind them."""
    if reason is None:
        return words
    return f"{words}. {reason}"


def stamp(at):
    """A moment as the national side writes it; nothing is ""."""
    return default(local_time_text(at, "yyyyMMddHHmmss"), "")


def yes_no(flag):
    """A Boolean as 1 or 0."""
    return "1" if flag else "0"


# ---- the national side sends


def filed(doc, received_at):
    """A dossier filed on the national portal: its code there is its code everywhere.

    The message names no field and often no agency; the registration says which desk receives.
    """
    filed_at = default(moment(doc.NgayNopHoSo), received_at)
    return Received(
        dossier_code=dossier_code(doc.MaHoSo),
        at=filed_at,
        origin="DVCQG",
        dossier=DossierHeader(
            procedure_code=doc.MaTTHC,
            procedure_name=default(present(doc.TenTTHC), doc.MaTTHC),
            field_code=default(doc.MaLinhVuc, ""),
            field_name=default(doc.TenLinhVuc, ""),
            channel="ONLINE",
            applicant=applicant(doc, date_of(filed_at)),
            summary=present(doc.TrichYeuHoSo),
            submitted_at=filed_at,
            agency_code=default(present(doc.MaDonVi), setting.agency_code),
            agency_name=default(present(doc.TenDonVi), setting.agency_name),
            result_delivery=code(FROM_HAND_OVER, default(doc.HinhThuc, "0")),
            attachments=registration_form(doc) + files(doc.TaiLieuNop),
            fees=[],
        ),
    )


def supplement(doc, received_at):
    """Papers for a dossier that was filed on the national portal."""
    return SupplementProvided(
        dossier_code=dossier_code(doc.data.MaHoSoQG),
        at=default(moment(doc.data.NgayNopHoSo), received_at),
        origin="DVCQG",
        request_id=doc.data.YeuCauSo,
        attachments=registration_address(doc.data) + files(doc.data.TaiLieuNop),
        note=present(doc.data.GhiChu),
    )


def supplement_identity(doc):
    """What makes a supplement the same one: dossier, request, and its files.

    A file is its name and digest, or its address without the part that is signed anew each time.
    """
    request = "" if doc.data.YeuCauSo is None else f"{doc.data.YeuCauSo}"
    form = default(without_query(doc.data.URLTepDangKy), "")
    papers = [file_identity(file) for file in default(doc.data.TaiLieuNop, [])]
    return joined([doc.data.MaHoSoQG, request, form] + papers, "\n")


def file_identity(file):
    """A file's name and digest; the address stands in where there is no digest and no content."""
    name = default(file.TenTepDinhKem, "")
    digest = default(lower(present(file.MaBam)), sha256_hex(file.Base64))
    mark = default(digest, default(without_query(file.DuongDanTaiTepTin), ""))
    return f"{name}\t{mark}"


def applicant(doc, filed_on):
    """The person who filed, or the enterprise of the older message."""
    if doc.NguoiNop is not None:
        kind = identity_kind(present(doc.NguoiNop.SoDinhDanh))
        born = local_date(present(doc.NguoiNop.NgaySinh), "yyyyMMdd")
        return Applicant(
            kind=code(FROM_APPLICANT, doc.NguoiNop.LoaiDoiTuong),
            full_name=doc.NguoiNop.HoTen,
            id_kind=kind,
            id_number=id_number(present(doc.NguoiNop.SoDinhDanh), kind, born),
            birth_date=born,
            phone=phone(present(doc.DienThoai)),
            email=present(doc.Email),
            eid_verified=False,
            national_account=present(doc.MaDoiTuong),
            address=address(doc.DiaChiDoanhNghiep, filed_on),
        )
    if doc.TenThuongNhan is None:
        return reject("hồ sơ không có NguoiNop, cũng không có TenThuongNhan")
    return Applicant(
        kind="ENTERPRISE",
        full_name=doc.TenThuongNhan,
        id_kind="TAX_CODE" if present(doc.MaSoThue) is not None else None,
        id_number=id_number(present(doc.MaSoThue), "TAX_CODE"),
        phone=phone(present(doc.DienThoai)),
        email=present(doc.Email),
        eid_verified=False,
        national_account=present(doc.MaDoiTuong),
        address=address(doc.DiaChiDoanhNghiep, filed_on),
    )


def identity_kind(number):
    """What kind of paper a number is of: the message does not say."""
    if number is None:
        return None
    if matches_any(number, ["[0-9]{12}"]):
        return "CCCD"
    if matches_any(number, ["[0-9]{9}"]):
        return "CMND"
    if matches_any(number, ["[0-9]{10}(-?[0-9]{3})?"]):
        return "TAX_CODE"
    return "OTHER"


def address(where, filed_on):
    """A place; its codes are those of the day of filing. A district is empty since 1/7/2025."""
    if where is None:
        return None
    return Address(
        detail=where.DiaChiChiTiet,
        commune_code=present(where.MaXa),
        district_code=present(where.MaHuyen),
        province_code=where.MaTinh,
        as_of=filed_on,
    )


def files(papers):
    """Files by address. Content that came inside the message (Base64) stays outside of events."""
    return [
        Attachment(
            component_code=present(file.MaGiayTo),
            file_name=present(file.TenTepDinhKem),
            url=present(file.DuongDanTaiTepTin),
            sha256=lower(present(file.MaBam)),
            digitised=True,
            reused=0,
        )
        for file in default(papers, [])
    ]


def registration_form(doc):
    """The form of the older message comes by value: its name is told, its content is not."""
    if present(doc.TenTepDonDangKy) is None:
        return []
    return [Attachment(file_name=doc.TenTepDonDangKy, digitised=True, reused=0)]


def registration_address(data):
    """The form of an amendment comes by address."""
    if present(data.URLTepDangKy) is None:
        return []
    return [Attachment(title="Đơn đăng ký", url=data.URLTepDangKy, digitised=True, reused=0)]


def moment(text):
    """A moment of the national side; "" is nothing."""
    return local_time(present(text), "yyyyMMddHHmmss")


def procedures_request():
    """The list of the province's procedures."""
    return GoiChiaSe(body=LayDanhSachTTHC(maDonVi=setting.madonvi))


def procedures_each(item):
    """One procedure, whole."""
    if item.MATTHC is None:
        return reject("dòng danh mục không có MATTHC")
    return GoiTichHop(body=LayThuTuc(maTTHC=item.MATTHC))


def procedures(item, seen_at):
    """A procedure was published or changed; the catalogue names no time, so it is when we saw it."""
    if item.MATTHC is None or item.TENTTHC is None:
        return reject("thủ tục không có MATTHC hoặc TENTTHC")
    fields = default(item.LINHVUCTHUCHIEN, [])
    return ProcedurePublished(
        procedure_code=item.MATTHC,
        at=seen_at,
        name=item.TENTTHC,
        field_code=default(first([field.MALINHVUC for field in fields]), ""),
        field_name=default(first([field.TENLINHVUC for field in fields]), ""),
        publisher_code=present(item.MACOQUANCONGBO),
        public=default(text_of(item.TRANGTHAI), "") == "1",
        agencies=[agency.MADONVI for agency in default(item.COQUANTHUCHIEN, [])],
    )
