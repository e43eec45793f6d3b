"""The XML Schema validator of a contract: libxml2's, behind a guard.

libxml2 wants every import with a location and reads one document a namespace, so the contract's
schemas are rewritten into documents that find each other in memory. It spends a second on one value
with a pattern such as (x+x+)+y before it gives up, so patterns are taken out here; whoever reads
the values checks them with RE2 (Text.pattern).
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.contract.binding import Limits
from hub.contract.problems import ContractErrors
from hub.contract.types import Contract
from hub.contract.xml import CompiledSchema, Element, compile_schema, element_to_bytes, parse
from hub.contract.xsd_files import XS

_LIMITS: Final = Limits(body_bytes=4 * 1_048_576, elements=200_000, depth=100)
_STEP = re.compile(r"/(?:([^:/\[]*):)?([^/\[]+)(?:\[([0-9]+)\])?")
_DEEPEST = 100
_MOST = 50  # problems that are reported of one message


@dataclass(frozen=True, slots=True)
class Misfit:
    """One part of a message that is not what its schema says.

    `path`: from the element that was checked, "BaoTiepNhan/HoSo/TaiLieu[2]/MaBam".
    """

    path: str
    what: str


@dataclass(frozen=True, slots=True)
class SchemaValidator:
    """Checks elements against the contract's global element declarations, but for patterns."""

    _schema: CompiledSchema

    def validate(self, element: Element) -> list[Misfit]:
        """What is wrong with an element of a message; the values themselves are never told.

        Of more than 2,000 elements only the first misfit is told, without its path.
        """
        found = self._schema(element)[:_MOST]
        return [Misfit(_path(element, path), _what(kind)) for path, kind in found]


def schema_of(contract: Contract) -> SchemaValidator:
    """The validator for the messages of a SOAP contract.

    Raises ContractErrors if libxml2 finds the schemas inconsistent, with its words.
    """
    documents = _Rewritten()
    for name, body in contract.files.items():
        root = parse(body, _LIMITS)
        schemas = [root] if root.tag == f"{XS}schema" else list(root.iter(f"{XS}schema"))
        for index, schema in enumerate(schemas):
            documents.add(name if root is schema else f"{name}#{index}", name, schema)
    root_document, others = documents.finished()
    compiled = compile_schema(root_document, others)
    if isinstance(compiled, str):
        what = f"the schemas are not consistent: {compiled}"
        raise ContractErrors(what, where="contract", fix="mend the XSD")
    return SchemaValidator(compiled)


@dataclass(slots=True)
class _Rewritten:
    """Schema documents under plain names, d0.xsd, d1.xsd …, and one n0.xsd … a namespace."""

    _names: dict[str, str] = field(default_factory=dict)  # place in the bundle -> d0.xsd
    _parsed: list[tuple[str, str, Element]] = field(default_factory=list)
    _included: set[str] = field(default_factory=set)

    def add(self, key: str, file: str, schema: Element) -> None:
        """Note one document. `key`: its place, `file`: where its relative locations start."""
        self._names[key] = f"d{len(self._names)}.xsd"
        self._parsed.append((key, file, schema))
        for include in schema.iterfind(f"{XS}include"):
            self._included.add(_place(file, include))

    def finished(self) -> tuple[bytes, dict[str, bytes]]:
        """The document that imports all, and the others by name."""
        spaces: dict[str, list[str]] = {}
        for key, _, schema in self._parsed:
            namespace = schema.get("targetNamespace") or ""
            if namespace or key not in self._included:
                spaces.setdefault(namespace, []).append(self._names[key])
        wrappers = {namespace: f"n{index}.xsd" for index, namespace in enumerate(spaces)}
        documents = {wrappers[ns]: _wrapper(ns, names) for ns, names in spaces.items()}
        for key, file, schema in self._parsed:
            documents[self._names[key]] = self._rewrite(_apart(schema), file, wrappers)
        imports = "".join(_import(namespace, name) for namespace, name in wrappers.items())
        return _schema("", "urn:all", imports), documents

    def _rewrite(self, schema: Element, file: str, wrappers: Mapping[str, str]) -> bytes:
        for include in schema.iterfind(f"{XS}include"):
            include.set("schemaLocation", self._names.get(_place(file, include), "absent.xsd"))
        for each in schema.findall(f"{XS}import"):
            name = wrappers.get(each.get("namespace") or "")
            if name is None:
                schema.remove(each)
            else:
                each.set("schemaLocation", name)
        for pattern in list(schema.iter(f"{XS}pattern")):
            parent = pattern.getparent()
            if parent is not None:
                parent.remove(pattern)
        return element_to_bytes(schema)


def _apart(schema: Element) -> Element:
    """A schema as a document of its own, with the prefixes that its WSDL declares around it.

    A copy of the element would lose those that stand in attributes alone: type="t:Code".
    """
    return parse(element_to_bytes(schema), _LIMITS)


def _place(file: str, include: Element) -> str:
    location = include.get("schemaLocation") or ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), location))


def _wrapper(namespace: str, names: list[str]) -> bytes:
    return _schema(
        namespace, namespace, "".join(f'<xs:include schemaLocation="{name}"/>' for name in names)
    )


def _import(namespace: str, name: str) -> str:
    stated = f'namespace="{_escaped(namespace)}" ' if namespace else ""
    return f'<xs:import {stated}schemaLocation="{name}"/>'


def _schema(namespace: str, target: str, content: str) -> bytes:
    stated = f' targetNamespace="{_escaped(target)}"' if namespace or target == "urn:all" else ""
    return (
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"{stated}>{content}</xs:schema>'
    ).encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _path(element: Element, path: str) -> str:
    """libxml2's path, from the checked element down, by local names.

    It writes "*" for whatever has a default namespace, and counts such elements all together.
    """
    names: list[str] = []
    level = [element]
    for prefix, local, index in _STEP.findall(path)[:_DEEPEST]:
        same = [e for e in level if local == "*" or (e.prefix or "", _local(e)) == (prefix, local)]
        place = int(index or 1) - 1
        if place >= len(same):
            break  # an attribute
        alike = [e for e in same if _local(e) == _local(same[place])]
        own = f"[{alike.index(same[place]) + 1}]" if len(alike) > 1 else ""
        names.append(_local(same[place]) + own)
        level = list(same[place])
    return "/".join(names)


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _what(kind: str) -> str:
    return _WORDS.get(kind, "does not fit its type")


_WORDS: Final[Mapping[str, str]] = {
    "SCHEMAV_ELEMENT_CONTENT": "an element is missing, not expected here, or in the wrong order",
    "SCHEMAV_CVC_ENUMERATION_VALID": "is none of the listed values",
    "SCHEMAV_CVC_MINLENGTH_VALID": "is too short",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "is too long",
    "SCHEMAV_CVC_LENGTH_VALID": "has the wrong length",
    "SCHEMAV_CVC_MININCLUSIVE_VALID": "is too small",
    "SCHEMAV_CVC_MAXINCLUSIVE_VALID": "is too large",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "does not have the form of its type",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_3": "does not have the form of its type",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "an attribute is not allowed here",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "an attribute is missing",
    "SCHEMAV_CVC_ELT_1": "is not an element of the contract",
    "SCHEMAV_CVC_ELT_3_1": "xsi:nil is not allowed here",
    "SCHEMAV_CVC_ELT_3_2_1": "has content although it is nil",
    "SCHEMAV_CVC_TYPE_3_1_1": "has attributes, which are not allowed here",
    "SCHEMAV_CVC_TYPE_3_1_2": "has elements, which are not allowed here",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": "has content, although it must be empty",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "has text between its elements",
}
