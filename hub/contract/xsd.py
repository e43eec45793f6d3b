"""Complex types of XML Schema into records.

What the model cannot say is refused by name and place: mixed content, substitution groups, abstract
types, wildcards that must be filled, repeated groups, restrictions of complex content.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from hub.contract.same import same
from hub.contract.types import (
    Anything,
    Boolean,
    Field,
    Integer,
    JsonScalar,
    ListOf,
    Number,
    Record,
    Ref,
    Text,
    Type,
    Xml,
)
from hub.contract.xsd_files import XS, Definition, SchemaSet
from hub.contract.xsd_particles import Members, flatten, joined
from hub.contract.xsd_simple import SimpleTypes, is_built_in

_MOST = 10_000  # occurrences; more is written as unbounded
_DEPTH = 120  # content models inside each other; a nested type counts twice
# libxml2 takes a second for a type of 500 optional elements and 72 for 2,000 (measured, 2.14):
# the cubes of all types' numbers of elements are summed up.
_HEAVIEST = 250_000_000
_TEXT: Final = "value"  # field that holds the characters of an element with attributes


@dataclass(slots=True)
class XsdTypes:
    """Compiles elements and types of a schema set; `types` are the named records so far."""

    schemas: SchemaSet
    types: dict[str, Record] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)
    _made: dict[tuple[str, str], Type] = field(default_factory=dict)  # by file and path
    _simples: dict[int, Type] = field(default_factory=dict)  # global ones, by id of the definition
    _open: dict[tuple[str, str], str] = field(default_factory=dict)
    _depth: int = 0
    _weight: int = 0

    @property
    def _simple(self) -> SimpleTypes:
        return SimpleTypes(self.schemas)

    # ------------------------------------------------------------------ whole messages

    def message(self, element: Definition) -> Record:
        """A global element as a record that bears the element's name."""
        name = element.get("name") or ""
        type_ = self.element_type(element, name)
        if isinstance(type_, Record):
            return self.keep(replace(type_, name=name), element)
        if isinstance(type_, Anything):
            self._refuse(element, "a message of any content is not supported", "give it a type")
        text = Field(_TEXT, type_, xml=Xml(text=True))
        return self.keep(Record(name, (text,)), element)

    def keep(self, record: Record, definition: Definition) -> Record:
        """Enter a record under its name; another of that name must be the same."""
        known = self.types.setdefault(record.name, record)
        place = self._owners.setdefault(record.name, definition.where)
        if not same(known, record):
            what = f"the name {record.name} is taken by {place}"
            self._refuse(definition, what, "rename one of the two")
        return known

    def check_all(self) -> None:
        """Compile every global element and type, only to note what is wrong with them."""
        for (kind, _, name), definition in self.schemas.known.items():
            if kind == "element":
                self.element_type(definition, name)
            elif kind == "type" and definition.tag == "complexType":
                self._complex(definition, name)

    # ------------------------------------------------------------------ types

    def element_type(self, element: Definition, name: str) -> Type:
        """The type of an element; `name` is for a record that has none of its own."""
        if element.get("substitutionGroup") is not None:
            self._refuse(element, "substitutionGroup is not supported", "use xs:choice")
        if element.get("abstract") == "true":
            self._refuse(element, "an abstract element is not supported", "use xs:choice")
        prefixed = element.get("type")
        if prefixed is not None:
            return self._named(element, prefixed)
        simple, complex_ = element.child("simpleType"), element.child("complexType")
        if simple is not None:
            return self._simple.of(simple)
        if complex_ is not None:
            return self._complex(complex_, name)
        return Anything()

    def _named(self, user: Definition, prefixed: str) -> Type:
        if is_built_in(user, prefixed) is not None:
            return self._simple.named(user, prefixed)
        found = self.schemas.find("type", user, prefixed)
        if found is None:
            return Anything()
        if found.tag == "simpleType":
            if id(found) not in self._simples:
                self._simples[id(found)] = self._simple.of(found)
            return self._simples[id(found)]
        if found.get("abstract") == "true":
            self._refuse(user, f"the abstract type {prefixed} is not supported here")
        return self._complex(found, found.get("name") or "")

    def _complex(self, definition: Definition, name: str) -> Type:
        key = definition.key
        if key in self._open:
            return Ref(self._open[key])
        if key not in self._made:
            self._open[key] = name
            self._made[key] = self._record(definition, name)
            del self._open[key]
        return self._made[key]

    def _record(self, definition: Definition, name: str) -> Type:
        if definition.get("mixed") == "true":
            self._refuse(definition, "mixed content is not supported", "use elements")
        members = self._content(definition, name)
        self._check_names(definition, members)
        self._check_size(definition, members)
        record = Record(
            name,
            tuple(members.fields),
            not members.open,
            tuple(members.groups),
            self._doc(definition),
        )
        return self.keep(record, definition)

    def _check_size(self, definition: Definition, members: Members) -> None:
        before = self._weight
        self._weight += len(members.fields) ** 3
        if before <= _HEAVIEST < self._weight:
            what = "the types have too many elements together"
            self._refuse(definition, what, "divide the largest type")

    def _check_names(self, definition: Definition, members: Members) -> None:
        seen: set[str] = set()
        for member in members.fields:
            if member.name in seen:
                what = f"{member.name} stands twice in the same content"
                self._refuse(definition, what, "give the two different names")
            seen.add(member.name)

    def _content(self, definition: Definition, name: str) -> Members:
        """Fields of a complexType, an extension, or a named group."""
        self._depth += 1
        members = Members()
        if self._depth > _DEPTH:
            self._refuse(definition, f"types derived or nested more than {_DEPTH // 2} times")
        else:
            for child in definition.children():
                members = joined(members, self._part(child, name))
        self._depth -= 1
        return members

    def _part(self, child: Definition, name: str) -> Members:
        if not self.schemas.step(child):
            return Members()
        match child.tag:
            case "sequence" | "all" | "choice" | "group" | "element" | "any":
                return self._particle(child, name)
            case "attribute":
                return self._attribute(child)
            case "attributeGroup":
                found = self.schemas.find("attributeGroup", child, child.get("ref") or "")
                return Members() if found is None else self._content(found, name)
            case "anyAttribute":
                return Members(open=True)
            case "complexContent":
                return self._complex_content(child, name)
            case "simpleContent":
                return self._simple_content(child, name)
            case tag:
                self._refuse(child, f"xs:{tag} is not supported", "leave it out")
                return Members()

    def _complex_content(self, content: Definition, name: str) -> Members:
        extension = content.child("extension")
        if content.get("mixed") == "true":
            self._refuse(content, "mixed content is not supported", "use elements")
        if extension is None:
            what = "xs:restriction of complexContent is not supported"
            self._refuse(content, what, "write the type out")
            return Members()
        own = self._content(extension, name)
        prefixed = extension.get("base") or ""
        if is_built_in(extension, prefixed) == "anyType":
            return own
        base = self.schemas.find("type", extension, prefixed)
        if base is None:
            return own
        # Attributes come last on the wire anyhow; elements of the base come first.
        return joined(self._content(base, base.get("name") or name), own)

    def _simple_content(self, content: Definition, name: str) -> Members:
        derived = content.child("extension") or content.child("restriction")
        if derived is None or (prefixed := derived.get("base")) is None:
            self._refuse(content, "xs:simpleContent without a base")
            return Members()
        own = self._content_of_attributes(derived, name)
        local = is_built_in(derived, prefixed)
        base = None if local else self.schemas.find("type", derived, prefixed)
        if base is not None and base.tag == "complexType":
            inherited = self._content(base, name)
            if derived.tag == "restriction":
                self._refuse(derived, "a restriction of a type with attributes is not supported")
            return joined(inherited, own)
        type_ = self._simple.named(derived, prefixed)
        if derived.tag == "restriction":
            type_ = self._simple.facets(derived, type_)
        text = Field(_TEXT, type_, pii=self._pii(derived), xml=Xml(text=True))
        return joined(Members([text]), own)

    def _content_of_attributes(self, derived: Definition, name: str) -> Members:
        members = Members()
        for child in derived.children():
            if child.tag in {"attribute", "attributeGroup", "anyAttribute"}:
                members = joined(members, self._part(child, name))
        return members

    # ------------------------------------------------------------------ particles

    def _particle(self, particle: Definition, name: str) -> Members:
        match particle.tag:
            case "element":
                return Members([self._element(particle, name)]) if _present(particle) else Members()
            case "any":
                return self._any(particle)
            case "group":
                found = self.schemas.find("group", particle, particle.get("ref") or "")
                if found is None:
                    return Members()
                return flatten(particle, [self._content(found, name)], self.schemas.problems)
            case _:
                self._depth += 1
                parts = [] if self._depth > _DEPTH else self._parts(particle, name)
                self._depth -= 1
                return flatten(particle, parts, self.schemas.problems)

    def _parts(self, particle: Definition, name: str) -> list[Members]:
        return [self._part(child, name) for child in particle.children()]

    def _any(self, particle: Definition) -> Members:
        if particle.get("minOccurs") != "0":
            what = "xs:any that must be there is not supported"
            self._refuse(particle, what, 'add minOccurs="0", or say which element')
        return Members(open=True)

    def _element(self, particle: Definition, owner: str) -> Field:
        definition = particle
        if (ref := particle.get("ref")) is not None:
            definition = self.schemas.find("element", particle, ref) or particle
        name = definition.get("name") or ref or ""
        type_ = self.element_type(definition, name if ref else f"{owner}_{name}")
        type_ = self._constant(definition, type_)
        least, most = self._occurs(particle, "minOccurs"), self._occurs(particle, "maxOccurs")
        many = most is None or most > 1
        if many:
            type_ = ListOf(type_, least or 0, most)
        return Field(
            name,
            type_,
            required=(least or 0) > 0,
            nullable=definition.get("nillable") == "true" and not many,
            default=self._scalar(definition, "default", type_),
            pii=self._pii(particle) or self._pii(definition) or self._pii_of_type(definition),
            doc=self._doc(particle) or self._doc(definition),
            xml=Xml(_namespace(definition, qualified=definition.qualified or ref is not None)),
        )

    def _occurs(self, particle: Definition, which: str) -> int | None:
        """How often; None is unbounded."""
        value = particle.get(which) or "1"
        if value == "unbounded":
            return None
        if not value.isdecimal() or len(value) > len(str(_MOST)) or int(value) > _MOST:
            self._refuse(particle, f"{which}={value!r} is more than {_MOST}", "use unbounded")
            return None if which == "maxOccurs" else 1
        return int(value)

    # ------------------------------------------------------------------ attributes

    def _attribute(self, use: Definition) -> Members:
        definition = use
        if (ref := use.get("ref")) is not None:
            definition = self.schemas.find("attribute", use, ref) or use
        if use.get("use") == "prohibited":
            return Members()
        prefixed, inner = definition.get("type"), definition.child("simpleType")
        type_: Type = Text()
        if prefixed is not None:
            type_ = self._simple.named(definition, prefixed)
        elif inner is not None:
            type_ = self._simple.of(inner)
        qualified = ref is not None or definition.attributes_qualified
        return Members([
            Field(
                definition.get("name") or ref or "",
                self._constant(definition, type_),
                required=use.get("use") == "required",
                default=self._scalar(use, "default", type_),
                pii=self._pii(use),
                doc=self._doc(use),
                xml=Xml(_namespace(definition, qualified=qualified), attribute=True),
            )
        ])  # fmt: skip

    # ------------------------------------------------------------------ values and notes

    def _constant(self, definition: Definition, type_: Type) -> Type:
        if definition.get("fixed") is None:
            return type_
        value = self._scalar(definition, "fixed", type_)
        match type_:
            case Text() if isinstance(value, str):
                return Text(values=(value,))
            case Integer() if isinstance(value, int):
                return Integer(values=(value,))
            case _:
                self._refuse(definition, "fixed is for texts and whole numbers")
                return type_

    def _scalar(self, definition: Definition, attribute: str, type_: Type) -> JsonScalar:
        """The value of `default` or `fixed`, as documents hold it."""
        value = definition.get(attribute)
        if value is None:
            return None
        try:
            match type_:
                case Text():
                    return value
                case Integer():
                    return int(value)
                case Number():
                    return float(value)
                case Boolean():
                    return {"true": True, "1": True, "false": False, "0": False}[value]
                case _:
                    pass
        except (ValueError, KeyError):
            pass
        self._refuse(definition, f"{attribute}={value!r} is not a value of its type")
        return None

    def _pii(self, definition: Definition) -> str | None:
        for note in definition.element.iterfind(f"{XS}annotation/{XS}appinfo/*"):
            if str(note.tag).rpartition("}")[2] == "pii":
                value = (note.text or "").strip()
                if value not in {"n", "p", "s"}:
                    self._refuse(definition, "pii is n, p or s")
                return value
        return None

    def _pii_of_type(self, user: Definition) -> str | None:
        prefixed = user.get("type")
        if prefixed is None or is_built_in(user, prefixed) is not None:
            return None
        found = self.schemas.known.get(("type", *user.name_of(prefixed)))
        return None if found is None else self._pii(found)

    def _doc(self, definition: Definition) -> str:
        notes = definition.element.iterfind(f"{XS}annotation/{XS}documentation")
        return " ".join(" ".join(str(text).split()) for note in notes for text in note.itertext())

    def _refuse(self, definition: Definition, what: str, fix: str = "") -> None:
        self.schemas.problems.add(definition.where, what, fix)


def _present(particle: Definition) -> bool:
    return particle.get("maxOccurs") != "0"


def _namespace(definition: Definition, *, qualified: bool) -> str | None:
    """The namespace in which an element or attribute is written."""
    form = definition.get("form")
    return definition.namespace if form == "qualified" or (qualified and form is None) else None
