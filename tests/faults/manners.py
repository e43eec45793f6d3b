"""How the recording peer behaves, and the bytes that it answers with: no clock, no socket.

REST answers are those of the portal's contract, SOAP answers those of the one-stop's.
"""

from typing import Literal, TypeAlias
from zlib import crc32

import msgspec

Says: TypeAlias = Literal[
    "ok",
    "refused",
    "denied",
    "unknown",
    "busy",
    "fault",
    "code",
    "html",
    "truncated",
    "charset",
    "never",
]
EFFECT = frozenset({"ok", "charset"})  # what says that it was done; the others say it was not
HTML = b"<html><body><h1>Bao tri he thong</h1></body></html>"
HEAD = b"HTTP/1.1 %d .\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b"
ENVELOPE = (
    '<?xml version="1.0" encoding="{charset}"?>'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    "{inside}</soap:Body></soap:Envelope>"
)
RESULT = (
    '<{name}TraLoi xmlns="urn:vn:tinh:motcua:1"><KetQua><Ma>{code}</Ma>'
    "<MoTa>Đã ghi nhận trả lời</MoTa></KetQua></{name}TraLoi>"
)
FAULT = "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>x</faultstring></soap:Fault>"
SOAP_CODES: dict[Says, str] = {"ok": "00", "refused": "02", "unknown": "03", "code": "99"}
JSON: dict[Says, tuple[int, str]] = {
    "ok": (200, '{"ma":"OK"}'),
    "refused": (422, '{"ma":"SAI_DU_LIEU"}'),
    "denied": (401, '{"ma":"CHUA_XAC_THUC"}'),
    "unknown": (404, '{"ma":"CHUA_CO"}'),
    "busy": (503, '{"ma":"BAN"}'),
    "fault": (500, '{"ma":"LOI"}'),
    "code": (200, '{"ket_qua":"loi"}'),
}


class Manner(msgspec.Struct, frozen=True):
    """What calls get from now on; the default is a good peer.

    `says`: to one of so many keys (`one_in`), or to one `dossier` alone; the others get "ok".
    `flaps`: only in every second stretch of so many seconds. `done`: the effect is there though the
    answer denies it. `delay`: seconds before each answer. `token`: the one that counts now;
    `login`: whether new ones are given, `login_delay` seconds after they were asked for, to who
    knows the `secret` (empty: to everybody); `lifetime`: seconds that they count (0: until they are
    revoked), `claims`: seconds that they are told to count (0: the truth).
    """

    says: Says = "ok"
    one_in: int = 1
    dossier: str = ""
    flaps: float = 0.0
    done: bool = False
    delay: float = 0.0
    token: int = 0
    login: bool = True
    login_delay: float = 0.0
    secret: str = ""
    lifetime: float = 0.0
    claims: float = 0.0

    def to(self, key: bytes, dossier: str, now: float) -> Says:
        """What a call gets that comes `now` (seconds on any clock)."""
        meant = (
            crc32(key) % self.one_in == 0
            and self.dossier in ("", dossier)
            and (not self.flaps or now // self.flaps % 2 == 1)
        )
        return self.says if meant else "ok"


GOOD = Manner(delay=0.05)  # seconds: so that work is left and in flight whenever a fault strikes
LEISURELY = Manner(delay=0.25)  # 128 calls a second and worker: work is left when one has started


def takes(says: Says, *, done: bool) -> bool:
    """Whether a call that gets this has its effect."""
    return says in EFFECT or done


def rest(says: Says) -> bytes | None:
    """The answer of a REST system; None: none ever."""
    if says == "never":
        return None
    if says == "html":
        return _http(200, b"text/html", HTML)
    if says == "truncated":
        return _http(200, b"application/json", b'{"ma":"O')
    if says == "charset":
        return _http(200, b"application/json; charset=utf-16", '{"ma":"OK"}'.encode("utf-16"))
    return json(*JSON[says])


def json(status: int, text: str) -> bytes:
    """An answer of JSON."""
    return _http(status, b"application/json", text.encode())


def soap(says: Says, operation: str) -> bytes | None:
    """The answer of a SOAP system to this operation; None: none ever."""
    if says == "never":
        return None
    if says == "html":
        return _http(200, b"text/html", HTML)
    if says == "busy":
        return _http(503, b"text/plain", b"ban")
    if says == "fault":  # as some products have it: with the status of success
        return _xml(ENVELOPE.format(charset="utf-8", inside=FAULT).encode())
    inside = RESULT.format(name=operation, code=SOAP_CODES.get(says, "00"))
    if says == "charset":
        text = ENVELOPE.format(charset="utf-16", inside=inside)
        return _http(200, b"text/xml; charset=utf-16", text.encode("utf-16"))
    whole = ENVELOPE.format(charset="utf-8", inside=inside).encode()
    return _xml(whole[: len(whole) // 2] if says == "truncated" else whole)


def _xml(body: bytes) -> bytes:
    return _http(200, b"text/xml; charset=utf-8", body)


def _http(status: int, kind: bytes, body: bytes) -> bytes:
    return HEAD % (status, kind, len(body), body)
