"""What may stand where in a message, compiled once from the contract: the parse table.

Two readers walk it: `tree` over a request that an XML Schema validator has already accepted, and
`stream` over an answer, which passes no other check. Names are in lxml's form, "{namespace}local".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.soap.scalars import Reader, reader
from hub.contract.types import (
    Anything,
    Document,
    Field,
    Group,
    JsonScalar,
    ListOf,
    Record,
    Ref,
    Type,
    Value,
    Xml,
)
from hub.errors import Reject


@dataclass(slots=True)
class Slot:
    """One field: its key in the document, its place in the sequence, and what it holds.

    Either `read` (a single value) or `node` (a record) is there. `single`: `read`, where the field
    holds one value and always has it.
    """

    key: str
    place: int
    many: bool
    nillable: bool
    read: Reader | None = None
    node: "Node | None" = None
    most: int | None = None  # items of a list
    single: Reader | None = None


@dataclass(slots=True)
class Node:
    """One record. `needed`: keys that must be there; `empty_lists`: keys that become [] if absent.

    Not frozen: a record that holds itself is a circle.
    """

    name: str
    children: dict[str, Slot] = field(default_factory=dict)
    attributes: dict[str, Slot] = field(default_factory=dict)
    defaults: dict[str, JsonScalar] = field(default_factory=dict)
    text: Slot | None = None
    closed: bool = True
    ordered: bool = True  # False where the contract has xs:all, which lets elements change places
    ignored: frozenset[str] = frozenset()  # elements of any content: let through and dropped
    needed: tuple[str, ...] = ()
    empty_lists: tuple[str, ...] = ()
    least: tuple[tuple[str, int], ...] = ()  # items that a list must have
    groups: tuple[Group, ...] = ()

    def fault(self, document: Document) -> str | None:
        """What the finished record lacks, as the name of a field, or None."""
        for key in self.needed:
            if key not in document:
                return key
        for key, low in self.least:
            items = document.get(key)
            if isinstance(items, list) and len(items) < low:
                return key
        for group in self.groups:
            chosen = sum(any(name in document for name in names) for names in group.alternatives)
            if not group.minimum <= chosen <= 1:
                return group.alternatives[0][0]
        return None

    def settle(self, document: Document) -> None:
        """Put in what an absent field means: an empty list, an attribute's default."""
        for key in self.empty_lists:
            document.setdefault(key, [])
        for key, value in self.defaults.items():
            document.setdefault(key, value)


def compile_node(types: Mapping[str, Record], record: Record, *, ordered: bool = True) -> Node:
    """The table for a record. Raises Reject for a type that has no form in XML."""
    made: dict[str, Node] = {}
    node = _node(types, record, made)
    for each in made.values():
        each.ordered = ordered
    return node


def _node(types: Mapping[str, Record], record: Record, made: dict[str, Node]) -> Node:
    if record.name in made:
        return made[record.name]
    node = made[record.name] = Node(record.name, closed=record.closed, groups=record.groups)
    of_any_content = [f for f in record.fields if is_anything(f.type)]
    node.ignored = frozenset(_name(f) for f in of_any_content)
    for place, f in enumerate(record.fields):
        if f not in of_any_content:
            _add(node, f, _slot(types, f, place, made))
    node.needed = tuple(
        f.name
        for f in record.fields
        if f.required and not _may_be_empty(f) and f not in of_any_content
    )
    node.empty_lists = tuple(f.name for f in record.fields if f.required and _may_be_empty(f))
    node.least = tuple(
        (f.name, f.type.min_items)
        for f in record.fields
        if isinstance(f.type, ListOf) and f.type.min_items > 1
    )
    return node


def record_of(type_: Type, types: Mapping[str, Record]) -> Record:
    """The record of a message. Raises Reject for anything else."""
    found = types.get(type_.name) if isinstance(type_, Ref) else type_
    if not isinstance(found, Record):
        raise Reject("a message is not one record", code="contract")
    return found


def is_anything(type_: Type) -> bool:
    """Whether the contract says nothing of what stands there (xs:anyType)."""
    return isinstance(type_, Anything) or (
        isinstance(type_, ListOf) and isinstance(type_.item, Anything)
    )


def _name(f: Field) -> str:
    xml = f.xml or Xml()
    return f"{{{xml.namespace}}}{f.name}" if xml.namespace else f.name


def _may_be_empty(f: Field) -> bool:
    return isinstance(f.type, ListOf) and f.type.min_items == 0


def _add(node: Node, f: Field, slot: Slot) -> None:
    xml = f.xml or Xml()
    if xml.text:
        node.text = slot
        return
    name = _name(f)
    if xml.attribute:
        node.attributes[name] = slot
        if f.default is not None:
            node.defaults[f.name] = f.default
    else:
        node.children[name] = slot


def _slot(types: Mapping[str, Record], f: Field, place: int, made: dict[str, Node]) -> Slot:
    many, type_ = False, f.type
    slot = Slot(f.name, place, many, f.nullable)
    if isinstance(type_, ListOf):
        slot.many, slot.most, type_ = True, type_.max_items, type_.item
        slot.nillable = False  # the type model knows no item without a value
    if isinstance(type_, Record):
        slot.node = _node(types, type_, made)
    elif isinstance(type_, Ref):
        slot.node = _node(types, record_of(type_, types), made)
    else:
        slot.read = _with_default(type_, f)
        slot.single = None if slot.many or slot.nillable else slot.read
    return slot


def _with_default(type_: Type, f: Field) -> Reader:
    read = reader(type_)
    if f.default is None or (f.xml is not None and f.xml.attribute):
        return read
    default: JsonScalar = f.default  # of an element: what an empty one means (XSD 3.3.1)

    def read_or_default(text: str) -> JsonScalar:
        return read(text) if text else default

    return read_or_default


def put(slot: Slot, document: Document, value: Value) -> bool:
    """Add a value to its record; False if there is already one, or one item too many."""
    if not slot.many:
        if slot.key in document:
            return False
        document[slot.key] = value
        return True
    items = document.setdefault(slot.key, [])
    if not isinstance(items, list) or (slot.most is not None and len(items) >= slot.most):
        return False
    items.append(value)
    return True
