"""The one-stop-shop: SOAP both ways.

Order of checks: envelope (Fault Client), UsernameToken (Fault wsse:FailedAuthentication),
operation, SOAPAction and schema (Fault Client), data that a schema cannot say (`02`), known
MaGiaoDich (`01`), known dossier (`03`). NhanHoSo creates its dossier, NhanThuTuc has none.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import msgspec
from lxml import etree

from ops.systems import soap
from ops.systems.config import OnestopConfig
from ops.systems.credentials import same
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
    merge_switches,
)
from ops.systems.rules import Action, Error, SoapFault, Subject
from ops.systems.wire import Reply, Request

XML = "text/xml; charset=utf-8"
SERVED, SENT = "MotCuaTiepNhan", "MotCuaBaoCao"
QUERY = "TraCuuGiaoDich"
STATUS_AFTER = {  # operation sent -> own trangThai; BaoTienDo carries its own
    "BaoTiepNhan": "new",
    "BaoTuChoi": "denied",
    "BaoYeuCauBoSung": "waiting",
    "BaoYeuCauNopPhi": "paying",
    "BaoRutHoSo": "cancelled",
    "BaoCoKetQua": "releasing",
    "BaoDaTra": "done",
}


class Switches(Bearing, frozen=True, forbid_unknown_fields=True):
    """The switches of all, and of its own.

    `keyless`: a repeat is not known by its key, so that it has its effect again.
    """

    keyless: bool = False


@dataclass(slots=True)
class Onestop:
    """State of the one-stop. `keep`: dossiers and keys remembered."""

    config: OnestopConfig
    keep: int = 100_000
    name: str = "onestop"
    switches: Switches = field(default_factory=Switches)
    _interface: soap.Interface = field(init=False)
    _dossiers: Bounded[str, Json] = field(init=False)
    _keys: Bounded[str, tuple[str, str]] = field(init=False)
    _procedures: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._interface = soap.read_interface(Path(self.config.wsdl))
        self._dossiers = Bounded(self.keep)
        self._keys = Bounded(self.keep)

    def identify(self, request: Request) -> Call:
        if not request.body:
            action = request.headers.get("soapaction", "").strip('"').rpartition("/")[2]
            operation = action or f"{request.method} {request.path}"
            return Call(Subject(operation, SERVED, path=request.path), request, problem="empty")
        try:
            envelope, payload = soap.parse(request.body)
        except soap.SoapError as error:
            return Call(Subject("unreadable", path=request.path), request, problem=str(error))
        space = f"{{{self._interface.namespace}}}"
        subject = Subject(
            str(payload.tag).rpartition("}")[2],
            SERVED,
            payload.findtext(f"{space}MaHoSo") or "",
            payload.findtext(f"{space}MaGiaoDich") or "",
            request.path,
        )
        content = etree.tostring(payload, method="c14n", exclusive=True)
        return Call(subject, request, (envelope, payload), content)

    def answer(self, call: Call, now: float) -> Outcome:
        if call.request.method == "GET" and "wsdl" in call.request.query.lower():
            return Outcome(self._wsdl(call.request), "asked")
        if call.request.method == "GET" and call.request.query.startswith("xsd="):
            return Outcome(self._file(call.request.query[4:]), "asked")
        if call.request.method != "POST" or call.request.path != self.config.path:
            return Outcome(Reply(404, b"", "text/plain"), "refused")
        if call.document is None:
            return _fault("Client", call.problem)
        envelope, payload = call.document
        known = self._interface.services[SERVED].get(call.subject.operation)
        given = soap.username_token(envelope)
        if given is None or not self._knows(given):
            return Outcome(
                _soap(500, soap.fault("FailedAuthentication", "Sai tài khoản")), "denied"
            )
        if known is None:
            return _fault("Client", f"không có nghiệp vụ {call.subject.operation}")
        problem = self._unfit(call.request, known, payload)
        if problem:
            return _fault("Client", problem)
        return self._business(call, known, payload, now)

    def _knows(self, given: tuple[str, str]) -> bool:
        return same(given[0], self.config.username) & same(given[1], self.config.password)

    def _unfit(self, request: Request, known: soap.Operation, payload: etree._Element) -> str:
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "text/xml":
            return "Content-Type phải là text/xml"
        if request.headers.get("soapaction", "").strip('"') != known.action:
            return f"SOAPAction phải là {known.action}"
        if not self._interface.schema.validate(payload):
            # The schema's message may quote a personal value: the place alone is told.
            return f"sai lược đồ tại {self._interface.misfit()[0]}"
        return ""

    def _business(
        self, call: Call, known: soap.Operation, payload: etree._Element, now: float
    ) -> Outcome:
        subject = call.subject
        if subject.operation == QUERY:
            code = "00" if subject.key in self._keys else "03"
            return self._says(known, code, "Đã nhận" if code == "00" else "Chưa nhận", "asked")
        try:
            document = self._interface.read(payload, subject.operation)
        except ValueError as error:
            return self._says(known, "02", str(error), "refused", subject)
        if document.get("HoSo", {}).get("DoMat") not in (None, "", "0"):
            what = ("a dossier with a secrecy mark was sent",)
            return self._says(
                known, "02", "Không nhận tài liệu mật", "refused", subject, None, what
            )
        digest = hashlib.sha256(call.content).hexdigest()
        before = None if self.switches.keyless else self._keys.get(subject.key)
        if before is not None:
            again: tuple[str, ...] = ()
            if before != (subject.operation, digest):
                again = ("MaGiaoDich came again with another message",)
            return self._says(known, "01", "Đã nhận trước đó", "repeated", subject, None, again)
        problem = self._out_of_place(subject)
        if problem is not None:
            return self._says(known, *problem, subject=subject)
        effect = Effect(subject.operation, now, document, subject.key, digest)
        violations = self._twice(subject)
        return self._says(known, "00", "Đã nhận", "stored", subject, effect, violations)

    def _out_of_place(self, subject: Subject) -> tuple[str, str, str] | None:
        if subject.operation in ("NhanHoSo", "NhanThuTuc") or subject.dossier in self._dossiers:
            return None
        return "03", "Không có hồ sơ này", "unknown"

    def _twice(self, subject: Subject) -> tuple[str, ...]:
        """A dossier is handed over once: a second time under a new key is a fault of the caller."""
        dossier = self._dossiers.get(subject.dossier, {})
        if subject.operation == "NhanHoSo" and dossier.get("NhanHoSo"):
            return ("NhanHoSo came again under another MaGiaoDich",)
        return ()

    def _says(
        self,
        known: soap.Operation,
        code: str,
        text: str,
        verdict: str,
        subject: Subject | None = None,
        effect: Effect | None = None,
        violations: tuple[str, ...] = (),
    ) -> Outcome:
        dossier = subject.dossier if subject is not None else ""
        own = self._dossiers.get(dossier, {}).get("MaHoSoNoiBo") or ""
        fields = {"Ma": code, "MoTa": text, "MaHoSo": dossier, "MaHoSoNoiBo": own}
        body = soap.result(self._interface.namespace, known.answer, fields)
        return Outcome(_soap(200, body), verdict, effect, violations)

    def apply(self, effect: Effect) -> None:
        if effect.key and effect.operation in self._interface.services[SERVED]:
            self._keys[effect.key] = (effect.operation, effect.digest)
        if effect.operation == "NhanThuTuc":
            self._procedures[effect.data["MaTTHC"]] = effect.data
            return
        code = effect.data["MaHoSo"]
        if code not in self._dossiers:
            self._dossiers[code] = self._new()
        dossier = self._dossiers[code]
        if effect.operation in self._interface.services[SERVED]:
            dossier[effect.operation].append(effect.data)
            dossier["trangThai"] = dossier["trangThai"] or "receiving"
        elif effect.operation.startswith("sent:"):
            _apply_sent(dossier, effect.operation.removeprefix("sent:"), effect.data)

    def _new(self) -> Json:
        lists: Json = {name: [] for name in self._interface.services[SERVED] if name != QUERY}
        return {"trangThai": None, "NgayHenTra": None, "MaHoSoNoiBo": None, **lists, "sent": []}

    def error(self, call: Call, action: Action) -> Reply:
        if isinstance(action, SoapFault):
            return _soap(action.status, soap.fault(action.code, action.text))
        known = self._interface.services[SERVED].get(call.subject.operation)
        if isinstance(action, Error) and known is not None:
            fields = {str(name): str(value) for name, value in action.answer.items()}
            body = soap.result(self._interface.namespace, known.answer, fields)
            return _soap(action.status, body)
        return _soap(500, soap.fault("FailedAuthentication", "Tài khoản hết hạn"))

    def expire(self, call: Call) -> None:
        """A UsernameToken does not expire; the fault alone is shown."""

    def fetches(self, effect: Effect) -> tuple[float, list[str]]:  # noqa: ARG002 - it fetches nothing
        return 0.0, []

    def act(self, order: Json, now: float) -> Act:
        operation, body = str(order.get("operation", "")), order.get("body")
        known = self._interface.services[SENT].get(operation)
        if known is None or not isinstance(body, dict):
            names = ", ".join(self._interface.services[SENT])
            raise ActError(f"operation: {operation!r} is none of {names}, or body is no object")
        key = str(order.get("key") or body.get("MaGiaoDich") or uuid4())
        document = {"MaGiaoDich": key, **body}
        payload = self._payload(operation, document, lenient=bool(order.get("unchecked")))
        code = str(document.get("MaHoSo", ""))
        shown = etree.tostring(payload, encoding="unicode")
        raw = soap.envelope(payload, self.config.hub_username, self.config.hub_password)
        headers = {"content-type": XML, "soapaction": f'"{known.action}"'}
        subject = Subject(operation, SENT, code, key, self.config.hub_path, "out")
        outgoing = Outgoing("POST", self.config.hub_path, raw, headers, subject, shown)
        begun = Effect("own", now, {"MaHoSo": code}, key)
        done = Effect(f"sent:{operation}", now, document, key)
        return Act(outgoing, before=(begun,) if code else (), after=(done,) if code else ())

    def _payload(self, operation: str, document: Json, *, lenient: bool) -> etree._Element:
        try:
            payload = self._interface.build(operation, document, lenient=lenient)
        except KeyError as error:
            raise ActError(f"body: {error.args[0]}") from error
        if not lenient and not self._interface.schema.validate(payload):
            place, message = self._interface.misfit()
            raise ActError(f"body: {place}: {message}; say unchecked: true to send it all the same")
        return payload

    def accepted(self, status: int, body: bytes) -> bool:
        if status != 200:
            return False
        try:
            _, payload = soap.parse(body)
        except soap.SoapError:
            return False
        return payload.findtext(f".//{{{self._interface.namespace}}}Ma") in ("00", "01")

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        _, payload = soap.parse(outgoing.body)
        raw = soap.envelope(payload, self.config.hub_username, "not-the-password")
        return Outgoing(
            outgoing.method, outgoing.path, raw, outgoing.headers, outgoing.subject, outgoing.shown
        )

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

    def _wsdl(self, request: Request) -> Reply:
        """The published WSDL, with this address and with its schemas behind ?xsd=."""
        text = self._interface.files[Path(self.config.wsdl).name].decode()
        host = request.headers.get("host", "127.0.0.1")
        text = text.replace('schemaLocation="', 'schemaLocation="?xsd=')
        place = f'"http://{host}{self.config.path}"'
        return Reply(200, text.replace('"http://127.0.0.1/MotCuaTiepNhan"', place).encode(), XML)

    def _file(self, name: str) -> Reply:
        found = self._interface.files.get(name)
        return Reply(404, b"", XML) if found is None else Reply(200, found, XML)


def _soap(status: int, body: bytes) -> Reply:
    return Reply(status, body, XML)


def _fault(code: str, text: str) -> Outcome:
    return Outcome(_soap(500, soap.fault(code, text)), "refused")


def _apply_sent(dossier: Json, operation: str, document: Json) -> None:
    """The hub took what the one-stop told it."""
    dossier["sent"].append({"operation": operation, "key": document["MaGiaoDich"]})
    given = str(document.get("TrangThai", "")).strip().casefold()
    status = given if operation == "BaoTienDo" else STATUS_AFTER.get(operation)
    dossier["trangThai"] = status or dossier["trangThai"]
    dossier["MaHoSoNoiBo"] = document.get("MaHoSoNoiBo") or dossier["MaHoSoNoiBo"]
    due = document.get("NgayHenTraMoi") if operation == "BaoGiaHan" else None
    if operation == "BaoTiepNhan":
        due = document["HoSo"].get("NgayHenTra")
    dossier["NgayHenTra"] = due or dossier["NgayHenTra"]
