"""The shapes that both protocols share with the gateway and with delivery.

What is made for every message is a Struct: a frozen dataclass takes seven to ten times as long to
make, and eight of them came to 10 µs a message (ops/bench/README.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from hub.contract.types import Document


class HttpRequest(msgspec.Struct, frozen=True):
    """A request as it came through the door, whole. Header names are lower case."""

    method: str
    path: str  # below the registration's own prefix, "/ho-so/…"
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: str  # source address
    certificate: Mapping[str, str] | None = None  # subject of a verified client certificate (mTLS)
    root: str = ""  # the registration's own prefix, "/in/onestop"; with `path` it is what was asked
    scheme: str = "http"  # as the door saw it

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {self.root}{self.path})"


class HttpResponse(msgspec.Struct, frozen=True):
    """What is answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __repr__(self) -> str:
        return f"HttpResponse({self.status})"


class Message(msgspec.Struct, frozen=True):
    """A request that was authenticated, parsed and found valid against the contract."""

    operation: str
    document: Document
    request: HttpRequest

    def __repr__(self) -> str:
        return f"Message({self.operation})"


@dataclass(eq=False)
class Refusal(Exception):
    """Refused at the door. `field` names the offending part ("HoSo.DiaChi.MaTinh", "/a/0/maBam").

    `code`: malformed, contract, denied, too-large, unsupported-media-type, unknown-operation,
    not-allowed, rejected, conflict, unavailable. No part of it holds a personal value or a secret.
    """

    status: int
    code: str
    title: str
    detail: str = ""
    field: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    errors: tuple[tuple[str, str], ...] = ()  # where there are several: (field, detail) of each

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.title} {self.detail} {self.field}".rstrip()


class Server(Protocol):
    """One registration's door."""

    def read(self, request: HttpRequest) -> Message:
        """Authenticate, parse, validate. Raises Refusal; never anything else, in bounded time."""
        ...

    def answer(self, operation: str | None, status: int, body: Document | None) -> HttpResponse:
        """The answer of `operation` with this body, as its contract writes it."""
        ...

    def refuse(self, refusal: Refusal, operation: str | None = None) -> HttpResponse:
        """A problem document (RFC 9457) or a SOAP Fault."""
        ...

    def describe(self, request: HttpRequest) -> HttpResponse | None:
        """The published contract, where the request asks for it (GET ?wsdl, openapi.json)."""
        ...


class Answer(msgspec.Struct, frozen=True):
    """What a system answered to one call.

    `valid`: the body is what the contract says for that status; an invalid answer never counts as
    success. `fault`: local name of a SOAP fault code. `excerpt`: at most 300 characters for people.
    """

    status: int
    document: Document
    fault: str | None = None
    headers: Mapping[str, str] = {}
    valid: bool = True
    excerpt: str = ""

    def __repr__(self) -> str:
        return f"Answer({self.status}, fault={self.fault}, valid={self.valid})"


class Client(Protocol):
    """One registration's way out."""

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        """Send one request and read the answer.

        Raises Retry (`system` for connection failures, `sent` when bytes may have arrived), Halt
        for a credential that cannot be had, Reject for a document that cannot be written.
        """
        ...

    async def renew(self) -> None:
        """Drop the credential in use; the next call gets a new one. One refresh at a time."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
