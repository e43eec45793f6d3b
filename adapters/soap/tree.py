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
    children = node.children
    for child in element:
        slot = children.get(child.tag)
        if slot is None:
            if node.closed:
                raise _unknown()
            continue
        if not put(slot, document, _value(child, slot)):
            raise Reject("more values than the contract allows", slot.key, code="contract")
    if node.attributes or node.text is not None:
        _read_scalars(element, node, document)
    if node.empty_lists or node.defaults:
        node.settle(document)
    return document


def _value(child: Element, slot: Slot) -> Value:
    if slot.nillable and child.get(_NIL) in _TRUE:
        return None
    if slot.node is not None:
        return _nested(child, slot, slot.node)
    return _single(child.text or "", slot)


def _nested(child: Element, slot: Slot, node: Node) -> Document:
    try:
        return read(child, node)
    except Reject as error:
        error.where = f"{slot.key}.{error.where}" if error.where else slot.key
        raise


def _single(text: str, slot: Slot) -> Value:
    if slot.read is None:  # a slot holds one or the other
        raise Reject("a record was expected", slot.key, code="contract")
    try:
        return slot.read(text)
    except Reject as error:
        error.where = slot.key
        raise


def _read_scalars(element: Element, node: Node, document: Document) -> None:
    for name, text in element.attrib.items():
        slot = node.attributes.get(str(name))
        if slot is not None:
            document[slot.key] = _single(str(text), slot)
        elif node.closed and not str(name).startswith(_XSI):
            raise Reject("an attribute that the contract does not know", code="contract")
    if node.text is not None:
        document[node.text.key] = _single(element.text or "", node.text)


def _unknown() -> Reject:
    return Reject(
        "an element that the contract does not know",
        fix="send the elements of the published schema; xsi:type is not supported",
        code="contract",
    )
