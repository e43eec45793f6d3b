"""Which of Python's constructs belong to the mapping language; what to write instead of others."""

import ast
from collections.abc import Callable, Iterator, Mapping


def children(node: ast.AST, depth: int) -> Iterator[tuple[ast.AST, int]]:
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


def problem(node: ast.AST) -> tuple[str, str] | None:
    """What is wrong with a node of any other kind, and the remedy; None if nothing is."""
    look = _LOOKS.get(type(node))
    if look is None:
        return outside(node), _INSTEAD.get(type(node).__name__, "see the mapping language")
    return look(node)


def _formatted(node: ast.AST) -> tuple[str, str] | None:
    if isinstance(node, ast.FormattedValue) and (node.conversion != -1 or node.format_spec):
        return "a conversion or format in an f-text", "use a function: date_text(…)"
    return None


def _argument(node: ast.AST) -> tuple[str, str] | None:
    if isinstance(node, ast.keyword) and node.arg is None:
        return "a ** among the arguments", "name every field"
    return None


def _fine(_: ast.AST) -> tuple[str, str] | None:
    return None


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
            return outside(node), "assign one name at a time"


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
            return outside(node), _INSTEAD["BinOp"]


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
    ast.comprehension: _fine,  # its list was looked at
    ast.FormattedValue: _formatted,
    ast.keyword: _argument,
    ast.Return: _fine,
    ast.If: _fine,
    ast.BoolOp: _fine,
    ast.IfExp: _fine,
    ast.List: _fine,
    ast.JoinedStr: _fine,
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
    "Pass": "a pass",
    "Constant": "this literal",
}


def kind_of(node: ast.AST) -> str:
    """The construct's name, for a message."""
    name = type(node).__name__
    return _KINDS.get(name, f"{name} (of Python)")


def outside(node: ast.AST) -> str:
    """That a construct is none of the language's."""
    return f"{kind_of(node)} is not part of the mapping language"
