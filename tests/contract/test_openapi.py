"""OpenAPI and JSON Schema become the type model, or are refused by name and place."""

import json
from typing import TypeAlias

import pytest

from hub.contract.load import load_contract
from hub.contract.problems import ContractErrors
from hub.contract.types import (
    Anything,
    Boolean,
    Contract,
    Field,
    Integer,
    JsonScalar,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Operation,
    Parameter,
    Record,
    Ref,
    RestWire,
    Text,
    Type,
)

J: TypeAlias = "JsonScalar | list[J] | dict[str, J]"
NAME = "contract/x.yaml"


def document(operation: dict[str, J], schemas: dict[str, J] | None = None, **more: J) -> bytes:
    components: dict[str, J] = {"schemas": schemas or {}}
    whole: dict[str, J] = {
        "openapi": "3.1.0",
        "paths": {"/a/{id}": {"post": operation}},
        "components": components,
    }
    return json.dumps(whole | more, ensure_ascii=False).encode()


ID: J = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def operation(schema: J, **more: J) -> dict[str, J]:
    """An operation with this body."""
    base: dict[str, J] = {
        "operationId": "Do",
        "parameters": [ID],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"204": {"description": "done"}},
    }
    return base | more


def load(body: bytes, **others: bytes) -> Contract:
    files = {NAME: body} | {f"contract/{n}.yaml": content for n, content in others.items()}
    return load_contract("rest", files, [NAME])


def do(body: bytes, **others: bytes) -> Operation:
    return load(body, **others).operations["POST /a/{id}"]


def field(schema: J, schemas: dict[str, J] | None = None) -> Field:
    """The field that a property of this schema becomes."""
    body: J = {"type": "object", "properties": {"f": schema}}
    return do(document(operation(body), schemas)).request.fields[1]


def problems(body: bytes, **others: bytes) -> list[str]:
    with pytest.raises(ContractErrors) as refused:
        load(body, **others)
    return [str(problem) for problem in refused.value.problems]


TYPES: list[tuple[J, Type]] = [
    ({"type": "string"}, Text()),
    ({"type": "string", "minLength": 1, "maxLength": 5}, Text(None, 1, 5)),
    ({"type": "string", "enum": ["A", "B"]}, Text(("A", "B"))),
    ({"type": "string", "const": "A"}, Text(("A",))),
    ({"enum": ["A"]}, Text(("A",))),
    ({"type": "string", "format": "date-time"}, Text(format="date-time")),
    ({"type": "string", "pattern": "^[0-9]{5}$"}, Text(pattern="[0-9]{5}")),
    ({"type": "string", "pattern": "[0-9]"}, Text(pattern="(?s:.*)(?:[0-9])(?s:.*)")),
    ({"type": "string", "pattern": "^a|b$"}, Text(pattern="(?s:.*)(?:^a|b$)(?s:.*)")),
    ({"type": "integer"}, Integer()),
    ({"type": "integer", "format": "int32", "minimum": 0}, Integer(0, 2**31 - 1)),
    ({"type": "integer", "exclusiveMinimum": 0, "maximum": 5}, Integer(1, 5)),
    ({"type": "integer", "exclusiveMinimum": True, "minimum": 0}, Integer(1)),
    ({"type": "integer", "enum": [1, 2]}, Integer(values=(1, 2))),
    ({"type": "number", "minimum": 0.5}, Number(0.5)),
    ({"type": "boolean"}, Boolean()),
    ({"type": "array", "items": {"type": "string"}, "maxItems": 3}, ListOf(Text(), 0, 3)),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, MapOf(Integer())),
    ({"type": "object"}, MapOf(Anything())),
    ({}, Anything()),
    (
        {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
        Record("Do_body_f", (Field("x", Text()),), closed=False),
    ),
    (
        {"type": "object", "additionalProperties": False, "properties": {"x": {}}},
        Record("Do_body_f", (Field("x", Anything(), required=False),)),
    ),
    ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, OneOf((Text(), Integer()), None, "")),
    ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, OneOf((Text(), Integer()), None, "")),
    ({"type": ["string", "integer"]}, OneOf((Text(), Integer()), None, "")),
    ({"oneOf": [{"type": "string"}, {"type": "null"}]}, Text()),
    ({"allOf": [{"$ref": "#/components/schemas/S"}], "description": "x"}, Text(("s",))),
]


