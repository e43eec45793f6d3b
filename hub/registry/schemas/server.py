"""The registry's HTTP door: Starlette around the answers.

Paths, answers and error codes are Confluent's, so that stock serializers, `kcat` and the like work.
"""

from collections.abc import Sequence
from http import HTTPStatus

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.errors import HubError
from hub.registry.schemas.answers import HANDLERS, Call, Handler
from hub.registry.schemas.errors import RegistryError, store_failed
from hub.registry.schemas.store import Store

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
BODY_BYTES = 1_048_576


def schema_routes(store: Store) -> list[Route]:
    """A route for each path. Keeping the store open and closing it is the caller's."""
    return [_route(store, method, path, handler) for method, path, handler in HANDLERS]


def create_app(routes: Sequence[BaseRoute]) -> Starlette:
    """The ASGI application; what goes wrong before a route is told as registries do."""
    handlers = {HTTPException: _http_error, Exception: _http_error}
    return Starlette(routes=routes, exception_handlers=handlers)


def _route(store: Store, method: str, path: str, handler: Handler) -> Route:
    async def endpoint(request: Request) -> Response:
        body = await _body(request)
        call = Call(request.path_params, request.query_params, body)
        # The store waits for the broker, so it must not run on the event loop.
        return await run_in_threadpool(_answer, handler, store, call)

    return Route(path, endpoint, methods=[method])


def _answer(handler: Handler, store: Store, call: Call) -> Response:
    try:
        found = handler(store, call)
    except RegistryError as error:
        return _problem(error.status, error.code, error.message)
    except HubError as error:
        failed = store_failed(error.what)
        return _problem(failed.status, failed.code, failed.message)
    content = found if isinstance(found, bytes) else orjson.dumps(found)
    return Response(content, media_type=MEDIA_TYPE)


async def _body(request: Request) -> bytes:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > BODY_BYTES:
            raise HTTPException(413)
    return bytes(parts)


async def _http_error(request: Request, error: Exception) -> Response:
    del request
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _problem(status, status, f"HTTP {status} {HTTPStatus(status).phrase}")


def _problem(status: int, code: int, message: str) -> Response:
    content = orjson.dumps({"error_code": code, "message": message})
    return Response(content, status_code=status, media_type=MEDIA_TYPE)
