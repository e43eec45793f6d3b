"""What DVCQG takes, field by field, as its one-stop clients send it; msgspec structs.

All values are strings (HoSoBoSungId is the one exception). A field without a default must be
present, and filled unless an empty text is known to occur.
"""

# ruff: noqa: N815 - fields are named as on the wire

from typing import Annotated, Literal, TypeAlias

import msgspec

from ops.systems.formats import Compact, CompactOrEmpty, DossierCode

Filled = Annotated[str, msgspec.Meta(min_length=1)]
YesNo: TypeAlias = Literal["0", "1"]
Status: TypeAlias = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]
Url = Annotated[str, msgspec.Meta(pattern=r"^(https?://\S+)?\Z")]
Money = Annotated[str, msgspec.Meta(pattern=r"^\d+\Z")]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An object."""


class DinhDanh(Form, frozen=True):
    LoaiDinhDanh: Literal["1", "2"]
    SoDinhDanh: Annotated[str, msgspec.Meta(pattern=r"^(\d{9}|\d{12})\Z")]


class KetNoi(Form, frozen=True):
    MaCSDL: str


class TepNop(Form, frozen=True):
    TepDinhKemId: str
    TenTepDinhKem: Annotated[str, msgspec.Meta(max_length=4000)]
    IsDeleted: Literal["True", "False"]
    MaThanhPhanHoSo: str
    DuongDanTaiTepTin: Url
    DuocSoHoa: YesNo = "0"
    DuocTaiSuDung: Literal["0", "1", "2"] = "0"
    DuocLayTuKhoDMQG: str = "0"
    MaKetQuaThayThe: str = ""


class LePhi(Form, frozen=True):
    TenPhiLePhi: str
    MaPhiLePhi: str
    HinhThucThu: Literal["0", "1", "2", "3"]
    Gia: Money
    LoaiPhiLePhi: str


class TepKhac(Form, frozen=True):
    TenGiayTo: str
    SoLuong: str
    LoaiGiayTo: str


class HoSoBoSung(Form, frozen=True):
    HoSoBoSungId: int
    NguoiYeuCauBoSung: str = ""
    NoiDungBoSung: str = ""
    NgayBoSung: CompactOrEmpty = CompactOrEmpty("")
    NguoiTiepNhanBoSung: str = ""
    ThongTinTiepNhan: str = ""
    NgayTiepNhanBoSung: CompactOrEmpty = CompactOrEmpty("")
    TrangThaiBoSung: str = ""
    DanhSachGiayToBoSung: list[TepKhac] = []
    DanhSachLePhiBoSung: list[LePhi] = []
    NgayHenTraTruoc: CompactOrEmpty = CompactOrEmpty("")
    NgayHenTraMoi: CompactOrEmpty = CompactOrEmpty("")


class GiayToKetQua(Form, frozen=True):
    TenGiayTo: Annotated[str, msgspec.Meta(max_length=2000)]
    MaThanhPhanHoSo: str = ""
    GiayToId: str = ""
    DuongDanTepTinKetQua: Url = ""
    MaGiayToKetQua: str = ""


class HoSo(Form, frozen=True):
    """One dossier of DongBoHoSoMC."""

    MaHoSo: DossierCode
    MaTTHC: Filled
    TenTTHC: Filled
    MaLinhVuc: Filled
    TenLinhVuc: Filled
    KenhThucHien: Literal["1", "2", "3"]
    LoaiDoiTuong: Literal["1", "2", "3", "4"]
    NgayTiepNhan: Compact
    NgayHenTra: CompactOrEmpty
    TrangThaiHoSo: Status
    HinhThuc: YesNo
    DonViXuLy: Filled
    SoBienNhan: str = ""
    ChuHoSo: str = ""
    SoGiayToChuHoSo: str = ""
    DinhDanhCHS: list[DinhDanh] = []
    MaDoiTuong: str = ""
    ThongTinKhac: str = ""
    Email: str = ""
    Fax: str = ""
    SoDienThoai: str = ""
    TrichYeuHoSo: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    NgayNopHoSo: CompactOrEmpty = CompactOrEmpty("")
    NgayTuChoi: CompactOrEmpty = CompactOrEmpty("")
    NgayTra: CompactOrEmpty = CompactOrEmpty("")
    NgayKetThucXuLy: CompactOrEmpty = CompactOrEmpty("")
    ThongTinTra: str = ""
    GhiChu: str = ""
    NoiNopHoSo: Literal["", "1", "2"] = ""
    HoSoCoThanhPhanSoHoa: Literal["", "0", "1"] = ""
    TaiKhoanDuocXacThucVoiVNeID: Literal["", "0", "1"] = ""
    DuocThanhToanTrucTuyen: Literal["", "0", "1", "3"] = ""
    DSKetNoiCSDL: list[KetNoi] = []
    TaiLieuNop: list[TepNop] = []
    DanhSachLePhi: list[LePhi] = []
    DanhSachTepDinhKemKhac: list[TepKhac] = []
    DanhSachHoSoBoSung: list[HoSoBoSung] = []
    DanhSachGiayToKetQua: list[GiayToKetQua] = []


class TienDo(Form, frozen=True):
    """One step of CapNhatTienDoHoSoMC."""

    MaHoSo: DossierCode
    NguoiXuLy: Annotated[str, msgspec.Meta(max_length=50)]
    ThoiDiemXuLy: Compact
    TrangThai: Status
    ChucDanh: str = ""
    PhongBanXuLy: str = ""
    NoiDungXuLy: str = ""
    NgayBatDau: CompactOrEmpty = CompactOrEmpty("")
    NgayKetThucTheoQuyDinh: CompactOrEmpty = CompactOrEmpty("")


class TepXuLy(Form, frozen=True):
    TenTep: str
    DuongDan: Url


class TrangThaiHoSo(Form, frozen=True):
    """`data` of DongBoTrangThaiHoSo; refusal is 11 here."""

    MaHoSo: DossierCode
    TrangThai: Literal["1", "2", "4", "5", "6", "7", "8", "9", "10", "11"]
    NgayXuLy: Compact
    MaHoSoDonVi: str = ""
    MaDoiTuong: str = ""
    NoiDung: str = ""
    TaiLieuXuLy: list[TepXuLy] = []


class Envelope(Form, frozen=True):
    """What stands around every call."""

    session: str
    madonvi: Filled
    service: Filled


class DongBoHoSoMC(Envelope, frozen=True):
    isUpdating: Literal["True", "False"]
    data: Annotated[list[HoSo], msgspec.Meta(min_length=1, max_length=100)]


class CapNhatTienDoHoSoMC(Envelope, frozen=True):
    data: Annotated[list[TienDo], msgspec.Meta(min_length=1, max_length=100)]


class DongBoTrangThaiHoSo(Envelope, frozen=True):
    type: Literal["2"]
    data: TrangThaiHoSo


class TraCuuHoSo(Envelope, frozen=True):
    mahoso: Filled


class LayThuTuc(Envelope, frozen=True):
    maTTHC: Filled


class LayDanhSachTTHC(Envelope, frozen=True):
    maDonVi: str = ""


class LayDanhMuc(Envelope, frozen=True):
    """LayDanhMucCoQuan, LayDanhMucLinhVuc."""


class TraCuuTechID(Envelope, frozen=True):
    provider: Literal["wso2is"]
    mstorcmnd: Filled


SERVICES: dict[str, tuple[str, type[Form]]] = {  # service -> endpoint, form
    "DongBoHoSoMC": ("g", DongBoHoSoMC),
    "CapNhatTienDoHoSoMC": ("g", CapNhatTienDoHoSoMC),
    "DongBoTrangThaiHoSo": ("g", DongBoTrangThaiHoSo),
    "TraCuuHoSo": ("g", TraCuuHoSo),
    "LayThuTuc": ("g", LayThuTuc),
    "LayDanhSachTTHC": ("s", LayDanhSachTTHC),
    "LayDanhMucCoQuan": ("s", LayDanhMuc),
    "LayDanhMucLinhVuc": ("s", LayDanhMuc),
    "TraCuuTechID": ("s", TraCuuTechID),
}