@pytest.mark.parametrize(("schema", "expected"), TYPES, ids=range(len(TYPES)))
def test_a_schema_becomes_a_type(schema: J, expected: Type) -> None:
    found = field(schema, {"S": {"type": "string", "enum": ["s"]}}).type
    if isinstance(found, OneOf):
        found = OneOf(found.options, found.discriminator)
    assert expected == found


NULLABLE: list[J] = [
    {"type": ["string", "null"]},
    {"type": "string", "nullable": True},
    {"oneOf": [{"type": "string"}, {"type": "null"}]},
    {"enum": ["A", None]},
    {"$ref": "#/components/schemas/N"},
]


@pytest.mark.parametrize("schema", NULLABLE)
def test_null_is_a_matter_of_the_field(schema: J) -> None:
    found = field(schema, {"N": {"type": ["string", "null"]}})
    assert found.nullable
    assert isinstance(found.type, Text)


def test_a_field_keeps_its_notes() -> None:
    schemas: dict[str, J] = {"S": {"type": "string", "x-pii": "n", "description": "mã"}}
    reference: J = {"$ref": "#/components/schemas/S"}
    assert (field(reference, schemas).pii, field(reference, schemas).doc) == ("n", "mã")
    nearer: J = {"$ref": "#/components/schemas/S", "x-pii": "p", "description": "tên"}
    assert (field(nearer, schemas).pii, field(nearer, schemas).doc) == ("p", "tên")
    assert field({"type": "integer", "default": 3}).default == 3


def test_parameters_and_body_stand_side_by_side() -> None:
    body: J = {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"],
               "additionalProperties": False}  # fmt: skip
    key: J = {"name": "Idempotency-Key", "in": "header", "x-pii": "n",
              "schema": {"type": "string", "maxLength": 64}}  # fmt: skip
    page: J = {"name": "page", "in": "query", "schema": {"type": "integer"}}
    found = do(document(operation(body, parameters=[ID, key, page])))
    assert found.name == "POST /a/{id}"
    assert found.request == Record(
        "Do",
        (
            Field("id", Text()),
            Field("Idempotency_Key", Text(max_length=64), required=False, pii="n"),
            Field("page", Integer(), required=False),
            Field("x", Text()),
        ),
    )
    assert found.wire == RestWire(
        "POST",
        "/a/{id}",
        (
            Parameter("id", "path", "id"),
            Parameter("Idempotency-Key", "header", "Idempotency_Key"),
            Parameter("page", "query", "page"),
        ),
        "",
    )


def test_shared_parameters_are_overridden_by_name_and_place() -> None:
    whole = json.loads(document(operation({"type": "object", "properties": {"x": {}}})))
    item = whole["paths"]["/a/{id}"]
    item["parameters"] = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
        {"name": "q", "in": "query", "schema": {"type": "string"}},
    ]
    found = do(json.dumps(whole).encode())
    assert [(f.name, f.type) for f in found.request.fields[:2]] == [("id", Text()), ("q", Text())]


def test_headers_that_http_itself_fills_are_no_parameters() -> None:
    found = operation({}, parameters=[
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "Authorization", "in": "header", "required": True, "schema": {"type": "string"}},
    ])  # fmt: skip
    wire = do(document(found)).wire
    assert isinstance(wire, RestWire)
    assert [parameter.name for parameter in wire.parameters] == ["id"]


