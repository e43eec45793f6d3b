"""JSON Schema, as OpenAPI 3.0 and 3.1 use it, into the type model.

Only what can be said in the model is read; every other keyword is refused by name and place. A
keyword that was passed over in silence would be a promise of the contract that nobody keeps.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hub.contract.documents import Bundle, Json, Node
from hub.contract.json_scalars import JsonScalars
from hub.contract.problems import Problems
from hub.contract.same import is_vast, same
from hub.contract.types import (
    Anything,
    Boolean,
    Field,
    Integer,
    JsonScalar,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    Type,
)
from hub.contract.words import describe
from hub.nearest import nearest

_NOTES: Final = frozenset(
    {"title", "description", "example", "examples", "deprecated", "externalDocs", "$comment",
     "x-pii", "default", "nullable", "type", "enum", "const"}
)  # fmt: skip
_BY_TYPE: Final[Mapping[str, frozenset[str]]] = {
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"}),
    "number": frozenset({"minimum", "maximum", "format"}),
    "boolean": frozenset(),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "object": frozenset(
        {"properties", "required", "additionalProperties", "unevaluatedProperties"}
    ),
}
_BESIDE_REF: Final = frozenset({"description", "summary", "title", "x-pii", "default"})
_MOST_STEPS = 20_000  # parts of all allOf together
_DEPTH = 60  # schemas inside schemas


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema says of a value, and of the field that holds it."""

    type: Type
    nullable: bool = False
    pii: str | None = None
    doc: str = ""
    default: JsonScalar = None


_UNKNOWN = Shape(Anything())


