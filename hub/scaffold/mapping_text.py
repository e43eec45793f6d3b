"""mapping.py of a new connector."""

from collections.abc import Iterator, Sequence

from hub.scaffold.expressions import Tables, lines
from hub.scaffold.flows import Function


def mapping_text(title: str, functions: Sequence[Function], tables: Tables) -> str:
    """The file: tables, then a function a flow."""
    return "\n".join(_lines(title, functions, tables)) + "\n"


def _lines(title: str, functions: Sequence[Function], tables: Tables) -> Iterator[str]:
    yield f'"""{_quoted(title)}: what it says and is told. A todo is what a person has to write."""'
    for name, rows in tables.rows.items():
        yield from ("", f"{name} = {{", *rows, "}")
    for each in functions:
        for function in (each.companion, each):
            if function is not None:
                yield from _function(function)


def _function(function: Function) -> Iterator[str]:
    yield from ("", "", f"def {function.name}({', '.join(function.parameters)}):")
    yield f'    """{_quoted(function.doc)}"""'
    yield from lines(function.made, "return ", "", 4)


def _quoted(text: str) -> str:
    return " ".join(text.replace("\\", "/").replace('"', "'").split())
