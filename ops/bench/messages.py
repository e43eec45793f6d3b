"""The messages that are sent and the facts that are delivered: every one new, none of them real.

A dossier's code has a day and a number of four digits: 10,000 dossiers a day for 336 days.
"""

from dataclasses import dataclass, field

from hub.contract.types import Document

MOST = 336 * 10_000
PROGRESS = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header>'
    '<wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/'
    'oasis-200401-wss-wssecurity-secext-1.0.xsd" soap:mustUnderstand="1"><wsse:UsernameToken>'
    "<wsse:Username>{username}</wsse:Username><wsse:Password>{password}</wsse:Password>"
    "</wsse:UsernameToken></wsse:Security></soap:Header><soap:Body>{payload}</soap:Body>"
    "</soap:Envelope>"
)
STEP = (
    '<BaoTienDo xmlns="urn:vn:tinh:motcua:1"><MaGiaoDich>GD-{number}</MaGiaoDich>'
    "<ThoiDiem>2025-10-13T10:30:00+07:00</ThoiDiem><MaHoSo>{code}</MaHoSo>"
    "<NguonHoSo>TINH</NguonHoSo><TrangThai>processing</TrangThai><CanBo>Cán bộ Thử</CanBo>"
    "</BaoTienDo>"
)
RATING = '{"nguon":"TINH","thoiDiem":"16/10/2025 20:00:00","diem":5}'


def code(number: int) -> str:
    """The code of the `number`-th test dossier (from 0), below MOST."""
    day, serial = divmod(number, 10_000)
    month, day = divmod(day, 28)
    return f"H44.99.99-25{month + 1:02}{day + 1:02}-{serial:04}"


@dataclass(frozen=True, slots=True)
class Sender:
    """How the senders prove who they are, and what they send."""

    token: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    filed: str = field(repr=False)  # the body of a filing, with {code} in place of the dossier

    def rating(self, number: int) -> bytes:
        """POST /ho-so/{code}/danh-gia."""
        return self._rest(f"/portal/ho-so/{code(number)}/danh-gia", RATING, number)

    def filing(self, number: int) -> bytes:
        """POST /ho-so."""
        return self._rest("/portal/ho-so", self.filed.replace("{code}", code(number)), number)

    def progress(self, number: int) -> bytes:
        """BaoTienDo."""
        body = envelope(STEP.format(number=number, code=code(number)), self).encode()
        head = (
            "POST /onestop/MotCuaBaoCao HTTP/1.1\r\nhost: hub.test\r\n"
            'content-type: text/xml; charset=utf-8\r\nsoapaction: "urn:vn:tinh:motcua:1:BaoTienDo"'
            f"\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _rest(self, path: str, text: str, number: int) -> bytes:
        body = text.encode()
        head = (
            f"POST {path} HTTP/1.1\r\nhost: hub.test\r\nauthorization: Bearer {self.token}\r\n"
            f"content-type: application/json\r\nidempotency-key: k-{number}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def envelope(payload: str, sender: Sender) -> str:
    """A SOAP message with the sender's UsernameToken."""
    return PROGRESS.format(payload=payload, username=sender.username, password=sender.password)


def status_changed(dossier: int, step: int) -> Document:
    """A fact whose `note` is its place among the facts of its dossier."""
    return {
        "dossier_code": code(dossier),
        "at": 1_760_326_200_000 + step,
        "origin": "PROVINCE",
        "status": "PROCESSING",
        "status_raw": "processing",
        "officer_name": "Cán bộ Thử",
        "note": str(step),
    }


def tracked(dossier: int, step: int) -> Document:
    """A scan whose `state_raw` is its place among the scans of its dossier."""
    return {
        "dossier_code": code(dossier),
        "at": 1_760_584_500_000 + step,
        "order_number": code(dossier),
        "item_code": "EB990001015VN",
        "state": "DELIVERED",
        "state_raw": str(step),
    }
