"""An answer becomes a document in one pass of expat, checked against the parse table.

lxml costs a delivery loop three times as much as expat does (measured), and a validator would come
on top; the table knows order, presence and forms itself. Tests hold its verdicts against XML
Schema's.
"""

from functools import cache
from typing import NamedTuple
from xml.parsers import expat

from adapters.soap.names import XSI
from adapters.soap.table import Node, Slot, put
from hub.contract.binding import Limits
from hub.contract.types import Document, Value
from hub.errors import Reject

_SEPARATOR = "}"  # with a "{" before it, the name is the table's
_NIL = f"{XSI}{_SEPARATOR}nil"
_XSI = f"{XSI}{_SEPARATOR}"
_TRUE = ("true", "1")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class Unfit(Exception):
    """The bytes are no answer of this operation. The text says why, without any value."""


class IsFault(Exception):
    """The body holds a SOAP Fault: `fault.read` knows those."""


def read(body: bytes, envelope: str, element: str, node: Node, limits: Limits) -> Document:
    """The document in an envelope of namespace `envelope` whose body is `element`.

    Raises Unfit for anything else, IsFault for a Fault.
    """
    if body[:2] in _UTF16 or b"\x00" in body[:4]:  # expat knows it whatever it was told
        raise Unfit("an encoding other than UTF-8 is not accepted")
    walk = _Walk(envelope, element, node, limits)
    try:
        walk.parser.Parse(body, True)  # noqa: FBT003 -- expat takes it by place only
    except expat.ExpatError as error:
        raise Unfit(f"not well-formed XML in UTF-8 (line {error.lineno})") from None
    except Reject as error:
        raise Unfit(f"{walk.where()}: {error.what}") from error
    finally:
        walk.release()
    if walk.result is None:
        raise Unfit("the envelope has no body")
    return walk.result


class _Names(NamedTuple):
    """The elements of an envelope."""

    envelope: str
    header: str
    body: str
    fault: str


@cache
def _names(namespace: str) -> _Names:
    return _Names(*(f"{{{namespace}}}{name}" for name in ("Envelope", "Header", "Body", "Fault")))