def tagged(name: str) -> J:
    properties: J = {"service": {"type": "string", "const": name}, "x": {"type": "string"}}
    return {"type": "object", "properties": properties, "required": ["service"]}


def test_a_body_of_several_kinds_is_one_field() -> None:
    one_of: J = {"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}],
                 "discriminator": {"propertyName": "service"}}  # fmt: skip
    contract = load(document(operation(one_of), {"A": tagged("A"), "B": tagged("B")}))
    found = contract.operations["POST /a/{id}"]
    assert isinstance(found.wire, RestWire)
    assert found.wire.body == "body"
    body = found.request.fields[1]
    assert isinstance(body.type, OneOf)
    assert body.type.discriminator == "service"
    assert body.type.options == (contract.types["A"], contract.types["B"])


def test_a_constant_property_tells_options_apart_without_a_discriminator() -> None:
    found = field({"anyOf": [tagged("A"), tagged("B")]}).type
    assert isinstance(found, OneOf)
    assert found.discriminator == "service"


def test_a_list_as_a_body_is_one_field() -> None:
    found = do(document(operation({"type": "array", "items": {"type": "integer"}})))
    assert found.request.fields[1] == Field("body", ListOf(Integer()))


def test_a_form_is_read_like_an_object() -> None:
    form: J = {"required": True, "content": {"application/x-www-form-urlencoded": {
        "schema": {"type": "object", "properties": {"x": {"type": "string"}}}}}}  # fmt: skip
    found = do(document(operation({}, requestBody=form)))
    assert isinstance(found.wire, RestWire)
    assert (found.wire.body, found.wire.media_type) == ("", "application/x-www-form-urlencoded")


def test_answers_are_known_by_status() -> None:
    def answer(schema: J) -> J:
        return {"description": "", "content": {"application/json": {"schema": schema}}}

    responses: J = {
        "200": answer({"type": "object", "properties": {"ma": {"type": "string"}}}),
        "4XX": {"$ref": "#/components/responses/Loi"},
        "default": answer({"type": "string"}),
        "204": {"description": "xong"},
    }
    loi = answer({"type": "object", "properties": {"ma": {"type": "integer"}}})
    body = document(operation({}, responses=responses), components={"responses": {"Loi": loi}})
    answers = do(body).answers
    names = {s: t.name if isinstance(t, Record) else t for s, t in answers.items()}
    assert names == {"200": "Do_200", "4XX": "Loi", "default": Text(), "204": Anything()}


def test_all_of_merges_objects() -> None:
    base: J = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    merged: J = {"allOf": [{"$ref": "#/components/schemas/Base"},
                           {"type": "object", "properties": {"b": {"type": "string"}}}],
                 "required": ["b"], "unevaluatedProperties": False}  # fmt: skip
    record = field({"$ref": "#/components/schemas/M"}, {"Base": base, "M": merged}).type
    assert record == Record("M", (Field("a", Text()), Field("b", Text())))


