"""The gateway's ASGI application: which registration is meant, how much may come, how fast.

Raw ASGI, because a framework costs as much as the work (measured on two shared cores: 23,800
requests a second against 11,700). Bounded in requests, in bytes and in time: what cannot be taken
gets 503 before memory grows, and a sender that drips is cut off.
"""

import asyncio
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from adapters.http.messages import HttpRequest, HttpResponse, Refusal
from adapters.http.problem import of_refusal
from hub import metrics
from hub.gateway.door import Door, unavailable
from hub.probes import Health, Receive, Scope, Send, probe, respond
from hub.serving import CERTIFICATE

MOST_REQUESTS = 1_000  # under way at once
MOST_BYTES = 64 * 1024 * 1024  # of bodies held at once
BODY_BYTES = 1_048_576  # of one body; a registration may allow less
BODY_SECONDS = 10.0  # for a body to arrive whole


class GatewayApp:
    """ASGI 3 application."""

    def __init__(self, health: Health) -> None:
        self.doors: Mapping[str, Door] = {}
        self._closed: AbstractSet[str] = frozenset()
        self._health = health
        self._requests = 0
        self._bytes = 0

    def serve(self, doors: Mapping[str, Door], closed: AbstractSet[str]) -> None:
        """Serve these from the next request on.

        `closed`: registrations that should have a door but are not live; they may come back.
        """
        self.doors = doors
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            await respond(send, await self._answer(scope, receive))

    async def _answer(self, scope: Scope, receive: Receive) -> HttpResponse:
        path: str = scope["path"]
        own = probe(path, self._health)
        if own is not None:
            return own
        raw = bytes(scope.get("raw_path") or path.encode()).decode("ascii", "replace")
        name, _, rest = raw[1:].partition("/")
        door = self.doors.get(name)
        if name in self._closed:
            metrics.refused.labels(name, "not-live").inc()
            return of_refusal(unavailable("this registration is not live; its operator knows why"))
        if door is None:
            return of_refusal(
                Refusal(404, "unknown-operation", "Nothing is served under this path")
            )
        if self._requests >= MOST_REQUESTS or self._bytes >= MOST_BYTES:
            metrics.refused.labels(name, "busy").inc()
            return door.refuse(unavailable("too many requests are under way"))
        problems = self._health.problems()
        if problems:
            metrics.refused.labels(name, "not-ready").inc()
            return door.refuse(unavailable(problems[0]))
        return await self._through(door, scope, receive, rest)

    async def _through(self, door: Door, scope: Scope, receive: Receive, rest: str) -> HttpResponse:
        self._requests += 1
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            held += size
            self._bytes += size
            if self._bytes > MOST_BYTES:
                raise unavailable("too many bytes are under way")

        try:
            async with asyncio.timeout(BODY_SECONDS):  # wait_for would make a task of it
                body = await _body(receive, hold)
            return await door.handle(_request(scope, door.name, "/" + rest, body))
        except Refusal as refusal:
            metrics.refused.labels(door.name, refusal.code).inc()
            return door.refuse(refusal)
        except TimeoutError:
            metrics.refused.labels(door.name, "slow").inc()
            detail = f"the body did not arrive within {BODY_SECONDS:.0f} s"
            return door.refuse(Refusal(408, "malformed", "The request is too slow", detail))
        finally:
            self._requests -= 1
            self._bytes -= held


async def _body(receive: Receive, hold: Callable[[int], None]) -> bytes:
    """The whole body; `hold` is told of each part. Raises Refusal: too large, sender gone."""
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Refusal(400, "malformed", "The sender went away")
        part: bytes = event.get("body", b"")
        size += len(part)
        hold(len(part))
        if size > BODY_BYTES:
            raise Refusal(413, "too-large", "The body is too large", f"at most {BODY_BYTES} bytes")
        parts.append(part)
        if not event.get("more_body"):
            return b"".join(parts)


def _request(scope: Scope, name: str, path: str, body: bytes) -> HttpRequest:
    headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
    client = scope.get("client")
    return HttpRequest(
        method=scope["method"],
        path=path,
        query=scope["query_string"].decode("ascii", "replace"),
        headers=headers,
        body=body,
        peer=client[0] if client else "",
        certificate=scope.get("state", {}).get(CERTIFICATE),
        root=f"/{name}",
        scheme=scope.get("scheme", "http"),
    )
