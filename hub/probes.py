"""What a process says of itself over HTTP: live, ready, metrics; and the ASGI shapes around it.

`/health/live`: the process answers. `/health/ready`: it can do its work (200), or why not (503, one
reason a line); below that, what a person should see to though the process works. `/metrics`: for
Prometheus.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeAlias, runtime_checkable

from adapters.http.messages import HttpResponse, Refusal
from adapters.http.problem import of_refusal
from hub import metrics

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class Health(Protocol):
    """Whether this process can do its work."""

    def problems(self) -> list[str]:
        """What keeps it from working; empty when ready."""
        ...


@runtime_checkable
class Remarks(Protocol):
    """A health that has more to say than whether it can work."""

    def remarks(self) -> list[str]:
        """What a person should see to; none of it keeps the process from its other work."""
        ...


def probe(path: str, health: Health) -> HttpResponse | None:
    """The answer to a probe; None for any other path."""
    if path == "/health/live":
        return text_response(200, "live")
    if path == "/health/ready":
        problems = health.problems()
        remarks = health.remarks() if isinstance(health, Remarks) else []
        lines = [*(problems or ["ready"]), *remarks]
        return text_response(503 if problems else 200, "\n".join(lines))
    if path == "/metrics":
        page, kind = metrics.page()
        return HttpResponse(200, (("content-type", kind),), page)
    return None


class Probed:
    """ASGI: probes, and behind them `inner`; without it, nothing else is here."""

    def __init__(self, health: Health, inner: App | None = None) -> None:
        self._health = health
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        found = probe(scope["path"], self._health) if scope["type"] == "http" else None
        if found is None and self._inner is not None:
            await self._inner(scope, receive, send)
            return
        nothing = Refusal(404, "unknown-operation", "Ask /health/live, /health/ready or /metrics")
        await respond(send, found or of_refusal(nothing))


def text_response(status: int, text: str) -> HttpResponse:
    """A plain text, for people and probes."""
    return HttpResponse(
        status, (("content-type", "text/plain; charset=utf-8"),), f"{text}\n".encode()
    )


async def respond(send: Send, response: HttpResponse) -> None:
    """Send a response over ASGI."""
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
