"""How the command line speaks with the control plane of a running hub: JSON over HTTP, by token."""

from collections.abc import Mapping
from threading import Event
from typing import Any
from urllib.parse import quote

import orjson

from adapters.http.simple import fetch
from hub.access.tokens import bearer, of_person
from hub.cli.output import say, show_json
from hub.contract.types import Document
from hub.dev import runfiles
from hub.errors import Reject, Retry
from hub.registry.problem import Problem
from hub.registry.upload import unpacked
from hub.settings import Settings

TIMEOUT = 60.0  # seconds; a bundle may wait for the check of others
ANSWERED = 400  # the first status that is no success
AWAY = 500  # the first that is the hub's own trouble
PAUSES = (0.5, 2.0)  # seconds before what got no answer is asked again, in the same words


class Refused(Reject):
    """The control plane refused; `document`: its answer, a problem document (RFC 9457)."""

    def __init__(self, document: Document) -> None:
        super().__init__(
            str(document.get("detail") or document.get("title") or "was refused"),
            where=str(document.get("where") or ""),
            fix=str(document.get("fix") or ""),
        )
        self.document = document


def ask(
    settings: Settings, method: str, path: str, *, json: object = None, content: bytes | None = None
) -> Any:
    """The answer's JSON. Raises Refused for what was refused, Retry while nobody can answer.

    What got no answer is asked again: whoever asks in the same words is told what was done.
    """
    return orjson.loads(_answer(settings, method, path, json, content))


def fetch_bundle(settings: Settings, sha256: str) -> Mapping[str, bytes]:
    """The files of a bundle that the hub keeps. Raises as `ask`."""
    return unpacked(_answer(settings, "GET", f"/bundles/{sha256}", None, None))[1]


def _answer(
    settings: Settings, method: str, path: str, json: object, content: bytes | None
) -> bytes:
    for pause in PAUSES:
        try:
            return _once(settings, method, path, json, content)
        except Retry as error:
            if not error.sent:
                raise
            say(f"{error}; asked again in {pause:g} s")
            Event().wait(pause)
    return _once(settings, method, path, json, content)


def _once(settings: Settings, method: str, path: str, json: object, content: bytes | None) -> bytes:
    url = _control_url(settings) + quote(path)
    status, _, body = fetch(
        method,
        url,
        json=json,
        content=content,
        headers=bearer(of_person(settings)),
        timeout=TIMEOUT,
    )
    if status >= AWAY:
        raise Retry(f"the control plane answers {status}: {_detail(body)}", system=True, sent=True)
    if status >= ANSWERED:
        raise Refused(_document(body) or {"title": f"the control plane answers {status}"})
    return body


def tell(refused: Refused, *, as_json: bool) -> None:
    """Everything that a refusal says: all problems of a bundle, all that others did meanwhile."""
    if as_json:
        show_json(refused.document)
        return
    problems = refused.document.get("problems")
    for problem in problems if isinstance(problems, list) else ():
        if isinstance(problem, dict):
            text = {key: str(problem.get(key) or "") for key in ("at", "what", "fix")}
            say(str(Problem(text["at"], text["what"], text["fix"])))
    changed = refused.document.get("changed")
    for row in changed if isinstance(changed, list) else ():
        if isinstance(row, dict):
            did, why = row.get("did"), row.get("reason") or row.get("override") or ""
            say(f"version {row.get('version')}: {did} by {row.get('by')}, {row.get('at')}: {why}")


def _control_url(settings: Settings) -> str:
    """Where the control plane listens. An outside schema registry never gets anybody's token."""
    if settings.control_url:
        return settings.control_url
    found = runfiles.find(settings.home, "registry")
    if found is None:
        fix = "run `hub registry`, or set HUB_CONTROL_URL to that of another machine"
        raise Retry("no control plane runs here", where="HUB_CONTROL_URL", fix=fix, system=True)
    return found.url


def _detail(body: bytes) -> str:
    found = _document(body)
    return str(found.get("detail") or found.get("title") or "") if found else ""


def _document(body: bytes) -> Document | None:
    try:
        found: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
