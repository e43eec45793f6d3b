"""What a WSDL offers, and the part of it and its schemas that some operations need.

Only names are followed here: which message an operation has, which element a message, which type an
element. What the constructs mean is read later, of the part alone (hub.contract.wsdl).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from lxml import etree

from hub.contract.binding import Limits
from hub.contract.offers import Offer, Offers, Scheme
from hub.contract.xml import Element, parse

WSDL: Final = "{http://schemas.xmlsoap.org/wsdl/}"
XS: Final = "{http://www.w3.org/2001/XMLSchema}"
SOAP: Final = (
    "{http://schemas.xmlsoap.org/wsdl/soap/}binding",
    "{http://schemas.xmlsoap.org/wsdl/soap12/}binding",
)
_LIMITS: Final = Limits(body_bytes=16 * 1_048_576, elements=1_000_000, depth=100)
_KINDS: Final[Mapping[str, str]] = {
    "element": "element", "complexType": "type", "simpleType": "type", "group": "group",
    "attributeGroup": "attributeGroup", "attribute": "attribute",
}  # fmt: skip
# Attributes that mention a definition, by the construct in which they stand.
_MENTIONS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "element": (("ref", "element"), ("type", "type"), ("substitutionGroup", "element")),
    "attribute": (("ref", "attribute"), ("type", "type")),
    "group": (("ref", "group"),),
    "attributeGroup": (("ref", "attributeGroup"),),
    "restriction": (("base", "type"),),
    "extension": (("base", "type"),),
    "list": (("itemType", "type"),),
    "union": (("memberTypes", "type"),),
}  # fmt: skip
Name: TypeAlias = tuple[str | None, str]
Key: TypeAlias = tuple[str, str | None, str]  # kind, namespace, local name


def read_all(files: Mapping[str, bytes]) -> dict[str, Element]:
    """Every file as a tree. Raises Reject for what is not XML, or hostile."""
    return {name: parse(body, _LIMITS) for name, body in files.items()}


def references(root: Element) -> Iterator[str]:
    """The locations that a WSDL or schema mentions, as written there; none twice."""
    seen: set[str] = set()
    for each in root.iter(f"{WSDL}import", f"{XS}import", f"{XS}include"):
        location = each.get("location") or each.get("schemaLocation")
        if location and location not in seen:
            seen.add(location)
            yield location


def offers(trees: Mapping[str, Element]) -> Offers:
    """The operations of each service's first SOAP port, by name."""
    index = _Index(trees)
    found: list[Offer] = []
    title = ""
    for service in index.services():
        title = title or service.get("name", "")
        for operation in index.operations(service):
            local = operation.get("name", "")
            doc = " ".join((operation.findtext(f"{WSDL}documentation") or "").split())
            found.append(Offer(f"{service.get('name')}.{local}", local, doc))
    token = any("UsernameToken" in str(e.tag) for tree in trees.values() for e in tree.iter())
    schemes = (Scheme("usernametoken"),) if token else ()
    return Offers("soap", title, title, tuple(found), schemes)


def part(trees: Mapping[str, Element], wanted: frozenset[str]) -> dict[str, bytes]:
    """The files with the wanted operations ("Service.Operation") and what these mention.

    The trees are cut down in place. A file of which nothing is left is left out, and so is what
    imports it.
    """
    index = _Index(trees)
    names = {name.partition(".")[2] for name in wanted}
    services = {name.partition(".")[0] for name in wanted}
    kept = index.messages(names)
    elements = index.elements(kept)
    needed = index.reachable(elements)
    for tree in trees.values():
        _cut_wsdl(tree, services, names, kept)
        _cut_schemas(tree, needed, index)
    _cut_imports(trees)
    return {name: _bytes(tree) for name, tree in trees.items() if _holds(tree)}


