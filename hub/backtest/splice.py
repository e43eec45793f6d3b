"""A mapping's text, cut and joined by the places of its syntax tree."""

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Place(NamedTuple):
    """A stretch of a text, in characters; the end is exclusive."""

    start: int
    end: int


class Text:
    """A mapping that compiles."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._lines = [f"{line}\n" for line in source.split("\n")]
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self.definitions: Mapping[str, ast.stmt] = dict(_definitions(ast.parse(source)))

    def place(self, node: ast.AST) -> Place:
        """Where a node stands."""
        return Place(
            self._offset(getattr(node, "lineno", 1), getattr(node, "col_offset", 0)),
            self._offset(getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0)),
        )

    def of(self, node: ast.AST) -> str:
        """The text of a node."""
        return self.source[slice(*self.place(node))]

    def line(self, place: Place) -> int:
        """The line, from 1, in which a place begins."""
        return self.source.count("\n", 0, place.start) + 1

    def _offset(self, line: int, column: int) -> int:
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        before = text.encode()[:column].decode(errors="ignore")  # ast counts UTF-8 bytes
        return self._starts[min(line, len(self._starts)) - 1] + len(before)

    def with_text(self, place: Place, text: str, other: "Text") -> str:
        """The whole text with another at `place`.

        What that names and only the mapping `other` defines comes along; functions that nothing
        calls any more go, because the checker would refuse them.
        """
        made = self.source[: place.start] + text + self.source[place.end :]
        roots = self._roots()
        try:
            return _pruned(_completed(made, other), roots)
        except SyntaxError:
            return ""  # compiles nowhere: this change cannot be taken back alone

    def _roots(self) -> frozenset[str]:
        """The functions that no other calls: those that the manifest's flows name."""
        called = {
            name
            for top, node in self.definitions.items()
            for name in _mentioned(node)
            if name != top
        }
        functions = {n for n, d in self.definitions.items() if isinstance(d, ast.FunctionDef)}
        return frozenset(functions - called)


def _definitions(module: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    for statement in module.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name, statement
            case _:
                continue


def _mentioned(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _completed(source: str, other: Text) -> str:
    """With the definitions of `other` that it mentions and has not."""
    while True:
        text = Text(source)
        mentioned = {name for node in text.definitions.values() for name in _mentioned(node)}
        lacking = sorted((mentioned & other.definitions.keys()) - text.definitions.keys())
        if not lacking:
            return source
        parts = [source.rstrip("\n"), *(other.of(other.definitions[name]) for name in lacking)]
        source = "\n\n\n".join(parts) + "\n"


def _pruned(source: str, roots: frozenset[str]) -> str:
    text = Text(source)
    reached, waiting = set(roots), set(roots)
    while waiting:
        found = {
            name for top in waiting if top in text.definitions
            for name in _mentioned(text.definitions[top])
        }  # fmt: skip
        waiting = found - reached
        reached |= found
    for name, node in list(text.definitions.items())[::-1]:
        if isinstance(node, ast.FunctionDef) and name not in reached:
            start, end = text.place(node)
            source = source[:start] + source[end:]
    return source
