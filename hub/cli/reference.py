"""`hub settings`: every environment variable that the hub reads, and what it is here."""

from typing import Annotated

import typer

from hub.cli.output import answering, say, show_rows
from hub.settings import VARIABLES, environment, load, misspelt

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: hub settings --json")
def settings(
    *, as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False
) -> None:
    """Show every setting, its default and its value here; references are not followed."""
    with answering():
        load()  # refuses what is wrong, by name
        here = environment({})
        rows = [
            {"name": v.name, "default": v.default, "here": here.get(v.name, ""), "what": v.doc}
            for v in VARIABLES
        ]
        show_rows(rows, ("name", "default", "here", "what"), as_json=as_json)
        for name, near in misspelt():
            say(f"{name} is no setting; did you mean {near}?")


HOW = """Every process reads them from the environment, once, at its start; a wrong value is refused
with its name and what to write instead."""


def markdown() -> str:
    """ops/reference/settings.md."""
    lines = [
        "# Settings",
        "",
        HOW,
        "Secrets are references: `env:NAME` or `file:PATH`. `hub settings` shows them as they are.",
        "",
        "| variable | default | what it is |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{v.name}` | {f'`{v.default}`' if v.default else ''} | {v.doc} |" for v in VARIABLES
    ]
    return "\n".join(lines) + "\n"
