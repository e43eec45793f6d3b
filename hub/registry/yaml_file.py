"""Reading YAML: safe, without aliases or doubled keys, and knowing where each value stands.

An alias can blow a small file up to gigabytes, a doubled key means two readers see two values, so
both are refused. Values keep their line, so a mistake found later can be shown where it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from hub.contract.types import Value
from hub.errors import Reject

Plain: TypeAlias = Value
Path: TypeAlias = tuple[str | int, ...]

LARGEST = 1_048_576  # bytes
DEEPEST = 32


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file's value and the line (from 1) on which each part begins."""

    name: str
    value: Plain
    lines: Mapping[Path, int]

    def place(self, path: Path) -> str:
        """The nearest part that exists, as "file:line"."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


def read_yaml(body: bytes, name: str) -> YamlFile:
    """Parse one document. Raises Reject with file and line."""
    if len(body) > LARGEST:
        raise Reject(f"is larger than {LARGEST} bytes", where=name)
    try:
        root = _compose(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Reject("is not UTF-8", where=name) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Reject(f"is not YAML: {error.problem}", where=f"{name}:{line}") from error
    except yaml.YAMLError as error:
        raise Reject("is not YAML", where=name) from error
    lines: dict[Path, int] = {}
    value = None if root is None else _plain(root, (), lines, name)
    return YamlFile(name, value, lines)


def _compose(text: str) -> yaml.Node | None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases are not accepted", problem_mark=event.start_mark
            )
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth += 1
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise yaml.MarkedYAMLError(
                problem=f"nested deeper than {DEEPEST}", problem_mark=event.start_mark
            )
    return yaml.compose(text, Loader=yaml.CSafeLoader)


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int], name: str) -> Plain:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, i), lines, name) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, name)
    return _scalar(node, name)


def _mapping(
    node: yaml.MappingNode, path: Path, lines: dict[Path, int], name: str
) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for key_node, value_node in node.value:
        # YAML 1.1 reads a bare `on` as true; as a key it is the word that was written.
        key = key_node.value
        place = f"{name}:{key_node.start_mark.line + 1}"
        if not isinstance(key_node, yaml.ScalarNode) or not isinstance(key, str):
            raise Reject("a key is not a plain word", where=place)
        if key in found:
            raise Reject(f"'{key}' stands twice", where=place, fix="keep one of them")
        found[key] = _plain(value_node, (*path, key), lines, name)
        lines[(*path, key)] = key_node.start_mark.line + 1
    return found


def _scalar(node: yaml.Node, name: str) -> Plain:
    constructor = yaml.constructor.SafeConstructor()
    kind = node.tag.rpartition(":")[2]
    if kind == "str":
        return str(node.value)
    if kind == "null":
        return None
    if kind == "bool":
        return bool(constructor.construct_yaml_bool(node))
    if kind == "int":
        return int(constructor.construct_yaml_int(node))
    if kind == "float":
        return float(constructor.construct_yaml_float(node))
    if kind == "timestamp":  # a bare 2025-10-13 is the text that was written
        return str(node.value)
    raise Reject(
        f"'{node.tag}' is not accepted",
        where=f"{name}:{node.start_mark.line + 1}",
        fix="write text, number, true, false or null",
    )
