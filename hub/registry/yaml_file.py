"""The hub's own YAML files (manifests, registrations), and where each of their values stands."""

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


def read_yaml(body: bytes, name: str) -> YamlFile:
    """Parse one file. Raises Reject with file and line."""
    return YamlFile(read(name, body, key_lines=True))


def in_memory(name: str, value: Plain) -> YamlFile:
    """A value that was never a file, for the same checks."""
    return YamlFile(Source(name, value, {}))
