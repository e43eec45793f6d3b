"""The operations centre: counts by agency and day, of facts that name nobody.

Order of checks: key of the caller (401), route (404), Idempotency-Key (400), body against its form
(400), known key (200, not counted again). A field that the interface does not know is a violation:
it might be somebody's name.
"""
# ruff: noqa: N815 - the facts' fields are the interface's names

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from ops.systems.config import IocConfig
from ops.systems.credentials import same
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
)
from ops.systems.rules import Action, Error, Subject
from ops.systems.wire import Reply, Request

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=35)]
Moment = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}.*[+-Z]")]


class _Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fact; nothing else is said."""


class _Accepted(_Fact, frozen=True):
    """A dossier was accepted."""

    maDonVi: Code
    maTTHC: Code
    maLinhVuc: Code
    kenh: str
    thoiDiem: Moment
    ngayHenTra: Moment | None = None


class _Returned(_Fact, frozen=True):
    """A result was handed over."""

    maDonVi: Code
    maTTHC: Code
    maLinhVuc: Code
    thoiDiem: Moment
    quaHan: bool
    hinhThucTra: str | None = None


class _Rated(_Fact, frozen=True):
    """A citizen's rating."""

    diem: Annotated[int, msgspec.Meta(ge=1, le=5)]
    thoiDiem: Moment


FORMS = {"POST /tiep-nhan": _Accepted, "POST /tra-ket-qua": _Returned, "POST /danh-gia": _Rated}


@dataclass(slots=True)
class Ioc:
    """State of the centre. `keep`: keys remembered."""

    config: IocConfig
    keep: int = 100_000
    name: str = "ioc"
    switches: Bearing = field(default_factory=Bearing)
    _keys: Bounded[str, str] = field(init=False)  # key -> digest
    _counts: Counter[str] = field(default_factory=Counter)
    _open: bool = True  # whether the key is valid

    def __post_init__(self) -> None:
        self._keys = Bounded(self.keep)

    def identify(self, request: Request) -> Call:
        """What the request is about; no dossier, by design."""
        key = request.headers.get("idempotency-key", "")
        subject = Subject(f"{request.method} {request.path}", "", "", key, request.path)
        try:
            return Call(subject, request, msgspec.json.decode(request.body), request.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Call(subject, request, None, request.body, "body is not JSON")

    def answer(self, call: Call, now: float) -> Outcome:
        """Judge it; a repeated key is a yes that counts nothing."""
        subject = call.subject
        if not self._open or not same(call.request.headers.get("x-ioc-key", ""), self.config.key):
            return _no(401, "sai khoá", "denied")
        if subject.operation not in FORMS:
            return _no(404, "không có", "refused")
        if not 1 <= len(subject.key) <= 64:
            return _no(400, "Idempotency-Key: 1 to 64 characters", "refused")
        misfit = call.problem or fit(call.document, FORMS[subject.operation])
        if misfit:
            named = ("said more than it may",) if "unknown field" in misfit else ()
            return _no(400, misfit, "refused", named)
        digest = hashlib.sha256(call.content).hexdigest()
        before = self._keys.get(subject.key)
        if before is not None:
            reused = () if before == digest else ("Idempotency-Key came again with another body",)
            return Outcome(Reply(200), "repeated", None, reused)
        data = {"body": call.document}
        effect = Effect(subject.operation, now, data, subject.key, digest)
        return Outcome(Reply(200), "stored", effect)

    def apply(self, effect: Effect) -> None:
        """Count one fact."""
        self._keys[effect.key] = effect.digest
        body = effect.data["body"]
        self._counts[f"{effect.operation} {body.get('maDonVi', '')}".strip()] += 1
        if body.get("quaHan"):
            self._counts[f"late {body['maDonVi']}"] += 1

    def error(self, call: Call, action: Action) -> Reply:  # noqa: ARG002 - the protocol's signature
        """A refusal in its own words."""
        if isinstance(action, Error):
            return json_reply(action.status, action.answer)
        return json_reply(401, {"loi": "khoá hết hạn"})

    def expire(self, call: Call) -> None:  # noqa: ARG002 - there is one key
        """The key is not valid any more."""
        self._open = False

    def fetches(self, effect: Effect) -> tuple[float, list[str]]:  # noqa: ARG002 - it fetches nothing
        """Nothing."""
        return 0.0, []

    def act(self, order: Json, now: float) -> Act:  # noqa: ARG002 - it says nothing
        """It only listens."""
        raise ActError("operation: the operations centre sends nothing")

    def accepted(self, status: int, body: bytes) -> bool:  # noqa: ARG002 - as above
        """Whether the hub took what it never sends."""
        return 200 <= status < 300

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """It sends nothing."""
        return outgoing

    def switch(self, values: Json) -> Json:
        """Change switches."""
        self.switches = merge_switches(self.switches, values)
        return msgspec.structs.asdict(self.switches)

    def state(self) -> Json:
        """The counts."""
        return {"counts": dict(self._counts), "keys": len(self._keys)}

    def dossier(self, code: str) -> Json | None:  # noqa: ARG002 - it knows no dossier
        """Nothing is kept of one."""
        return None


def _no(status: int, text: str, verdict: str, violations: tuple[str, ...] = ()) -> Outcome:
    return Outcome(json_reply(status, {"loi": text}), verdict, None, violations)
