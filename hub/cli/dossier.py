"""`hub dossier`: what is known of one dossier, asked from the views."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

import orjson
import typer

from adapters.http.simple import fetch
from hub.cli.output import answering, say, show_json, show_rows
from hub.dev import runfiles
from hub.errors import Reject, Retry
from hub.settings import Settings, load

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
        dossier = _asked(_views(load()), code)
        if dossier is None:
            raise Reject(f"no dossier {code} is known", fix="`hub event list` shows codes")
        if as_json:
            show_json(dossier)
            return
        sys.stdout.write(_headline(dossier) + "\n")
        show_rows(dossier["timeline"], ("at", "type", "source", "says"), as_json=False)


def due_dates(settings: Settings, codes: Sequence[str]) -> dict[str, str]:
    """When these dossiers are due (local time, to the minute), as far as the views know them.

    Where the views do not answer, that is said, and nobody is due.
    """
    found: dict[str, str] = {}
    try:
        views = _views(settings)
        for code in codes:
            dossier = _asked(views, code)
            due = dossier["deadline"]["due"] if dossier else None
            if due is not None:
                found[code] = due
    except Retry as error:
        say(f"due dates are not known: {error}")
    return found


def _views(settings: Settings) -> str:
    """Where the views serve. Raises Retry while they do not run."""
    found = runfiles.find(settings.home, "views")
    if found is None:
        raise Retry("the views do not run", fix="start them: hub up, or hub views")
    return found.url


def _asked(views: str, code: str) -> dict[str, Any] | None:
    """What the views know of a dossier (hub.views.answers); None if nothing. Raises Retry."""
    status, _, body = fetch("GET", f"{views}/dossiers/{quote(code, safe='')}", timeout=10.0)
    if status == NOT_FOUND:
        return None
    if status != 200:  # noqa: PLR2004 - HTTP
        raise Retry(f"the views answered {status}", fix="see log/views.log")
    found: dict[str, Any] = orjson.loads(body)
    return found


def _headline(dossier: dict[str, Any]) -> str:
    parts = [str(dossier.get("code")), str(dossier.get("status"))]
    deadline = dossier.get("deadline")
    if isinstance(deadline, dict):
        parts.append(str(deadline.get("says")))
    return " · ".join(parts)
