"""`hub dossier`: what is known of one dossier, asked from the views."""

import sys
from typing import Annotated
from urllib.parse import quote

import orjson
import typer

from adapters.http.simple import fetch
from hub.cli.output import answering, show_json, show_rows
from hub.dev import runfiles
from hub.errors import Reject, Retry
from hub.settings import load

app = typer.Typer(no_args_is_help=True, help="Dossiers: timeline, status, deadline.")
NOT_FOUND = 404


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
        found = runfiles.find(settings.home, "views")
        if found is None:
            raise Retry("the views do not run", fix="start them: hub up, or hub views")
        status, _, body = fetch("GET", f"{found.url}/dossiers/{quote(code, safe='')}", timeout=10.0)
        if status == NOT_FOUND:
            raise Reject(f"no dossier {code} is known", fix="`hub event list` shows codes")
        if status != 200:  # noqa: PLR2004 - HTTP
            raise Retry(f"the views answered {status}", fix="see log/views.log")
        dossier = orjson.loads(body)
        if as_json:
            show_json(dossier)
            return
        sys.stdout.write(_headline(dossier) + "\n")
        show_rows(dossier["timeline"], ("at", "type", "source", "says"), as_json=False)


def _headline(dossier: dict[str, object]) -> str:
    parts = [str(dossier.get("code")), str(dossier.get("status"))]
    deadline = dossier.get("deadline")
    if isinstance(deadline, dict):
        parts.append(str(deadline.get("says")))
    return " · ".join(parts)
