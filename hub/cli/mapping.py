"""`hub mapping`: the reference of the functions that mappings may call."""

import json
import sys
from typing import Annotated

import typer

from hub.mapping.functions.library import LIBRARY
from hub.mapping.functions.reference import as_dict, text

app = typer.Typer(help="The mapping language.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The mapping language."""


@app.command()
def functions(
    name: Annotated[str | None, typer.Argument(help="one function; without it, all")] = None,
    *,
    json_: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Print the reference of the library of pure functions."""
    if name is not None and name not in LIBRARY:
        sys.stderr.write(f"no function {name!r}; `hub mapping functions` lists them all\n")
        raise typer.Exit(2)
    for function in LIBRARY.values() if name is None else [LIBRARY[name]]:
        if json_:
            sys.stdout.write(json.dumps(as_dict(function), ensure_ascii=False) + "\n")
        else:
            sys.stdout.write(text(function) + "\n")
