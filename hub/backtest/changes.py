"""What was changed in a mapping, as small as it can be told, and each change taken back alone.

Two texts are compared as syntax trees: tables and constants by name, functions statement by
statement down to the field whose expression differs. Each change knows the text of the new mapping
with that one change undone; whether a difference then goes away tells whether this is its cause.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hub.backtest.splice import Place, Text

ChangeKind: TypeAlias = Literal["code table", "constant", "expression", "field", "function"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `line` from 1, of the new mapping; `field`: the request's field that it makes.

    `source`: the new mapping's text without this change.
    """

    kind: ChangeKind
    name: str  # of the table, constant or function
    line: int
    source: str = field(repr=False)
    field: str = ""


def changes(old: str, new: str) -> list[Change]:
    """Every change between two mappings that compile: tables first, then expressions."""
    before, after = Text(old), Text(new)
    found = list(_changes(before, after))
    return sorted(found, key=lambda c: (c.kind not in ("code table", "constant"), c.line))


def _changes(old: Text, new: Text) -> Iterator[Change]:
    for name, node in new.definitions.items():
        other = old.definitions.get(name)
        if other is None or _same(node, other):
            continue
        if isinstance(node, ast.FunctionDef) and isinstance(other, ast.FunctionDef):
            for one in _functions(node, other):
                yield one.change(name, old, new)
        else:
            yield _Edit(node, other).change(name, old, new)


@dataclass(frozen=True, slots=True)
class _Edit:
    """`new` stands where `old` stood; without `new`, the keyword `old` was a part of `call`."""

    new: ast.AST | None
    old: ast.AST | None
    field: str = ""
    call: ast.Call | None = None

    def change(self, name: str, old: Text, new: Text) -> Change:
        place, text = self._splice(old, new)
        return Change(
            self._kind(), name, new.line(place), new.with_text(place, text, old), self.field
        )

    def _kind(self) -> ChangeKind:
        match self.new:
            case ast.Assign(value=ast.Dict()):
                return "code table"
            case ast.Assign():
                return "constant"
            case ast.FunctionDef():
                return "function"
            case _:
                return "field" if self.new is None or self.old is None else "expression"

    def _splice(self, old: Text, new: Text) -> tuple[Place, str]:
        if self.new is not None and self.old is not None:
            text = old.of(self.old)
            return new.place(self.new), f"({text})" if isinstance(self.old, ast.expr) else text
        if self.new is not None:  # a field that the old one did not give: absent
            return new.place(self.new), "None"
        opening = new.place(self.call.func).end + 1 if self.call else 0
        return Place(opening, opening), f"{old.of(self.old)}, " if self.old else ""


def _same(one: ast.AST, other: ast.AST) -> bool:
    return ast.dump(one) == ast.dump(other)


def _functions(new: ast.FunctionDef, old: ast.FunctionDef) -> list[_Edit]:
    found = _block(_body(new), _body(old)) if _same(new.args, old.args) else None
    return [_Edit(new, old)] if found is None else found


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    """Without its docstring."""
    first = function.body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return function.body[1:] if told else function.body


def _block(new: Sequence[ast.stmt], old: Sequence[ast.stmt]) -> list[_Edit] | None:
    """The edits of a block; None where its statements do not correspond."""
    if len(new) != len(old):
        return None
    found: list[_Edit] = []
    for one, other in zip(new, old, strict=True):
        edits = [] if _same(one, other) else _statement(one, other)
        if edits is None:
            return None
        found += edits
    return found


def _statement(new: ast.stmt, old: ast.stmt) -> list[_Edit] | None:
    match new, old:
        case ast.Return(value=ast.expr() as one), ast.Return(value=ast.expr() as other):
            return _expression(one, other)
        case ast.Assign(targets=[ast.Name(id=a)]), ast.Assign(targets=[ast.Name(id=b)]) if a == b:
            return _expression(new.value, old.value)
        case ast.If(), ast.If():
            then, rest = _block(new.body, old.body), _block(new.orelse, old.orelse)
            if then is None or rest is None:
                return [_Edit(new, old)]
            return _expression(new.test, old.test) + then + rest
        case _:
            return None


def _expression(new: ast.expr, old: ast.expr, field: str = "") -> list[_Edit]:
    if _same(new, old):
        return []
    match new, old:
        case ast.Call(), ast.Call() if _same(new.func, old.func) and len(new.args) == len(old.args):
            return _call(new, old, field)
        case ast.IfExp(), ast.IfExp():
            pairs = [(new.test, old.test), (new.body, old.body), (new.orelse, old.orelse)]
        case ast.BinOp(), ast.BinOp():
            pairs = [(new.left, old.left), (new.right, old.right)]
        case ast.List(), ast.List() if len(new.elts) == len(old.elts):
            pairs = list(zip(new.elts, old.elts, strict=True))
        case _:
            return [_Edit(new, old, field)]
    return [edit for one, other in pairs for edit in _expression(one, other, field)]


def _call(new: ast.Call, old: ast.Call, field: str) -> list[_Edit]:
    found: list[_Edit] = []
    for one, other in zip(new.args, old.args, strict=True):
        found += _expression(one, other, field)
    given, gave = _keywords(new), _keywords(old)
    for name, keyword in given.items():
        if name in gave:
            found += _expression(keyword.value, gave[name].value, name)
        else:
            found.append(_Edit(keyword.value, None, name))
    found += [_Edit(None, gave[name], name, new) for name in gave if name not in given]
    return found


def _keywords(call: ast.Call) -> Mapping[str, ast.keyword]:
    return {keyword.arg: keyword for keyword in call.keywords if keyword.arg}
