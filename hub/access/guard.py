"""The gate before the routes of a Starlette application: none is served without its rule."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.http.messages import Refusal
from adapters.http.problem import MEDIA_TYPE, of_refusal
from hub.access.gate import Caller, Gate, Visit
from hub.access.rules import rule_of


def guarded(process: str, routes: list[Route], gate: Gate) -> list[Route]:
    """The same routes, each behind the gate; `request.state.caller` tells who came.

    Raises KeyError for a route of which nobody decided who may use it (`hub.access.rules`).
    """
    return [_guarded(process, route, gate) for route in routes]


def caller_of(request: Request) -> Caller:
    """Who came through the gate."""
    caller: Caller = request.state.caller
    return caller


def _guarded(process: str, route: Route, gate: Gate) -> Route:
    rules = {method: rule_of(process, method, route.path) for method in route.methods or ()}

    async def endpoint(request: Request) -> Response:
        rule = rules[request.method]
        try:
            caller = await gate.enter(rule, _visit(request))
            request.state.caller = caller
            response: Response = await route.endpoint(request)
        except Refusal as error:
            return refused(error)
        if not caller.settled and response.status_code < 400:  # noqa: PLR2004 - done
            raise RuntimeError(f"{rule.path}: its handler did not ask whose connector it is")
        return response

    return Route(route.path, endpoint, methods=list(rules), name=route.name)


def _visit(request: Request) -> Visit:
    peer = request.client.host if request.client else ""
    return Visit(request.headers.get("authorization"), request.url.path, peer)


def refused(error: Refusal) -> Response:
    """A problem document, with the two members that clients of schema registries read."""
    found = of_refusal(error)
    code = error.status * 100 + 1 if error.status in (401, 403) else error.status
    body = orjson.loads(found.body) | {
        "error_code": code,
        "message": f"{error.title}: {error.detail}",
    }
    headers = {name: value for name, value in found.headers if name != "content-type"}
    return Response(orjson.dumps(body), error.status, headers, MEDIA_TYPE)
