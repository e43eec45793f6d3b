"""`hub audit`: what is on record, why, and what proves it."""

import typer

from hub.cli import witness
from hub.cli.erasing import erase
from hub.cli.exporting import export_
from hub.cli.proving import checkpoint, prove_, verify
from hub.cli.searching import guard, search
from hub.cli.trimming import trim
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
app.command("prove", epilog="Example: hub audit prove 7d1c… --unmask 'case 12/2025' > proof.json")(
    prove_
)
app.command(epilog="Example: hub audit verify proof.json --key hub.pub")(verify)
app.command(epilog="Example: hub audit checkpoint --statement > said.json")(checkpoint)
app.add_typer(witness.witness, name="witness")
app.add_typer(witness.keys, name="keys")
app.command("export", epilog="Example: hub audit export package --from 2025-10-13 --to 2025-10-17")(
    export_
)
app.command(epilog="Example: hub audit trim --days 90")(trim)
app.command(
    epilog="Example: hub audit erase --dossier H44.99.99-251013-0001 --order 12/QD-STN"
    ' --by "Trần Thị Thử" --yes'
)(erase)
