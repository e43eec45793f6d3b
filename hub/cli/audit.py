"""`hub audit`: what is on record, why, and what proves it."""

import typer

from hub.cli.searching import guard, search
from hub.cli.why import why

app = typer.Typer(
    no_args_is_help=True, help="Evidence: what is on record, why, and what proves it."
)


@app.callback()
def group() -> None:
    """Evidence: what is on record, why, and what proves it."""


app.command(epilog="Example: hub audit search --dossier H44.99.99-251013-0001 --from 2025-10-13")(
    search
)
app.command(epilog="Example: hub audit why H44.99.99-251013-0001 --connector ngsp")(why)
app.command(epilog="Example: hub audit guard --since 7d")(guard)
