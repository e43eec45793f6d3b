"""`hub dossier`: what is known of one dossier, asked from the views."""

import sys
from typing import Annotated, Any

import typer

from hub.access.tokens import of_person
from hub.cli.output import answering, show_json, show_rows
from hub.errors import Reject
from hub.settings import load
from hub.views.client import asked

app = typer.Typer(no_args_is_help=True, help="Dossiers: timeline, status, deadline.")


@app.callback()
def group() -> None:
    """Dossiers: timeline, status, deadline."""


@app.command(epilog="Example: hub dossier show H44.99.99-251013-0001")
def show(
    code: Annotated[str, typer.Argument(help="the dossier code")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Show a dossier's status, its deadline, and everything that happened, oldest first."""
    with answering():
        settings = load()
        dossier = asked(settings.home, code, of_person(settings))
        if dossier is None:
            raise Reject(f"no dossier {code} is known", fix="`hub event list` shows codes")
        if as_json:
            show_json(dossier)
            return
        sys.stdout.write(_headline(dossier) + "\n")
        show_rows(dossier["timeline"], ("at", "type", "source", "says"), as_json=False)


def _headline(dossier: dict[str, Any]) -> str:
    parts = [str(dossier.get("code")), str(dossier.get("status"))]
    deadline = dossier.get("deadline")
    if isinstance(deadline, dict):
        parts.append(str(deadline.get("says")))
    return " · ".join(parts)
