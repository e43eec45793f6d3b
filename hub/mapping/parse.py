"""Which Python a mapping may be: the syntax of decision 0002, and nothing else.

The text becomes Python's own syntax tree, and every node of it is looked at once, without
recursion. What is not in the list is refused by name, with what to write instead; the checker
later meets only nodes that it knows.
"""

import ast
from dataclasses import dataclass, field

from hub.mapping.diagnostics import Report
from hub.mapping.grammar import children, kind_of, problem
from hub.mapping.scan import NESTING, scan

NODES = 20_000  # outside of tables
ROWS = 20_000  # of all tables
FUNCTIONS = 200
COMPREHENSIONS = 8  # inside one another: Python's compiler allows 20 loops

Literal = str | int | bool | None
Table = dict[str | int | bool, Literal]


@dataclass(frozen=True, slots=True)
class Module:
    """A mapping's text, read. Nodes whose id is in `bad` were reported already."""

    tables: dict[str, Table]
    constants: dict[str, Literal | tuple[Literal, ...]]
    functions: dict[str, ast.FunctionDef]
    places: dict[str, ast.AST]  # where each name is defined
    sizes: dict[str, int]  # nodes of each function
    bad: frozenset[int]


@dataclass(slots=True)
class _Reader:
    report: Report
    module: Module
    bad: set[int] = field(default_factory=set)
    rows: int = 0
    nodes: int = 0

    def refuse(self, node: ast.AST, what: str, fix: str, code: str = "not-allowed") -> None:
        self.bad.add(id(node))
        self.report.error(node, code, what, fix=fix)
        if self.report.full:
            self.report.stop()


def parse(source: str, report: Report) -> Module:
    """The tables, constants and functions of a mapping. Findings go to `report`.

    Raises MappingErrors where nothing further can be said: too big, or not Python at all.
    """
    scan(source, report)
    report.stop()
    reader = _Reader(report, Module({}, {}, {}, {}, {}, frozenset()))
    body = _tree(source, report).body
    for position, statement in enumerate(body):
        if not (position == 0 and _is_docstring(statement)):
            _top(reader, statement)
    if len(reader.module.functions) > FUNCTIONS:
        report.error(
            body[-1], "too-big", f"more than {FUNCTIONS} functions", fix="split the mapping"
        )
    _limits(reader, body)
    module = reader.module
    return Module(
        module.tables,
        module.constants,
        module.functions,
        module.places,
        module.sizes,
        frozenset(reader.bad),
    )


def _limits(reader: _Reader, body: list[ast.stmt]) -> None:
    if not body:
        return
    if reader.rows > ROWS:
        reader.report.error(body[-1], "too-big", f"the tables have more than {ROWS} rows")
    if reader.nodes > NODES:
        what = f"the mapping has more than {NODES} parts"
        reader.report.error(body[-1], "too-big", what, fix="split the mapping")
    if any(d.code in ("too-big", "too-deep") for d in reader.report.found.values()):
        reader.report.stop()


def _tree(source: str, report: Report) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        node = ast.Pass(
            lineno=error.lineno or 1,
            col_offset=0,
            end_lineno=error.lineno or 1,
            end_col_offset=max(1, error.offset or 1),
        )
        line = report.lines[node.lineno - 1] if node.lineno <= len(report.lines) else ""
        start = min(max((error.offset or 1) - 1, 0), len(line))
        node.col_offset = len(line[:start].encode())
        node.end_col_offset = node.col_offset + 1
        report.error(node, "syntax", f"this is not Python: {error.msg}", fix="mend it there")
    except (RecursionError, MemoryError, ValueError, OverflowError):
        whole = ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=1)
        report.error(whole, "too-deep", "the mapping nests too deeply to be read")
    report.stop()
    raise AssertionError("a finding was reported just above")  # pragma: no cover


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _top(reader: _Reader, statement: ast.stmt) -> None:
    match statement:
        case ast.FunctionDef():
            _function(reader, statement)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            if _new_name(reader, statement, name):
                _definition(reader, name, value)
        case ast.Import() | ast.ImportFrom():
            reader.refuse(
                statement,
                "a mapping imports nothing",
                "the functions of the library are there already",
            )
        case _:
            what = f"{kind_of(statement)} at the top of a mapping"
            reader.refuse(statement, what, "write tables, constants and functions only")


