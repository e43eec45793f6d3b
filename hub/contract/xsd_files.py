"""The schema documents of a bundle: which there are, and where each name is defined.

Imports and includes are followed inside the bundle only. Every name keeps its place (file:line), so
that a problem found later can be shown.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.contract.binding import Limits
from hub.contract.problems import Problems, in_file
from hub.contract.xml import Element, line_of, parse
from hub.errors import Reject
from hub.nearest import nearest

XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_LIMITS = Limits(body_bytes=4 * 1_048_576, elements=200_000, depth=100)
_MOST_STEPS = 100_000  # constructs that are compiled; a WSDL of 600 types takes 10,000
_GLOBAL: Final = frozenset(
    {"element", "complexType", "simpleType", "group", "attributeGroup", "attribute"}
)
_REFUSED: Final = frozenset({"redefine", "override", "notation"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A part of a schema, with what its surroundings say about it."""

    element: Element
    file: str
    namespace: str | None  # target namespace, also of a document that was included
    qualified: bool  # elementFormDefault
    attributes_qualified: bool

    @property
    def where(self) -> str:
        return f"{self.file}:{line_of(self.element)}"

    @property
    def key(self) -> tuple[str, str]:
        """What tells this construct from all others of the bundle."""
        return self.file, self.element.getroottree().getpath(self.element)

    @property
    def tag(self) -> str:
        """The construct's name without "xs:"; "" for what is not of XML Schema."""
        tag = str(self.element.tag)
        return tag.removeprefix(XS) if tag.startswith(XS) else ""

    def get(self, name: str) -> str | None:
        """An attribute."""
        return self.element.get(name)

    def at(self, element: Element) -> "Definition":
        """Another element of the same document."""
        return Definition(
            element, self.file, self.namespace, self.qualified, self.attributes_qualified
        )

    def children(self) -> "Iterator[Definition]":
        """The constructs inside, without annotations."""
        for child in self.element:
            if child.tag != f"{XS}annotation":
                yield self.at(child)

    def child(self, tag: str) -> "Definition | None":
        """The first construct of that name inside."""
        found = self.element.find(f"{XS}{tag}")
        return None if found is None else self.at(found)

    def name_of(self, prefixed: str) -> tuple[str | None, str]:
        """Namespace and local name of a QName that is written here."""
        prefix, colon, local = prefixed.strip().rpartition(":")
        if colon:
            return self.element.nsmap.get(prefix, f"undeclared prefix {prefix}"), local
        default = self.element.nsmap.get(None)
        # an included document without a namespace takes that of the one which includes it
        return default if default is not None else self._chameleon(), local

    def _chameleon(self) -> str | None:
        root = next(self.element.iterancestors(f"{XS}schema"), self.element)
        return self.namespace if root.get("targetNamespace") is None else None


@dataclass(slots=True)
class SchemaSet:
    """Every global definition, by kind, namespace and local name."""

    files: Mapping[str, bytes]
    problems: Problems
    roots: dict[str, Element] = field(default_factory=dict)  # parsed files
    known: dict[tuple[str, str | None, str], Definition] = field(default_factory=dict)
    _steps: int = 0
    _seen: set[tuple[str, str, str | None]] = field(default_factory=set)

    def root(self, name: str, where: str) -> Element | None:
        """The root element of a file of the bundle; a problem is noted if there is none."""
        if name not in self.files:
            fix = "put the file into the bundle and write its relative path"
            self.problems.add(where, f"{name!r} is not in the bundle", fix)
            return None
        if name not in self.roots:
            try:
                self.roots[name] = parse(self.files[name], _LIMITS)
            except Reject as error:
                self.problems.add(in_file(name, error.where), error.what, error.fix)
                return None
        return self.roots[name]

    def follow(self, file: str, location: str, where: str) -> tuple[str, Element] | None:
        """The file that `location`, written in `file`, leads to."""
        if "://" in location or location.startswith(("/", "urn:")):
            fix = "put the file into the bundle and write its relative path"
            self.problems.add(where, f"the external location {location!r} is not fetched", fix)
            return None
        name = posixpath.normpath(posixpath.join(posixpath.dirname(file), location))
        root = self.root(name, where)
        return None if root is None else (name, root)

    def add(self, schema: Element, file: str, included_by: str | None = None) -> None:
        """Enter a schema document and all that it leads to."""
        namespace = schema.get("targetNamespace") or included_by
        key = (file, schema.getroottree().getpath(schema), namespace)
        if key in self._seen:
            return
        self._seen.add(key)
        here = Definition(
            schema,
            file,
            namespace,
            schema.get("elementFormDefault") == "qualified",
            schema.get("attributeFormDefault") == "qualified",
        )
        if schema.tag != f"{XS}schema":
            self.problems.add(here.where, "not an XML Schema")
            return
        for child in here.children():
            self._enter(child)

    def _enter(self, child: Definition) -> None:
        match child.tag:
            case "import" | "include":
                self._lead(child)
            case tag if tag in _GLOBAL:
                self._define(tag, child)
            case tag if tag in _REFUSED:
                fix = "write the definitions out"
                self.problems.add(child.where, f"xs:{tag} is not supported", fix)
            case _:
                self.problems.add(child.where, f"{child.element.tag} is not supported here")

    def _lead(self, child: Definition) -> None:
        location = child.get("schemaLocation")
        if location is None:
            if child.tag == "include":
                self.problems.add(child.where, "xs:include without schemaLocation")
            return
        found = self.follow(child.file, location, child.where)
        if found is None:
            return
        name, root = found
        wanted = child.get("namespace") if child.tag == "import" else child.namespace
        stated = root.get("targetNamespace")
        if stated != wanted and not (child.tag == "include" and stated is None):
            self.problems.add(child.where, f"{name} is not of the namespace {wanted!r}")
        self.add(root, name, child.namespace if child.tag == "include" else None)

    def _define(self, tag: str, child: Definition) -> None:
        name = child.get("name")
        if not name:
            self.problems.add(child.where, f"xs:{tag} without a name")
            return
        kind = "type" if tag in {"complexType", "simpleType"} else tag
        first = self.known.setdefault((kind, child.namespace, name), child)
        if first is not child:
            what = f"{name} is already defined at {first.where}"
            self.problems.add(child.where, what, "remove one of the two")

    def step(self, definition: Definition) -> bool:
        """Whether one more construct may be compiled; a problem is noted if not.

        Parts can refer to each other so often that a small file stands for more of them than there
        is time.
        """
        self._steps += 1
        if self._steps == _MOST_STEPS:
            self.problems.add(
                definition.where, "the schemas are too intricate", "write them flatter"
            )
        return self._steps < _MOST_STEPS

    @property
    def exhausted(self) -> bool:
        """Whether compiling had to stop."""
        return self._steps >= _MOST_STEPS

    def find(self, kind: str, user: Definition, prefixed: str) -> Definition | None:
        """The definition that a QName in `user` names; a problem is noted if there is none."""
        namespace, local = user.name_of(prefixed)
        found = self.known.get((kind, namespace, local))
        if found is None:
            what = f"{prefixed} is not defined in {namespace or 'no namespace'}"
            there = (n for k, space, n in self.known if (k, space) == (kind, namespace))
            near = nearest(local, there)
            fix = f"did you mean {near!r}?" if near else "import its schema, with a schemaLocation"
            self.problems.add(user.where, what, fix)
        return found
