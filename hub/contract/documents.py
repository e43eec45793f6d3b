"""The YAML and JSON files of a contract, read without surprises, with the line of every object.

PyYAML's loaders are not used: they let aliases multiply, read NO as false and 12:30 as 750, and the
C composer overflows its stack on deep input. The parser underneath gives events one by one; from
these the YAML 1.2 core values are built, within bounds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import yaml

from hub.contract.problems import Problems
from hub.contract.types import JsonScalar
from hub.errors import Reject

Json: TypeAlias = "JsonScalar | list[Json] | dict[str, Json]"

_DEPTH = 100
_LOOK = "look at the brackets, quotes and indentation there and just before"
_NODES = 200_000
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: Final[Mapping[str, JsonScalar]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its value, and the line (from 1) at which each object or list begins, by id().

    `keys`: the line of each key of an object, by the object's id(), where they were asked for.
    """

    name: str
    value: Json
    lines: Mapping[int, int] = field(repr=False)
    keys: Mapping[tuple[int, str], int] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a file, and the JSON pointer that leads to it."""

    source: Source
    value: Json
    pointer: str = ""
    line: int = 1

    def child(self, key: str | int) -> "Node":
        """The member of that name or place; its value is None if there is none."""
        inner: Json = None
        if isinstance(self.value, dict) and isinstance(key, str):
            inner = self.value.get(key)
        elif isinstance(self.value, list) and isinstance(key, int):
            inner = self.value[key]
        step = str(key).replace("~", "~0").replace("/", "~1")
        line = self.source.lines.get(id(inner), self.line)
        if isinstance(key, str):
            line = self.source.keys.get((id(self.value), key), line)
        return Node(self.source, inner, f"{self.pointer}/{step}", line)

    def children(self) -> Iterator[tuple[str, "Node"]]:
        """The members of an object, in order; none of anything else."""
        for key in self.value if isinstance(self.value, dict) else ():
            yield key, self.child(key)

    def items(self) -> "list[Node]":
        """The items of a list; none of anything else."""
        count = len(self.value) if isinstance(self.value, list) else 0
        return [self.child(index) for index in range(count)]

    def has(self, key: str) -> bool:
        """Whether it is an object with that member."""
        return isinstance(self.value, dict) and key in self.value

    def word(self, key: str) -> str:
        """The text under that key; "" if there is none."""
        value = self.child(key).value
        return value if isinstance(value, str) else ""

    def scalars(self, key: str) -> list[JsonScalar]:
        """The single values of the list under that key; none if there is no list."""
        found = self.child(key).value
        values = found if isinstance(found, list) else []
        return [value for value in values if not isinstance(value, dict | list)]

    def names(self) -> list[str]:
        """The names of the members of an object, in order."""
        return list(self.value) if isinstance(self.value, dict) else []

    @property
    def where(self) -> str:
        """The place, for a person: file, line and pointer."""
        return f"{self.source.name}:{self.line} #{self.pointer}"


def read(name: str, body: bytes, *, key_lines: bool = False, nodes: int = _NODES) -> Source:
    """A YAML 1.2 (core schema) or JSON file; `key_lines`: with the line of every key.

    Raises Reject with file and line for aliases, tags, several documents, duplicate keys, keys that
    are not texts, more than 100 levels or `nodes` values, and for what is not YAML in UTF-8.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Reject("not in UTF-8", name, "save it as UTF-8", "contract") from None
    builder = _Builder(name, nodes, key_lines=key_lines)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        line = int(getattr(error.problem_mark, "line", 0)) + 1
        what = f"not YAML: {error.problem}"
        raise Reject(what, f"{name}:{line}", _LOOK, "contract") from None
    except yaml.YAMLError:
        what = "not YAML: a character that may not stand there"
        raise Reject(what, name, "leave control characters out", "contract") from None
    return Source(name, builder.root, builder.lines, builder.keys)


class Bundle:
    """The files of a contract, each read when it is first referred to."""

    def __init__(self, files: Mapping[str, bytes], problems: Problems) -> None:
        self._files = files
        self._problems = problems
        self._read: dict[str, Source | None] = {}

    def source(self, name: str) -> Source | None:
        """The file of that path; None if it is not there or cannot be read (a problem)."""
        if name not in self._files:
            return None
        if name not in self._read:
            self._read[name] = None
            try:
                self._read[name] = read(name, self._files[name])
            except Reject as error:
                self._problems.extend([error])
        return self._read[name]

    def used(self) -> dict[str, bytes]:
        """The files that were referred to."""
        return {name: self._files[name] for name in self._read}


class _Builder:
    """Puts events together, without recursion."""

    def __init__(self, name: str, most: int, *, key_lines: bool) -> None:
        self._most = most
        self.root: Json = None
        self.lines: dict[int, int] = {}
        self.keys: dict[tuple[int, str], int] = {}
        self._name = name
        self._key_lines = key_lines
        self._open: list[dict[str, Json] | list[Json]] = []
        self._keys: list[str | None] = []  # of each open object: the key that waits for its value
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise self._refuse(line, "several documents in one file", "keep one")
            case yaml.AliasEvent():
                raise self._refuse(line, "a YAML alias is not supported", "write $ref instead")
            case yaml.ScalarEvent():
                self._put(self._scalar(event, line), line)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                if event.tag is not None:
                    raise self._refuse(line, "a YAML tag is not supported", "leave it out")
                self._start({} if isinstance(event, yaml.MappingStartEvent) else [], line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
                self._keys.pop()
            case _:
                pass

    def _start(self, container: dict[str, Json] | list[Json], line: int) -> None:
        if len(self._open) >= _DEPTH:
            raise self._refuse(line, f"nested deeper than {_DEPTH}", "write it flatter")
        self._put(container, line)
        self.lines[id(container)] = line
        self._open.append(container)
        self._keys.append(None)

    def _put(self, value: Json, line: int) -> None:
        self._nodes += 1
        if self._nodes > self._most:
            raise self._refuse(line, f"more than {self._most} values", "leave out what is not used")
        if not self._open:
            self.root = value
            return
        container = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        elif (key := self._keys[-1]) is None:
            key = self._keys[-1] = self._key(container, value, line)
            if self._key_lines:
                self.keys[id(container), key] = line
        else:
            container[key] = value
            self._keys[-1] = None

    def _key(self, container: dict[str, Json], key: Json, line: int) -> str:
        if isinstance(key, int) and not isinstance(key, bool):
            key = str(key)  # 200: under responses
        if not isinstance(key, str):
            raise self._refuse(line, "a key that is not a text", "put it in quotes")
        if key in container:
            raise self._refuse(line, f"the key {key[:60]!r} stands twice", "keep one of the two")
        return key

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> JsonScalar:
        if event.tag is not None:
            raise self._refuse(line, "a YAML tag is not supported", "leave it out")
        text: str = event.value
        if not event.implicit[0]:
            return text
        return _plain(text)

    def _refuse(self, line: int, what: str, fix: str = "") -> Reject:
        return Reject(what, f"{self._name}:{line}", fix, "contract")


def _plain(text: str) -> JsonScalar:
    """An unquoted scalar by the core schema of YAML 1.2."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
