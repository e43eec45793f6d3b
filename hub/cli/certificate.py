"""`hub connector certificate`, `certifier`: what is vouched for, and whose word counts here."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins

from hub.cli.known import events_here
from hub.cli.options import Folder, Json
from hub.cli.output import answering, say, show_json, show_rows
from hub.errors import Reject
from hub.registry.bundle import read_bundle
from hub.registry.certificates import certifier_line, public_bytes, verify
from hub.registry.certifiers import known_certifiers, own_key
from hub.registry.problem import BundleErrors
from hub.settings import load
from hub.surroundings import now_ms

app = typer.Typer(add_completion=False)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="a certificate")]


@app.command(epilog="Example: hub connector certificate connectors/postal postal.certificate.json")
def certificate(folder: Folder, file: File, *, as_json: Json = False) -> None:
    """Show a certificate, if it holds here for exactly this folder; 1 if it does not."""
    with answering():
        settings = load()
        try:
            bundle = read_bundle(folder, events_here(settings))
        except BundleErrors as error:
            raise Reject(f"{error}", fix=f"hub connector check {folder}") from error
        found = verify(
            file.read_bytes(),
            bundle=bundle.sha256,
            hub=settings.hub_id,
            certifiers=known_certifiers(settings),
            now=datetime.fromtimestamp(now_ms() / 1000, UTC),
        )
        if as_json:
            show_json(to_builtins(found))
            return
        say(f"{found.connector} {bundle.digest} at {found.endpoint}, {found.at}, by {found.by}")
        rows = [to_builtins(clause) for clause in found.clauses]
        show_rows(rows, ("flow", "name", "outcome", "why"), as_json=False)


@app.command(epilog="Example: hub connector certifier integration-desk")
def certifier(name: Annotated[str, typer.Argument(help="how the key is named, one word")]) -> None:
    """Print the line by which another hub knows the key that certifies here (HUB_CERTIFIERS)."""
    with answering():
        if len(name.split()) != 1:
            raise Reject("is not one word", where="NAME", fix="write a name without blanks")
        typer.echo(certifier_line(name, public_bytes(own_key(load()))))
