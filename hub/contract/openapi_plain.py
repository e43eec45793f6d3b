"""A part of an OpenAPI document in plainer words, where it says more than the hub can check.

Published interfaces use all of JSON Schema; the reader (hub.contract.jsonschema) knows what it can
keep, and refuses the rest. Before a part of one is put into a bundle, what only narrows values or
describes them is taken out here, and each kind of loss is told once. What decides the shape of a
message is left alone: the reader refuses it if it must.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hub.contract.documents import Json

_WORDS: Final = frozenset(
    {"$ref", "title", "description", "summary", "example", "examples", "deprecated", "externalDocs",
     "$comment", "default", "nullable", "type", "enum", "const", "minLength", "maxLength",
     "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "items",
     "minItems", "maxItems", "properties", "required", "additionalProperties",
     "unevaluatedProperties", "oneOf", "anyOf", "allOf", "discriminator"}
)  # fmt: skip
_SILENT: Final = frozenset({"readOnly", "writeOnly", "xml", "contentMediaType", "contentEncoding"})
_LISTS: Final = ("oneOf", "anyOf", "allOf")
_SHAPE: Final = frozenset({"properties", "required"})
_SUCCESS: Final = "2"
_DEPTH: Final = 100


@dataclass(slots=True)
class Plain:
    """Rewrites a document. `lost` counts what is not checked any more, by its keyword."""

    lost: Counter[str] = field(default_factory=Counter)

    def document(self, whole: dict[str, Json]) -> dict[str, Json]:
        """The document with plainer schemas; a body that may be absent is always sent."""
        paths = {path: self._item(item) for path, item in _object(whole.get("paths")).items()}
        components = _object(whole.get("components"))
        plain = {kind: self._group(kind, _object(group)) for kind, group in components.items()}
        return {**whole, "paths": paths, **({"components": plain} if plain else {})}

    def notes(self) -> Iterator[str]:
        """What is lost, for a person."""
        for word, times in sorted(self.lost.items()):
            places = f" ({times} places)" if times > 1 else ""
            yield f"the hub does not check {word}{places}"

    def _group(self, kind: str, group: dict[str, Json]) -> Json:
        change = {
            "schemas": lambda node: self.schema(node, 0),
            "requestBodies": self._body,
            "responses": self._media,
            "parameters": self._parameter,
        }.get(kind)
        return {name: change(node) for name, node in group.items()} if change else group

    def _item(self, item: Json) -> Json:
        found: dict[str, Json] = {}
        for key, node in _object(item).items():
            if key == "parameters" and isinstance(node, list):
                found[key] = [self._parameter(each) for each in node]
            elif isinstance(node, dict):
                found[key] = self._operation(node)
            else:
                found[key] = node
        return found

    def _operation(self, node: dict[str, Json]) -> Json:
        found = {key: value for key, value in node.items() if key != "callbacks"}
        if "callbacks" in node:
            self.lost["callbacks"] += 1
        parameters = node.get("parameters")
        if isinstance(parameters, list):
            found["parameters"] = [self._parameter(each) for each in parameters]
        if "requestBody" in node:
            found["requestBody"] = self._body(node["requestBody"])
        responses = _object(node.get("responses"))
        found["responses"] = {status: self._media(each) for status, each in responses.items()}
        return found

    def _parameter(self, node: Json) -> Json:
        parameter = _object(node)
        if "schema" not in parameter:
            return node
        return {**parameter, "schema": self.schema(parameter["schema"], 0)}

    def _body(self, node: Json) -> Json:
        body = _object(self._media(node))
        return body if "$ref" in body else {**body, "required": True}

    def _media(self, node: Json) -> Json:
        holder = _object(node)
        content = _object(holder.get("content"))
        if not content:
            return node
        media = {name: self._one_media(_object(each)) for name, each in content.items()}
        return {**holder, "content": media}

    def _one_media(self, media: dict[str, Json]) -> Json:
        return {**media, "schema": self.schema(media.get("schema", {}), 0)}

    def schema(self, node: Json, depth: int) -> Json:
        """A schema, and those inside it, in plainer words."""
        if not isinstance(node, dict) or depth > _DEPTH:
            return node
        found = self._words(_merged(node))
        if _SHAPE & set(found) and not {"type", "$ref", *_LISTS} & set(found):
            found["type"] = "object"
        properties = found.get("properties")
        if isinstance(properties, dict):
            found["properties"] = {n: self.schema(p, depth + 1) for n, p in properties.items()}
        for key in ("items", "additionalProperties"):
            if isinstance(found.get(key), dict):
                found[key] = self.schema(found[key], depth + 1)
        for key in _LISTS:
            options = found.get(key)
            if isinstance(options, list):
                found[key] = [self.schema(option, depth + 1) for option in options]
        return found

    def _words(self, node: dict[str, Json]) -> dict[str, Json]:
        """The keywords that the reader knows and that stand where it reads them."""
        dropped = {key for key in node if key not in _WORDS and not key.startswith("x-")}
        if node.get("type") == "number":
            dropped |= {"exclusiveMinimum", "exclusiveMaximum"} & set(node)
        if isinstance(node.get("default"), dict | list):
            dropped.add("default")
        if set(_LISTS) & set(node):
            dropped |= {"unevaluatedProperties", "additionalProperties"} & set(node)
        if "properties" in node:
            dropped |= {key for key in ("oneOf", "anyOf") if _only_required(node.get(key))}
            if isinstance(node.get("additionalProperties"), dict):
                dropped.add("additionalProperties")
        self.lost.update(dropped - _SILENT - {"default", "unevaluatedProperties"})
        return {key: value for key, value in node.items() if key not in dropped}


def open_answers(whole: dict[str, Json], *, success: bool) -> dict[str, Json]:
    """The document with answers of which nothing is said: those of refusals, or all of them."""
    paths: dict[str, Json] = {}
    for path, item in _object(whole.get("paths")).items():
        paths[path] = {
            key: _opened(node, success=success) if isinstance(node, dict) else node
            for key, node in _object(item).items()
        }
    return {**whole, "paths": paths}


def _opened(node: dict[str, Json], *, success: bool) -> Json:
    responses: dict[str, Json] = {}
    for status, each in _object(node.get("responses")).items():
        keeps = status.startswith(_SUCCESS) and not success
        responses[status] = each if keeps else {"description": "as the published interface says"}
    return {**node, "responses": responses}


def _merged(node: dict[str, Json]) -> dict[str, Json]:
    """A schema whose allOf only narrows one single value, as one schema."""
    parts = node.get("allOf")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        return node
    words = {key for part in parts for key in _object(part)}
    if words & {"$ref", "properties", "required", "items", *_LISTS}:
        return node
    found = {key: value for key, value in node.items() if key != "allOf"}
    for part in parts:
        found = {**_object(part), **found}
    return found


def _only_required(options: Json) -> bool:
    """Whether options say nothing but which fields must be there."""
    if not isinstance(options, list):
        return False
    return all(set(_object(option)) <= {"required", "not", "title"} for option in options)


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
