"""Reading YAML: safe, bounded, without doubled keys, and knowing where each value stands.

Aliases can blow a small file up to gigabytes, so what they give is counted; a doubled key means
that two readers see two values, so it is refused. Values keep their line, so a mistake that is
found later can be shown where it stands.
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
MOST = 100_000  # values, after aliases are followed


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
    reader = _Reader(name)
    value = None if root is None else reader.plain(root, ())
    return YamlFile(name, value, reader.lines)


def _compose(text: str) -> yaml.Node | None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth += 1
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise yaml.MarkedYAMLError(
                problem=f"nested deeper than {DEEPEST}", problem_mark=event.start_mark
            )
    return yaml.compose(text, Loader=yaml.CSafeLoader)


class _Reader:
    """Turns nodes into values, counting them and noting their lines."""

    def __init__(self, name: str) -> None:
        self.lines: dict[Path, int] = {}
        self._name = name
        self._left = MOST
        self._scalars = yaml.constructor.SafeConstructor()

    def plain(self, node: yaml.Node, path: Path) -> Plain:
        """The value of a node. Raises Reject."""
        self._left -= 1
        if self._left < 0 or len(path) > 2 * DEEPEST:
            raise Reject(f"has more than {MOST} values", where=self._place(node))
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, (*path, i)) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Plain]:
        found: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            # YAML 1.1 reads a bare `on` as true; as a key it is the word that was written.
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode) or not isinstance(key, str):
                raise Reject("a key is not a plain word", where=self._place(key_node))
            if key in found:
                raise Reject(
                    f"'{key}' stands twice", where=self._place(key_node), fix="keep one of them"
                )
            found[key] = self.plain(value_node, (*path, key))
            self.lines[(*path, key)] = key_node.start_mark.line + 1
        return found

    def _scalar(self, node: yaml.Node) -> Plain:
        kind = node.tag.rpartition(":")[2]
        if kind in ("str", "timestamp"):  # a bare 2025-10-13 is the text that was written
            return str(node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return bool(self._scalars.construct_yaml_bool(node))
        if kind == "int":
            return int(self._scalars.construct_yaml_int(node))
        if kind == "float":
            return float(self._scalars.construct_yaml_float(node))
        raise Reject(
            f"'{node.tag}' is not accepted",
            where=self._place(node),
            fix="write text, number, true, false or null",
        )

    def _place(self, node: yaml.Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}"
