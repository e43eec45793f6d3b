"""A case's input as a message that came in, and its output as what would go onto the wire.

The adapters themselves read and write, so a case proves what a running hub does.
"""

from collections.abc import Iterator

from adapters.soap.table import compile_node
from adapters.soap.tree import read as read_tree
from hub.contract.binding import Limits
from hub.contract.json import decode
from hub.contract.types import Contract, Document, Operation, Record, SoapWire, Value
from hub.contract.validate import Validator, compile_validator
from hub.contract.xml import Element, parse
from hub.contract.xmlschema import SchemaValidator, schema_of
from hub.errors import Reject
from hub.registry.bundle import Bundle
from hub.registry.call_wire import CallWire
from hub.registry.case_files import Case
from hub.registry.signatures import operation

LIMITS = Limits()


class Arrivals:
    """Reads messages as they come in by one contract; compiles its schema and operations once."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schema: SchemaValidator | None = None
        self._validators: dict[str, Validator] = {}  # by the record's name

    def read(self, name: str, case: Case) -> Document:
        """The request record of a received message. Raises Reject where the contract fails."""
        op = operation(self._contract, name)
        if isinstance(op.wire, SoapWire):
            return self._element(op, case)
        return self.part(op.request, decode(case.body, LIMITS))

    def part(self, kind: Record, value: Value) -> Document:
        """A record of the contract, as a case gives it. Raises Reject where it is not one."""
        validator = self._validators.get(kind.name)
        if validator is None:
            validator = compile_validator(kind, self._contract.types)
            self._validators[kind.name] = validator
        found, problems = validator.check(value)
        if problems:
            raise Reject(problems[0].what, where=problems[0].path, code="contract")
        if not isinstance(found, dict):
            raise Reject("is not a record")
        return found

    def _element(self, op: Operation, case: Case) -> Document:
        element = parse(case.body, LIMITS)
        if self._schema is None:
            self._schema = schema_of(self._contract)
        misfits = self._schema.validate(element)
        if misfits:
            raise Reject(misfits[0].what, where=misfits[0].path, code="contract")
        return read_tree(element, compile_node(self._contract.types, op.request))


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
