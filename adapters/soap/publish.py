"""The contract as an outside client needs it: `?wsdl`, with every address pointing back here.

Each file is prepared once: locations of other files become `?xsd=…` and `?wsdl=…` of the service,
the service's address becomes where it was asked, services that the hub does not serve are left out.
Per request only the base address is put in.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from adapters.http.messages import HttpRequest, Refusal
from adapters.soap.scalars import write_text
from hub.contract.binding import Limits
from hub.contract.xml import Element, element_to_bytes, parse
from hub.errors import Reject

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_XSD = "http://www.w3.org/2001/XMLSchema"
_ADDRESSES = (
    "{http://schemas.xmlsoap.org/wsdl/soap/}address",
    "{http://schemas.xmlsoap.org/wsdl/soap12/}address",
)
_BASE = b"urn:hub:base"  # stands for the address until it is known
_FILE_LIMITS = Limits(
    body_bytes=8_388_608, elements=200_000
)  # our own bundle, checked when it came
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
_PARAMETERS = 8


@dataclass(frozen=True, slots=True)
class Publication:
    """The files of each service, by what is asked: "wsdl", "wsdl=…" or "xsd=…"."""

    services: Mapping[str, Mapping[str, bytes]]

    def answer(self, request: HttpRequest, service: str) -> bytes | None:
        """The file that is asked for, None if the query asks for none.

        Raises Refusal for a host that is none (400) and for an unknown file (404).
        """
        asked = _asked(request.query)
        if asked is None:
            return None
        found = self.services[service].get(asked)
        if found is None:
            raise Refusal(404, "unknown-operation", "There is no such file", "ask for ?wsdl", "xsd")
        return found.replace(_BASE, _base(request).encode())


def _asked(query: str) -> str | None:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_PARAMETERS)
    except ValueError:
        return None
    for name, value in pairs:
        lower = name.lower()
        if lower in ("wsdl", "xsd"):
            return f"{lower}={value}" if value else lower
    return None


def _base(request: HttpRequest) -> str:
    """Where the service was asked, ready for an attribute. The sender alone sees his own Host."""
    host = request.headers.get("host", "")
    if _HOST.fullmatch(host) is None:
        raise Refusal(
            400, "malformed", "The Host header is no address", "name the host that is asked"
        )
    scheme = "https" if request.scheme == "https" else "http"
    path = quote(f"{request.root}{request.path}", safe="/-._~")
    return write_text(f"{scheme}://{host}{path}")


def prepare(files: Mapping[str, bytes], services: Iterable[str]) -> Publication:
    """The publication of these services.

    `files`: the contract's files by path, as Contract.files. Raises Reject if no WSDL among them
    describes one of the services.
    """
    roots = {name: parse(data, _FILE_LIMITS) for name, data in files.items() if _is_xml(name)}
    prepared = {name: _located(root, name, roots) for name, root in roots.items()}
    found: dict[str, Mapping[str, bytes]] = {}
    for service in services:
        home = next((name for name, root in roots.items() if _describes(root, service)), None)
        if home is None:
            raise Reject(
                f"no WSDL of the contract has a service {service}",
                where="contract",
                fix="add the WSDL file to the bundle",
            )
        found[service] = {"wsdl": _of_service(prepared[home], service), **_parts(roots, prepared)}
    return Publication(found)


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".wsdl", ".xsd"))


def _describes(root: Element, service: str) -> bool:
    return root.tag == f"{{{_WSDL}}}definitions" and any(
        found.get("name") == service for found in root.iterfind(f"{{{_WSDL}}}service")
    )


def _parts(roots: Mapping[str, Element], prepared: Mapping[str, Element]) -> dict[str, bytes]:
    return {_key(name, roots[name]): _written(root) for name, root in prepared.items()}


def _key(name: str, root: Element) -> str:
    return f"{'wsdl' if root.tag == f'{{{_WSDL}}}definitions' else 'xsd'}={name}"


def _located(root: Element, name: str, roots: Mapping[str, Element]) -> Element:
    """The file with every location of another file pointing to where that one is served."""
    folder = posixpath.dirname(name)
    for element in root.iter(f"{{{_XSD}}}import", f"{{{_XSD}}}include", f"{{{_WSDL}}}import"):
        attribute = "location" if element.tag == f"{{{_WSDL}}}import" else "schemaLocation"
        location = element.get(attribute)
        target = posixpath.normpath(posixpath.join(folder, location or ""))
        if location and target in roots:
            asked = _key(target, roots[target])
            element.set(attribute, f"{_BASE.decode()}?{quote(asked, safe='=/')}")
        elif location is not None:
            del element.attrib[attribute]  # a well-known namespace; nobody should fetch it from us
    return root


def _of_service(root: Element, service: str) -> bytes:
    """The WSDL of one service, with its address; the others are somebody else's."""
    copy = parse(_written(root), _FILE_LIMITS)
    for found in copy.findall(f"{{{_WSDL}}}service"):
        if found.get("name") != service:
            copy.remove(found)
    for address in copy.iter(*_ADDRESSES):
        address.set("location", _BASE.decode())
    return _written(copy)


def _written(root: Element) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + element_to_bytes(root)
