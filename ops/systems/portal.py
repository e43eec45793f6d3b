"""The provincial portal: REST both ways, OAuth2 in, a Bearer out.

Order of checks of a write: credential (401), route (404), Idempotency-Key (400), media type (415),
body against its form (400), known key (409 DA_NHAN), known dossier (404); only then it is stored.
PUT of a dossier and of a procedure create what they name.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote, unquote
from uuid import uuid4

import msgspec

from ops.systems.config import PortalConfig
from ops.systems.credentials import OAuth2, bearer
from ops.systems.formats import fit
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
    with_headers,
)
from ops.systems.portal_forms import RECEIVED, SENT
from ops.systems.rules import Action, Error, Subject
from ops.systems.wire import Reply, Request

TOKEN = "POST /oauth2/token"  # noqa: S105 - the name of an operation
QUERY = "GET /giao-dich/{key}"
LISTS = {  # operation -> list of the dossier that it appends to
    "POST /ho-so/{maHoSo}/tien-do": "tienDo",
    "POST /ho-so/{maHoSo}/yeu-cau-bo-sung": "yeuCauBoSung",
    "POST /ho-so/{maHoSo}/yeu-cau-thanh-toan": "yeuCauThanhToan",
    "POST /ho-so/{maHoSo}/thanh-toan": "thanhToan",
    "POST /ho-so/{maHoSo}/hanh-trinh": "hanhTrinh",
    "POST /ho-so/{maHoSo}/thong-bao": "thongBao",
}
FIXED_STATUS = {  # operations that set a status of their own
    "POST /ho-so/{maHoSo}/yeu-cau-bo-sung": "CHO_BO_SUNG",
    "POST /ho-so/{maHoSo}/yeu-cau-thanh-toan": "CHO_THANH_TOAN",
}
GIVEN_STATUS = (
    "PUT /ho-so/{maHoSo}",
    "POST /ho-so/{maHoSo}/tien-do",
    "PUT /ho-so/{maHoSo}/ket-qua",
)


class Switches(Bearing, frozen=True, forbid_unknown_fields=True):
    """Seconds unless said otherwise. `success`: the 2xx status of a write, 200, 201 or 204.

    `keyless`: a repeat is not known by its key, so that it has its effect again.
    """

    token_lifetime: Annotated[float, msgspec.Meta(gt=0)] = 3600.0
    success: int = 200
    keyless: bool = False


def _new_dossier() -> Json:
    return {
        "trangThai": None,
        "hanTra": None,
        "hoSo": None,
        **{name: [] for name in LISTS.values()},
        "ketQua": None,
        "sent": [],
    }


@dataclass(slots=True)
class Portal:
    """State of the portal. `keep`: dossiers and keys remembered."""

    config: PortalConfig
    keep: int = 100_000
    name: str = "portal"
    switches: Switches = field(default_factory=Switches)
    _oauth: OAuth2 = field(init=False)
    _dossiers: Bounded[str, Json] = field(init=False)
    _keys: Bounded[str, tuple[str, str]] = field(init=False)  # key -> operation, digest
    _procedures: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._oauth = OAuth2(self.config.client_id, self.config.client_secret)
        self._dossiers = Bounded(self.keep)
        self._keys = Bounded(self.keep)

    def identify(self, request: Request) -> Call:
        operation, code = _route(request.method, request.path)
        key = code if operation == QUERY else request.headers.get("idempotency-key", "")
        dossier = code if "{maHoSo}" in operation else ""
        subject = Subject(operation, "", dossier, key, request.path)
        document, problem = None, ""
        if operation in RECEIVED:
            try:
                document = msgspec.json.decode(request.body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                problem = "body is not JSON"
        return Call(subject, request, document, request.body, problem)

    def answer(self, call: Call, now: float) -> Outcome:
        operation = call.subject.operation
        if operation == TOKEN:
            lifetime = self.switches.token_lifetime
            return self._oauth.grant(call.request, now, lifetime, basic=False)
        state = self._oauth.check(call.request, now)
        if state != "valid":
            return _no(401, "KHONG_XAC_THUC", f"token {state}", "denied")
        if operation == QUERY:
            known = call.subject.key in self._keys
            text = ("DA_NHAN", "Đã nhận") if known else ("KHONG_THAY", "Chưa nhận")
            return _no(200 if known else 404, *text, "asked")
        if operation not in RECEIVED:
            return _no(404, "KHONG_THAY", "Không có tài nguyên này", "refused")
        return self._write(call, now)

    def _write(self, call: Call, now: float) -> Outcome:
        subject = call.subject
        problem = self._misfit(call)
        if problem is not None:
            return problem
        digest = hashlib.sha256(call.content).hexdigest()
        before = None if self.switches.keyless else self._keys.get(subject.key)
        if before is not None:
            return _no(
                409, "DA_NHAN", "Đã nhận trước đó", "repeated", _reused(before, subject, digest)
            )
        if "{maHoSo}/" in subject.operation and subject.dossier not in self._dossiers:
            return _no(404, "KHONG_THAY", "Không có hồ sơ này", "unknown")
        data = {"path": _route(call.request.method, call.request.path)[1], "body": call.document}
        effect = Effect(subject.operation, now, data, subject.key, digest)
        return Outcome(self._done(), "stored", effect)

    def _misfit(self, call: Call) -> Outcome | None:
        if not 1 <= len(call.subject.key) <= 64:
            return _no(400, "THIEU_KHOA", "Idempotency-Key: 1 to 64 characters", "refused")
        media = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            return _no(415, "SAI_KIEU", "Content-Type: application/json", "refused")
        if call.problem:
            return _no(400, "SAI_DU_LIEU", call.problem, "refused")
        misfit = fit(call.document, RECEIVED[call.subject.operation])
        if misfit:
            return _no(400, "SAI_DU_LIEU", misfit, "refused")
        if len(call.subject.dossier) > 50:
            return _no(400, "SAI_DU_LIEU", "maHoSo: at most 50 characters", "refused")
        return None

    def _done(self) -> Reply:
        if self.switches.success == 204:
            return Reply(204)
        return json_reply(self.switches.success, {"ma": "OK", "thongBao": "Đã nhận"})

    def apply(self, effect: Effect) -> None:
        if effect.key and effect.operation in RECEIVED:
            self._keys[effect.key] = (effect.operation, effect.digest)
        code, body = effect.data["path"], effect.data["body"]
        if effect.operation == "PUT /thu-tuc/{maTTHC}":
            self._procedures[code] = body
            return
        if code not in self._dossiers:
            self._dossiers[code] = _new_dossier()
        dossier = self._dossiers[code]
        if effect.operation in SENT and effect.data.get("own"):
            _apply_own(dossier, effect)
            return
        _apply_told(dossier, effect.operation, body)

    def error(self, call: Call, action: Action) -> Reply:  # noqa: ARG002 - the protocol's signature
        if isinstance(action, Error):
            return json_reply(action.status, action.answer)
        return json_reply(401, {"ma": "KHONG_XAC_THUC", "thongBao": "token expired"})

    def expire(self, call: Call) -> None:
        self._oauth.tokens.expire(bearer(call.request) or "")

    def fetches(self, effect: Effect) -> tuple[float, list[str]]:  # noqa: ARG002 - it fetches nothing
        return 0.0, []

    def act(self, order: Json, now: float) -> Act:
        operation = _sent_name(str(order.get("operation", "")))
        body = order.get("body")
        if not isinstance(body, dict):
            raise ActError("body: must be an object")
        if not order.get("unchecked"):
            misfit = fit(body, SENT[operation])
            if misfit:
                raise ActError(f"body: {misfit}; say unchecked: true to send it all the same")
        code = str(order.get("dossier") or body.get("maHoSo") or "")
        if not code:
            raise ActError("dossier: needed where the body has no maHoSo")
        key = str(order.get("key") or uuid4())
        path = operation.partition(" ")[2].replace("{maHoSo}", quote(code, safe=""))
        headers = {
            "authorization": f"Bearer {self.config.hub_token}",
            "content-type": "application/json",
            "idempotency-key": key,
        }
        subject = Subject(operation, "", code, key, path, "out")
        raw = msgspec.json.encode(body)
        outgoing = Outgoing("POST", f"{self.config.hub_path}{path}", raw, headers, subject, body)
        effect = Effect(operation, now, {"path": code, "body": body, "own": True}, key)
        # The citizen's act is the portal's own fact, whatever becomes of the message.
        return Act(outgoing, before=(effect,))

    def accepted(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300 or (status == 409 and b"DA_NHAN" in body)

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        return with_headers(outgoing, {"authorization": "Bearer not-the-token"})

    def switch(self, values: Json) -> Json:
        self.switches = merge_switches(self.switches, values)
        return msgspec.structs.asdict(self.switches)

    def state(self) -> Json:
        return {
            "dossiers": dict(self._dossiers),
            "procedures": self._procedures,
            "keys": len(self._keys),
        }

    def dossier(self, code: str) -> Json | None:
        return self._dossiers.get(code)


def _route(method: str, path: str) -> tuple[str, str]:
    """The operation and the value in its path; an unknown one is named by its raw path."""
    parts = path.split("/")[1:]
    if path == "/oauth2/token":
        return f"{method} {path}", ""
    if len(parts) == 2 and parts[0] in ("giao-dich", "thu-tuc", "ho-so") and parts[1]:
        name = {"giao-dich": "key", "thu-tuc": "maTTHC", "ho-so": "maHoSo"}[parts[0]]
        return f"{method} /{parts[0]}/{{{name}}}", unquote(parts[1])
    if len(parts) == 3 and parts[0] == "ho-so" and parts[1]:
        return f"{method} /ho-so/{{maHoSo}}/{parts[2]}", unquote(parts[1])
    return f"{method} {path}", ""


def _no(
    status: int, code: str, text: str, verdict: str, violations: tuple[str, ...] = ()
) -> Outcome:
    return Outcome(json_reply(status, {"ma": code, "thongBao": text}), verdict, None, violations)


def _reused(before: tuple[str, str], subject: Subject, digest: str) -> tuple[str, ...]:
    if before == (subject.operation, digest):
        return ()
    what = "another operation" if before[0] != subject.operation else "another body"
    return (f"Idempotency-Key came again with {what}",)


def _apply_own(dossier: Json, effect: Effect) -> None:
    """The citizen did something here."""
    dossier["sent"].append({"operation": effect.operation, "key": effect.key, "at": effect.at})
    if effect.operation == "POST /ho-so" and dossier["trangThai"] is None:
        dossier["trangThai"] = "MOI_DANG_KY"
        dossier["hoSo"] = effect.data["body"]


def _apply_told(dossier: Json, operation: str, body: Json) -> None:
    """The hub told something."""
    if operation in LISTS:
        dossier[LISTS[operation]].append(body)
    elif operation == "PUT /ho-so/{maHoSo}":
        dossier["hoSo"] = body
        dossier["hanTra"] = body.get("hanTra") or dossier["hanTra"]
    elif operation == "PUT /ho-so/{maHoSo}/han-tra":
        dossier["hanTra"] = body["hanTraMoi"]
    else:
        dossier["ketQua"] = body
    status = FIXED_STATUS.get(operation)
    if operation in GIVEN_STATUS and body["trangThai"] != "KHONG_RO":
        status = body["trangThai"]
    dossier["trangThai"] = status or dossier["trangThai"]


def _sent_name(given: str) -> str:
    short = {operation.rpartition("/")[2]: operation for operation in SENT}
    operation = short.get(given, given)
    if operation not in SENT:
        raise ActError(f"operation: {given!r} is none of {', '.join(SENT)}")
    return operation
