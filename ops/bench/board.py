"""The board: the system that the side-by-side runs tell each status, over REST or SOAP.

Its two contracts stand in ops/bench/rivals/connectors; here is what goes over the wire. The peer
reads it strictly, so that a translation that leaves something out makes the run void.
"""

from typing import Literal
from xml.sax.saxutils import escape

import msgspec

REST_PATH = b"/status"
SOAP_PATH = b"/Board"
TOKEN = b"board-test-token"  # of the simulated board alone
REST_YES = b'{"code":"00"}'
SOAP_YES = (
    b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    b'<TellStatusResponse xmlns="urn:bench:board:1"><code>00</code></TellStatusResponse>'
    b"</soap:Body></soap:Envelope>"
)
ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<TellStatus xmlns="urn:bench:board:1">{}</TellStatus></soap:Body></soap:Envelope>'
)


class MisfitError(Exception):
    """What came is not what the contract says."""


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A status, in the board's words. `step`: its place among those of its dossier (from 0)."""

    id: str
    dossier: str
    step: str
    at: str  # local time with its offset, 25 characters
    origin: Literal["TINH", "DVCQG"]
    status: Literal["DANG_XU_LY"]  # all that is ever told
    status_raw: str
    officer: str
    title: str
    department: str
    note: str


FIELDS = Told.__struct_fields__


def read_json(body: bytes, credential: bytes = b"Bearer " + TOKEN) -> Told:
    """What a REST message tells. Raises MisfitError, also without our bearer token."""
    if credential != b"Bearer " + TOKEN:
        raise MisfitError("no credential")
    try:
        return _checked(msgspec.json.decode(body, type=Told))
    except msgspec.DecodeError as error:
        raise MisfitError(str(error)) from error


def read_soap(body: bytes) -> Told:
    """What a SOAP message tells, whatever prefixes it uses. Raises MisfitError."""
    try:
        texts = {name: _text(body, name.encode()) for name in FIELDS}
        return _checked(msgspec.convert(texts, Told))
    except (msgspec.ValidationError, UnicodeDecodeError) as error:
        raise MisfitError(str(error)) from error


def write_json(told: Told) -> bytes:
    """A REST message."""
    return msgspec.json.encode(told)


def write_soap(told: Told) -> bytes:
    """A SOAP message."""
    inside = "".join(f"<{name}>{escape(getattr(told, name))}</{name}>" for name in FIELDS)
    return ENVELOPE.format(inside).encode()


def _checked(told: Told) -> Told:
    if len(told.at) != 25 or not told.at.endswith("+07:00"):
        raise MisfitError("at is no local time with its offset")
    if not (told.id and told.officer and told.title and told.department and told.note):
        raise MisfitError("a field is empty")
    if not told.step.isdigit():
        raise MisfitError("step is no number")
    return told


def _text(body: bytes, name: bytes) -> str:
    """The text of the first element of this name; "" without one. Entities stay as they are."""
    return body.partition(name + b">")[2].partition(b"<")[0].decode()
