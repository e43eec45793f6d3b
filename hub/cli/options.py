"""Options that several commands have in the same words."""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from hub.views.calendar import LOCAL

UNITS = {"d": 86_400_000, "h": 3_600_000, "min": 60_000}
SINCE = "30d"


def milliseconds(age: str) -> int:
    """How long `30d`, `12h` or `5min` are. Raises BadParameter for anything else."""
    found = re.fullmatch(r"([0-9]{1,5})(d|h|min)", age)
    if found is None:
        raise typer.BadParameter("is not a number with d, h or min: 30d", param_hint="--since")
    return int(found[1]) * UNITS[found[2]]


def point(text: str | None, option: str) -> int | None:
    """A day or a time as epoch ms: local time (+07:00) unless it says otherwise; None for none.

    Raises BadParameter for anything else.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            "is no day or time: 2025-10-13, 2025-10-13T09:05", param_hint=option
        ) from None
    return int((found if found.tzinfo else found.replace(tzinfo=LOCAL)).timestamp() * 1000)


Since = Annotated[str, typer.Option(metavar="AGE", help="how far back: 30d, 12h, 5min")]
Folder = Annotated[
    Path,
    typer.Argument(
        exists=True, file_okay=False, help="a connector's folder, for example connectors/postal"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
Unmask = Annotated[
    str | None,
    typer.Option(
        "--unmask", metavar="REASON", help="show personal data; needs the right, is recorded"
    ),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="since that day or time: 2025-10-13T09:05"),
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="before that day or time")]
