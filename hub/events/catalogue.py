"""The event schemas, read from files and made self-contained.

Each record and enumeration has a file of its own (`schemas/avro/<full name>.avsc`) and is mentioned
by its full name elsewhere, so that a shared type is written once. What is registered, and what a
stock deserializer gets, holds every shared type inside, once, at its first mention.

Beside Avro's own attributes, a field has `pii` (n none, p personal, s sensitive) and, where a mask
for people keeps a part of the value, `mask` (initials, ends).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import orjson

from hub.errors import Reject

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Definition: TypeAlias = dict[str, Json]

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
SHARED = "common."  # namespace of what events have in common; never an event itself
FILE_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every definition by full name.

    `files`: as written, with mentions by name. `whole`: the records that are registered (events and
    the hub's own), self-contained. `texts`: those as JSON, byte for byte what is registered.
    """

    files: dict[str, Definition] = field(repr=False)
    whole: dict[str, Definition] = field(repr=False)
    texts: dict[str, str] = field(repr=False)
    _keys: dict[str, str] = field(repr=False)

    def learn(self, more: Mapping[str, Definition]) -> frozenset[str]:
        """Take in what bundles bring, or bring anew; the names of the records that changed.

        Raises Reject, and changes nothing, where a name is nowhere defined.
        """
        if all(self.files.get(name) == definition for name, definition in more.items()):
            return frozenset()
        grown = build({**self.files, **more})
        changed = {n for n, text in grown.texts.items() if self.texts.get(n) != text}
        self.files.update(grown.files)
        self.whole.update(grown.whole)
        self.texts.update(grown.texts)
        self._keys.update({name: grown.key_field(name) for name in grown.whole})
        return frozenset(changed)

    def parts(self, name: str) -> frozenset[str]:
        """The full names of a record and of all that it holds."""
        found: set[str] = set()
        waiting = {name}
        while waiting:
            found |= waiting
            waiting = {part for known in waiting for part in mentions(self.files[known])} - found
        return frozenset(found)

    def key_field(self, name: str) -> str:
        """The field whose value is the record's key on the topic: the first one."""
        return self._keys[name]


def load(folder: Path) -> Catalogue:
    """Read every .avsc file of a folder. Raises Reject naming the file that is wrong."""
    files: dict[str, Definition] = {}
    for path in sorted(folder.glob("*.avsc")):
        files[path.name.removesuffix(".avsc")] = read(path)
    if not files:
        raise Reject("holds no .avsc file", where=str(folder), fix="set HUB_SCHEMAS to the folder")
    return build(files)


def read(path: Path) -> Definition:
    """One definition. Raises Reject if it is no JSON object or has another name than its file."""
    try:
        raw = path.read_bytes()
        found: object = orjson.loads(raw) if len(raw) <= FILE_BYTES else None
    except (OSError, orjson.JSONDecodeError) as error:
        raise Reject(f"cannot be read: {error}", where=path.name, code="schema") from error
    if not isinstance(found, dict):
        raise Reject(
            f"is not one JSON object of at most {FILE_BYTES} bytes", where=path.name, code="schema"
        )
    name = full_name(found)
    if f"{name}.avsc" != path.name:
        raise Reject(
            f"defines {name!r}", where=path.name, fix="name the file after it", code="schema"
        )
    return found


def build(files: Mapping[str, Definition]) -> Catalogue:
    """A catalogue of definitions by full name. Raises Reject for a name that is nowhere defined."""
    mentioned: set[str] = set()
    for name, definition in files.items():
        mentioned |= mentions(definition) - {name}
    roots = sorted(
        name
        for name, definition in files.items()
        if definition.get("type") == "record"
        and not name.startswith(SHARED)
        and name not in mentioned
    )
    whole = {name: inline(name, files) for name in roots}
    texts = {name: orjson.dumps(schema).decode() for name, schema in whole.items()}
    keys = {name: fields_of(schema)[0][0] for name, schema in whole.items() if fields_of(schema)}
    return Catalogue(dict(files), whole, texts, keys)


def full_name(definition: Mapping[str, Json]) -> str:
    """Namespace and name, joined by a dot; a name with a dot in it is full already."""
    namespace, name = definition.get("namespace"), str(definition.get("name"))
    return f"{namespace}.{name}" if namespace and "." not in name else name


def fields_of(definition: Mapping[str, Json]) -> list[tuple[str, dict[str, Json]]]:
    """The fields of a record, by name, in their order; none if it is not one or not well-formed."""
    fields = definition.get("fields")
    if not isinstance(fields, list):
        return []
    return [(str(f.get("name")), f) for f in fields if isinstance(f, dict)]


def mentions(kind: Json) -> set[str]:
    """The full names that a type mentions; its own too if it holds itself."""
    if isinstance(kind, str):
        return set() if kind in PRIMITIVES else {kind}
    if isinstance(kind, list):
        return set().union(*(mentions(part) for part in kind))
    if not isinstance(kind, dict):
        return set()
    inner: list[Json] = [f.get("type") for _, f in fields_of(kind)]
    inner += [kind[part] for part in ("items", "values") if part in kind]
    return set().union(*(mentions(part) for part in inner))


def inline(name: str, files: Mapping[str, Definition]) -> Definition:
    """The definition of `name` with every mentioned one inside, once, at its first mention."""
    return _Inliner(files).definition(name, name)


class _Inliner:
    """Remembers what has been written out already; a second mention stays a name."""

    def __init__(self, files: Mapping[str, Definition]) -> None:
        self._files = files
        self._written: set[str] = set()

    def definition(self, name: str, where: str) -> Definition:
        if name not in self._files:
            raise Reject(
                f"mentions {name!r}, which no file defines",
                where=f"{where}.avsc",
                fix=f"add {name}.avsc, or correct the name (shared types need their namespace)",
                code="schema",
            )
        self._written.add(name)
        found = dict(self._files[name])
        fields = found.get("fields")
        if isinstance(fields, list):
            found["fields"] = [
                {**f, "type": self.kind(f.get("type"), name)} if isinstance(f, dict) else f
                for f in fields
            ]
        return found

    def kind(self, kind: Json, where: str) -> Json:
        if isinstance(kind, str):
            if kind in PRIMITIVES or kind in self._written:
                return kind
            return self.definition(kind, where)
        if isinstance(kind, list):
            return [self.kind(part, where) for part in kind]
        if isinstance(kind, dict):
            parts: Definition = {
                part: self.kind(kind[part], where) for part in ("items", "values") if part in kind
            }
            return {**kind, **parts}
        return kind
