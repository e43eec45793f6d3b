"""OpenAPI 3.0 and 3.1 into operations.

A request is one record: parameters and the fields of the body side by side (decision 0001), so that
a mapping writes `CapNhatHoSo(maHoSo=…, trangThai=…)` and need not know what stands in the path.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.contract.documents import Bundle, Node
from hub.contract.jsonschema import Schemas, identifier
from hub.contract.problems import Problems
from hub.contract.types import (
    Anything,
    Contract,
    Field,
    ListOf,
    MapOf,
    OneOf,
    Operation,
    Parameter,
    Record,
    Ref,
    RestWire,
    Type,
)
from hub.nearest import nearest

_METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options")
_STATUS = re.compile(r"[1-5](?:[0-9]{2}|XX)|default")
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[^\W\d]\w*")
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json(?:;.*)?")
_FORM: Final = "application/x-www-form-urlencoded"
# "the parameter definition SHALL be ignored": OpenAPI 3.1.0, section 4.8.12.2
_IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})
_OPERATION: Final = frozenset(
    {"operationId", "summary", "description", "tags", "deprecated", "externalDocs", "security",
     "servers", "parameters", "requestBody", "responses"}
)  # fmt: skip
_PARAMETER: Final = frozenset(
    {"name", "in", "required", "schema", "description", "deprecated", "example", "examples",
     "style", "explode", "x-pii"}
)  # fmt: skip
_STYLES: Final[Mapping[str, tuple[str, bool]]] = {
    "path": ("simple", False), "header": ("simple", False), "query": ("form", True)
}  # fmt: skip


def read_openapi(files: Mapping[str, bytes], roots: Sequence[str]) -> Contract:
    """The contract that the documents `roots` describe together.

    `files`: the bundle by relative path; only what the roots refer to is kept in the contract.
    Raises ContractErrors with every problem and its place.
    """
    problems = Problems()
    bundle = Bundle(files, problems)
    schemas = Schemas(bundle, problems)
    reader = _Reader(schemas, problems)
    for root in roots:
        source = bundle.source(root)
        if source is not None:
            reader.document(Node(source, source.value))
        elif root not in files:
            near = nearest(root, files)
            there = ", ".join(list(files)[:12]) or "no file under contract/"
            fix = f"did you mean {near!r}?" if near else f"there is: {there}"
            problems.add(root, "is not in the bundle", fix)
    _check_refs(schemas, problems)
    problems.raise_any()
    return Contract("rest", reader.operations, schemas.types, bundle.used())


def _check_refs(schemas: Schemas, problems: Problems) -> None:
    for record in schemas.types.values():
        for member in record.fields:
            for name in _mentioned(member.type):
                if name not in schemas.types:
                    what = f"{name} contains itself, but is not an object"
                    problems.add(record.name, what, "put an object in between")


def _mentioned(type_: Type) -> Iterator[str]:
    match type_:
        case Ref(name=name):
            yield name
        case ListOf(item=inner) | MapOf(value=inner):
            yield from _mentioned(inner)
        case OneOf(options=options):
            for option in options:
                yield from _mentioned(option)
        case _:
            pass


@dataclass(frozen=True, slots=True)
class _Body:
    """The body of a request; `name` as in RestWire.body."""

    fields: tuple[Field, ...] = ()
    closed: bool = True
    name: str | None = None
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class _Reader:
    schemas: Schemas
    problems: Problems
    operations: dict[str, Operation] = field(default_factory=dict)

    def document(self, root: Node) -> None:
        version = root.child("openapi").value
        if not isinstance(version, str) or not version.startswith(("3.0.", "3.1.")):
            self.problems.add(root.where, f"openapi {version!r} is not supported", "use 3.0 or 3.1")
            return
        if root.has("webhooks"):
            self.problems.add(root.where, "webhooks are not supported", "put them under paths")
        for path, item in root.child("paths").children():
            if not path.startswith("x-"):
                self._path(path, item)

    def _path(self, path: str, item: Node) -> None:
        for key, node in item.children():
            if key in _METHODS:
                self._operation(key.upper(), path, node, item.child("parameters").items())
            elif key not in {"summary", "description", "parameters", "servers"}:
                self.problems.add(item.where, f"{key} is not supported under a path")

    def _operation(self, method: str, path: str, node: Node, shared: list[Node]) -> None:
        for key, _ in node.children():
            if key not in _OPERATION and not key.startswith("x-"):
                self.problems.add(node.where, f"{key} is not supported in an operation")
        name = f"{method} {path}"
        if name in self.operations:
            self.problems.add(node.where, f"{name} stands twice in the contract")
        title = self._title(node)
        parameters = self._parameters(path, node, shared, title)
        body = self._body(node, title)
        wire = RestWire(method, path, tuple(p for p, _ in parameters), body.name, body.media_type)
        request = self._request(node, title, [f for _, f in parameters], body)
        doc = " ".join(_words(node, "summary", "description"))
        self.operations[name] = Operation(name, request, self._answers(node, title), wire, doc=doc)

    def _title(self, node: Node) -> str:
        title = node.child("operationId").value
        if isinstance(title, str) and _NAME.fullmatch(title):
            return title
        self.problems.add(
            node.where, "an operation needs an operationId that is an identifier",
            "mappings construct its request by that name",
        )  # fmt: skip
        return identifier(node.pointer)

    def _request(self, node: Node, title: str, fields: list[Field], body: _Body) -> Record:
        known = {f.name for f in fields}
        for member in body.fields:
            if member.name in known:
                self.problems.add(
                    node.where, f"{member.name} is a parameter and a field of the body",
                    "rename one of the two",
                )  # fmt: skip
        record = Record(title, (*fields, *body.fields), body.closed)
        return self.schemas.keep(record, node)

    # ------------------------------------------------------------------ parameters

    def _parameters(
        self, path: str, node: Node, shared: list[Node], title: str
    ) -> list[tuple[Parameter, Field]]:
        own = [self.schemas.resolve(each) for each in node.child("parameters").items()]
        all_ = {_key(each): each for each in map(self.schemas.resolve, shared)}
        all_.update((_key(each), each) for each in own)
        if len({_key(each) for each in own}) != len(own):
            self.problems.add(node.where, "a parameter stands twice")
        found = [self._parameter(each, title) for each in all_.values() if not _ignored(each)]
        fields = [parameter.field for parameter, _ in found]
        if len(set(fields)) != len(fields):
            self.problems.add(node.where, "two parameters have the same field name")
        in_path = {parameter.name for parameter, _ in found if parameter.place == "path"}
        if in_path != set(_TEMPLATE.findall(path)) or _TEMPLATE.sub("", path).strip("{}") == "":
            self.problems.add(
                node.where, f"the path parameters are not those of {path}", "declare each once"
            )
        return found

    def _parameter(self, node: Node, title: str) -> tuple[Parameter, Field]:
        name, place = node.word("name"), node.word("in")
        self._check_parameter(node, place)
        shape = self.schemas.shape(node.child("schema"), f"{title}_{identifier(name)}")
        self._check_simple(node.child("schema"), shape.type, listed=place == "query")
        own = identifier(name)
        required = node.child("required").value is True
        if place == "path" and not required:
            self.problems.add(node.where, f"the path parameter {name} is not required: true")
        pii = node.word("x-pii") or shape.pii
        doc = node.word("description") or shape.doc
        member = Field(own, shape.type, required, default=shape.default, pii=pii, doc=doc)
        return Parameter(name, place, own), member

    def _check_parameter(self, node: Node, place: str) -> None:
        for key, _ in node.children():
            if key not in _PARAMETER and (key == "x-pii" or not key.startswith("x-")):
                self.problems.add(node.where, f"{key} is not supported in a parameter")
        if place not in _STYLES:
            self.problems.add(node.where, f"a parameter in {place or 'no place'} is not supported")
            return
        style, explode = _STYLES[place]
        if node.child("style").value not in (None, style):
            self.problems.add(node.where, "this style is not supported", f"use {style}")
        if node.child("explode").value not in (None, explode):
            self.problems.add(node.where, "this explode is not supported", f"use {explode}")

    def _check_simple(self, node: Node, type_: Type, *, listed: bool) -> None:
        inner = type_.item if listed and isinstance(type_, ListOf) else type_
        if isinstance(inner, Record | Ref | MapOf | ListOf | OneOf | Anything):
            self.problems.add(node.where, "only single values can stand here", "use the body")

    # ------------------------------------------------------------------ bodies

    def _body(self, node: Node, title: str) -> _Body:
        if not node.has("requestBody"):
            return _Body()
        body = self.schemas.resolve(node.child("requestBody"))
        if body.child("required").value is not True:
            self.problems.add(body.where, "a body that may be absent", "say required: true")
        media = self._media(body.child("content"), (_FORM,))
        if media is None:
            return _Body()
        media_type, schema = media
        name = _named(node.child("requestBody")) or f"{title}_body"
        shape = self.schemas.shape(schema, name)
        if shape.nullable and not isinstance(shape.type, Anything):
            self.problems.add(schema.where, "a body that may be null is not supported")
        record = self.schemas.record(shape.type)
        if media_type == _FORM:
            self._check_form(schema, record)
        if record is None:
            return _Body((Field("body", shape.type, pii=shape.pii),), name="body")
        if record.name == f"{title}_body":  # an inline body is the request itself
            self.schemas.types.pop(record.name, None)
        return _Body(record.fields, record.closed, "", media_type)

    def _check_form(self, schema: Node, record: Record | None) -> None:
        if record is None:
            self.problems.add(schema.where, "a form needs named fields", "use type: object")
        for member in record.fields if record is not None else ():
            self._check_simple(schema, member.type, listed=False)

    def _media(self, content: Node, others: tuple[str, ...]) -> tuple[str, Node] | None:
        """The media type to use, JSON first, and its schema."""
        for name, media in content.children():
            if _JSON.fullmatch(name):
                return name, self._schema_of(media)
        for name, media in content.children():
            if name in others:
                return name, self._schema_of(media)
        names = ", ".join(name for name, _ in content.children()) or "no media type"
        self.problems.add(content.where, f"{names} is not supported", "use application/json")
        return None

    def _schema_of(self, media: Node) -> Node:
        if media.has("encoding"):
            self.problems.add(media.where, "encoding is not supported")
        return media.child("schema")

    def _answers(self, node: Node, title: str) -> dict[str, Type]:
        answers: dict[str, Type] = {}
        for status, each in node.child("responses").children():
            if not _STATUS.fullmatch(status):
                self.problems.add(each.where, f"{status!r} is not a status", "200, 2XX or default")
                continue
            name = _named(each) or f"{title}_{status}"
            answers[status] = self._answer(self.schemas.resolve(each), name)
        if not answers:
            self.problems.add(node.where, "an operation without responses")
        return answers

    def _answer(self, node: Node, name: str) -> Type:
        if not node.child("content").value:
            return Anything()  # no body, or one that does not matter
        media = self._media(node.child("content"), ())
        if media is None:
            return Anything()
        shape = self.schemas.shape(media[1], name)
        if shape.nullable and not isinstance(shape.type, Anything):
            self.problems.add(media[1].where, "an answer that may be null is not supported")
        return shape.type


def _ignored(node: Node) -> bool:
    return node.word("in") == "header" and node.word("name").lower() in _IGNORED_HEADERS


def _key(parameter: Node) -> tuple[str, str]:
    return parameter.word("name"), parameter.word("in")


def _words(node: Node, *keys: str) -> list[str]:
    return [word for word in (node.word(key) for key in keys) if word]


def _named(node: Node) -> str:
    """The component's name, where a body or an answer is a reference to one."""
    return identifier(node.word("$ref").rpartition("/")[2]) if node.has("$ref") else ""
