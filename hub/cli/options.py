"""Options that several commands have in the same words."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
Unmask = Annotated[
    str | None,
    typer.Option(
        "--unmask", metavar="REASON", help="show personal data; needs the right, is recorded"
    ),
]
