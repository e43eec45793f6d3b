"""The keys of connector.yaml and registrations.yaml, for editors and for people.

Both come from the structs that decode the files: types and bounds from their annotations, words
from the text below each key. So they cannot say anything else than the check.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Final

import msgspec
import orjson
from msgspec import Struct

from hub.contract.types import Document, Value
from hub.registry import (
    auth,
    batch,
    call_limits,
    manifest,
    manifest_delivery,
    manifest_flow,
    registration,
)

MANIFEST_SCHEMA: Final = "connector.schema.json"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_MODULES: Final = (
    manifest,
    manifest_flow,
    manifest_delivery,
    batch,
    call_limits,
    registration,
)
_PLACES: Final[Mapping[str, str]] = {
    "Manifest": "connector.yaml",
    "Inbound": "inbound",
    "Secrecy": "inbound.secrecy",
    "Reply": "inbound.answers",
    "Outbound": "outbound",
    "Outcome": "outcomes",
    "InDoubt": "in_doubt",
    "Delivery": "delivery",
    "RetryPolicy": "delivery.retry",
    "CallLimits": "delivery.limits",
    "Closed": "delivery.limits.closed",
    "Setting": "settings",
    "Secret": "secrets",
    "Contracts": "contract, where there are two",
    "Flow": "flows",
    "Poll": "flows: poll",
    "Cursor": "flows: poll.cursor",
    "Each": "flows: poll.each",
    "Ask": "flows: ask",
    "Pages": "pages",
    "Batch": "flows: batch",
    "Confirm": "flows: confirm",
    "RegistrationEntry": "registrations.yaml: an entry of `registrations`",
}


def manifest_schema() -> Document:
    """The JSON Schema of connector.yaml."""
    schema = _schema(manifest.Manifest, "A connector: how the hub talks with one kind of system")
    parts = _object(schema["$defs"])
    for part, holder, kinds in (
        ("Inbound", None, auth.INBOUND),
        ("Outbound", "items", auth.OUTBOUND),
    ):
        key = _object(_object(_object(parts[part])["properties"])["auth"])
        if holder is None:
            key.update(_auth(kinds))
        else:
            key[holder] = _auth(kinds)
    return schema


def registrations_schema() -> Document:
    """The JSON Schema of registrations.yaml."""
    schema = _schema(registration.RegistrationEntry, "Where each system stands")
    reference = schema.pop("$ref")
    return {
        **{key: schema[key] for key in ("$schema", "title")},
        "type": "object",
        "required": ["registrations"],
        "additionalProperties": False,
        "properties": {"registrations": {"type": "array", "items": {"$ref": reference}}},
        "$defs": schema["$defs"],
    }


def as_file(schema: Document) -> bytes:
    """A schema as it is kept beside the connectors."""
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2) + b"\n"


def _schema(kind: type[Struct], title: str) -> Document:
    found: Document = msgspec.json.schema(kind)
    for name, part in _object(found["$defs"]).items():
        properties = _object(_object(part).get("properties", {}))
        for key, words in docs(name).items():
            _object(properties[key])["description"] = words
    return {"$schema": _DIALECT, "title": title, **found}


def _auth(kinds: Mapping[str, auth.Needs]) -> Document:
    """Which keys each kind of auth needs and knows, so that an editor completes them."""
    rules: list[Value] = []
    for kind, (required, optional) in kinds.items():
        known: Document = {key: {} for key in sorted(required | optional | {"kind", "when"})}
        then: Document = {"properties": known, "additionalProperties": False}
        if required:
            then["required"] = [*sorted(required)]
        rules.append({"if": {"properties": {"kind": {"const": kind}}}, "then": then})
    names: list[Value] = [*kinds]
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": names}},
        "allOf": rules,
    }


@cache
def docs(name: str) -> Mapping[str, str]:
    """What is written below each key of the struct of that name, by the key in the file."""
    kind: type[Struct] = next(vars(module)[name] for module in _MODULES if name in vars(module))
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    keys = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    lines = body.body if isinstance(body, ast.ClassDef) else []
    words: dict[str, str] = {}
    for field, text in pairwise(lines):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            said = _text(text)
            if said:
                words[keys[field.target.id]] = said
    return words


def _text(line: ast.stmt) -> str:
    if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
        return " ".join(str(line.value.value).split())
    return ""


def markdown() -> str:
    """The reference page of both files."""
    both = (manifest_schema(), registrations_schema())
    parts = {name: part for one in both for name, part in _object(one["$defs"]).items()}
    return "\n".join(_page(parts)) + "\n"


def _page(parts: Mapping[str, Value]) -> Iterator[str]:
    yield "# Keys of connector.yaml and registrations.yaml"
    yield ""
    yield "Generated from the code (`hub connector schema --page`); a test holds it current. What"
    yield "keys mean together is decision 0003; `connectors/connector.schema.json` tells editors."
    for name, place in _PLACES.items():
        part = _object(parts[name])
        yield from ("", f"## {place}", "", str(part.get("description", "")), "")
        yield from ("| key | value | default | |", "|---|---|---|---|")
        required = part.get("required")
        for key, value in _object(part["properties"]).items():
            must = isinstance(required, list) and key in required
            yield _row(key, _object(value), must=must)
    yield from _kinds("inbound", auth.INBOUND)
    yield from _kinds("outbound", auth.OUTBOUND)


def _row(key: str, value: Document, *, must: bool) -> str:
    default = "required" if must else _shown(value.get("default"))
    words = str(value.get("description", "")).replace("|", "\\|")
    return f"| `{key}` | {_type(value)} | {default} | {words} |"


def _shown(default: Value) -> str:
    said = default is not None and default != "" and not isinstance(default, dict | list)
    return f"`{orjson.dumps(default).decode()}`" if said else ""


def _type(value: Document) -> str:
    """A schema in a few words."""
    options = value.get("anyOf")
    if isinstance(options, list):
        return " or ".join(dict.fromkeys(t for o in options if (t := _type(_object(o))) != "null"))
    if "$ref" in value:
        name = str(value["$ref"]).rpartition("/")[2]
        return f"[{_PLACES[name]}](#{_anchor(_PLACES[name])})"
    if "enum" in value and isinstance(value["enum"], list):
        return ", ".join(f"`{each}`" for each in value["enum"])
    match value.get("type"):
        case "array":
            return f"list of {_type(_object(value.get('items', {})))}"
        case "object":
            inner = value.get("additionalProperties")
            return f"map of {_type(inner)}" if isinstance(inner, dict) and inner else "map"
        case str(kind):
            return f"{kind}{_bounds(value)}"
        case _:
            return "any value"


def _bounds(value: Document) -> str:
    low = value.get("minimum", value.get("exclusiveMinimum"))
    high = value.get("maximum")
    if low is None and high is None:
        return ""
    more = "more than " if "exclusiveMinimum" in value else ""
    return f", {more}{low} to {high}" if high is not None else f", at least {low}"


def _anchor(title: str) -> str:
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def _kinds(side: str, kinds: Mapping[str, auth.Needs]) -> Iterator[str]:
    yield from ("", f"## Kinds of {side} auth", "", "| kind | needs | may say |", "|---|---|---|")
    for kind, (required, optional) in kinds.items():
        shown = [", ".join(f"`{n}`" for n in sorted(names)) for names in (required, optional)]
        yield f"| `{kind}` | {shown[0]} | {shown[1]} |"


def _object(value: Value) -> Document:
    return value if isinstance(value, dict) else {}
