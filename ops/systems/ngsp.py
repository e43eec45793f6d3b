"""DVCQG behind its local adapter, optionally behind an OAuth2 gateway.

Every answer is HTTP 200 with an `error_code`, as the real one answers. Codes beyond those that are
known are ours: -1 session or login, -2 MISSING, -3 EXISTS, -4 field absent, -5 value unfit,
-6 no such service here.
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

from ops.systems.catalogue import Catalogue
from ops.systems.config import NgspConfig
from ops.systems.credentials import OAuth2, Tokens, bearer, same
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
from ops.systems.ngsp_forms import SERVICES
from ops.systems.ngsp_state import apply_write, file_urls, new_dossier, progress_key
from ops.systems.rules import Action, Error, Subject
from ops.systems.wire import Reply, Request

LOGIN, TOKEN = "login", "token"
ABSENT = re.compile(r"missing required field `(\w+)`|length >= 1 - at `\S*?(\w+)`")
WRITES = ("DongBoHoSoMC", "CapNhatTienDoHoSoMC", "DongBoTrangThaiHoSo")


class Switches(Bearing, frozen=True, forbid_unknown_fields=True):
    """Forms and bounds of the answers; seconds unless said otherwise.

    `success`: how a done write says so. `exists`: how "already there" is coded. `rate_cap`: calls
    a second, above it 503, 0 for none. `fetch_after`: file URLs of a stored dossier are fetched so
    long after it, loopback addresses only; negative: never.
    """

    success: Literal[0, "0", "00"] = "00"
    login_success: Literal[0, "0", "00"] = 0
    exists: Literal[3, "3", -3, "-3"] = "-3"
    session_lifetime: Annotated[float, msgspec.Meta(gt=0)] = 1800.0
    token_lifetime: Annotated[float, msgspec.Meta(gt=0)] = 3600.0
    rate_cap: Annotated[int, msgspec.Meta(ge=0)] = 100
    require_dstcode: bool = False
    fetch_after: float = -1.0


@dataclass(slots=True)
class Ngsp:
    """State of the national side. `keep`: dossiers remembered."""

    config: NgspConfig
    keep: int = 100_000
    name: str = "ngsp"
    switches: Switches = field(default_factory=Switches)
    _sessions: Tokens = field(default_factory=Tokens)
    _oauth: OAuth2 = field(init=False)
    _dossiers: Bounded[str, Json] = field(init=False)
    _catalogue: Catalogue = field(init=False)

    def __post_init__(self) -> None:
        self._oauth = OAuth2(self.config.client_id, self.config.client_secret)
        self._dossiers = Bounded(self.keep)
        self._catalogue = Catalogue(self.config.madonvi)

    def identify(self, request: Request) -> Call:
        place = {"/mapi/login": LOGIN, "/token": TOKEN}.get(request.path, "")
        if place:
            return Call(Subject(place, place, path=request.path), request, _decode(request.body))
        document = _decode(request.body)
        service, code, content = "", "", b""
        if isinstance(document, dict):
            service = str(document.get("service") or "")
            code = _code(document)
            content = msgspec.json.encode({k: v for k, v in document.items() if k != "session"})
        operation = service or f"{request.method} {request.path}"
        subject = Subject(operation, service, code, code, request.path)
        return Call(subject, request, document, content)

    def answer(self, call: Call, now: float) -> Outcome:
        if call.subject.operation == TOKEN and self.config.route == "gateway":
            return self._oauth.grant(call.request, now, self.switches.token_lifetime, basic=True)
        barred = self._gateway(call, now)
        if barred is not None:
            return barred
        if call.request.method != "POST" or not call.request.path.startswith("/mapi/"):
            return Outcome(json_reply(404, {"message": "Không có địa chỉ này"}), "refused")
        if not isinstance(call.document, dict):
            return _no("-5", "Dữ liệu không hợp lệ: không phải JSON")
        dstcode = call.request.headers.get("dstcode")
        absent = dstcode is None and self.switches.require_dstcode
        if absent or (dstcode is not None and dstcode != self.config.dstcode):
            return _no("-1", "dstcode không đúng", "denied")
        if call.subject.operation == LOGIN:
            return self._login(call.document, now)
        return self._service(call, now)

    def _gateway(self, call: Call, now: float) -> Outcome | None:
        if self.config.route != "gateway":
            return None
        state = self._oauth.check(call.request, now)
        if state == "valid":
            return None
        code = 900902 if state == "missing" else 900901
        text = "Missing Credentials" if state == "missing" else "Invalid Credentials"
        fault = {"code": code, "message": text, "description": "Access failure for API"}
        return Outcome(json_reply(401, {"fault": fault}), "denied")

    def _login(self, document: Json, now: float) -> Outcome:
        user, password = str(document.get("username", "")), str(document.get("password", ""))
        if not same(user, self.config.username) & same(password, self.config.password):
            body = {"session": "", "error_code": -1, "message": "Sai tên đăng nhập hoặc mật khẩu"}
            return Outcome(json_reply(200, body), "denied")
        session = self._sessions.issue(now, self.switches.session_lifetime)
        code = self.switches.login_success
        body = {"session": session, "error_code": code, "message": "Đăng nhập thành công"}
        return Outcome(json_reply(200, body), "asked")

    def _service(self, call: Call, now: float) -> Outcome:
        document, service = call.document, call.subject.service
        if self._sessions.state(str(document.get("session", "")), now) != "valid":
            return _no("-1", "Phiên làm việc không hợp lệ", "denied")
        if document.get("madonvi") != self.config.madonvi:
            return _no("-1", "madonvi không đúng", "denied")
        endpoint, form = SERVICES.get(service, ("", None))
        if form is None or call.request.path != f"/mapi/{endpoint}":
            return _no("-6", "Không tìm thấy dịch vụ")
        misfit = fit(document, form)
        if misfit:
            return _unfit(misfit)
        return self._write(call, now) if service in WRITES else self._query(call)

    def _query(self, call: Call) -> Outcome:
        service, document = call.subject.service, call.document
        if service != "TraCuuHoSo":
            return self._yes(self._catalogue.query(service, document), "asked")
        stored = self._dossiers.get(document["mahoso"])
        found = [] if stored is None else [stored["HoSo"] or {"MaHoSo": document["mahoso"]}]
        effects = Effect(service, 0.0, {"MaHoSo": document["mahoso"]}) if stored else None
        return self._yes(found, "asked", effects)

    def _write(self, call: Call, now: float) -> Outcome:
        service, document = call.subject.service, call.document
        rows = [document["data"]] if service == "DongBoTrangThaiHoSo" else document["data"]
        updating = document.get("isUpdating", "True") == "True"
        for (
            row
        ) in rows:  # one unfit row refuses the whole call; how the real one answers is not known
            known = row["MaHoSo"] in self._dossiers
            if known and not updating:
                code = self.switches.exists
                return Outcome(_error(code, "Hồ sơ đã tồn tại"), "exists")
            if not known and updating:
                return Outcome(_error("-2", "Hồ sơ không tồn tại"), "missing")
        repeated, violations = self._repeats(service, rows)
        effect = Effect(
            service,
            now,
            {"rows": rows, "isUpdating": document.get("isUpdating", "")},
            call.subject.key,
            hashlib.sha256(call.content).hexdigest(),
        )
        verdict = "repeated" if repeated else "stored"
        return self._yes([], verdict, None if repeated else effect, violations)

    def _repeats(self, service: str, rows: list[Json]) -> tuple[bool, tuple[str, ...]]:
        """Whether every row is there already, and which rows came again with other content."""
        if service == "DongBoHoSoMC":
            return False, ()
        seen = 0
        violations = []
        for row in rows:
            name = "TienDo" if service == "CapNhatTienDoHoSoMC" else "DongBoTrangThai"
            same_rows = [
                kept
                for kept in self._dossiers[row["MaHoSo"]][name]
                if progress_key(kept) == progress_key(row)
            ]
            seen += bool(same_rows)
            if same_rows and same_rows[0] != row:
                violations.append("progress row came again with other content")
        return seen == len(rows), tuple(violations)

    def _yes(
        self,
        result: list[Json],
        verdict: str,
        effect: Effect | None = None,
        violations: tuple[str, ...] = (),
    ) -> Outcome:
        body = {"error_code": self.switches.success, "message": "Thành công", "result": result}
        return Outcome(json_reply(200, body), verdict, effect, violations)

    def apply(self, effect: Effect) -> None:
        if effect.operation == "catalogue":
            self._catalogue.change(effect.data)
            return
        if effect.operation == "TraCuuHoSo":
            self._dossiers[effect.data["MaHoSo"]]["queries"] += 1
            return
        for row in effect.data["rows"]:
            code = row["MaHoSo"]
            if code not in self._dossiers:
                self._dossiers[code] = new_dossier()
            apply_write(self._dossiers[code], effect, row)

    def error(self, call: Call, action: Action) -> Reply:
        if isinstance(action, Error):
            return json_reply(action.status, action.answer)
        if self.config.route == "gateway" and bearer(call.request) is not None:
            return json_reply(401, {"fault": {"code": 900901, "message": "Invalid Credentials"}})
        return _error("-1", "Phiên làm việc không hợp lệ")

    def expire(self, call: Call) -> None:
        self._oauth.tokens.expire(bearer(call.request) or "")
        if isinstance(call.document, dict):
            self._sessions.expire(str(call.document.get("session", "")))

    def fetches(self, effect: Effect) -> tuple[float, list[str]]:
        if self.switches.fetch_after < 0 or effect.operation not in WRITES:
            return 0.0, []
        return self.switches.fetch_after, file_urls(effect.data["rows"])

    def act(self, order: Json, now: float) -> Act:
        operation, body = str(order.get("operation", "")), order.get("body")
        if not isinstance(body, dict):
            raise ActError("body: must be an object")
        if operation == "catalogue":
            self._catalogue.check(body)
            return Act(before=(Effect("catalogue", now, body),), answer={"changed": body["MATTHC"]})
        if operation == "seed":
            code = str(body.get("MaHoSo") or "")
            if not code:
                raise ActError("body.MaHoSo: needed; it names the record that is put there")
            return Act(before=(_seed(code, body, now, "seed"),), answer={"seeded": code})
        return self._inbound(operation, body, order, now)

    def _inbound(self, operation: str, body: Json, order: Json, now: float) -> Act:
        paths = {"ho-so": self.config.dossier_path, "bo-sung": self.config.amendment_path}
        if operation not in paths:
            raise ActError(f"operation: {operation!r} is none of ho-so, bo-sung, catalogue, seed")
        path = f"{self.config.hub_path}{paths[operation]}"
        data = body.get("data")
        inner = data if isinstance(data, dict) else {}
        code = str(body.get("MaHoSo") or inner.get("MaHoSoQG") or "")
        if not code and not order.get("unchecked"):
            raise ActError("body: names no dossier (MaHoSo, or data.MaHoSoQG)")
        headers = {
            "authorization": f"Bearer {self.config.hub_token}",
            "content-type": "application/json",
            "charset": "utf-8",
        }
        subject = Subject(operation, operation, code, code, path, "out")
        outgoing = Outgoing("POST", path, msgspec.json.encode(body), headers, subject, body)
        before = (_seed(code, {"MaHoSo": code}, now, "inbound"),) if code else ()
        return Act(outgoing, before=before)

    def accepted(self, status: int, body: bytes) -> bool:
        if status != 200:
            return False
        document = _decode(body)
        return isinstance(document, dict) and str(document.get("error_code")) in ("0", "00")

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        return with_headers(outgoing, {"authorization": "Bearer not-the-token"})

    def switch(self, values: Json) -> Json:
        self.switches = merge_switches(self.switches, values)
        return msgspec.structs.asdict(self.switches)

    def state(self) -> Json:
        return {"dossiers": dict(self._dossiers), "procedures": self._catalogue.procedures}

    def dossier(self, code: str) -> Json | None:
        return self._dossiers.get(code)


def _decode(body: bytes) -> object:
    try:
        return msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _code(document: Json) -> str:
    """The dossier that a call is about, if its body has the place for it."""
    data = document.get("data")
    row = data[0] if isinstance(data, list) and data else data
    if isinstance(row, dict):
        return str(row.get("MaHoSo") or "")
    return str(document.get("mahoso") or "")


def _error(code: str | int, message: str) -> Reply:
    return json_reply(200, {"error_code": code, "message": message})


def _no(code: str, message: str, verdict: str = "refused") -> Outcome:
    return Outcome(_error(code, message), verdict)


def _unfit(misfit: str) -> Outcome:
    found = ABSENT.search(misfit)
    if found is not None:
        return _no("-4", f"Thiếu trường {found[1] or found[2]}")
    return _no("-5", f"Dữ liệu không hợp lệ: {misfit}")


def _seed(code: str, record: Json, now: float, why: str) -> Effect:
    return Effect(why, now, {"rows": [record | {"MaHoSo": code}]}, code)
