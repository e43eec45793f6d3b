"""The golden payloads of a dossier filed online and returned by post, as they are on the wire."""

# ruff: noqa: E501 - the payloads as they are on the wire

import json
from typing import Any

CODE = "H44.99.99-251013-0001"
SHA = "68f1d44a13fc66005376351955e9a38e27f143509e9fd122fba65077c2c6d65d"

FILED: dict[str, Any] = json.loads(
    """
{"maHoSo":"H44.99.99-251013-0001","nguon":"TINH","maTTHC":"9.999901","tenTTHC":"Cấp giấy xác nhận thử nghiệm",
 "maLinhVuc":"G99-TN01","tenLinhVuc":"Lĩnh vực thử nghiệm","kenhThucHien":"TRUC_TUYEN","loaiDoiTuong":"CA_NHAN",
 "chuHoSo":"Nguyễn Văn Mẫu","loaiGiayTo":"CCCD","soGiayTo":"026001000011","ngaySinh":"03/02/1901",
 "soDienThoai":"0300000011","email":"mau@example.test","xacThucVNeID":true,
 "diaChi":{"chiTiet":"Số 1 đường Thử Nghiệm","maXa":"08707","tenXa":"Phường Vĩnh Yên","maHuyen":null,"maTinh":"25",
           "ngayHieuLuc":"13/10/2025"},
 "trichYeu":"Đề nghị cấp giấy xác nhận thử nghiệm","ngayNop":"13/10/2025 08:15:00","maDonVi":"H44.99.99",
 "tenDonVi":"Sở Thử nghiệm tỉnh Phú Thọ","hinhThucTra":"BUU_CHINH",
 "taiLieu":[{"maGiayTo":"GT-01","tenGiayTo":"Đơn đề nghị","tenTep":"don.pdf","duongDan":"https://tep.example.test/t/AAAA-0001",
   "maBam":"68f1d44a13fc66005376351955e9a38e27f143509e9fd122fba65077c2c6d65d","duocSoHoa":true,"duocTaiSuDung":0}]}
"""
)
UPDATE = {k: v for k, v in FILED.items() if k not in ("maHoSo", "taiLieu")} | {
    "ngayTiepNhan": "13/10/2025 09:05:00",
    "hanTra": "16/10/2025 17:00:00",
    "trangThai": "DA_TIEP_NHAN",
}

