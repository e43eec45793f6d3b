"""Which Python a mapping may be: the syntax of decision 0002, and nothing else.

The text becomes Python's own syntax tree, and every node of it is looked at once, without
recursion. What is not in the list is refused by name, with what to write instead; the checker
later meets only nodes that it knows.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from hub.mapping.diagnostics import Report
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
        report.error(node, "syntax", f"this is not Python: {error.msg}")
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
            what = f"{_named_kind(statement)} at the top of a mapping"
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
                node, f"{_named_kind(node)} where a literal stands", "write a text or a number"
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
        if not _allowed(reader, node):
            continue
        inner = loops + isinstance(node, ast.ListComp)
        stack.extend((child, below, inner) for child, below in _children(node, depth))


def _children(node: ast.AST, depth: int) -> Iterator[tuple[ast.AST, int]]:
    """The nodes below; an `elif` counts as deep as its `if`."""
    for name in _BELOW.get(type(node), ()):
        below = getattr(node, name)
        for child in below if isinstance(below, list) else (below,):
            if isinstance(child, ast.AST):
                yield child, depth + (not _is_elif(node, child))


def _is_elif(node: ast.AST, child: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]


_BELOW: Mapping[type, tuple[str, ...]] = {
    ast.Return: ("value",),
    ast.Assign: ("value",),
    ast.If: ("test", "body", "orelse"),
    ast.BoolOp: ("values",),
    ast.BinOp: ("left", "right"),
    ast.UnaryOp: ("operand",),
    ast.IfExp: ("test", "body", "orelse"),
    ast.Compare: ("left", "comparators"),
    ast.Call: ("args", "keywords"),
    ast.keyword: ("value",),
    ast.Attribute: ("value",),
    ast.List: ("elts",),
    ast.ListComp: ("elt", "generators"),
    ast.comprehension: ("target", "iter", "ifs"),
    ast.JoinedStr: ("values",),
    ast.FormattedValue: ("value",),
}


_PLAIN: tuple[type[ast.AST], ...] = (
    ast.Return,
    ast.If,
    ast.BoolOp,
    ast.IfExp,
    ast.List,
    ast.FormattedValue,
    ast.JoinedStr,
    ast.keyword,
)
_OPERATORS = (
    ast.Eq,
    ast.NotEq,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.In,
    ast.NotIn,
    ast.Is,
    ast.IsNot,
)
_INSTEAD = {
    "Lambda": "define a function of the mapping",
    "Subscript": "use first(list), code(TABLE, key) or a field's name",
    "For": "use [… for x in list]",
    "While": "use [… for x in list]",
    "Set": "use a constant tuple at the top",
    "Tuple": "use a constant tuple at the top, or a list",
    "Dict": "use a record's constructor, or a table at the top",
    "BinOp": "use f-texts for texts, + for lists; numbers are not computed here",
    "SetComp": "use [… for x in list]",
    "GeneratorExp": "use [… for x in list]",
    "DictComp": "use [… for x in list]",
    "Starred": "write the elements out",
    "Raise": 'use reject("why")',
    "AugAssign": "use another local name",
    "AnnAssign": "leave the annotation off",
}


def _allowed(reader: _Reader, node: ast.AST) -> bool:
    """Whether this node is in the language; reports it if not."""
    if isinstance(node, _PLAIN):
        return _plain(reader, node)
    problem = _problem(node)
    if problem is None:
        return True
    what, fix = problem
    reader.refuse(node, what, fix)
    return False


def _plain(reader: _Reader, node: ast.AST) -> bool:
    match node:
        case ast.FormattedValue(conversion=conversion, format_spec=spec) if (
            conversion != -1 or spec is not None
        ):
            reader.refuse(
                node, "a conversion or format in an f-text", "use a function: date_text(…)"
            )
            return False
        case ast.keyword(arg=None):
            reader.refuse(node, "a ** among the arguments", "name every field")
            return False
        case ast.List(ctx=ctx) if not isinstance(ctx, ast.Load):
            reader.refuse(node, "an assignment to several names", "assign one name at a time")
            return False
        case _:
            return True


def _problem(node: ast.AST) -> tuple[str, str] | None:
    """What is wrong with a node of any other kind, and the remedy; None if nothing is."""
    look = _LOOKS.get(type(node))
    if look is None:
        return _kind(node), _INSTEAD.get(type(node).__name__, "see the mapping language")
    return look(node)


def _named(node: ast.AST) -> tuple[str, str] | None:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.Name(id=name) | ast.Attribute(attr=name):
            if name.startswith("_"):
                return (
                    f"the name {name!r} begins with an underscore",
                    "such names are not reachable",
                )
            return None
        case _:
            return _kind(node), "assign one name at a time"


def _called(node: ast.AST) -> tuple[str, str] | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return None
    return "a call of something that is no function's name", "use a function of the library"


def _compared(node: ast.AST) -> tuple[str, str] | None:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return None if isinstance(node.ops[0], _OPERATORS) else ("this comparison", "use == or in")
    return "a chain of comparisons", "join two comparisons with `and`"


def _operated(node: ast.AST) -> tuple[str, str] | None:
    match node:
        case ast.BinOp(op=ast.Add()) | ast.UnaryOp(op=ast.Not()):
            return None
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return None
        case _:
            return _kind(node), _INSTEAD["BinOp"]


def _written(node: ast.AST) -> tuple[str, str] | None:
    value = node.value if isinstance(node, ast.Constant) else None
    if value is None or isinstance(value, str | int | float):
        return None
    return (
        f"a literal of kind {type(value).__name__}",
        "write a text, a number, True, False or None",
    )


def _listed(node: ast.AST) -> tuple[str, str] | None:
    generators = node.generators if isinstance(node, ast.ListComp) else []
    if len(generators) > 1:
        return "a list with two `for`", "use a helper function for the inner list"
    if not isinstance(generators[0].target, ast.Name):
        return "a list over several names at once", "name one element"
    if generators[0].is_async:
        return "an async list", "leave `async` off"
    return None


_LOOKS: Mapping[type, Callable[[ast.AST], tuple[str, str] | None]] = {
    ast.Assign: _named,
    ast.Name: _named,
    ast.Attribute: _named,
    ast.Call: _called,
    ast.Compare: _compared,
    ast.BinOp: _operated,
    ast.UnaryOp: _operated,
    ast.Constant: _written,
    ast.ListComp: _listed,
    ast.comprehension: lambda _: None,  # its list was looked at
}


_KINDS = {
    "ClassDef": "a class",
    "AsyncFunctionDef": "an async function",
    "FunctionDef": "a function inside another",
    "For": "a loop",
    "While": "a loop",
    "Lambda": "a lambda",
    "Subscript": "a subscript",
    "NamedExpr": "a := inside an expression",
    "BinOp": "arithmetic",
    "UnaryOp": "arithmetic",
    "Expr": "an expression whose value is lost",
    "Tuple": "a tuple",
    "List": "a list",
    "Dict": "a dict",
    "Set": "a set",
    "DictComp": "a dict comprehension",
    "SetComp": "a set comprehension",
    "GeneratorExp": "a generator",
    "Call": "a call",
    "Name": "a name",
    "Attribute": "a path",
    "Starred": "a star",
    "Assign": "an assignment to anything but one name",
    "AugAssign": "an assignment in place",
    "AnnAssign": "an annotation",
    "Raise": "a raise",
    "Delete": "a del",
    "Global": "a global",
    "Await": "an await",
    "Try": "a try",
    "With": "a with",
    "Match": "a match",
    "Assert": "an assert",
}


def _named_kind(node: ast.AST) -> str:
    name = type(node).__name__
    return _KINDS.get(name, f"{name} (of Python)")


def _kind(node: ast.AST) -> str:
    """The construct's name, for a message."""
    return f"{_named_kind(node)} is not part of the mapping language"
