"""A request that passed the contract's XML Schema becomes a document.

The schema has settled order, presence and lexical forms; what is left is to walk the tree that it
saw (no second parser, whose reading could differ) and to bring texts to NFC.
"""

from adapters.soap.names import XSI
from adapters.soap.table import Node, Slot, put
from hub.contract.types import Document, Value
from hub.contract.xml import Element
from hub.errors import Reject

_NIL = f"{{{XSI}}}nil"
_XSI = f"{{{XSI}}}"
_TRUE = ("true", "1")


def read(element: Element, node: Node) -> Document:
    """The document of a validated element.

    Raises Reject (code "contract"; `where` is the path of the field) for what a schema cannot say:
    a control character, a text too long after NFC, an element that another type brought in.
    """
    document: Document = {}
    slots, slot = node.children, None
    try:
        for child in element:
            slot = slots.get(child.tag)
            if slot is None:
                _pass_over(child, node)
            elif slot.single is not None and slot.key not in document:  # most fields
                document[slot.key] = slot.single(child.text or "")
            else:
                _put(slot, document, child)
    except Reject as error:
        raise _at(slot, error) from None
    if node.attributes or node.text is not None:
        _read_scalars(element, node, document)
    if node.empty_lists or node.defaults:
        node.settle(document)
    return document


def _pass_over(child: Element, node: Node) -> None:
    if node.closed and child.tag not in node.ignored:
        raise Reject(
            "an element that the contract does not know",
            fix="send the elements of the published schema; xsi:type is not supported",
            code="contract",
        )


def _put(slot: Slot, document: Document, child: Element) -> None:
    if not put(slot, document, _value(child, slot)):
        raise Reject("more values than the contract allows", code="contract")


def _at(slot: Slot | None, error: Reject) -> Reject:
    """The same error, with the field in front of its place."""
    if slot is not None:
        error.where = f"{slot.key}.{error.where}" if error.where else slot.key
    return error


def _value(child: Element, slot: Slot) -> Value:
    if child.get(_NIL) in _TRUE:
        if slot.nillable:
            return None
        raise Reject("an item has no value", fix="leave it out", code="contract")
    if slot.node is not None:
        return read(child, slot.node)
    return _single(child.text or "", slot)


def _single(text: str, slot: Slot) -> Value:
    if slot.read is None:  # a slot holds one or the other
        raise Reject("a record was expected", code="contract")
    return slot.read(text)


def _read_scalars(element: Element, node: Node, document: Document) -> None:
    for name, text in element.attrib.items():
        slot = node.attributes.get(str(name))
        if slot is not None:
            document[slot.key] = _attribute(str(text), slot)
        elif node.closed and not str(name).startswith(_XSI):
            raise Reject("an attribute that the contract does not know", code="contract")
    if node.text is not None:
        document[node.text.key] = _attribute(element.text or "", node.text)


def _attribute(text: str, slot: Slot) -> Value:
    try:
        return _single(text, slot)
    except Reject as error:
        raise _at(slot, error) from None