ACCEPTED: dict[str, Any] = json.loads(
    """
{"session":"<session>","madonvi":"<madonvi>","service":"DongBoHoSoMC","isUpdating":"False","data":[{
 "MaHoSo":"H44.99.99-251013-0001","MaTTHC":"9.999901","TenTTHC":"Cấp giấy xác nhận thử nghiệm","MaLinhVuc":"G99-TN01",
 "TenLinhVuc":"Lĩnh vực thử nghiệm","KenhThucHien":"2","SoBienNhan":"BN-0001","ChuHoSo":"Nguyễn Văn Mẫu",
 "SoGiayToChuHoSo":"026001000011","DinhDanhCHS":[{"LoaiDinhDanh":"1","SoDinhDanh":"026001000011"}],"LoaiDoiTuong":"1",
 "MaDoiTuong":"","ThongTinKhac":"","Email":"mau@example.test","Fax":"","SoDienThoai":"0300000011",
 "TrichYeuHoSo":"Đề nghị cấp giấy xác nhận thử nghiệm","NgayNopHoSo":"20251013081500","NgayTiepNhan":"20251013090500",
 "NgayHenTra":"20251016170000","TrangThaiHoSo":"2","NgayTuChoi":"","NgayTra":"","NgayKetThucXuLy":"","ThongTinTra":"",
 "HinhThuc":"1","DonViXuLy":"Sở Thử nghiệm tỉnh Phú Thọ","GhiChu":"","NoiNopHoSo":"2","HoSoCoThanhPhanSoHoa":"1",
 "TaiKhoanDuocXacThucVoiVNeID":"1","DuocThanhToanTrucTuyen":"0","DSKetNoiCSDL":[],
 "TaiLieuNop":[{"TepDinhKemId":"68f1d44a13fc66005376351955e9a38e27f143509e9fd122fba65077c2c6d65d","TenTepDinhKem":"don.pdf",
   "IsDeleted":"False","MaThanhPhanHoSo":"GT-01","DuongDanTaiTepTin":"https://tep.example.test/t/AAAA-0001","DuocSoHoa":"1",
   "DuocTaiSuDung":"0","DuocLayTuKhoDMQG":"0","MaKetQuaThayThe":""}],
 "DanhSachLePhi":[],"DanhSachTepDinhKemKhac":[],"DanhSachHoSoBoSung":[],"DanhSachGiayToKetQua":[]}]}
"""
)
STEP: dict[str, Any] = json.loads(
    """
{"session":"<session>","madonvi":"<madonvi>","service":"CapNhatTienDoHoSoMC","data":[{"MaHoSo":"H44.99.99-251013-0001",
 "NguoiXuLy":"Cán bộ Thử","ChucDanh":"","ThoiDiemXuLy":"20251013103000","PhongBanXuLy":"","NoiDungXuLy":"Đang xử lý",
 "TrangThai":"4","NgayBatDau":"","NgayKetThucTheoQuyDinh":""}]}
"""
)
ORDER: dict[str, Any] = json.loads(
    """
{"orderCreationStatus":1,"type":"GUI","customerCode":"T-TEST","contractCode":null,"informationOrder":{
 "senderName":"Sở Thử nghiệm tỉnh Phú Thọ","senderPhone":"0300000099","senderEmail":null,"senderAddress":"Số 99 đường Một Cửa",
 "senderProvinceCode":"25","senderDistrictCode":"VNPOST","senderCommuneCode":"08707","receiverName":"Nguyễn Văn Mẫu",
 "receiverPhone":"0300000011","receiverEmail":"mau@example.test","receiverAddress":"Số 1 đường Thử Nghiệm",
 "receiverProvinceCode":"25","receiverDistrictCode":"VNPOST","receiverCommuneCode":"08707","serviceCode":"CTN009",
 "addonService":[],"additionRequest":[],"orgCodeCollect":null,"orgCodeAccept":null,"saleOrderCode":"H44.99.99-251013-0001",
 "contentNote":"Giấy xác nhận thử nghiệm","weight":"50","width":null,"length":null,"height":null,"vehicle":"BO","sendType":"1",
 "isBroken":"0","deliveryTime":null,"deliveryRequire":null,"deliveryInstruction":null}}
"""
)
SCAN: dict[str, Any] = {
    "itemCode": "EB990001015VN",
    "originalItemCode": "EB990001015VN",
    "senderCode": "T-TEST",
    "saleOrderCode": CODE,
    "status": 14,
    "updatedDate": "16/10/2025 10:15:00",
    "receiverReal": "Nguyễn Văn Mẫu",
}
DOSSIER_XML: dict[str, Any] = {
    "MaTTHC": "9.999901",
    "TenTTHC": "Cấp giấy xác nhận thử nghiệm",
    "MaLinhVuc": "G99-TN01",
    "TenLinhVuc": "Lĩnh vực thử nghiệm",
    "KenhThucHien": "2",
    "LoaiDoiTuong": "1",
    "ChuHoSo": "Nguyễn Văn Mẫu",
    "LoaiGiayTo": "1",
    "SoGiayTo": "026001000011",
    "NgaySinh": "1901-02-03",
    "XacThucVNeID": True,
    "DiaChi": {
        "ChiTiet": "Số 1 đường Thử Nghiệm",
        "MaXa": "08707",
        "TenXa": "Phường Vĩnh Yên",
        "MaHuyen": None,
        "MaTinh": "25",
        "NgayHieuLuc": "2025-10-13",
    },
    "NgayNop": "2025-10-13T08:15:00+07:00",
    "NgayTiepNhan": "2025-10-13T09:05:00+07:00",
    "NgayHenTra": "2025-10-16T17:00:00+07:00",
    "MaDonVi": "H44.99.99",
    "TenDonVi": "Sở Thử nghiệm tỉnh Phú Thọ",
    "HinhThucTra": "1",
    "TaiLieu": [
        {
            "MaGiayTo": "GT-01",
            "TenGiayTo": "Đơn đề nghị",
            "TenTep": "don.pdf",
            "DuongDan": "https://tep.example.test/t/AAAA-0001",
            "MaBam": SHA,
            "DuocSoHoa": True,
            "DuocTaiSuDung": 0,
        }
    ],
}