class _Walk:
    """Where expat stands: in the envelope's frame, in a record, or in a single value (`slot`)."""

    __slots__ = (
        "depth",
        "document",
        "elements",
        "frame",
        "limits",
        "names",
        "nil",
        "node",
        "parser",
        "part",
        "place",
        "result",
        "root",
        "skip",
        "slot",
        "stack",
        "text",
    )

    def __init__(self, envelope: str, element: str, node: Node, limits: Limits) -> None:
        self.names = _names(envelope)
        self.root = element
        self.limits = limits
        self.result: Document | None = None
        self.frame: list[str] = []  # open elements outside the body's element
        self.part = 0  # of the envelope: 0 before the Header, 1 after it, 2 after the Body began
        self.elements = 0
        self.depth = 0
        self.skip = 0  # open elements of a part that is passed over
        self.nil = False
        self.node = node
        self.slot: Slot | None = None
        self.document: Document = {}
        self.place = -1
        self.text: list[str] = []
        self.stack: list[tuple[Node, Slot, Document, int]] = []
        self.parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _refuse_doctype
        self.parser.XmlDeclHandler = _check_declaration
        self.parser.StartElementHandler = self.open_frame
        self.parser.EndElementHandler = self.close_frame

    def release(self) -> None:
        """Undo the circle of parser and handlers, so that memory is freed without the collector."""
        self.parser.StartElementHandler = None
        self.parser.EndElementHandler = None
        self.parser.CharacterDataHandler = None

    def where(self) -> str:
        """The path of the field that is being read."""
        keys = [slot.key for _, slot, _, _ in self.stack]
        return ".".join([*keys, self.slot.key] if self.slot is not None else keys)

    def count(self) -> None:
        """One element more."""
        self.elements += 1
        self.depth += 1
        if self.elements > self.limits.elements or self.depth > self.limits.depth:
            raise Unfit("more or deeper elements than the limits allow")

    # -- the envelope's frame

    def open_frame(self, tag: str, attributes: dict[str, str]) -> None:
        self.count()
        frame, name = self.frame, _clark(tag)
        frame.append(name)
        if len(frame) == 1 and name != self.names.envelope:
            raise Unfit("not an envelope of this SOAP version")
        if len(frame) == _BODY:
            self.next_part(name)
        if len(frame) == _ELEMENT and frame[1] == self.names.body:
            self.enter(name, attributes)

    def next_part(self, name: str) -> None:
        """At most one Header, then exactly one Body."""
        expected = 1 if name == self.names.body else 0
        if expected < self.part or name not in self.names[1:3]:
            raise Unfit("the envelope is not one Header and one Body")
        self.part = expected + 1

    def enter(self, name: str, attributes: dict[str, str]) -> None:
        """The body's element begins."""
        if name == self.names.fault:
            raise IsFault
        if self.result is not None or name != self.root:
            raise Unfit("the body is not the answer of this operation")
        self.read_attributes(attributes)
        self.parser.StartElementHandler = self.open_field
        self.parser.EndElementHandler = self.close_field
        self.parser.CharacterDataHandler = self.characters

    def close_frame(self, tag: str) -> None:
        del tag
        self.depth -= 1
        self.frame.pop()

    # -- inside the body's element

    def open_field(self, tag: str, attributes: dict[str, str]) -> None:
        self.count()
        if self.slot is not None:
            raise Unfit(f"{self.where()}: an element inside a single value")
        if self.skip:
            self.skip += 1
            return
        slot = self.node.children.get(_clark(tag))
        if slot is None:
            self.pass_over(tag)
            return
        if slot.place < self.place and self.node.ordered:
            raise Unfit(f"{self.where()}: {slot.key} is out of order")
        self.place = slot.place
        self.nil = attributes.get(_NIL) in _TRUE
        if _NIL in attributes and not slot.nillable:
            raise Unfit(f"{self.where()}: xsi:nil is not allowed for {slot.key}")
        if slot.node is None or self.nil:
            self.slot = slot
            if attributes and not all(name.startswith(_XSI) for name in attributes):
                raise Unfit(f"{self.where()}: an attribute that the contract does not know")
            return
        self.stack.append((self.node, slot, self.document, self.place))
        self.node, self.document, self.place = slot.node, {}, -1
        self.read_attributes(attributes)

    def pass_over(self, tag: str) -> None:
        if self.node.closed and _clark(tag) not in self.node.ignored:
            raise Unfit(f"{self.where()}: an element that the contract does not know")
        self.skip = 1

    def read_attributes(self, attributes: dict[str, str]) -> None:
        for name, text in attributes.items():
            slot = self.node.attributes.get(_clark(name))
            if slot is not None and slot.read is not None:
                self.document[slot.key] = slot.read(text)
            elif self.node.closed and not name.startswith(_XSI):
                raise Unfit(f"{self.where()}: an attribute that the contract does not know")

    def characters(self, data: str) -> None:
        if self.slot is not None or self.node.text is not None:
            self.text.append(data)
        elif not self.skip and data.strip(" \t\r\n"):
            raise Unfit(f"{self.where()}: text between elements")

    def close_field(self, tag: str) -> None:
        del tag
        self.depth -= 1
        if self.skip:
            self.skip -= 1
        elif self.slot is not None:
            self.keep(self.slot, self.value(self.slot))
            self.slot = None
        elif self.stack:
            document = self.finish()
            self.node, slot, self.document, self.place = self.stack.pop()
            self.keep(slot, document)
        else:
            self.result = self.finish()
            self.frame.pop()
            self.parser.StartElementHandler = self.open_frame
            self.parser.EndElementHandler = self.close_frame
            self.parser.CharacterDataHandler = None

    def value(self, slot: Slot) -> Value:
        text = "".join(self.text)
        self.text.clear()
        if slot.read is not None and not self.nil:
            return slot.read(text)
        if text:
            raise Unfit(f"{self.where()}: a value in an element that is nil")
        return None

    def keep(self, slot: Slot, value: Value) -> None:
        if not put(slot, self.document, value):
            raise Unfit(f"{self.where()}: more of {slot.key} than the contract allows")

    def finish(self) -> Document:
        """The record that ends here, complete and checked."""
        node, document = self.node, self.document
        if node.text is not None and node.text.read is not None:
            document[node.text.key] = node.text.read("".join(self.text))
            self.text.clear()
        lacking = node.fault(document)
        if lacking is not None:
            raise Unfit(f"{self.where()}: {lacking} is missing, or one choice too many")
        node.settle(document)
        return document


_BODY, _ELEMENT = 2, 3  # depths in the envelope


def _clark(tag: str) -> str:
    return f"{{{tag}" if _SEPARATOR in tag else tag


def _refuse_doctype(*_: object) -> None:
    raise Unfit("a DOCTYPE is not accepted")


def _check_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in _UTF8:
        raise Unfit("an encoding other than UTF-8 is not accepted")
