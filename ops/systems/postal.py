"""VNPost behind the NGSP gateway: orders, cancellations, tracking by cursor.

Status 100 accepted, 101 already there; 102 unfit, 104 no such order (these two ours).
"""

import bisect
import hashlib
import random
import re
from dataclasses import dataclass, field
from typing import Annotated, Literal
from urllib.parse import parse_qs

import msgspec

from ops.systems.config import PostalConfig
from ops.systems.credentials import OAuth2, bearer
from ops.systems.formats import fit, s10
from ops.systems.model import (
    Act,
    ActError,
    Bearing,
    Bounded,
    Call,
    Effect,
    Json,
    Outcome,
    Outgoing,
    json_reply,
    merge_switches,
)
from ops.systems.rules import Action, Error, Subject
from ops.systems.wire import Reply, Request

TOKEN, ORDER, CANCEL, TRACK = "token", "order", "cancel", "track"
SUFFIX = re.compile(r"\.(?:C|R)\d+$")
OID = re.compile(r"^[0-9a-fA-F]{24}\Z")
Province = Annotated[int, msgspec.Meta(ge=1, le=99)]  # national statistics codes (ours)
Some = Annotated[str, msgspec.Meta(min_length=1)]


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of an order, as the SDK of the NGSP route sends it."""

    CustomerCode: Some
    OrderNumber: Some
    SenderProvince: Province
    SenderDistrict: int
    SenderAddress: Some
    SenderName: Some
    SenderTel: Some
    ReceiverName: Some
    ReceiverAddress: Some
    ReceiverTel: Some
    ReceiverProvince: Province
    CODAmount: float | None = None
    SenderEmail: str | None = None
    SenderDesc: str | None = None
    Description: str | None = None
    ReceiverDistrict: int | None = None
    ReceiverEmail: str | None = None


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tracking row as an act gives it. `EventTime`: epoch milliseconds, default now."""

    OrderNumber: Some
    StatusCode: int
    EventTime: int | None = None
    ItemCode: str | None = None
    CustomerCode: str | None = None
    POSID: str = "283600"
    StatusMessage: str = ""
    Notes: str = ""


class Switches(Bearing, frozen=True, forbid_unknown_fields=True):
    """Forms of the answers; seconds unless said otherwise.

    `gap`: a row shows up only so long after it was written. `duplicate_rows`: a page begins with
    the row it should begin after. `page_cap`: rows a page at most.
    """

    status_form: Literal["number", "boolean"] = "number"
    epoch_unit: Literal["ms", "s"] = "ms"
    page_cap: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000
    duplicate_rows: bool = False
    gap: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    token_lifetime: Annotated[float, msgspec.Meta(gt=0)] = 3600.0