@dataclass(slots=True)
class Schemas:
    """All schemas of a bundle: resolves $ref, names records, notes problems."""

    bundle: Bundle
    problems: Problems
    types: dict[str, Record] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)  # name -> place of the schema
    _made: dict[tuple[str, str], Shape] = field(default_factory=dict)
    _open: dict[tuple[str, str], str] = field(default_factory=dict)  # in progress -> name
    _depth: int = 0
    _steps: int = 0

    # ------------------------------------------------------------------ references

    def resolve(self, node: Node) -> Node:
        """The node that a chain of $ref leads to; the node itself if it is none."""
        for _ in range(_DEPTH):
            if not node.has("$ref"):
                return node
            target = self._target(node)
            if target is None:
                return replace(node, value=None)
            node = target
        self.problems.add(node.where, "$ref leads in a circle")
        return replace(node, value=None)

    def _target(self, node: Node) -> Node | None:
        ref = node.child("$ref").value
        if not isinstance(ref, str):
            self.problems.add(node.where, "$ref is not a text")
            return None
        path, _, pointer = ref.partition("#")
        folder = posixpath.dirname(node.source.name)
        name = posixpath.normpath(posixpath.join(folder, path)) if path else node.source.name
        source = node.source if not path else self.bundle.source(name)
        if source is None:
            self.problems.add(node.where, f"$ref to {ref!r}", "put the file into the bundle")
            return None
        found = Node(source, source.value, "", 1)
        for step in pointer.split("/")[1:]:
            known = found.names()
            found = self._step(found, step.replace("~1", "/").replace("~0", "~"))
            if found.value is None:
                near = nearest(step, known)
                fix = f"did you mean {near!r}?" if near else f"there is: {', '.join(known[:12])}"
                self.problems.add(node.where, f"$ref to {ref!r}, which is not there", fix)
                return None
        return found

    @staticmethod
    def _step(node: Node, step: str) -> Node:
        if isinstance(node.value, list):
            inside = step.isdecimal() and int(step) < len(node.value)
            return node.child(int(step)) if inside else replace(node, value=None)
        return node.child(step)

    # ------------------------------------------------------------------ schemas

    def shape(self, node: Node, name: str) -> Shape:
        """What the schema at `node` says; `name` is for the record that it may be."""
        if self._depth > _DEPTH:
            self.problems.add(
                node.where, f"schemas nested deeper than {_DEPTH}", "write them flatter"
            )
            return _UNKNOWN
        self._depth += 1
        try:
            return self._ref(node) if node.has("$ref") else self._inline(node, name)
        finally:
            self._depth -= 1

    def _ref(self, node: Node) -> Shape:
        self._allow(node, _BESIDE_REF | {"$ref"})
        target = self._target(node)
        if target is None:
            return _UNKNOWN
        key = (target.source.name, target.pointer)
        if key in self._open:
            return Shape(Ref(self._open[key]))
        if key not in self._made:
            name = identifier(target.pointer.rpartition("/")[2] or target.source.name)
            self._open[key] = name
            self._made[key] = self.shape(target, name)
            del self._open[key]
        found = self._made[key]
        return replace(
            found,
            pii=self._pii(node) or found.pii,
            doc=node.word("description") or found.doc,
            default=self._default(node, found),
        )

    def _inline(self, node: Node, name: str) -> Shape:
        if node.value is True or node.value == {}:
            return _UNKNOWN
        if not isinstance(node.value, dict):
            self.problems.add(node.where, "a schema is missing here", "write one, or {}")
            return _UNKNOWN
        type_, nullable = self._type(node, name)
        if is_vast(type_):
            self.problems.add(node.where, "options are nested too intricately", "name the objects")
            return _UNKNOWN
        found = Shape(type_, nullable, self._pii(node), node.word("description"))
        return replace(found, default=self._default(node, found))

    def _type(self, node: Node, name: str) -> tuple[Type, bool]:
        nullable = node.child("nullable").value is True
        for keyword in ("oneOf", "anyOf"):
            if node.has(keyword):
                type_, null = self._union(node, keyword, name)
                return type_, nullable or null
        if node.has("allOf"):
            return self._all_of(node, name, nullable=nullable)
        kinds, null = self._kinds(node)
        types = [self._of_kind(node, kind, name) for kind in kinds]
        if not types:
            return Anything(), True
        type_ = types[0] if len(types) == 1 else self._one_of(node, types, name)
        return type_, nullable or null

    def _kinds(self, node: Node) -> tuple[list[str], bool]:
        """The names under `type`, without "null"; and whether null is allowed."""
        stated = node.child("type").value
        kinds: list[Json] = stated if isinstance(stated, list) else [stated]
        if stated is None:
            kinds = [self._implied(node)]
        null = "null" in kinds or (node.has("enum") and None in node.scalars("enum"))
        known = [kind for kind in kinds if isinstance(kind, str) and kind in _BY_TYPE]
        if len(known) + kinds.count("null") != len(kinds):
            self.problems.add(node.where, f"type {stated!r} is not supported", "say which type")
        allowed = _NOTES.union(*(_BY_TYPE[kind] for kind in known))
        self._allow(node, allowed)
        return known, null

    def _implied(self, node: Node) -> str | None:
        values = [node.child("const").value] if node.has("const") else node.scalars("enum")
        kinds = {type(value) for value in values if value is not None}
        if kinds == {str}:
            return "string"
        return "integer" if kinds == {int} else None

    def _of_kind(self, node: Node, kind: str, name: str) -> Type:
        scalars = JsonScalars(self.problems)
        match kind:
            case "string":
                return scalars.text(node)
            case "integer":
                return scalars.integer(node)
            case "number":
                scalars.no_values(node)
                return Number(scalars.number(node, "minimum"), scalars.number(node, "maximum"))
            case "boolean":
                scalars.no_values(node)
                return Boolean()
            case "array":
                return self._list(node, name)
            case _:
                return self._object(node, name)

    # ------------------------------------------------------------------ structures

    def _list(self, node: Node, name: str) -> ListOf:
        items = node.child("items")
        shape = self.shape(items, f"{name}_item")
        if shape.nullable and not isinstance(shape.type, Anything):
            self.problems.add(items.where, "a list whose items may be null is not supported")
        least, most = (
            JsonScalars(self.problems).count(node, "minItems") or 0,
            JsonScalars(self.problems).count(node, "maxItems"),
        )
        return ListOf(shape.type, least, most)

    def _object(self, node: Node, name: str) -> Type:
        more = node.child("additionalProperties")
        if not node.has("properties") and not node.has("required"):
            if more.value is False:
                return self._keep(Record(name, ()), node)
            return MapOf(Anything() if more.value in (None, True) else self._map_value(more, name))
        if isinstance(more.value, dict):
            self.problems.add(more.where, "properties and a schema for others are not supported")
        return self._keep(self._record((node,), name), node)

    def _map_value(self, more: Node, name: str) -> Type:
        shape = self.shape(more, f"{name}_value")
        if shape.nullable and not isinstance(shape.type, Anything):
            self.problems.add(more.where, "a map whose values may be null is not supported")
        return shape.type

    def _record(self, parts: tuple[Node, ...], name: str) -> Record:
        """One record of the properties of all parts (several: of an allOf)."""
        required = {str(each) for part in parts for each in part.scalars("required")}
        fields: dict[str, Field] = {}
        for part in parts:
            for key, inner in part.child("properties").children():
                member = self._field(key, inner, f"{name}_{identifier(key)}", key in required)
                first = fields.setdefault(key, member)
                if not same(Record("", (first,)), Record("", (member,))):
                    self.problems.add(inner.where, f"{key} stands twice in allOf, differently")
        for key in sorted(required - set(fields)):
            what = f"{key!r} is required but not among the properties"
            fix = f"add {key} to properties, or take it out of required"
            self.problems.add(parts[0].where, what, fix)
        return Record(name, tuple(fields.values()), _closed(parts), doc=_doc(parts))

    def _field(self, key: str, node: Node, name: str, required: bool) -> Field:  # noqa: FBT001  # one of Field's own values
        shape = self.shape(node, name)
        return Field(key, shape.type, required, shape.nullable, shape.default, shape.pii, shape.doc)

    def _keep(self, record: Record, node: Node) -> Record:
        """Enter a record under its name; another of that name must be the same."""
        known = self.types.setdefault(record.name, record)
        place = self._owners.setdefault(record.name, node.where)
        if not same(known, record):
            self.problems.add(
                node.where, f"the name {record.name} is taken by {place}", "rename one of the two"
            )
        return known

    def keep(self, record: Record, node: Node) -> Record:
        """Enter a request record, as `_keep`."""
        return self._keep(record, node)

    # ------------------------------------------------------------------ combinations

    def _all_of(self, node: Node, name: str, *, nullable: bool) -> tuple[Type, bool]:
        parts = node.child("allOf").items()
        others = set(node.names()) - _NOTES - {"allOf"}
        if len(parts) == 1 and not others:
            only = self.shape(parts[0], name)
            return only.type, nullable or only.nullable
        self._allow(node, _NOTES | _BY_TYPE["object"] | {"allOf"})
        flat = self._parts(node, 0)
        closed = [part for part in flat if part.child("additionalProperties").value is False]
        if closed:
            self.problems.add(
                closed[0].where,
                "additionalProperties: false in allOf admits none of the other parts",
                "use unevaluatedProperties: false beside allOf",
            )
        return self._keep(self._record(flat, name), node), nullable

    def _parts(self, node: Node, depth: int) -> tuple[Node, ...]:
        """The object schemas that an allOf puts together, itself included."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            self.problems.add(node.source.name, "allOf is nested too intricately", "write it out")
            return ()
        node = self.resolve(node)
        if not node.has("allOf"):
            if node.child("type").value not in ("object", None) or node.has("oneOf"):
                self.problems.add(node.where, "allOf of other things than objects")
            self._allow(node, _NOTES | _BY_TYPE["object"])
            return (node,)
        if depth > _DEPTH:
            self.problems.add(node.where, "allOf leads in a circle")
            return ()
        inner = (self._parts(part, depth + 1) for part in node.child("allOf").items())
        return (*(part for parts in inner for part in parts), node)

    def _union(self, node: Node, keyword: str, name: str) -> tuple[Type, bool]:
        self._allow(node, _NOTES - {"type", "enum", "const"} | {keyword, "discriminator"})
        options = node.child(keyword).items()
        real = [o for o in options if o.child("type").value != "null" or len(o.names()) > 1]
        shapes = [
            self.shape(option, f"{name}_{index}") for index, option in enumerate(real, start=1)
        ]
        nullable = len(real) < len(options) or any(shape.nullable for shape in shapes)
        if not shapes:
            self.problems.add(node.where, f"{keyword} without options")
            return Anything(), True
        if len(shapes) == 1:
            return shapes[0].type, nullable
        return self._one_of(node, [shape.type for shape in shapes], name), nullable

    def _one_of(self, node: Node, types: list[Type], name: str) -> Type:
        records = [self.record(type_) for type_ in types]
        known = [record for record in records if record is not None]
        tag = self._discriminator(node, known) if len(known) > 1 else None
        kinds = [_kind(type_) for type_, record in zip(types, records, strict=True) if not record]
        kinds += ["object"] if known else []
        if len(set(kinds)) != len(kinds) or None in kinds:
            words = " or ".join(describe(type_) for type_ in types)
            self.problems.add(node.where, f"{words}: nothing tells the options apart", _TELL)
        return OneOf(tuple(types), tag, name)

    def record(self, type_: Type) -> Record | None:
        """The record that a type is or mentions."""
        return self.types.get(type_.name) if isinstance(type_, Ref) else _as_record(type_)

    def _discriminator(self, node: Node, records: list[Record]) -> str | None:
        """The field whose constant tells the records apart."""
        stated = node.child("discriminator").child("propertyName").value
        names = [stated] if isinstance(stated, str) else [f.name for f in records[0].fields]
        for name in names:
            tags = [_constant(record, name) for record in records]
            if None not in tags and len(set(tags)) == len(tags):
                return name
        self.problems.add(node.where, "nothing tells the options apart", _TELL)
        return None

    # ------------------------------------------------------------------ keywords

    def _allow(self, node: Node, allowed: frozenset[str]) -> None:
        for key in node.names():
            if key not in allowed and not (key.startswith("x-") and key != "x-pii"):
                self.problems.add(node.where, f"{key} is not supported here", "leave it out")

    def _pii(self, node: Node) -> str | None:
        value = node.child("x-pii").value
        if value is not None and value not in ("n", "p", "s"):
            self.problems.add(node.where, "x-pii is n, p or s")
        return value if isinstance(value, str) else None

    def _default(self, node: Node, found: Shape) -> JsonScalar:
        value = node.child("default").value
        if isinstance(value, dict | list):
            self.problems.add(node.where, "a default that is not a single value")
            return None
        return found.default if value is None else value


_TELL: Final = "give each a required property with a const of its own"


def identifier(text: str) -> str:
    """`text` with every character that no identifier may have replaced by "_"."""
    plain_text = "".join(c if c.isalnum() or c == "_" else "_" for c in text)
    return f"_{plain_text}" if plain_text[:1].isdigit() else plain_text


def _as_record(type_: Type) -> Record | None:
    return type_ if isinstance(type_, Record) else None


def _constant(record: Record, name: str) -> str | int | None:
    member = record.field(name)
    if member is None or not member.required or not isinstance(member.type, Text | Integer):
        return None
    values = member.type.values
    return values[0] if values is not None and len(values) == 1 else None


def _kind(type_: Type) -> str | None:
    """What a reader sees at once of a JSON value; None where it sees nothing."""
    match type_:
        case Text():
            return "text"
        case Integer() | Number():
            return "number"
        case Boolean():
            return "boolean"
        case ListOf():
            return "list"
        case MapOf() | Record() | Ref():
            return "object"
        case _:
            return None


def _closed(parts: tuple[Node, ...]) -> bool:
    keywords = ("additionalProperties", "unevaluatedProperties")
    return any(part.child(keyword).value is False for part in parts for keyword in keywords)


def _doc(parts: tuple[Node, ...]) -> str:
    return parts[-1].word("description")
