"""The control plane's HTTP door: /bundles and /registrations beside the schemas' routes.

    python3 -m zipfile -c waterco.zip connectors/waterco/
    curl -H "authorization: Bearer $TOKEN" --data-binary @waterco.zip $HUB/bundles

Who may use which route stands in `hub.access.rules`. Whatever is refused is a problem document
(RFC 9457) with all problems; a refused attempt to change something is an act.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

import msgspec
import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from hub.access.gate import Caller
from hub.access.guard import caller_of
from hub.errors import HubError, Reject
from hub.registry.changes import STEPS, Step
from hub.registry.control import shown
from hub.registry.control.acts import REFUSED, TRIED
from hub.registry.control.checking import connector_of
from hub.registry.control.desk import Desk
from hub.registry.control.wishes import Trial, Turn, Wish
from hub.registry.ledger import Registered
from hub.registry.upload import ARCHIVE_BYTES, packed
from hub.registry.upload import MEDIA_TYPE as ZIP
from hub.threads import apart

JSON_BYTES = 524_288  # of a request; a certificate has at most half of it
CLOSED = 499  # nobody reads it: the status by which proxies log a request that was broken off

Kind = TypeVar("Kind", Wish, Trial, Turn)
Asked = TypeVar("Asked", Wish, Trial)
Handler: TypeAlias = Callable[[Desk, Request, Caller], Awaitable[Response]]


def control_routes(desk: Desk) -> list[Route]:
    """A route for each path; each needs the gate before it (`hub.access.guard`)."""
    rows: list[tuple[str, str, Handler]] = [
        ("POST", "/bundles", _upload),
        ("POST", "/bundles/check", _check),
        ("GET", "/bundles/{bundle}", _bundle),
        ("GET", "/events", _events),
        ("GET", "/registrations", _list),
        ("GET", "/registrations/{name}", _show),
        ("GET", "/registrations/{name}/history", _history),
        ("PUT", "/registrations/{name}", _register),
        ("POST", "/registrations/{name}/check", _try),
        ("POST", "/registrations/{name}/rollback", _roll_back),
        *(("POST", f"/registrations/{{name}}/{step}", _step(step)) for step in STEPS),
    ]
    return [_route(desk, method, path, handler) for method, path, handler in rows]


def _route(desk: Desk, method: str, path: str, handler: Handler) -> Route:
    async def endpoint(request: Request) -> Response:
        caller = caller_of(request)
        try:
            return await handler(desk, request, caller)
        except ClientDisconnect:
            error = Reject("was cut off", where="the upload", code="upload")
            await _record(desk, request, caller, error)
            return Response(status_code=CLOSED)
        except Reject as error:
            await _record(desk, request, caller, error)
            said = shown.refusal(error)
            return _json(said, shown.STATUS.get(error.code, 422), shown.PROBLEM)
        except HubError as error:
            said = {"type": "/problems/unavailable", "title": "Not now: ask again", "status": 503}
            said["detail"] = error.what
            return _json(said, 503, shown.PROBLEM, {"retry-after": "5"})

    return Route(path, endpoint, methods=[method])


async def _record(desk: Desk, request: Request, caller: Caller, error: Reject) -> None:
    """A refused change is an act, and so is one that was only tried; a question is none."""
    path = request.url.path
    if request.method != "GET" and path != "/bundles/check":
        name = request.path_params.get("name", "bundles")
        kind = TRIED if path.endswith("/check") else REFUSED
        what = f"{request.method} {path}"[:200]
        await apart(desk.refused, kind, name[:70], what, caller.name, error)


# ---- bundles


async def _upload(desk: Desk, request: Request, caller: Caller) -> Response:
    archive = await _body(request, ARCHIVE_BYTES)
    report, files = await apart(desk.examined, archive)
    caller.owns(report.connector)
    await apart(desk.keep, report, files, caller.name)
    return _json(shown.report(report), 201)


async def _check(desk: Desk, request: Request, caller: Caller) -> Response:
    report, _ = await apart(desk.examined, await _body(request, ARCHIVE_BYTES))
    caller.owns(report.connector)
    return _json(shown.report(report))


async def _bundle(desk: Desk, request: Request, caller: Caller) -> Response:
    files = (await apart(desk.shelf)).files(request.path_params["bundle"])
    caller.owns(connector_of(files))
    return Response(packed(files), media_type=ZIP)


async def _events(desk: Desk, request: Request, caller: Caller) -> Response:
    del request, caller  # a schema names no person
    found = (await apart(desk.shelf)).events()
    return _json(msgspec.to_builtins(found))


# ---- registrations


async def _list(desk: Desk, request: Request, caller: Caller) -> Response:
    del request
    found = (await apart(desk.shelf)).all()
    seen = caller.among(one.connector for one in found)
    return _json([shown.brief(one) for one in found if one.connector in seen])


async def _show(desk: Desk, request: Request, caller: Caller) -> Response:
    shelf = await apart(desk.shelf)
    found = shelf.one(request.path_params["name"])
    caller.owns(found.connector)
    return _json(shown.whole(found, shelf.certificate(found)))


async def _history(desk: Desk, request: Request, caller: Caller) -> Response:
    found = (await apart(desk.shelf)).one(request.path_params["name"])
    caller.owns(found.connector)
    return _json(shown.history(found))


async def _register(desk: Desk, request: Request, caller: Caller) -> Response:
    name, wish = await _wish(desk, request, caller, await _said(request, Wish))
    made = await apart(desk.register, name, wish, _who(caller, wish.by))
    return await _made(desk, made, 201)


async def _try(desk: Desk, request: Request, caller: Caller) -> Response:
    trial = await _said(request, Trial, JSON_BYTES + 4 * ARCHIVE_BYTES // 3)
    name, trial = await _wish(desk, request, caller, trial)
    return _json(shown.plan(await apart(desk.tried, name, trial, _who(caller, trial.by))))


async def _wish(desk: Desk, request: Request, caller: Caller, wish: Asked) -> tuple[str, Asked]:
    name = request.path_params["name"]
    for connector in await apart(desk.concerned, name, wish):
        caller.owns(connector)
    if caller.is_owner:
        await apart(desk.owners_may, name, wish)
    return name, wish


async def _roll_back(desk: Desk, request: Request, caller: Caller) -> Response:
    name, turn = await _turn(desk, request, caller)
    return await _made(desk, await apart(desk.roll_back, name, turn, _who(caller, turn.by)))


async def _made(desk: Desk, made: Registered, status: int = 200) -> Response:
    """The answer to a change."""
    certificate = (await apart(desk.shelf)).certificate(made)
    return _json(shown.whole(made, certificate), status)


def _step(step: Step) -> Handler:
    async def handler(desk: Desk, request: Request, caller: Caller) -> Response:
        name, turn = await _turn(desk, request, caller)
        return await _made(desk, await apart(desk.turn, name, step, turn, _who(caller, turn.by)))

    return handler


async def _turn(desk: Desk, request: Request, caller: Caller) -> tuple[str, Turn]:
    name, turn = request.path_params["name"], await _said(request, Turn)
    for connector in await apart(desk.concerned, name):
        caller.owns(connector)
    return name, turn


def _who(caller: Caller, said: str) -> str:
    """Who is recorded: the proved name, and what somebody at the hub's own machine says of it.

    Raises Reject where somebody who is known by name gives another.
    """
    if said in ("", caller.name):
        return caller.name
    if caller.principal is None or not caller.principal.is_local:
        fix = "leave it out: your token says who you are"
        raise Reject(f"you are {caller.name}", where="by", fix=fix, code="request")
    return f"{said} (as {caller.name})"


# ---- in and out


async def _said(request: Request, kind: type[Kind], most: int = JSON_BYTES) -> Kind:
    body = await _body(request, most)
    try:
        found = msgspec.json.decode(body, type=kind)
        orjson.dumps(msgspec.to_builtins(found))  # as it will be written: no number beyond 64 bits
    except (msgspec.DecodeError, RecursionError, TypeError) as error:
        fix = "ops/reference/registrations.md"
        raise Reject(str(error), where="the request", fix=fix, code="request") from error
    return found


async def _body(request: Request, most: int) -> bytes:
    """The whole body. Raises Reject beyond `most` bytes, ClientDisconnect where it is cut off."""
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > most:
            what = f"is larger than {most:,} bytes"
            raise Reject(what, where="the request", code="too-large")
    return bytes(parts)


def _json(
    value: object,
    status: int = 200,
    kind: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    return Response(orjson.dumps(value), status, headers, kind)
