"""A case's input as a message that came in, and its output as what would go onto the wire.

The adapters themselves read and write, so a case proves what a running hub does.
"""

from collections.abc import Iterator

from adapters.soap.table import compile_node
from adapters.soap.tree import read as read_tree
from hub.contract.binding import Limits
from hub.contract.json import decode
from hub.contract.types import Document, SoapWire, Value
from hub.contract.validate import compile_validator
from hub.contract.xml import Element, parse
from hub.contract.xmlschema import schema_of
from hub.errors import Reject
from hub.registry.bundle import Bundle
from hub.registry.call_wire import CallWire
from hub.registry.case_files import Case
from hub.registry.signatures import operation

LIMITS = Limits()


def read_in(bundle: Bundle, name: str, case: Case) -> Document:
    """The request record of a received message. Raises Reject where the contract does not hold."""
    op = operation(bundle.inbound, name)
    if isinstance(op.wire, SoapWire):
        element = parse(case.body, LIMITS)
        misfits = schema_of(bundle.inbound).validate(element)
        if misfits:
            raise Reject(misfits[0].what, where=misfits[0].path, code="contract")
        return read_tree(element, compile_node(bundle.inbound.types, op.request))
    validator = compile_validator(op.request, bundle.inbound.types)
    value = decode(case.body, LIMITS)
    found, problems = validator.check(value)
    if problems:
        raise Reject(problems[0].what, where=problems[0].path, code="contract")
    if not isinstance(found, dict):
        raise Reject("is not a record")
    return found


def written_out(bundle: Bundle, made: tuple[str, Document] | None, case: Case) -> "Value | bytes":
    """A call as it would be sent: JSON with its operation, or XML."""
    if made is None:
        return {"operation": None}
    name, document = made
    sent, xml = CallWire(bundle, case.settings).write(name, document)
    return xml.encode() if xml else {"operation": name, "request": sent}


def outline(body: bytes) -> bytes:
    """An XML document, an element a line: prefixes and white space between elements aside."""
    return "\n".join(_outline(parse(body, LIMITS), 0)).encode()


def _outline(element: Element, depth: int) -> Iterator[str]:
    attributes = "".join(f" {name!s}={value!s}" for name, value in sorted(element.attrib.items()))
    text = element.text or ""
    shown = text if text.strip() or not len(element) else ""
    yield f"{'  ' * depth}{element.tag!s}{attributes} {shown}".rstrip(" ")
    for child in element:
        yield from _outline(child, depth + 1)