@dataclass(slots=True)
class Postal:
    """Orders by number and the rows that the hub polls. `keep` bounds both."""

    config: PostalConfig
    keep: int = 100_000
    name: str = "postal"
    switches: Switches = field(default_factory=Switches)
    _oauth: OAuth2 = field(init=False)
    _orders: Bounded[str, Json] = field(init=False)
    _rows: list[Json] = field(default_factory=list)
    _oids: list[str] = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        self._oauth = OAuth2(self.config.client_id, self.config.client_secret)
        self._orders = Bounded(self.keep)

    def identify(self, request: Request) -> Call:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        operation = f"{request.method} {request.path}"
        if request.path == "/token":
            operation = TOKEN
        elif request.path == self.config.path:
            names = {"POST": ORDER, "DELETE": CANCEL, "GET": TRACK}
            operation = names.get(request.method, operation)
        document: object = query
        if operation == ORDER:
            try:
                document = msgspec.json.decode(request.body) if request.body else None
            except (msgspec.DecodeError, UnicodeDecodeError):
                document = None
        number = str(document.get("OrderNumber", "")) if isinstance(document, dict) else ""
        subject = Subject(operation, "", SUFFIX.sub("", number), number, request.path)
        return Call(subject, request, document, request.body or request.query.encode())

    def answer(self, call: Call, now: float) -> Outcome:
        operation = call.subject.operation
        if operation == TOKEN:
            return self._oauth.grant(call.request, now, self.switches.token_lifetime, basic=True)
        state = self._oauth.check(call.request, now)
        if state != "valid":
            code = 900902 if state == "missing" else 900901
            fault = {"code": code, "message": "Invalid Credentials", "description": state}
            return Outcome(json_reply(401, {"fault": fault}), "denied")
        match operation:
            case "order":
                return self._order(call, now)
            case "cancel":
                return self._cancel(call, now)
            case "track":
                return self._track(call, now)
            case _:
                return Outcome(json_reply(404, {"Message": "Không có địa chỉ này"}), "refused")

    def _order(self, call: Call, now: float) -> Outcome:
        misfit = "not JSON" if call.document is None else fit(call.document, Order)
        if misfit:
            return self._says(102, f"Dữ liệu không hợp lệ: {misfit}", "refused")
        if call.document["CustomerCode"] != self.config.customer_code:
            return self._says(102, "CustomerCode không đúng", "refused")
        digest = hashlib.sha256(call.content).hexdigest()
        known = self._orders.get(call.subject.key)
        if known is not None:
            again = (
                () if known["digest"] == digest else ("OrderNumber came again with another body",)
            )
            return self._says(101, "Đơn hàng đã tồn tại", "repeated", violations=again)
        data = {"order": call.document, "item_code": s10("EB", 30_000_000 + self._number)}
        effect = Effect(ORDER, now, data, call.subject.key, digest)
        return self._says(100, "OK", "stored", effect)

    def _cancel(self, call: Call, now: float) -> Outcome:
        known = self._orders.get(call.subject.key)
        if call.document.get("CustomerCode") != self.config.customer_code:
            return self._says(102, "CustomerCode không đúng", "refused")
        if known is None:
            return self._says(104, "Không tìm thấy đơn hàng", "unknown")
        if known["cancelled"]:
            return self._says(101, "Đơn hàng đã huỷ", "repeated")
        effect = Effect(CANCEL, now, {"query": call.request.query}, call.subject.key)
        return self._says(100, "OK", "stored", effect)

    def _track(self, call: Call, now: float) -> Outcome:
        last, size = call.document.get("lastId", ""), call.document.get("pagesize", "")
        if OID.match(last) is None or not size.isdigit() or not 1 <= int(size) <= 1000:
            return Outcome(
                json_reply(400, {"message": "pagesize 1 to 1000, lastId 24 hex"}), "refused"
            )
        start = bisect.bisect_right(self._oids, last.lower())
        if self.switches.duplicate_rows and start:
            start -= 1
        limit = min(int(size), self.switches.page_cap)
        seen = [r for r in self._rows[start : start + limit] if r["at"] + self.switches.gap <= now]
        unit = 1 if self.switches.epoch_unit == "ms" else 1000
        docs = [r["row"] | {"EventTime": r["row"]["EventTime"] // unit} for r in seen]
        left = len(self._oids) - start
        body: Json = {"_size": left, "_total_pages": -(-left // limit), "_returned": len(docs)}
        if docs:
            body["_embedded"] = {"rh:doc": docs}
        return Outcome(json_reply(200, body), "asked")

    def _says(
        self,
        status: int,
        message: str,
        verdict: str,
        effect: Effect | None = None,
        violations: tuple[str, ...] = (),
    ) -> Outcome:
        said: int | bool = status
        if self.switches.status_form == "boolean":
            said = status in (100, 101)
        return Outcome(
            json_reply(200, {"Status": said, "Message": message}), verdict, effect, violations
        )

    def apply(self, effect: Effect) -> None:
        if effect.operation == ORDER:
            self._number += 1
            self._orders[effect.key] = {
                "item_code": effect.data["item_code"],
                "status": None,
                "history": [],
                "order": effect.data["order"],
                "digest": effect.digest,
                "cancelled": [],
            }
        elif effect.operation == CANCEL:
            self._orders[effect.key]["cancelled"].append(effect.data["query"])
        else:
            self._append(effect)

    def _append(self, effect: Effect) -> None:
        row = effect.data["row"]
        self._rows.append({"row": row, "at": effect.at})
        self._oids.append(row["_id"]["$oid"])
        if len(self._rows) > self.keep:
            del self._rows[: self.keep // 10], self._oids[: self.keep // 10]
        self._number += 1
        known = self._orders.get(row["OrderNumber"])
        if known is not None:
            known["status"] = row["StatusCode"]
            known["history"].append([row["StatusCode"], row["EventTime"]])

    def error(self, call: Call, action: Action) -> Reply:  # noqa: ARG002 - the protocol's signature
        if isinstance(action, Error):
            return json_reply(action.status, action.answer)
        return json_reply(401, {"fault": {"code": 900901, "message": "Invalid Credentials"}})

    def expire(self, call: Call) -> None:
        self._oauth.tokens.expire(bearer(call.request) or "")

    def fetches(self, effect: Effect) -> tuple[float, list[str]]:  # noqa: ARG002 - it fetches nothing
        return 0.0, []

    def act(self, order: Json, now: float) -> Act:
        """`rows`: those of body.rows; `random`: body.count rows by body.seed."""
        operation, body = str(order.get("operation", "")), order.get("body")
        if not isinstance(body, dict):
            raise ActError("body: must be an object")
        if operation == "random":
            rows = _random_rows(body)
        elif operation == "rows":
            rows = body.get("rows", [])
        else:
            raise ActError(f"operation: {operation!r} is none of rows, random")
        misfit = fit(rows, list[Row])
        if misfit:
            raise ActError(f"body.rows: {misfit}")
        made = [self._row(row, now, self._number + i) for i, row in enumerate(rows)]
        effects = tuple(Effect("row", now, {"row": row}, row["OrderNumber"]) for row in made)
        return Act(before=effects, answer={"rows": made})

    def _row(self, row: Json, now: float, number: int) -> Json:
        known = self._orders.get(row["OrderNumber"], {})
        made = msgspec.structs.asdict(msgspec.convert(row, Row))
        return {
            # The first eight digits are a time in the real one; here both halves count upwards.
            "_id": {"$oid": f"{0x68000000 + number:08x}{number:016x}"},
            **made,
            "CustomerCode": made["CustomerCode"] or self.config.customer_code,
            "EventTime": made["EventTime"] or int(now * 1000),
            "ItemCode": made["ItemCode"] or known.get("item_code") or "",
        }

    def accepted(self, status: int, body: bytes) -> bool:  # noqa: ARG002 - it sends nothing
        return False

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        return outgoing

    def switch(self, values: Json) -> Json:
        self.switches = merge_switches(self.switches, values)
        return msgspec.structs.asdict(self.switches)

    def state(self) -> Json:
        return {"orders": dict(self._orders), "rows": [r["row"] for r in self._rows]}

    def dossier(self, code: str) -> Json | None:
        found = {n: o for n, o in self._orders.items() if SUFFIX.sub("", n) == code}
        return {"orders": found} if found else None


def _random_rows(body: Json) -> list[Json]:
    """Status 1, then `count` - 2 unpublished ones, then 4 or 9, as the seed decides."""
    chance = random.Random(str(body.get("seed", 0)))
    count = max(2, min(int(body.get("count", 3)), 100))
    codes = [1, *(chance.choice((2, 3, 5, 6, 7, 8, 17, 42)) for _ in range(count - 2))]
    codes.append(chance.choice((4, 9)))
    return [{"OrderNumber": body.get("OrderNumber", ""), "StatusCode": code} for code in codes]
