"""What MyVNPost takes, field by field, as its customer interface says; msgspec structs."""

# ruff: noqa: N815 - fields are named as on the wire

from typing import Annotated, Literal, TypeAlias

import msgspec

from ops.systems.formats import DashedDmy
from ops.systems.model import Bearing

Some = Annotated[str, msgspec.Meta(min_length=1)]
Digits = Annotated[str, msgspec.Meta(pattern=r"^\d+\Z")]
Province = Annotated[str, msgspec.Meta(pattern=r"^\d{2}\Z")]
Commune = Annotated[str, msgspec.Meta(pattern=r"^\d{5}\Z")]
Phone = Annotated[str, msgspec.Meta(pattern=r"^\d{8,15}\Z")]
Size = Annotated[str, msgspec.Meta(pattern=r"^([1-9]|[1-9]\d|[1-4]\d\d|500)\Z")]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object."""


class Login(Form, frozen=True):
    username: str
    password: str
    customerCode: str


class Addon(Form, frozen=True):
    code: Some
    propValue: Some


class InformationOrder(Form, frozen=True):
    senderName: Some
    senderPhone: Phone
    senderAddress: Some
    senderProvinceCode: Province
    senderDistrictCode: Literal["VNPOST"]
    senderCommuneCode: Commune
    receiverName: Some
    receiverPhone: Phone
    receiverAddress: Some
    receiverProvinceCode: Province
    receiverDistrictCode: Literal["VNPOST"]
    receiverCommuneCode: Commune
    serviceCode: Some
    contentNote: Some
    weight: Digits
    sendType: Literal["1"]
    senderEmail: str | None = None
    receiverEmail: str | None = None
    addonService: list[Addon] = []
    additionRequest: list[Addon] = []
    orgCodeCollect: str | None = None
    orgCodeAccept: str | None = None
    saleOrderCode: str | None = None
    width: str | None = None
    length: str | None = None
    height: str | None = None
    vehicle: Literal["BO"] = "BO"
    isBroken: Literal["0", "1"] = "0"
    deliveryTime: str | None = None
    deliveryRequire: str | None = None
    deliveryInstruction: str | None = None


class CreateOrder(Form, frozen=True):
    orderCreationStatus: Literal[0, 1]
    type: Literal["GUI"]
    customerCode: Some
    contractCode: str | None
    informationOrder: InformationOrder


class OrderCancel(Form, frozen=True):
    OriginalId: Some


class GetListOrder(Form, frozen=True):
    lastUpdateFrom: DashedDmy
    lastUpdateTo: DashedDmy
    type: Literal["GUI"]
    size: Size
    page: Digits
    isInternational: Literal["false"]


class GetOrder(Form, frozen=True):
    type: Literal["1"]
    code: Some


FORMS: dict[str, type[Form]] = {
    "GetAccessToken": Login,
    "CreateOrder": CreateOrder,
    "orderCancel": OrderCancel,
}
QUERIES: dict[str, type[Form]] = {
    "GetListOrder": GetListOrder,
    "getOrder": GetOrder,
    "GetStatusHistoryOrder": GetOrder,
}
SignatureMode: TypeAlias = Literal["rsa-sha256", "rsa-encrypted"]


class Switches(Bearing, frozen=True, forbid_unknown_fields=True):
    """Forms of the answers and webhooks; seconds unless said otherwise.

    `today`: dd-MM-yyyy under which new orders are listed, empty for the clock's day.
    `foreign_rows`: so many rows of other customers are added to every webhook. `reverse_rows`:
    last row first.
    """

    signature_mode: SignatureMode = "rsa-sha256"
    token_lifetime: Annotated[float, msgspec.Meta(gt=0)] = 1800.0
    item_form: Literal["s10", "opaque"] = "s10"
    answer_form: Literal["root", "data"] = "root"
    cancel_type: Literal["00", "02", "99"] = "00"
    case_keys: Literal["pascal", "lower"] = "pascal"
    status_as: Literal["number", "string"] = "number"
    today: str = ""
    foreign_rows: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    reverse_rows: bool = False
