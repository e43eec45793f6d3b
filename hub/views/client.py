"""Asking running views, for those who can do without an answer."""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

import orjson

from adapters.http.simple import fetch
from hub.access.tokens import bearer
from hub.dev import runfiles
from hub.errors import Halt, HubError, Retry

ANSWERED = 10.0  # seconds
OK, NOT_FOUND = 200, 404
REFUSED = (401, 403)


def asked(home: Path, code: str, token: str, seconds: float = ANSWERED) -> dict[str, Any] | None:
    """What the views of this home know of a dossier (hub.views.answers); None if nothing.

    `token`: who asks. Raises Retry while they do not run or do not answer in time, Halt where they
    refuse to tell.
    """
    found = runfiles.find(home, "views")
    if found is None:
        raise Retry("the views do not run", fix="start them: hub up, or hub views")
    url = f"{found.url}/dossiers/{quote(code, safe='')}"
    status, _, body = fetch("GET", url, headers=bearer(token), timeout=seconds)
    if status == NOT_FOUND:
        return None
    if status in REFUSED:
        raise Halt(
            f"the views refuse to tell ({status})",
            where="HUB_TOKEN",
            fix="use the token of somebody who may read",
        )
    if status != OK:
        raise Retry(f"the views answered {status}", fix="see log/views.log")
    dossier: dict[str, Any] = orjson.loads(body)
    return dossier


def due_dates(
    home: Path, codes: Sequence[str], token: str, seconds: float
) -> tuple[dict[str, str], HubError | None]:
    """When these dossiers are due, and why that is not known of all; asked in their order.

    Due dates are local time, to the minute, and sort as texts. After `seconds` the rest is not
    asked; an answer takes 3 ms.
    """
    found: dict[str, str] = {}
    end = monotonic() + seconds
    try:
        for code in codes:
            left = end - monotonic()
            if left <= 0:
                raise Retry(f"{len(codes)} due dates take longer than {seconds:g} s")
            dossier = asked(home, code, token, left)
            due = dossier["deadline"]["due"] if dossier else None
            if due is not None:
                found[code] = due
    except HubError as error:
        return found, error
    return found, None
