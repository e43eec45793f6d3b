"""MyVNPost: a token header, orders without idempotency key, signed webhooks.

A repeated CreateOrder makes a second order, as the real one would: it counts as a violation,
because nothing at this peer protects the citizen from two couriers.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs

import msgspec

from ops.systems.config import PostalMyConfig
from ops.systems.credentials import Tokens, same
from ops.systems.formats import fit, s10
from ops.systems.model import (
    Act,
    Bounded,
    Call,
    Effect,
    Json,
    Outcome,
    Outgoing,
    json_reply,
    merge_switches,
)
from ops.systems.postal import SUFFIX
from ops.systems.postal_my_forms import FORMS, QUERIES, Switches
from ops.systems.rules import Action, Error, Subject
from ops.systems.webhook import Webhooks
from ops.systems.wire import Reply, Request

VIETNAM = timezone(timedelta(hours=7))
TOKEN = "GetAccessToken"  # noqa: S105 - the name of an operation


@dataclass(slots=True)
class PostalMy:
    """Orders by number. `keep`: orders remembered."""

    config: PostalMyConfig
    keep: int = 100_000
    name: str = "postal_my"
    switches: Switches = field(default_factory=Switches)
    _tokens: Tokens = field(default_factory=Tokens)
    _orders: Bounded[str, Json] = field(init=False)  # by saleOrderCode
    _numbers: Bounded[str, str] = field(init=False)  # orderHdrID and itemCode -> saleOrderCode
    _webhooks: Webhooks = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        self._orders = Bounded(self.keep)
        self._numbers = Bounded(4 * self.keep)
        self._webhooks = Webhooks(self.config)

    def identify(self, request: Request) -> Call:
        operation = request.path.lstrip("/").removeprefix("customer-partner/")
        if operation in QUERIES:
            found = {name: values[0] for name, values in parse_qs(request.query).items()}
            subject = Subject(operation, "", "", found.get("code", ""), request.path)
            return Call(subject, request, found, request.query.encode())
        document: Any = None
        try:
            document = msgspec.json.decode(request.body) if request.body else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            document = None
        key = self._key(operation, document) if isinstance(document, dict) else ""
        subject = Subject(operation, "", SUFFIX.sub("", key), key, request.path)
        return Call(subject, request, document, request.body)

    def _key(self, operation: str, document: Json) -> str:
        if operation == "orderCancel":
            return self._numbers.get(str(document.get("OriginalId", "")), "")
        inner = document.get("informationOrder")
        return str(inner.get("saleOrderCode") or "") if isinstance(inner, dict) else ""

    def answer(self, call: Call, now: float) -> Outcome:
        operation, method = call.subject.operation, call.request.method
        known = FORMS if method == "POST" else QUERIES
        if operation not in known:
            return Outcome(json_reply(404, {"message": "Không có địa chỉ này"}), "refused")
        if operation == TOKEN:
            return self._login(call, now)
        if self._tokens.state(call.request.headers.get("token", ""), now) != "valid":
            return Outcome(_failed("Token không hợp lệ hoặc đã hết hạn", 401), "denied")
        misfit = (
            "không phải JSON" if call.document is None else fit(call.document, known[operation])
        )
        if misfit:
            return Outcome(_failed(f"Dữ liệu không hợp lệ: {misfit}", 400), "refused")
        if operation == "CreateOrder":
            return self._create(call, now)
        if operation == "orderCancel":
            return self._cancel(call, now)
        return Outcome(json_reply(200, self._query(operation, call.document)), "asked")

    def _login(self, call: Call, now: float) -> Outcome:
        if call.document is None or fit(call.document, FORMS[TOKEN]):
            return Outcome(_failed("Dữ liệu không hợp lệ", 400), "refused")
        given, config = call.document, self.config
        right = same(given["username"], config.username) & same(given["password"], config.password)
        if not right or given["customerCode"] != config.customer_code:
            body = {"success": False, "errorMessage": "Sai tài khoản", "token": None}
            return Outcome(json_reply(200, body), "denied")
        token = self._tokens.issue(now, self.switches.token_lifetime)
        return Outcome(
            json_reply(200, {"success": True, "errorMessage": None, "token": token}), "asked"
        )

    def _create(self, call: Call, now: float) -> Outcome:
        if call.document["customerCode"] != self.config.customer_code:
            return Outcome(_failed("customerCode không đúng", 200), "refused")
        number = call.subject.key or f"MY{self._count + 1:010d}"
        digest = hashlib.sha256(call.content).hexdigest()
        violations: tuple[str, ...] = ()
        if number in self._orders:
            violations = ("a second order was placed for the same saleOrderCode",)
        created = {
            "orderHdrID": f"{9_000_000_000 + self._count + 1}",
            "itemCode": self._item(number),
            "saleOrderCode": call.subject.key or None,
        }
        data = {"created": created, "order": call.document, "day": self._day(now), "number": number}
        effect = Effect("CreateOrder", now, data, number, digest)
        answer: Json = {"data": created} if self.switches.answer_form == "data" else created
        return Outcome(json_reply(200, answer), "stored", effect, violations)

    def _item(self, number: str) -> str:
        """The item number set aside for the order, else the next free one."""
        fixed = self.config.items.get(number)
        if fixed is not None and number not in self._orders:
            return fixed
        serial = self.config.first_serial + self._count
        if self.switches.item_form == "opaque":
            return f"VNP-{serial}"
        return s10(self.config.item_prefix, serial)

    def _cancel(self, call: Call, now: float) -> Outcome:
        original = call.document["OriginalId"]
        number = self._numbers.get(original)
        if number is None:
            return Outcome(self._case("99", "Không tìm thấy đơn hàng", original), "unknown")
        if self._orders[number]["status"] in (14, 19):
            return Outcome(self._case("03", "Đơn hàng đã phát", original), "refused")
        kind = self.switches.cancel_type
        verdict = "repeated" if self._orders[number]["cancelled"] else "stored"
        effect = Effect("orderCancel", now, {"type": kind, "number": number}, number)
        answer = self._case(kind, "Thành công", original)
        return Outcome(answer, verdict, effect if verdict == "stored" else None)

    def _case(self, kind: str, message: str, original: str) -> Reply:
        body = {"Type": kind, "Message": message, "CaseId": "1", "Note": "", "OriginalId": original}
        if self.switches.case_keys == "lower":
            body = {name[0].lower() + name[1:]: value for name, value in body.items()}
        return json_reply(200, body)

    def _query(self, operation: str, asked: Json) -> object:
        if operation == "GetListOrder":
            first, last = _day_number(asked["lastUpdateFrom"]), _day_number(asked["lastUpdateTo"])
            found = [o for o in self._orders.values() if first <= _day_number(o["day"]) <= last]
            size, page = int(asked["size"]), max(int(asked["page"]), 1)
            return {"results": [_row(o) for o in found[(page - 1) * size : page * size]]}
        number = self._numbers.get(asked["code"]) or str(asked["code"])
        order = self._orders.get(number)
        if operation == "getOrder":
            return [{"results": [_row(order)] if order else []}]
        history = [
            {
                "createdDate": updated.partition(" ")[0],
                "createdHour": updated.partition(" ")[2],
                "statusCode": status,
                "statusName": "",
            }
            for status, updated in (order["history"] if order else [])
        ]
        return {"data": {"statusHistory": history}}

    def _day(self, now: float) -> str:
        return self.switches.today or datetime.fromtimestamp(now, VIETNAM).strftime("%d-%m-%Y")

    def apply(self, effect: Effect) -> None:
        if effect.operation == "CreateOrder":
            self._apply_created(effect)
        elif effect.operation == "orderCancel":
            order = self._orders[effect.data["number"]]
            order["cancelled"].append(effect.data["type"])
            order["status"] = 9 if order["status"] is None else 22
        else:
            for row in effect.data["rows"]:
                moved = self._orders.get(row.get("saleOrderCode") or "")
                if moved is not None:
                    moved["status"] = row["status"]
                    moved["updatedDate"] = row["updatedDate"]
                    moved["history"].append([row["status"], row["updatedDate"]])

    def _apply_created(self, effect: Effect) -> None:
        self._count += 1
        created, number = effect.data["created"], effect.data["number"]
        self._numbers[created["orderHdrID"]] = number
        self._numbers[created["itemCode"]] = number
        before = self._orders.get(number)
        if before is not None:
            before["placed"] += 1
            before["duplicates"].append(created)
            return
        at = datetime.fromtimestamp(effect.at, UTC).astimezone(VIETNAM)
        self._orders[number] = {
            "item_code": created["itemCode"],
            "status": None,
            "history": [],
            "orderHdrID": created["orderHdrID"],
            "saleOrderCode": created["saleOrderCode"],
            "customerCode": effect.data["order"]["customerCode"],
            "updatedDate": at.strftime("%d/%m/%Y %H:%M:%S"),
            "day": effect.data["day"],
            "order": effect.data["order"],
            "cancelled": [],
            "placed": 1,
            "duplicates": [],
        }

    def error(self, call: Call, action: Action) -> Reply:  # noqa: ARG002 - the protocol's signature
        if isinstance(action, Error):
            return json_reply(action.status, action.answer)
        return _failed("Token không hợp lệ hoặc đã hết hạn", 401)

    def expire(self, call: Call) -> None:
        self._tokens.expire(call.request.headers.get("token", ""))

    def fetches(self, effect: Effect) -> tuple[float, list[str]]:  # noqa: ARG002 - it fetches nothing
        return 0.0, []

    def act(self, order: Json, now: float) -> Act:
        local = datetime.fromtimestamp(now, VIETNAM)
        return self._webhooks.act(order, now, local, self._orders, self.switches)

    def accepted(self, status: int, body: bytes) -> bool:
        return status == 200 and b'"success"' in body

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        return self._webhooks.spoil(outgoing)

    def switch(self, values: Json) -> Json:
        self.switches = merge_switches(self.switches, values)
        return msgspec.structs.asdict(self.switches)

    def state(self) -> Json:
        return {"orders": dict(self._orders)}

    def dossier(self, code: str) -> Json | None:
        found = {n: o for n, o in self._orders.items() if SUFFIX.sub("", n) == code}
        return {"orders": found} if found else None


def _failed(message: str, status: int) -> Reply:
    return json_reply(status, {"success": False, "message": message})


def _row(order: Json) -> Json:
    """One row of a list."""
    return {
        "orderHdrID": order["orderHdrID"],
        "itemCode": order["item_code"],
        "originalItemCode": order["item_code"],
        "senderCode": order["customerCode"],
        "saleOrderCode": order["saleOrderCode"],
        "status": order["status"] if order["status"] is not None else 1,
        "totalFee": 0,
        "updatedDate": order["updatedDate"],
    }


def _day_number(text: str) -> tuple[int, int, int]:
    """dd-MM-yyyy as something that sorts."""
    day, month, year = text.split("-")
    return int(year), int(month), int(day)
