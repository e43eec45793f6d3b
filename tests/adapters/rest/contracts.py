"""A small contract by hand: the shapes that OpenAPI documents of the field come down to."""

from hub.contract.types import (
    Boolean,
    Contract,
    Field,
    Integer,
    ListOf,
    Number,
    OneOf,
    Operation,
    Parameter,
    Record,
    RestWire,
    Text,
)

ADDRESS = Record(
    "DiaChi",
    (
        Field("chiTiet", Text(max_length=200), pii="p"),
        Field("maXa", Text(pattern="[0-9]{5}"), required=False),
        Field("maHuyen", Text(), nullable=True),
        Field("maTinh", Text()),
    ),
)
DOSSIER = Record(
    "GuiHoSo",
    (
        Field("Idempotency_Key", Text(max_length=64)),
        Field("maHoSo", Text(min_length=1, max_length=50)),
        Field("nguon", Text(values=("TINH", "DVCQG"))),
        Field("chuHoSo", Text(max_length=200), pii="p"),
        Field("xacThucVNeID", Boolean()),
        Field("tongTien", Integer(minimum=0), required=False),
        Field("heSo", Number(), required=False),
        Field("diaChi", ADDRESS, required=False),
        Field("taiLieu", ListOf(Text(), max_items=3), required=False),
    ),
)
ERROR = Record(
    "Loi", (Field("ma", Text()), Field("thongBao", Text(), required=False)), closed=False
)
OK = Record(
    "KetQua",
    (Field("ma", Text()), Field("chuHoSo", Text(), required=False, pii="p")),
    closed=False,
)
SYNC = Record(
    "DongBo",
    (
        Field("session", Text()),
        Field("service", Text(values=("DongBo",))),
        Field("isUpdating", Text(values=("True", "False"))),
    ),
)
LOOKUP = Record(
    "TraCuu",
    (
        Field("session", Text()),
        Field("service", Text(values=("TraCuu",))),
        Field("mahoso", Text()),
    ),
)
HEADER = Parameter("Idempotency-Key", "header", "Idempotency_Key")


def operation(
    method: str,
    path: str,
    request: Record,
    *parameters: Parameter,
    body: str | None = "",
    answer: Record | ListOf | None = OK,
    media_type: str = "application/json",
) -> Operation:
    answers = {} if answer is None else {"200": answer, "409": ERROR}
    wire = RestWire(method, path, parameters, body, media_type)
    return Operation(f"{method} {path}", request, answers, wire)


FILE = operation("POST", "/ho-so", DOSSIER, HEADER)
UPDATE = operation("PUT", "/ho-so/{maHoSo}", DOSSIER, HEADER, Parameter("maHoSo", "path", "maHoSo"))
FIND = operation(
    "GET",
    "/ho-so/{maHoSo}",
    Record(
        "TimHoSo",
        (
            Field("maHoSo", Text()),
            Field("trang", Integer(minimum=1), required=False),
            Field("loai", ListOf(Text()), required=False),
            Field("dong", Boolean(), required=False),
        ),
    ),
    Parameter("maHoSo", "path", "maHoSo"),
    Parameter("trang", "query", "trang"),
    Parameter("loai", "query", "loai"),
    Parameter("dong", "query", "dong"),
    body=None,
)
CALL = operation(
    "POST",
    "/mapi/g",
    Record(
        "GoiTichHop",
        (
            Field("dstcode", Text()),
            Field("body", OneOf((SYNC, LOOKUP), discriminator="service")),
        ),
    ),
    Parameter("dstcode", "header", "dstcode"),
    body="body",
)
LOGIN = operation(
    "POST",
    "/login",
    Record("DangNhap", (Field("username", Text()), Field("password", Text()))),
    answer=Record(
        "Phien",
        (
            Field("session", Text(), required=False, nullable=True),
            Field("error_code", Integer()),
        ),
        closed=False,
    ),
)
FORM = operation(
    "POST",
    "/bieu-mau",
    Record("BieuMau", (Field("ten", Text()), Field("so", Integer()))),
    media_type="application/x-www-form-urlencoded",
)
LIST = operation(
    "GET",
    "/danh-sach",
    Record("DanhSach", ()),
    body=None,
    answer=ListOf(OK),
)

OPERATIONS = (FILE, UPDATE, FIND, CALL, LOGIN, FORM, LIST)
CONTRACT = Contract(
    "rest",
    {op.name: op for op in OPERATIONS},
    {record.name: record for record in (ADDRESS, DOSSIER, ERROR, OK, SYNC, LOOKUP)},
)
