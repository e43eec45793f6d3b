"""SOAP Faults of both versions: written for a person to act on, read for an outcome row to match.

What we write carries a problem (RFC 9457, in its XML form) in the detail. What we read is told by
one vocabulary: Sender and Receiver of SOAP 1.2 are Client and Server of 1.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.http.messages import Refusal
from adapters.soap.names import SOAP11, SOAP12, WSSE
from adapters.soap.scalars import write_text
from adapters.soap.table import Node
from adapters.soap.tree import read as read_document
from hub.contract.text import normalise
from hub.contract.types import Document, Value
from hub.contract.xml import Element
from hub.errors import Reject

PROBLEM = "urn:ietf:rfc:7807"  # RFC 9457 appendix B keeps the namespace of its predecessor
_SAME = {"Sender": "Client", "Receiver": "Server"}
_SERVER_CODES = frozenset({"unavailable", "internal"})
_KEPT = 4_096  # characters of a fault's own texts


@dataclass(frozen=True, slots=True)
class Fault:
    """A Fault as it was read. `code`: the local name that outcome rows match."""

    code: str
    document: Document


def read(fault: Element, declared: Mapping[str, Node]) -> Fault:
    """What a Fault element says.

    `declared`: tables of the operation's faults by local name.
    The document holds `faultcode` and `faultstring` as they were sent, `subcode` if there is one,
    and `detail`: declared faults by their tables, anything else as nested texts.
    """
    if fault.tag == f"{{{SOAP11}}}Fault":
        code, string = fault.find("faultcode"), fault.find("faultstring")
        subcode, detail = None, fault.find("detail")
    else:
        code = fault.find(f"{{{SOAP12}}}Code/{{{SOAP12}}}Value")
        string = fault.find(f"{{{SOAP12}}}Reason/{{{SOAP12}}}Text")
        subcode = fault.find(f"{{{SOAP12}}}Code/{{{SOAP12}}}Subcode/{{{SOAP12}}}Value")
        detail = fault.find(f"{{{SOAP12}}}Detail")
    document: Document = {"faultcode": _text(code), "faultstring": _text(string)}
    if subcode is not None:
        document["subcode"] = _text(subcode)
    if detail is not None:
        document["detail"] = {_local(child): _detail(child, declared) for child in detail}
    return Fault(_known_code(code, subcode), document)


def _known_code(code: Element | None, subcode: Element | None) -> str:
    if subcode is not None and _namespace(subcode) == WSSE:
        return _local_of(_text(subcode))  # FailedAuthentication, whichever version says so
    local = _local_of(_text(code))
    return _SAME.get(local, local)


def _namespace(element: Element) -> str | None:
    prefix, colon, _ = _text(element).partition(":")
    return element.nsmap.get(prefix if colon else None)


def _local_of(qname: str) -> str:
    """Of "soap:Client.Authentication", "Client": SOAP 1.1 section 4.4.1 lets codes grow by dots."""
    return qname.rpartition(":")[2].partition(".")[0]


def _text(element: Element | None) -> str:
    if element is None:
        return ""
    try:
        return normalise("".join(map(str, element.itertext())).strip()[:_KEPT])
    except Reject:
        return ""


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _detail(element: Element, declared: Mapping[str, Node]) -> Value:
    node = declared.get(_local(element))
    if node is not None:
        try:
            return read_document(element, node)
        except Reject:
            return _loose(element)
    return _loose(element)


def _loose(element: Element) -> Value:
    """An element that no contract describes: a text, or a record of what is in it."""
    if len(element) == 0:
        return _text(element)
    found: Document = {}
    for child in element:
        name, value = _local(child), _loose(child)
        before = found.get(name)
        if before is None:
            found[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            found[name] = [before, value]
    return found


def write(refusal: Refusal, version: str) -> str:
    """The Fault element for a refusal, with a problem in its detail."""
    code, subcode = _codes(refusal.code, version)
    text = write_text(_carriable(refusal.title))
    problem = _problem(refusal)
    if version == "1.1":
        return (
            f'<soap:Fault xmlns:wsse="{WSSE}"><faultcode>{subcode or code}</faultcode>'
            f"<faultstring>{text}</faultstring>"
            f"{f'<detail>{problem}</detail>' if problem else ''}</soap:Fault>"
        )
    inner = f"<soap:Subcode><soap:Value>{subcode}</soap:Value></soap:Subcode>" if subcode else ""
    return (
        f'<soap:Fault xmlns:wsse="{WSSE}"><soap:Code><soap:Value>{code}</soap:Value>{inner}'
        f'</soap:Code><soap:Reason><soap:Text xml:lang="en">{text}</soap:Text></soap:Reason>'
        f"{f'<soap:Detail>{problem}</soap:Detail>' if problem else ''}</soap:Fault>"
    )


def _codes(code: str, version: str) -> tuple[str, str | None]:
    """Fault code and, for a credential, the code of WS-Security 1.0 section 12."""
    if code in ("must-understand", "version-mismatch"):
        return f"soap:{'MustUnderstand' if code == 'must-understand' else 'VersionMismatch'}", None
    client, server = ("Client", "Server") if version == "1.1" else ("Sender", "Receiver")
    subcode = "wsse:FailedAuthentication" if code == "denied" else None
    return f"soap:{server if code in _SERVER_CODES else client}", subcode


def is_server(refusal: Refusal) -> bool:
    """Whether the fault is ours, so that the sender does right to repeat."""
    return refusal.code in _SERVER_CODES


def _problem(refusal: Refusal) -> str:
    """Header faults carry no detail: SOAP 1.1 section 4.4 keeps it for the body."""
    if refusal.code == "must-understand":
        return ""
    members = {
        "title": refusal.title,
        "status": str(refusal.status),
        "detail": refusal.detail,
        "code": refusal.code,
        "field": refusal.field,
    }
    inner = "".join(
        f"<{name}>{write_text(_carriable(value))}</{name}>"
        for name, value in members.items()
        if value
    )
    return f'<problem xmlns="{PROBLEM}">{inner}</problem>'


def _carriable(text: str) -> str:
    """A text from elsewhere in the hub must not be what breaks the answer."""
    return "".join(c if c.isprintable() or c in "\t\n" else "?" for c in text)
