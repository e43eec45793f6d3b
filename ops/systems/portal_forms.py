"""What the portal takes and gives, field by field; msgspec structs.

Names of fields are the wire's own. Unknown fields are refused, as the portal's interface says.
"""

# ruff: noqa: N815 - fields are named as on the wire

from typing import Annotated, Literal, TypeAlias

import msgspec

from ops.systems.formats import Dmy, DmyTime, DossierCode

Nguon: TypeAlias = Literal["TINH", "DVCQG"]
HinhThucTra: TypeAlias = Literal["TRUC_TIEP", "BUU_CHINH"]
HinhThucThu: TypeAlias = Literal["CHUA", "TRUC_TUYEN", "TAI_QUAY", "BUU_DIEN"]
LoaiDoiTuong: TypeAlias = Literal["CA_NHAN", "DOANH_NGHIEP", "CO_QUAN", "TO_CHUC"]
LoaiGiayTo: TypeAlias = Literal["CCCD", "CMND", "HO_CHIEU", "MST", "KHAC"]
TrangThai: TypeAlias = Literal[
    "MOI_DANG_KY",
    "DA_TIEP_NHAN",
    "KHONG_TIEP_NHAN",
    "DANG_XU_LY",
    "CHO_BO_SUNG",
    "CHO_THANH_TOAN",
    "DA_RUT",
    "DUNG_XU_LY",
    "DA_CO_KET_QUA",
    "DA_TRA_KET_QUA",
    "KHONG_RO",
]
PostalState: TypeAlias = Literal[
    "DRAFT",
    "CREATED",
    "COLLECTING",
    "COLLECTION_FAILED",
    "COLLECTED",
    "CANCELLED",
    "IN_TRANSIT",
    "AT_DELIVERY_OFFICE",
    "OUT_FOR_DELIVERY",
    "REDIRECTED",
    "DELIVERED",
    "DELIVERY_FAILED",
    "RETURNING",
    "RETURNED",
    "PARTLY_DELIVERED",
    "PARTLY_RETURNED",
    "COD_SETTLED",
    "FEE_SETTLED",
    "UNKNOWN",
]
Some = Annotated[str, msgspec.Meta(min_length=1)]
MaXa = Annotated[str, msgspec.Meta(pattern=r"^\d{5}\Z")]
MaTinh = Annotated[str, msgspec.Meta(pattern=r"^\d{2}\Z")]
Dong = Annotated[int, msgspec.Meta(ge=0)]
Url = Annotated[str, msgspec.Meta(pattern=r"^https?://\S+\Z")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{64}\Z")]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body."""


class DiaChi(Form, frozen=True):
    chiTiet: str
    maTinh: MaTinh
    ngayHieuLuc: Dmy
    maXa: MaXa | None = None
    tenXa: str | None = None
    maHuyen: str | None = None
    vpostcode: str | None = None


class TaiLieu(Form, frozen=True):
    maGiayTo: str | None = None
    tenGiayTo: str | None = None
    tenTep: str | None = None
    duongDan: Url | None = None
    maBam: Sha256 | None = None
    duocSoHoa: bool | None = None
    duocTaiSuDung: Literal[0, 1, 2] | None = None


class Ben(Form, frozen=True):
    """A sender or receiver."""

    hoTen: Some
    soDienThoai: Some
    diaChi: DiaChi
    email: str | None = None


class LePhi(Form, frozen=True):
    tenPhiLePhi: str
    gia: Dong
    hinhThucThu: HinhThucThu
    maPhiLePhi: str | None = None
    loaiPhiLePhi: str | None = None


class GiayToKetQua(Form, frozen=True):
    ten: str
    ma: str | None = None
    duongDan: Url | None = None


class DauHoSo(Form, frozen=True, kw_only=True):
    """The header of a dossier."""

    nguon: Nguon
    maTTHC: Some
    tenTTHC: Some
    maLinhVuc: Some
    tenLinhVuc: Some
    loaiDoiTuong: LoaiDoiTuong
    chuHoSo: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    xacThucVNeID: bool
    maDonVi: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z.]{1,35}\Z")]
    tenDonVi: Some
    hinhThucTra: HinhThucTra
    loaiGiayTo: LoaiGiayTo | None = None
    soGiayTo: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    ngaySinh: Dmy | None = None
    soDienThoai: str | None = None
    email: str | None = None
    maTaiKhoanQG: str | None = None
    diaChi: DiaChi | None = None
    trichYeu: Annotated[str, msgspec.Meta(max_length=1000)] | None = None


class NopHoSo(DauHoSo, frozen=True, kw_only=True):
    """POST /ho-so: what the citizen filed."""

    maHoSo: DossierCode
    kenhThucHien: Literal["TRUC_TUYEN"]
    ngayNop: DmyTime
    taiLieu: list[TaiLieu] = []
    doMat: str | None = None


class CapNhatHoSo(DauHoSo, frozen=True, kw_only=True):
    """PUT /ho-so/{maHoSo}."""

    kenhThucHien: Literal["TRUC_TIEP", "TRUC_TUYEN", "BUU_CHINH"]
    trangThai: Literal["MOI_DANG_KY", "DA_TIEP_NHAN", "KHONG_TIEP_NHAN"]
    ngayNop: DmyTime | None = None
    ngayTiepNhan: DmyTime | None = None
    hanTra: DmyTime | None = None
    lyDo: str | None = None


