"""`hub audit`: what is on record, why, and what proves it."""

import typer

from hub.cli.late import Late, group_of

WHERE = {
    "checkpoint": "proving",
    "erase": "erasing",
    "export": "exporting",
    "guard": "searching",
    "prove": "proving",
    "search": "searching",
    "trim": "trimming",
    "verify": "proving",
    "why": "why",
}
PARTS = {name: Late("hub.cli.witness:" + name) for name in ("witness", "keys")}
COMMANDS = {name: Late(f"hub.cli.{module}:app", name) for name, module in WHERE.items()} | PARTS

app = typer.Typer(
    cls=group_of(COMMANDS),
    no_args_is_help=True,
    help="Evidence: what is on record, why, and what proves it.",
)


@app.callback()
def group() -> None:
    """Evidence: what is on record, why, and what proves it."""
