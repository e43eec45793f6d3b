"""One server of an adapter behind a real socket on the loopback, for as long as a block runs."""

import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any

import uvicorn

from adapters.http.messages import HttpRequest, HttpResponse, Message, Refusal, Server

Take = Callable[[Message], HttpResponse]  # what becomes of a message that was let in
Scope = Mapping[str, Any]  # ASGI's own untyped shape
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

_BODY_BYTES = 2_097_152
_STOP = 10.0  # seconds for the last answers


@contextmanager
def served(server: Server, take: Take, root: str = "") -> Iterator[str]:
    """Serve on a free port; gives the base address, "http://127.0.0.1:49153/in/mau".

    Connections wait in the socket's own queue until the server runs, so nobody has to wait for it.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(
            _app(server, take, root), lifespan="off", log_level="error", ws="none", access_log=False
        )
        door = uvicorn.Server(config)
        thread = Thread(target=door.run, kwargs={"sockets": [listening]}, name="loopback")
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}{root}"
        finally:
            door.should_exit = True
            thread.join(_STOP)


def _app(
    server: Server, take: Take, root: str
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answer = _answer(server, take, await _request(scope, receive, root))
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    return app


def _answer(server: Server, take: Take, request: HttpRequest) -> HttpResponse:
    described = server.describe(request)
    if described is not None:
        return described
    try:
        message = server.read(request)
    except Refusal as refusal:
        return server.refuse(refusal)
    return take(message)


async def _request(scope: Scope, receive: Receive, root: str) -> HttpRequest:
    body = b""
    more = True
    while more:
        part = await receive()
        body += part.get("body", b"")
        more = part.get("more_body", False) and len(body) <= _BODY_BYTES
    return HttpRequest(
        scope["method"],
        scope["path"].removeprefix(root),
        scope["query_string"].decode("latin-1"),
        {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body,
        scope["client"][0],
        root=root,
        scheme=scope["scheme"],
    )
