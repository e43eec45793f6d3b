"""The shared catalogues of DVCQG: procedures, agencies, fields."""

from dataclasses import dataclass, field

from ops.systems.model import ActError, Json

FIELD = {"MALINHVUC": "G99-TN01", "TENLINHVUC": "Lĩnh vực thử nghiệm", "MANGANH": "G99"}
AGENCY = {"MADONVI": "H44.99.99", "TENDONVI": "Sở Thử nghiệm tỉnh Phú Thọ", "CAPDONVI": "2"}
TEST_PROCEDURES = (  # fictional: code, name, days, fee
    ("9.999901", "Cấp giấy xác nhận thử nghiệm", 3, 0),
    ("9.999902", "Cấp phép thử nghiệm", 5, 150_000),
    ("9.999903", "Đăng ký thử nghiệm", 10, 0),
    ("9.999904", "Cấp đổi thử nghiệm", 5, 0),
)


def procedure(code: str, name: str, days: int, fee: int) -> Json:
    """A full procedure as LayThuTuc gives it."""
    fees = (
        [{"MAPHILEPHI": "LP-TN-02", "SOTIEN": str(fee), "DONVI": "đồng", "MOTA": ""}] if fee else []
    )
    time = {
        "THOIGIANGIAIQUYET": str(days),
        "DONVITINH": "Ngày làm việc",
        "MOTA": "",
        "PHILEPHI": fees,
    }
    paper = {"MAGIAYTO": "GT-01", "TENGIAYTO": "Đơn đề nghị", "TENMAUDON": "", "URL": ""}
    return {
        "MATTHC": code,
        "TENTTHC": name,
        "MACOQUANCONGBO": "H44",
        "TRANGTHAI": "1",
        "LINHVUCTHUCHIEN": [{k: FIELD[k] for k in ("MALINHVUC", "TENLINHVUC")}],
        "COQUANTHUCHIEN": [{k: AGENCY[k] for k in ("MADONVI", "TENDONVI")}],
        "DOITUONGTHUCHIEN": [{"TENDOITUONG": "Công dân Việt Nam"}],
        "YEUCAU": "",
        "TRINHTUTHUCHIEN": [{"TRUONGHOP": "", "TRINHTU": [{"TENTRINHTU": "Nộp hồ sơ"}]}],
        "CACHTHUCTHUCHIEN": [{"KENH": "1", "THOIGIAN": [time]}],
        "THANHPHANHOSO": [{"TRUONGHOP": "", "GIAYTO": [paper]}],
        "KETQUATHUCHIEN": [{"MAKETQUA": "KQ-01", "TENKETQUA": name}],
        "CANCUPHAPLY": [],
    }


@dataclass(slots=True)
class Catalogue:
    """Procedures by code, in the order in which they were published. `province`: sees them all."""

    province: str = ""
    procedures: dict[str, Json] = field(
        default_factory=lambda: {row[0]: procedure(*row) for row in TEST_PROCEDURES}
    )

    def check(self, change: Json) -> None:
        """A change names a procedure; a new one also has a name. Raises ActError."""
        code = change.get("MATTHC")
        if not isinstance(code, str) or not code:
            raise ActError("body.MATTHC: names the procedure that changes")
        if code not in self.procedures and not change.get("remove") and "TENTTHC" not in change:
            raise ActError(f"body.TENTTHC: needed, {code} is new")

    def change(self, change: Json) -> None:
        """Publish, change or (with `remove`) withdraw a procedure."""
        code = change["MATTHC"]
        if change.get("remove"):
            self.procedures.pop(code, None)
            return
        known = self.procedures.get(code) or procedure(code, change["TENTTHC"], 5, 0)
        self.procedures[code] = known | {k: v for k, v in change.items() if k != "remove"}

    def query(self, service: str, document: Json) -> list[Json]:
        """The rows that a catalogue service answers with."""
        match service:
            case "LayDanhSachTTHC":
                unit = document.get("maDonVi", "")
                return [
                    {"MATTHC": p["MATTHC"], "TENTTHC": p["TENTTHC"]}
                    for p in self.procedures.values()
                    if unit in ("", self.province) or _serves(p, unit)
                ]
            case "LayThuTuc":
                found = self.procedures.get(document["maTTHC"])
                return [found] if found else []
            case "LayDanhMucCoQuan":
                return [AGENCY]
            case "LayDanhMucLinhVuc":
                return [FIELD]
            case _:  # TraCuuTechID
                number = document["mstorcmnd"]
                return [{"TECHNICALID": f"TECH-{number[-4:]}"}]


def _serves(row: Json, unit: str) -> bool:
    """Whether a unit, or one below or above it, carries the procedure out."""
    codes = [agency["MADONVI"] for agency in row["COQUANTHUCHIEN"]]
    return any(code.startswith(unit) or unit.startswith(code) for code in codes)