def _new_name(reader: _Reader, node: ast.AST, name: str) -> bool:
    if name.startswith("_"):
        reader.refuse(node, f"the name {name!r} begins with an underscore", "leave it off", "name")
        return False
    if name in reader.module.places:
        reader.refuse(node, f"{name!r} is defined twice", "give one of them another name", "name")
        return False
    reader.module.places[name] = node
    return True


def _definition(reader: _Reader, name: str, value: ast.expr) -> None:
    match value:
        case ast.Dict(keys=keys, values=values):
            reader.rows += len(keys)
            if reader.rows <= ROWS:
                reader.module.tables[name] = _table(reader, value, keys, values)
        case ast.Tuple(elts=elements):
            reader.nodes += len(elements)
            if reader.nodes <= NODES:
                found = [_literal(reader, element) for element in elements]
                _one_kind(reader, value, found)
                reader.module.constants[name] = tuple(found)
        case _:
            reader.module.constants[name] = _literal(reader, value)


def _table(
    reader: _Reader, node: ast.Dict, keys: list[ast.expr | None], values: list[ast.expr]
) -> Table:
    table: Table = {}
    for key, value in zip(keys, values, strict=True):
        if key is None:
            reader.refuse(node, "a table takes no ** of another", "write its rows out")
            continue
        name = _literal(reader, key)
        if name is None:
            reader.refuse(key, "None is no key of a table", "use default() before the look-up")
        elif name in table:
            reader.refuse(key, f"the key {name!r} stands twice", "keep one of the rows", "table")
        else:
            table[name] = _literal(reader, value)
    _one_kind(reader, node, list(table))
    _one_kind(reader, node, [value for value in table.values() if value is not None])
    return table


def _one_kind(reader: _Reader, node: ast.AST, values: list[Literal]) -> None:
    kinds = {type(value) for value in values}
    if len(kinds) > 1:
        names = " and ".join(sorted(kind.__name__ for kind in kinds))
        reader.refuse(node, f"values of several kinds: {names}", "use one kind", "table")


def _literal(reader: _Reader, node: ast.expr) -> Literal:
    match node:
        case ast.Constant(value=str() | bool() | int() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)) if (
            type(value) is int
        ):
            return -value
        case _:
            reader.refuse(
                node, f"{kind_of(node)} where a literal stands", "write a text or a number"
            )
            return ""


def _function(reader: _Reader, node: ast.FunctionDef) -> None:
    if not _new_name(reader, node, node.name):
        return
    before = reader.nodes
    _signature(reader, node)
    body = node.body[1:] if _is_docstring(node.body[0]) else node.body
    _walk(reader, node, body)
    reader.module.functions[node.name] = node
    reader.module.sizes[node.name] = reader.nodes - before


def _signature(reader: _Reader, node: ast.FunctionDef) -> None:
    extra = node.args.posonlyargs or node.args.kwonlyargs or node.args.vararg or node.args.kwarg
    if node.decorator_list:
        reader.refuse(node.decorator_list[0], "a decorator", "leave it off")
    if extra or node.args.defaults:
        reader.refuse(node, "a parameter with a default, a star or a slash", "write plain names")
    if node.returns or any(argument.annotation for argument in node.args.args):
        reader.refuse(node, "an annotation", "leave it off: types come from the contracts")
    seen: set[str] = set()
    for argument in node.args.args:
        reader.nodes += 1
        if argument.arg in seen:
            reader.refuse(argument, f"{argument.arg!r} is a parameter twice", "rename it", "name")
        seen.add(argument.arg)
        if argument.arg.startswith("_"):
            reader.refuse(
                argument, f"the name {argument.arg!r} begins with an underscore", "rename it"
            )


def _walk(reader: _Reader, function: ast.FunctionDef, body: list[ast.stmt]) -> None:
    """Look at every node below a function, with its depth, on a stack of our own."""
    stack: list[tuple[ast.AST, int, int]] = [(statement, 1, 0) for statement in reversed(body)]
    while stack:
        node, depth, loops = stack.pop()
        reader.nodes += 1
        if reader.nodes > NODES:
            return
        if depth > NESTING or loops > COMPREHENSIONS:
            what = f"{function.name} nests deeper than {NESTING} ({COMPREHENSIONS} for lists)"
            reader.refuse(node, what, "use local names or helper functions", "too-deep")
            return
        wrong = problem(node)
        if wrong is not None:
            reader.refuse(node, *wrong)
            continue
        inner = loops + isinstance(node, ast.ListComp)
        stack.extend((child, below, inner) for child, below in children(node, depth))