@dataclass(slots=True)
class _Index:
    """Where each definition of the files stands, by what mentions of it say."""

    trees: Mapping[str, Element]
    known: dict[Key, Element] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for tree in self.trees.values():
            for schema in tree.iter(f"{XS}schema"):
                for child in schema:
                    kind = _KINDS.get(_local(child))
                    if kind is not None and child.get("name"):
                        self.known[kind, _namespace(child), child.get("name", "")] = child

    def services(self) -> Iterator[Element]:
        for tree in self.trees.values():
            yield from tree.iterfind(f"{WSDL}service")

    def operations(self, service: Element) -> Iterator[Element]:
        """The operations of the interface behind the service's first SOAP port."""
        for port in service.iterfind(f"{WSDL}port"):
            binding = self._named("binding", port.get("binding", ""))
            if binding is None or not any(binding.find(tag) is not None for tag in SOAP):
                continue
            interface = self._named("portType", binding.get("type", ""))
            if interface is not None:
                yield from interface.iterfind(f"{WSDL}operation")
            return

    def _named(self, kind: str, prefixed: str) -> Element | None:
        local = prefixed.rpartition(":")[2]
        for tree in self.trees.values():
            for each in tree.iterfind(f"{WSDL}{kind}"):
                if each.get("name") == local:
                    return each
        return None

    def messages(self, names: set[str]) -> set[str]:
        """The local names of the messages of those operations."""
        found: set[str] = set()
        for tree in self.trees.values():
            for operation in tree.iterfind(f"{WSDL}portType/{WSDL}operation"):
                if operation.get("name") in names:
                    found |= {c.get("message", "").rpartition(":")[2] for c in operation}
        return found

    def elements(self, messages: set[str]) -> set[Key]:
        found: set[Key] = set()
        for tree in self.trees.values():
            for message in tree.iterfind(f"{WSDL}message"):
                if message.get("name") not in messages:
                    continue
                for each in message.iterfind(f"{WSDL}part"):
                    for attribute, kind in (("element", "element"), ("type", "type")):
                        if each.get(attribute):
                            found.add((kind, *_qname(each, each.get(attribute, ""))))
        return found

    def reachable(self, first: set[Key]) -> set[Key]:
        """Every definition that is mentioned, directly or by another one."""
        found: set[Key] = set()
        waiting = [self._key(key) for key in first]
        while waiting:
            key = waiting.pop()
            if key in found or key not in self.known:
                continue
            found.add(key)
            waiting += [self._key(each) for each in _mentions(self.known[key])]
        return found

    def _key(self, key: Key) -> Key:
        """The key under which it is known: a schema without a namespace takes that of its user."""
        kind, _, local = key
        return key if key in self.known else (kind, None, local)


def _mentions(definition: Element) -> Iterator[Key]:
    for each in definition.iter(f"{XS}*"):
        for attribute, kind in _MENTIONS.get(_local(each), ()):
            for prefixed in each.get(attribute, "").split():
                yield (kind, *_qname(each, prefixed))


def _cut_wsdl(tree: Element, services: set[str], names: set[str], messages: set[str]) -> None:
    for parent in (*tree.iterfind(f"{WSDL}portType"), *tree.iterfind(f"{WSDL}binding")):
        for operation in parent.findall(f"{WSDL}operation"):
            if operation.get("name") not in names:
                parent.remove(operation)
    for message in tree.findall(f"{WSDL}message"):
        if message.get("name") not in messages:
            tree.remove(message)
    for service in tree.findall(f"{WSDL}service"):
        if service.get("name") not in services:
            tree.remove(service)


def _cut_schemas(tree: Element, needed: set[Key], index: _Index) -> None:
    for schema in tree.iter(f"{XS}schema"):
        for child in list(schema):
            kind = _KINDS.get(_local(child))
            key = (kind or "", _namespace(child), child.get("name", ""))
            if kind is not None and (key not in needed or index.known[key] is not child):
                schema.remove(child)


def _cut_imports(trees: Mapping[str, Element]) -> None:
    """Take out the mentions of schemas of which nothing is left; they may mention each other."""
    for _ in trees:
        empty = {name.rpartition("/")[2] for name, tree in trees.items() if not _holds(tree)}
        for tree in trees.values():
            for each in list(tree.iter(f"{XS}import", f"{XS}include")):
                location = each.get("schemaLocation", "").rpartition("/")[2]
                parent = each.getparent()
                if location in empty and parent is not None:
                    parent.remove(each)


def _holds(tree: Element) -> bool:
    """Whether a file still says something: a WSDL always, a schema while it holds or includes."""
    return _local(tree) != "schema" or any(
        _local(child) not in ("annotation", "") for child in tree
    )


def _bytes(tree: Element) -> bytes:
    for comment in list(tree.iter(etree.Comment)):
        parent = comment.getparent()
        if parent is not None:
            parent.remove(comment)
    etree.indent(tree)
    return etree.tostring(tree, encoding="utf-8", xml_declaration=True) + b"\n"


def _local(element: Element) -> str:
    """Its name without the namespace; "" for a comment."""
    tag = str(element.tag)
    return tag.rpartition("}")[2] if tag.startswith("{") else ""


def _namespace(child: Element) -> str | None:
    root = next(child.iterancestors(f"{XS}schema"), None)
    return None if root is None else root.get("targetNamespace")


def _qname(element: Element, prefixed: str) -> Name:
    prefix, colon, local = prefixed.strip().rpartition(":")
    return element.nsmap.get(prefix if colon else None), local
