"""SOAP 1.1 for the one-stop: envelopes, the published schema, documents as dicts.

The WSDL is read once. Field order, repetition and types come from its schema; messages are checked
by lxml's XMLSchema and nothing of zeep runs per message, so this side can also stand under load.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from ops.systems.model import Json

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSDL = "http://schemas.xmlsoap.org/wsdl/"
XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
KIND = f"{PROFILE}#PasswordText"
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
OFFSET = re.compile(r"(?:Z|[+-]\d{2}:\d{2})\Z")


class SoapError(ValueError):
    """A message that is not a SOAP 1.1 envelope with one body element."""


@dataclass(frozen=True, slots=True)
class Part:
    """One child element of a type. `type`: name of a complex type, or of a simple one."""

    name: str
    type: str
    many: bool
    nillable: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a WSDL."""

    name: str
    action: str
    answer: str  # local name of the answer's element


@dataclass(slots=True)
class Interface:
    """The WSDL: its namespace, operations by service, types and schema."""

    namespace: str
    services: dict[str, dict[str, Operation]]
    types: dict[str, tuple[Part, ...]]
    schema: etree.XMLSchema
    files: dict[str, bytes] = field(repr=False, default_factory=dict)
    _by_tag: dict[str, dict[str, Part]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._by_tag = {
            name: {f"{{{self.namespace}}}{part.name}": part for part in parts}
            for name, parts in self.types.items()
        }

    def build(self, name: str, document: Json, *, lenient: bool = False) -> etree._Element:
        """The element `name` from a dict, in schema order.

        KeyError names a field that the schema does not have; with `lenient` such fields come last.
        """
        spaces: Any = {None: self.namespace}  # lxml-stubs leave out the default namespace
        element = etree.Element(f"{{{self.namespace}}}{name}", nsmap=spaces)
        self._fill(element, name, document, lenient=lenient)
        return element

    def _fill(self, element: etree._Element, name: str, document: Json, *, lenient: bool) -> None:
        parts = {part.name: part for part in self.types.get(name, ())}
        extra = [key for key in document if key not in parts]
        if extra and not lenient:
            raise KeyError(f"{name} has no field {extra[0]}; it has {', '.join(parts)}")
        for key in [*(k for k in parts if k in document), *extra]:
            part = parts.get(key, Part(key, "string", many=False, nillable=True))
            value = document[key]
            for one in value if isinstance(value, list) else [value]:
                self._add(element, part, one, lenient=lenient)

    def _add(self, parent: etree._Element, part: Part, value: Any, *, lenient: bool) -> None:
        if value is None and not part.nillable:
            return
        child = etree.SubElement(parent, f"{{{self.namespace}}}{part.name}")
        if value is None:
            child.set(f"{{{XSI}}}nil", "true")
        elif isinstance(value, dict):
            self._fill(child, part.type, value, lenient=lenient)
        elif isinstance(value, bool):
            child.text = "true" if value else "false"
        else:
            child.text = str(value)

    def misfit(self) -> tuple[str, str]:
        """Place and message of what the last validation found first."""
        for entry in self.schema.error_log:  # type: ignore[attr-defined] # missing in lxml-stubs
            return str(entry.path), str(entry.message)
        return "?", "?"

    def read(self, element: etree._Element, name: str) -> Json:
        """A dict from a valid element. ValueError for a time without an offset."""
        document: Json = {}
        parts = self._by_tag[name]
        for child in element:
            part = parts.get(child.tag)  # a comment has no such tag
            if part is None:
                continue
            value = self._value(child, part)
            if part.many:
                document.setdefault(part.name, []).append(value)
            else:
                document[part.name] = value
        return document

    def _value(self, child: etree._Element, part: Part) -> Json | str | None:
        if part.type in self._by_tag:
            return self.read(child, part.type)
        text = child.text
        if text is None:
            return None if child.get(f"{{{XSI}}}nil") in ("true", "1") else ""
        if part.type == "dateTime" and OFFSET.search(text) is None:
            raise ValueError(f"{part.name}: thời điểm không có múi giờ")
        return text


def parse(body: bytes) -> tuple[etree._Element, etree._Element]:
    """Envelope and its body's only element. Raises SoapError."""
    if b"<!DOCTYPE" in body:
        raise SoapError("a document type declaration is refused")
    try:
        envelope = etree.fromstring(body, PARSER)
    except etree.XMLSyntaxError as error:
        raise SoapError("not well-formed XML") from error
    found = envelope.find(f"{{{SOAP}}}Body") if envelope.tag == f"{{{SOAP}}}Envelope" else None
    if found is None or len(found) != 1:
        raise SoapError("not a SOAP 1.1 envelope with one body element")
    return envelope, found[0]


def username_token(envelope: etree._Element) -> tuple[str, str] | None:
    """User and password of the UsernameToken, PasswordText only."""
    token = envelope.find(f"{{{SOAP}}}Header/{{{WSSE}}}Security/{{{WSSE}}}UsernameToken")
    if token is None:
        return None
    password = token.find(f"{{{WSSE}}}Password")
    if password is None or password.get("Type", KIND) != KIND:
        return None
    return token.findtext(f"{{{WSSE}}}Username") or "", password.text or ""


def envelope(payload: etree._Element, user: str | None = None, password: str = "") -> bytes:
    """An envelope around a payload, with a UsernameToken when a user is given."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    if user is not None:
        header = etree.SubElement(root, f"{{{SOAP}}}Header")
        security = etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE})
        security.set(f"{{{SOAP}}}mustUnderstand", "1")
        token = etree.SubElement(security, f"{{{WSSE}}}UsernameToken")
        etree.SubElement(token, f"{{{WSSE}}}Username").text = user
        secret = etree.SubElement(token, f"{{{WSSE}}}Password", Type=KIND)
        secret.text = password
    etree.SubElement(root, f"{{{SOAP}}}Body").append(payload)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def fault(code: str, text: str) -> bytes:
    """A SOAP Fault; `code` is Client, Server, or a code of WS-Security."""
    prefix = "soap" if code in ("Client", "Server") else "wsse"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="{SOAP}" '
        f'xmlns:wsse="{WSSE}"><soap:Body><soap:Fault><faultcode>{prefix}:{code}</faultcode>'
        f"<faultstring>{_escape(text)}</faultstring></soap:Fault></soap:Body></soap:Envelope>"
    ).encode()


def result(namespace: str, element: str, fields: dict[str, str]) -> bytes:
    """An answer with its KetQua."""
    inner = "".join(f"<{k}>{_escape(v)}</{k}>" for k, v in fields.items() if v)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="{SOAP}"><soap:Body>'
        f'<{element} xmlns="{namespace}"><KetQua>{inner}</KetQua></{element}>'
        "</soap:Body></soap:Envelope>"
    ).encode()


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def read_interface(path: Path) -> Interface:
    """A WSDL and the schema files that it imports from its own folder."""
    document = etree.parse(str(path)).getroot()
    locations = [
        found.get("schemaLocation", "")
        for found in document.iterfind(f"{{{WSDL}}}types/{{{XS}}}schema/{{{XS}}}import")
    ]
    files = {path.name: path.read_bytes()}
    types: dict[str, tuple[Part, ...]] = {}
    schemas = []
    for location in locations:
        place = path.parent / location
        files[location] = place.read_bytes()
        tree = etree.parse(str(place))
        schemas.append(etree.XMLSchema(tree))
        types |= _types(tree.getroot())
    namespace = document.get("targetNamespace", "")
    return Interface(namespace, _services(document), types, schemas[0], files)


def _services(document: etree._Element) -> dict[str, dict[str, Operation]]:
    elements = {
        message.get("name", ""): part.get("element", "").rpartition(":")[2]
        for message in document.iterfind(f"{{{WSDL}}}message")
        for part in message
    }
    outputs = {
        (port.get("name", ""), operation.get("name", "")): elements[
            str(operation.xpath("string(*[local-name()='output']/@message)")).rpartition(":")[2]
        ]
        for port in document.iterfind(f"{{{WSDL}}}portType")
        for operation in port.iterfind(f"{{{WSDL}}}operation")
    }
    services: dict[str, dict[str, Operation]] = {}
    for binding in document.iterfind(f"{{{WSDL}}}binding"):
        port = binding.get("type", "").rpartition(":")[2]
        for operation in binding.iterfind(f"{{{WSDL}}}operation"):
            name = operation.get("name", "")
            action = str(operation.xpath("string(*[local-name()='operation']/@soapAction)"))
            services.setdefault(port, {})[name] = Operation(name, action, outputs[port, name])
    return services


def _types(schema: etree._Element) -> dict[str, tuple[Part, ...]]:
    """Complex types and elements with a complex type of their own, by name."""
    groups = {g.get("name"): g for g in schema.iterfind(f"{{{XS}}}group")}
    found: dict[str, tuple[Part, ...]] = {}
    for kind in ("complexType", "element"):
        for node in schema.iterfind(f"{{{XS}}}{kind}"):
            sequence = node.find(f".//{{{XS}}}sequence")
            if sequence is not None:
                found[node.get("name", "")] = tuple(_parts(sequence, groups))
    return found


def _parts(sequence: etree._Element, groups: dict[str | None, etree._Element]) -> list[Part]:
    parts: list[Part] = []
    for node in sequence:
        if node.tag == f"{{{XS}}}group":
            group = groups[node.get("ref", "").rpartition(":")[2]]
            inner = group.find(f"{{{XS}}}sequence")
            parts += _parts(inner, groups) if inner is not None else []
        elif node.tag == f"{{{XS}}}element":
            kind = node.get("type", "string").rpartition(":")[2]
            many = node.get("maxOccurs", "1") != "1"
            parts.append(Part(node.get("name", ""), kind, many, node.get("nillable") == "true"))
    return parts
