"""The address of a system, taken apart once: where to connect, and what stands before each path."""

import ssl
from dataclasses import dataclass

import httpx

from adapters.http.connection import Origin
from adapters.http.reach import PUBLIC, Reach
from adapters.http.tls import client_context
from hub.errors import Halt

PORTS = 65_535
LABEL = 63  # characters between two dots of a host name, and of all of it (RFC 1035, 2.3.4)
NAME = 253


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`base` has no slash at its end: "" or "/MYVNP_API". `authority` is the Host header."""

    origin: Origin
    base: str
    authority: str


def parse_endpoint(url: str, tls: ssl.SSLContext | None = None, reach: Reach = PUBLIC) -> Endpoint:
    """Take an http or https URL apart; `tls` replaces the machine's own trust for https.

    `reach`: which addresses may be called there.

    Raises Halt for an address with a user, a query or a fragment, without a host, or with one that
    no resolver takes ("a..b").
    """
    address = _read(url)
    if address.scheme not in ("http", "https") or not address.raw_host:
        raise _unusable("is not http or https with a host")
    if not _is_host(address.raw_host.decode("ascii")):
        raise _unusable("has a host name that cannot exist")
    if address.userinfo or address.query or address.fragment:
        raise _unusable("has a user, a query or a fragment")
    secure = address.scheme == "https"
    context = (tls or client_context()) if secure else None
    port = address.port or (443 if secure else 80)
    if port > PORTS:
        raise _unusable("has a port that does not exist")
    path = address.raw_path.decode("ascii").rstrip("/")
    return Endpoint(
        Origin(address.raw_host.decode("ascii"), port, context, reach),
        path,
        address.netloc.decode("ascii"),
    )


def host_of(url: str) -> str:
    """The host to which a call of this URL would go. Raises Halt for what is no URL."""
    return _read(url).raw_host.decode("ascii")


def _read(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise _unusable("cannot be read") from error


def _is_host(name: str) -> bool:
    if ":" in name:  # an IPv6 address, which httpx has looked at
        return True
    name = name.removesuffix(".")
    return len(name) <= NAME and all(0 < len(label) <= LABEL for label in name.split("."))


def _unusable(what: str) -> Halt:
    return Halt(
        f"the endpoint {what}",
        where="registration endpoint",
        fix="give an address such as https://host.example/path",
    )
