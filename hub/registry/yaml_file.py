"""The hub's own YAML files (manifests, registrations), and where each of their values stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from hub.contract.documents import Node, Source, read
from hub.contract.types import Value

if TYPE_CHECKING:
    Plain: TypeAlias = Value
else:
    Plain = Any  # msgspec knows no recursive alias; reading YAML gives nothing but plain values
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file's value, with the line on which each part begins."""

    source: Source

    @property
    def name(self) -> str:
        """The file's name."""
        return self.source.name

    @property
    def value(self) -> Plain:
        """What the file says."""
        return self.source.value

    def place(self, path: Path) -> str:
        """The nearest part that exists, as "file:line"."""
        node = Node(self.source, self.source.value)
        for step in path:
            value = node.value
            known = isinstance(value, dict) and step in value
            listed = isinstance(value, list) and isinstance(step, int) and step < len(value)
            if not known and not listed:
                break
            node = node.child(step)
        return f"{self.name}:{node.line}"

    def path_of(self, under: Path, word: str) -> Path:
        """The path of the first value under a path that is, or lists, this word; else `under`."""
        node = Node(self.source, self.source.value)
        for step in under:
            node = node.child(step)
        return next(_paths(node.value, under, word), under)


def _paths(value: Plain, path: Path, word: str) -> Iterator[Path]:
    if isinstance(value, dict | list):
        steps = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inner in steps:
            yield from _paths(inner, (*path, step), word)
    elif value == word:
        yield path


def read_yaml(body: bytes, name: str) -> YamlFile:
    """Parse one file. Raises Reject with file and line."""
    return YamlFile(read(name, body, key_lines=True))


def in_memory(name: str, value: Plain) -> YamlFile:
    """A value that was never a file, for the same checks."""
    return YamlFile(Source(name, value, {}))
