"""What an OpenAPI document offers, and the part of it that some operations need."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import orjson

from hub.contract.documents import Json, read
from hub.contract.offers import Offer, Offers, Scheme
from hub.errors import Reject

METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options")
_NODES: Final = 2_000_000  # values of a YAML file: more than any published interface has
_JOINTS: Final = re.compile(r"[^A-Za-z0-9]+")
_KEPT: Final = ("openapi", "info", "servers", "jsonSchemaDialect")


def document(name: str, body: bytes) -> dict[str, Json]:
    """A document as it stands; JSON of any size, YAML within bounds. Raises Reject."""
    if not body.lstrip().startswith(b"{"):
        return _object(read(name, body, nodes=_NODES).value)
    try:
        return _object(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise Reject(f"not JSON: {error}", where=name) from error


def offers(document: Mapping[str, Json]) -> Offers:
    """The operations, credentials and names of a document."""
    info = _object(document.get("info"))
    title = str(info.get("title") or "")
    owner = str(_object(info.get("contact")).get("name") or title)
    found = tuple(_offer(document, path, method, node) for path, method, node in _all(document))
    schemes, unknown = _schemes(document)
    return Offers("rest", title, owner, found, schemes, unknown)


def references(document: Mapping[str, Json]) -> Iterator[str]:
    """The files that a document mentions by `$ref`, as written there; none twice."""
    seen: set[str] = set()
    for ref in _refs(dict(document)):
        file = ref.partition("#")[0]
        if file and file not in seen:
            seen.add(file)
            yield file


def part(document: Mapping[str, Json], wanted: frozenset[str]) -> dict[str, Json]:
    """The document with the wanted operations ("POST /status") and what they mention.

    What other files hold stays there. An operation without an id that is a name gets one.
    """
    paths: dict[str, Json] = {}
    for path, method, node in _all(document):
        if f"{method.upper()} {path}" in wanted:
            item = _object(paths.setdefault(path, _shared(document, path)))
            item[method] = {**node, "operationId": _title(path, method, node)}
    kept: dict[str, Json] = {key: document[key] for key in _KEPT if key in document}
    kept["paths"] = paths
    components = _components(document, paths)
    if components:
        kept["components"] = components
    return kept


def _components(document: Mapping[str, Json], paths: Json) -> dict[str, Json]:
    """Every component that is mentioned, directly or by another one; security schemes as well."""
    known = _object(document.get("components"))
    found: dict[str, dict[str, Json]] = {}
    waiting = list(_refs(paths))
    while waiting:
        steps = waiting.pop().partition("#/components/")[2].split("/")
        kind, name = (*steps, "", "")[:2]
        group = _object(known.get(kind))
        if name in group and name not in found.get(kind, {}):
            found.setdefault(kind, {})[name] = group[name]
            waiting += _refs(group[name])
    schemes = known.get("securitySchemes")
    if schemes:
        found["securitySchemes"] = _object(schemes)
    return {kind: found[kind] for kind in known if kind in found}


def _shared(document: Mapping[str, Json], path: str) -> dict[str, Json]:
    item = _object(_object(document.get("paths")).get(path))
    return {key: value for key, value in item.items() if key not in METHODS}


def _all(document: Mapping[str, Json]) -> Iterator[tuple[str, str, dict[str, Json]]]:
    for path, item in _object(document.get("paths")).items():
        for method, node in _object(item).items():
            if method in METHODS and isinstance(node, dict):
                yield path, method, node


def _offer(document: Mapping[str, Json], path: str, method: str, node: dict[str, Json]) -> Offer:
    doc = str(node.get("summary") or node.get("description") or "").strip()
    name = f"{method.upper()} {path}"
    return Offer(name, _title(path, method, node), doc, _example(document, node))


def _title(path: str, method: str, node: Mapping[str, Json]) -> str:
    """The operation's id, made a name where it is none: `repos/get` is repos_get."""
    stated = str(node.get("operationId") or f"{method}{path}")
    if stated.isidentifier() and not stated.startswith("_"):
        return stated
    joined = "_".join(filter(None, _JOINTS.split(stated)))
    return joined if joined.isidentifier() else f"call_{joined}"


def _example(document: Mapping[str, Json], node: Mapping[str, Json]) -> Json:
    """The first example of the request's body, of its media type or its schema."""
    body = _resolved(document, node.get("requestBody"))
    for media in _object(body.get("content")).values():
        each = _object(media)
        if "example" in each:
            return each["example"]
        for example in _object(each.get("examples")).values():
            return _resolved(document, example).get("value")
        schema = _resolved(document, each.get("schema"))
        listed = schema.get("examples")
        return listed[0] if isinstance(listed, list) and listed else schema.get("example")
    return None


def _schemes(document: Mapping[str, Json]) -> tuple[tuple[Scheme, ...], tuple[str, ...]]:
    """The schemes that the document asks for everywhere, or else declares at all."""
    declared = _object(_object(document.get("components")).get("securitySchemes"))
    asked = document.get("security")
    names = list(_object(asked[0])) if isinstance(asked, list) and asked else []
    found: list[Scheme] = []
    unknown: list[str] = []
    for name in names or list(declared):
        node = _resolved(document, declared.get(name))
        scheme = _scheme(node)
        if scheme is None:
            unknown.append(
                f"{name} ({node.get('type')} {node.get('in') or node.get('scheme') or ''})".strip()
            )
        else:
            found.append(scheme)
    return tuple(found), tuple(unknown)


def _scheme(node: Mapping[str, Json]) -> Scheme | None:
    match node.get("type"), str(node.get("scheme")).lower(), node.get("in"):
        case "http", "bearer", _:
            return Scheme("bearer")
        case "http", "basic", _:
            return Scheme("basic")
        case "apiKey", _, "header":
            return Scheme("api_key", header=str(node.get("name")))
        case "mutualTLS", _, _:
            return Scheme("mtls")
        case "oauth2", _, _:
            flow = _object(_object(node.get("flows")).get("clientCredentials"))
            scope = " ".join(_object(flow.get("scopes")))
            return (
                Scheme("oauth2", token_url=str(flow["tokenUrl"]), scope=scope)
                if "tokenUrl" in flow
                else None
            )
        case _:
            return None


def _resolved(document: Mapping[str, Json], value: Json) -> dict[str, Json]:
    """The object, or the one that its local `$ref` leads to."""
    node = _object(value)
    ref = node.get("$ref")
    if not isinstance(ref, str) or not ref.startswith("#/"):
        return node
    found: Json = dict(document)
    for step in ref[2:].split("/"):
        found = _object(found).get(step.replace("~1", "/").replace("~0", "~"))
    return _object(found)


def _refs(value: Json) -> Iterator[str]:
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            ref = here.get("$ref")
            if isinstance(ref, str):
                yield ref
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