class TienDo(Form, frozen=True):
    thoiDiem: DmyTime
    trangThai: TrangThai
    nguoiXuLy: str | None = None
    phongBan: str | None = None
    noiDung: str | None = None


class YeuCauBoSung(Form, frozen=True):
    thoiDiem: DmyTime
    maYeuCau: int
    noiDung: str
    giayTo: list[str]
    hanBoSung: DmyTime | None = None


class YeuCauThanhToan(Form, frozen=True):
    thoiDiem: DmyTime
    maYeuCau: int
    lePhi: list[LePhi]
    tongTien: Dong
    hanNop: DmyTime | None = None


class ThanhToan(Form, frozen=True):
    """Paid at the counter, told by the hub."""

    thoiDiem: DmyTime
    tongTien: Dong
    hinhThuc: HinhThucThu
    maYeuCau: int | None = None
    soBienLai: str | None = None


class HanTra(Form, frozen=True):
    thoiDiem: DmyTime
    hanTraTruoc: DmyTime
    hanTraMoi: DmyTime
    lyDo: Literal["QUA_HAN", "BO_SUNG", "KHAC"]
    giaiTrinh: str | None = None


class KetQua(Form, frozen=True):
    thoiDiem: DmyTime
    trangThai: Literal["DA_CO_KET_QUA", "DA_TRA_KET_QUA"]
    ketQua: list[GiayToKetQua]
    ngayKetThucXuLy: DmyTime | None = None
    ngayTra: DmyTime | None = None
    hinhThucTra: HinhThucTra | None = None


class HanhTrinh(Form, frozen=True):
    thoiDiem: DmyTime
    maDon: Some
    trangThai: PostalState
    maGoc: str
    soHieu: str | None = None
    ghiChu: str | None = None


class ThongBao(Form, frozen=True):
    thoiDiem: DmyTime
    loai: Literal["PHAT_KHONG_THANH_CONG", "CHUYEN_HOAN"]
    noiDung: str


class ThuTuc(Form, frozen=True):
    ten: Some
    maLinhVuc: str
    tenLinhVuc: str
    congKhai: bool


class BoSung(Form, frozen=True):
    """POST …/bo-sung: sent to the hub."""

    nguon: Nguon
    thoiDiem: DmyTime
    taiLieu: list[TaiLieu]
    maYeuCau: int | None = None
    ghiChu: str | None = None


class DaThanhToan(Form, frozen=True):
    """POST …/thanh-toan: sent to the hub."""

    nguon: Nguon
    thoiDiem: DmyTime
    maYeuCau: int
    tongTien: Dong
    hinhThuc: Literal["TRUC_TUYEN"]
    maThamChieu: Some
    nhaCungCap: str | None = None
    nguoiNop: str | None = None


class ThuGom(Form, frozen=True):
    """POST …/thu-gom: sent to the hub."""

    thoiDiem: DmyTime
    maDon: Some
    nguoiGui: Ben
    nguoiNhan: Ben
    noiDung: Some
    khoiLuong: Annotated[int, msgspec.Meta(gt=0)]
    maDonVi: Some
    doMat: str | None = None


class Rut(Form, frozen=True):
    """POST …/rut: sent to the hub."""

    nguon: Nguon
    thoiDiem: DmyTime
    lyDo: str | None = None


class DanhGia(Form, frozen=True):
    """POST …/danh-gia: sent to the hub."""

    nguon: Nguon
    thoiDiem: DmyTime
    diem: Annotated[int, msgspec.Meta(ge=1, le=5)]
    gopY: str | None = None


# operation of the hub -> its body
RECEIVED: dict[str, type[Form]] = {
    "PUT /ho-so/{maHoSo}": CapNhatHoSo,
    "POST /ho-so/{maHoSo}/tien-do": TienDo,
    "POST /ho-so/{maHoSo}/yeu-cau-bo-sung": YeuCauBoSung,
    "POST /ho-so/{maHoSo}/yeu-cau-thanh-toan": YeuCauThanhToan,
    "POST /ho-so/{maHoSo}/thanh-toan": ThanhToan,
    "PUT /ho-so/{maHoSo}/han-tra": HanTra,
    "PUT /ho-so/{maHoSo}/ket-qua": KetQua,
    "POST /ho-so/{maHoSo}/hanh-trinh": HanhTrinh,
    "POST /ho-so/{maHoSo}/thong-bao": ThongBao,
    "PUT /thu-tuc/{maTTHC}": ThuTuc,
}
# operation of the portal -> its body
SENT: dict[str, type[Form]] = {
    "POST /ho-so": NopHoSo,
    "POST /ho-so/{maHoSo}/bo-sung": BoSung,
    "POST /ho-so/{maHoSo}/thanh-toan": DaThanhToan,
    "POST /ho-so/{maHoSo}/thu-gom": ThuGom,
    "POST /ho-so/{maHoSo}/rut": Rut,
    "POST /ho-so/{maHoSo}/danh-gia": DanhGia,
}
