"""The expressions of a new mapping, as a small tree, and how they are laid out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from json import dumps
from keyword import iskeyword
from typing import Final, TypeAlias

_SHOWN: Final = 12  # fields that a comment lists


@dataclass(frozen=True, slots=True)
class Make:
    """`Record(field=…)`, one field a line. `left`: fields that may be given, and are not."""

    name: str
    fields: tuple[tuple[str, "Expression"], ...]
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """`[item]`, or `[item for name in source]`."""

    item: "Expression"
    name: str = ""
    source: str = ""


Expression: TypeAlias = str | Make | Listed


@dataclass(slots=True)
class Tables:
    """The code tables of a mapping, by name."""

    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, wish: str, lines: tuple[str, ...]) -> str:
        """Enter a table under the wished name, or one like it; an equal one is shared."""
        name, number = wish, 2
        while self.rows.get(name, lines) != lines:
            name, number = f"{wish}_{number}", number + 1
        self.rows[name] = lines
        return name


def hole(wanted: str) -> str:
    """`todo("…")`, within the length of a line's literal."""
    return f"todo({dumps(wanted[:300], ensure_ascii=False)})"


def has_hole(expression: Expression) -> bool:
    """Whether a person has to write a part of it."""
    match expression:
        case Make(fields=fields):
            return any(has_hole(value) for _, value in fields)
        case Listed(item=item):
            return has_hole(item)
        case text:
            return "todo(" in text


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def written_name(name: str) -> str:
    """A field's name in a mapping: a word of Python gets an underscore behind it."""
    return f"{name}_" if iskeyword(name) else name


def lines(expression: Expression, before: str, after: str, indent: int) -> Iterator[str]:
    """The expression between `before` and `after`, on as many lines as it needs."""
    pad = " " * indent
    match expression:
        case Make(name=name, fields=(), left=()):
            yield f"{pad}{before}{name}(){after}"
        case Make(name=name, fields=fields, left=left):
            yield f"{pad}{before}{name}("
            for own, value in fields:
                yield from lines(value, f"{written_name(own)}=", ",", indent + 4)
            if left:
                yield f"{pad}    # left out: {_some(left)}"
            yield f"{pad}){after}"
        case Listed(item=item, name=name, source=source):
            yield f"{pad}{before}["
            yield from lines(item, "", "" if name else ",", indent + 4)
            if name:
                yield f"{pad}    for {name} in {source}"
            yield f"{pad}]{after}"
        case text:
            yield f"{pad}{before}{text}{after}"