def test_recursion_is_a_reference_by_name() -> None:
    tree: J = {"type": "object", "properties": {
        "kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}}  # fmt: skip
    contract = load(
        document(
            operation({"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}),
            {"Tree": tree},
        )
    )
    assert contract.types["Tree"].fields[0].type == ListOf(Ref("Tree"))


def test_references_lead_to_other_files_of_the_bundle() -> None:
    other = (
        b"defs:\n  S: {type: object, properties: {x: {$ref: '#/defs/T'}}}\n  T: {type: string}\n"
    )
    schema: J = {"$ref": "other.yaml#/defs/S"}
    contract = load(
        document(operation({"type": "object", "properties": {"f": schema}})), other=other
    )
    assert contract.types["S"].fields == (Field("x", Text(), required=False),)
    assert set(contract.files) == {NAME, "contract/other.yaml"}


def test_a_name_may_be_shared_by_equal_records_only() -> None:
    same: dict[str, J] = {"type": "object", "properties": {"x": {"type": "string"}}}
    other = json.dumps({"A": same | {"description": "y"}}).encode()
    schema: J = {"type": "object", "properties": {
        "f": {"$ref": "#/components/schemas/A"}, "g": {"$ref": "other.yaml#/A"}}}  # fmt: skip
    load(document(operation(schema), {"A": same}), other=other)
    different = json.dumps({"A": same | {"additionalProperties": False}}).encode()
    (found,) = problems(document(operation(schema), {"A": same}), other=different)
    assert "the name A is taken by contract/x.yaml:1 #/components/schemas/A" in found


def obj(**schema: J) -> J:
    return {"type": "object", "properties": {"f": dict(schema)}}


def parameter(**changes: J) -> bytes:
    base: dict[str, J] = {"name": "q", "in": "query", "schema": {"type": "string"}}
    return document(operation({"type": "object"}, parameters=[ID, base | changes]))


A_REF: J = {"$ref": "#/components/schemas/A"}
REFUSED: list[tuple[bytes, str]] = [
    (document(operation(obj(type="string", contentEncoding="base64"))), "contentEncoding is not"),
    (document(operation(obj(type="integer", multipleOf=5))), "multipleOf is not supported"),
    (document(operation(obj(type="string", readOnly=True))), "readOnly is not supported"),
    (document(operation(obj(type="string", writeOnly=True))), "writeOnly is not supported"),
    (document(operation(obj(type="string", minimum=1))), "minimum is not supported here"),
    (document(operation(obj(type="array", items={}, uniqueItems=True))), "uniqueItems is not"),
    (document(operation(obj(type="array"))), "a schema is missing here"),
    (document(operation(obj(type="string", format="binary"))), "format binary"),
    (document(operation(obj(type="string", pattern="(?=a)"))), "the pattern '(?s:.*)(?:(?=a))"),
    (document(operation(obj(type="string", pattern="(a)\\1"))), "invalid escape sequence"),
    (document(operation(obj(type="string", **{"x-pii": "q"}))), "x-pii is n, p or s"),
    (document(operation(obj(type="text"))), "type 'text' is not supported"),
    (document(operation(obj(properties={}))), "type None is not supported"),
    (document(operation(obj(type="string", enum=["a", 1]))), "an enumeration of texts or of"),
    (document(operation(obj(type="boolean", const=True))), "enum and const are for texts"),
    (document(operation(obj(type="object", patternProperties={}))), "patternProperties is not"),
    (document(operation(obj(type="array", items={"type": ["string", "null"]}))), "may be null"),
    (document(operation({"type": "object", "properties": {}, "required": ["x"]})),
     "'x' is required but not among the properties"),
    (document(operation({"type": "object", "properties": {"a": {}},
                         "additionalProperties": {"type": "string"}})), "a schema for others"),
    (document(operation(obj(**{"not": {}}, type="string"))), "not is not supported here"),
    (document(operation(obj(oneOf=[{"type": "string"}, {"type": "string", "format": "date"}]))),
     "a text or a text in the form date: nothing tells the options apart"),
    (document(operation(obj(anyOf=[{"type": "integer"}, {"type": "number"}]))), "nothing tells"),
    (document(operation(obj(oneOf=[{"type": "object", "properties": {"a": {}}},
                                   {"type": "object", "properties": {"b": {}}}]))),
     "nothing tells the options apart"),
    (document(operation(obj(oneOf=[]))), "oneOf without options"),
    (document(operation(obj(allOf=[{"type": "string"}, {"type": "object"}]))), "allOf of other"),
    (document(operation(obj(allOf=[
        {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
        {"type": "object", "properties": {"b": {}}}]))), "admits none of the other parts"),
    (document(operation(obj(allOf=[
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"type": "integer"}}}]))), "a stands twice in"),
    (document(operation(A_REF), {"A": {"$ref": "#/components/schemas/B"}}), "which is not there"),
    (document(operation(A_REF), {"A": {"type": "array", "items": A_REF}}),
     "A contains itself, but is not an object"),
    (document(operation({"$ref": "http://h/x.yaml#/A"})), "$ref to 'http://h/x.yaml#/A'"),
    (document(operation({"$ref": "../../etc/passwd"})), "$ref to '../../etc/passwd'"),
    (document(operation({"$ref": "#/components/schemas/A", "type": "object"})), "type is not supp"),
    (parameter(**{"in": "cookie"}), "a parameter in cookie is not supported"),
    (parameter(style="spaceDelimited"), "this style is not supported"),
    (parameter(schema={"type": "object"}), "only single values can stand here"),
    (parameter(content={}), "content is not supported in a parameter"),
    (parameter(name="id"), "two parameters have the same field name"),
    (document(operation({"type": "object"}, parameters=[])), "the path parameters are not those"),
    (document(operation({"type": "object", "properties": {"id": {}}})),
     "id is a parameter and a field of the body"),
    (document(operation({}, operationId=None)), "needs an operationId"),
    (document(operation({}, operationId="do-it")), "needs an operationId"),
    (document(operation({}, responses={})), "an operation without responses"),
    (document(operation({}, responses={"20": {}})), "'20' is not a status"),
    (document(operation({}, callbacks={})), "callbacks is not supported in an operation"),
    (document(operation({}, requestBody={"content": {"text/xml": {}}})), "text/xml is not supp"),
    (document(operation({}, requestBody={"content": {}})), "a body that may be absent"),
    (document(operation({"type": ["object", "null"]})), "a body that may be null"),
    (document(operation({}), webhooks={}), "webhooks are not supported"),
    (document(operation({}), openapi="2.0"), "openapi '2.0' is not supported"),
    (b"a: &x 1\nb: *x", "a YAML alias is not supported"),
    (b"{", "not YAML"),
    (b"\xff", "not in UTF-8"),
]  # fmt: skip


LOOP: dict[str, J] = {
    "A": {"$ref": "#/components/schemas/B"},
    "B": {"$ref": "#/components/schemas/A"},
}
REFUSED += [
    (document(operation(A_REF), LOOP), "A contains itself, but is not an object"),
    (document(operation({}, parameters=[{"$ref": "#/components/parameters/A"}]),
              components={"parameters": {"A": {"$ref": "#/components/parameters/A"}}}),
     "$ref leads in a circle"),
    (document(operation({"$ref": 5})), "$ref is not a text"),
    (document(operation({"$ref": "#/paths/~1a~1{id}/post/parameters/7"})), "which is not there"),
    (document(operation({"$ref": "other.yaml"})), "$ref to 'other.yaml'"),
    (document(operation(obj(type="integer", exclusiveMinimum=0.5))), "exclusiveMinimum is not a"),
    (document(operation(obj(type="integer", minimum=0.5))), "minimum is not a whole number"),
    (document(operation(obj(type="integer", minimum=True))), "minimum is not a number"),
    (document(operation(obj(type="string", maxLength=-1))), "maxLength is negative"),
    (document(operation(obj(type="string", enum=["a", "a"]))), "a value stands twice"),
    (document(operation(obj(type="string", default=[1]))), "a default that is not a single value"),
    (document(operation(obj(type="object", additionalProperties={"type": ["string", "null"]}))),
     "a map whose values may be null"),
    (document(operation({}, tags=["x"], nonsense=1)), "nonsense is not supported in an operation"),
    (parameter(foo=1), "foo is not supported in a parameter"),
    (parameter(explode=False), "this explode is not supported"),
    (document(operation({"type": "object"}, parameters=[ID, ID])), "a parameter stands twice"),
    (document(operation({"type": "object"}, parameters=[{
        "name": "id", "in": "path", "schema": {"type": "string"}}])), "is not required: true"),
    (document(operation({}, requestBody={"required": True, "content": {
        "application/x-www-form-urlencoded": {"schema": {"type": "string"}}}})), "named fields"),
    (document(operation({}, requestBody={"required": True, "content": {
        "application/json": {"schema": {"type": "object"}, "encoding": {}}}})), "encoding is not"),
    (document(operation({}, responses={"200": {"content": {"text/html": {}}}})), "text/html is"),
    (document(operation({}, responses={"200": {"content": {"application/json": {
        "schema": {"type": ["string", "null"]}}}}})), "an answer that may be null"),
    (json.dumps({"openapi": "3.1.0", "paths": {"/a": {"trace": {}}}}).encode(), "trace is not"),
    (document(operation(obj(type="number", minimum=0))).replace(b'm": 0', b'm": 1e999'),
     "minimum is not a number"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "what"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_supported_is_refused_by_name(body: bytes, what: str) -> None:
    found = problems(body)
    assert any(what in problem for problem in found), found


def test_a_problem_names_file_line_and_pointer() -> None:
    body = b"""openapi: 3.0.3
paths:
  /a:
    get:
      operationId: Get
      responses:
        "200":
          content:
            application/json:
              schema:
                type: object
                properties:
                  x: {type: string, multipleOf: 2}
"""
    pointer = "#/paths/~1a/get/responses/200/content/application~1json/schema/properties/x"
    expected = f"{NAME}:13 {pointer}: multipleOf is not supported here; leave it out"
    assert problems(body) == [expected]


def test_schemas_that_share_their_parts_do_not_multiply() -> None:
    schemas: dict[str, J] = {
        f"T{i}": {"type": "object", "properties": {
            side: {"$ref": f"#/components/schemas/T{i + 1}"} for side in ("l", "r")}}
        for i in range(25)
    }  # fmt: skip
    schemas["T25"] = {"type": "object", "properties": {"x": {"type": "string"}}}
    contract = load(document(operation({"$ref": "#/components/schemas/T0"}), schemas))
    assert len(contract.types) == 27


def test_a_schema_that_is_too_deep_is_refused() -> None:
    schema: J = {"type": "string"}
    for _ in range(80):
        schema = {"type": "array", "items": schema}
    assert any("nested deeper" in problem for problem in problems(document(operation(schema))))


@pytest.mark.timeout(20)
def test_options_and_parts_that_multiply_are_refused() -> None:
    def ref(name: str) -> J:
        return {"$ref": f"#/components/schemas/{name}"}

    nested: dict[str, J] = {
        f"O{i}": {"oneOf": [{"type": "array", "items": ref(f"O{i + 1}")},
                            {"type": "object", "additionalProperties": ref(f"O{i + 1}")}]}
        for i in range(25)
    }  # fmt: skip
    found = problems(document(operation(ref("O0")), nested | {"O25": {"type": "string"}}))
    assert any("options are nested too intricately" in problem for problem in found)
    merged: dict[str, J] = {
        f"M{i}": {"allOf": [ref(f"M{i + 1}"), ref(f"M{i + 1}")]} for i in range(40)
    }
    found = problems(document(operation(ref("M0")), merged | {"M40": {"type": "object"}}))
    assert any("allOf is nested too intricately" in problem for problem in found)


def test_references_lead_into_lists_and_through_escapes() -> None:
    schemas: dict[str, J] = {"a/b~c": {"oneOf": [{"type": "string"}, {"type": "integer"}]}}
    reference: J = {"$ref": "#/components/schemas/a~1b~0c/oneOf/1"}
    assert field(reference, schemas).type == Integer()


def test_two_documents_of_one_contract_may_not_have_the_same_operation() -> None:
    body = document(operation({"type": "object", "properties": {"x": {}}}))
    with pytest.raises(ContractErrors) as refused:
        load_contract("rest", {"a.yaml": body, "b.yaml": body}, ["a.yaml", "b.yaml"])
    assert "POST /a/{id} stands twice in the contract" in str(refused.value)
