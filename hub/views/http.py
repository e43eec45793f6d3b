"""The views over HTTP: questions in, JSON out; nothing can be changed here."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal, Protocol, TypeAlias
from urllib.parse import parse_qsl

import orjson

from adapters.http.messages import HttpResponse, Refusal
from adapters.http.problem import of_refusal
from hub.access.gate import Gate, Visit
from hub.access.rules import rule_of
from hub.probes import Receive, Scope, Send, probe, respond
from hub.views.answers import brief, whole
from hub.views.asking import Asking, Wanted
from hub.views.calendar import Calendar
from hub.views.timeline import STATUS

LARGEST = 500  # dossiers in one answer
USUAL = 100
QUERY_BYTES = 2_000
STATUSES = frozenset(STATUS.values()) | {"PROCESSING", "STOPPED", "UNKNOWN"}
Route: TypeAlias = Literal["/dossiers", "/dossiers/{code}", "/counts"]
PARAMETERS = ("status", "agency", "late", "limit", "after")


class Health(Protocol):
    """How far the views are; `hub.views.process` knows."""

    asking: Asking | None  # None before there is anything to ask

    def problems(self) -> list[str]:
        """Why the answers may be incomplete; empty when the views have caught up."""
        ...


class ViewsApp:
    """ASGI 3 application. `clock` gives epoch milliseconds."""

    def __init__(
        self, health: Health, calendar: Calendar, clock: Callable[[], int], gate: Gate
    ) -> None:
        self._gate = gate
        self._health = health
        self._calendar = calendar
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        if scope["type"] != "http":
            return
        try:
            found = await self._answer(scope)
        except Refusal as refusal:
            found = of_refusal(refusal)
        await respond(send, found)

    async def _answer(self, scope: Scope) -> HttpResponse:
        method, path = scope["method"], scope["path"]
        if method not in ("GET", "HEAD"):
            raise Refusal(
                405,
                "unknown-operation",
                "The views only answer GET",
                headers=(("allow", "GET, HEAD"),),
            )
        own = probe(path, self._health)
        if own is not None:
            return own
        route, code = _route(path)
        await self._gate.enter(rule_of("views", method, route), _visit(scope))
        asking = self._health.asking
        if asking is None:
            raise Refusal(
                503, "unavailable", "The views are starting", headers=(("retry-after", "1"),)
            )
        match route:
            case "/dossiers/{code}":
                return await asyncio.to_thread(self._dossier, asking, code)
            case "/dossiers":
                return await asyncio.to_thread(self._list, asking, wanted(scope["query_string"]))
            case "/counts":
                return _json(await asyncio.to_thread(asking.counts, self._clock()))

    def _dossier(self, asking: Asking, code: str) -> HttpResponse:
        found = asking.dossier(code)
        if found is None:
            raise Refusal(404, "unknown-dossier", "No event names this dossier")
        return _json(whole(*found, self._calendar, self._clock()))

    def _list(self, asking: Asking, wanted: Wanted) -> HttpResponse:
        now = self._clock()
        found = asking.dossiers(wanted, now)
        full = len(found) == wanted.limit
        return _json(
            {
                "dossiers": [brief(one, self._calendar, now) for one in found],
                "next": found[-1].code if full else None,
            }
        )


def _route(path: str) -> tuple[Route, str]:
    """Which of the views' paths it is, and the dossier that it names. Raises Refusal."""
    if path == "/dossiers":
        return "/dossiers", ""
    if path == "/counts":
        return "/counts", ""
    code = path.removeprefix("/dossiers/")
    if code == path or not code:
        raise Refusal(404, "unknown-operation", "Ask /dossiers, /dossiers/{code} or /counts")
    return "/dossiers/{code}", code


def _visit(scope: Scope) -> Visit:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    peer, _ = scope.get("client") or ("", 0)
    return Visit(found[0].decode("latin-1") if found else None, scope["path"], peer)


def wanted(query: bytes) -> Wanted:
    """What a query string asks for. Raises Refusal naming the parameter that is wrong."""
    given = _parameters(query)
    status = given.get("status")
    if status is not None and status not in STATUSES:
        raise _wrong("status", f"one of {', '.join(sorted(STATUSES))}")
    late = given.get("late")
    if late not in (None, "true", "false"):
        raise _wrong("late", "true or false")
    limit = given.get("limit", str(USUAL))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= LARGEST):
        raise _wrong("limit", f"1 to {LARGEST}")
    return Wanted(
        status=status,
        agency=given.get("agency"),
        late=None if late is None else late == "true",
        after=given.get("after", ""),
        limit=int(limit),
    )


def _parameters(query: bytes) -> Mapping[str, str]:
    if len(query) > QUERY_BYTES:
        raise Refusal(414, "too-large", "The query is too long", f"at most {QUERY_BYTES} bytes")
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=len(PARAMETERS),
            errors="strict",
        )
    except ValueError:
        raise Refusal(400, "malformed", "The query cannot be read") from None
    unknown = [name for name, _ in pairs if name not in PARAMETERS]
    if unknown or len(dict(pairs)) < len(pairs):
        raise Refusal(
            400, "malformed", "The query is not understood", f"once each: {', '.join(PARAMETERS)}"
        )
    return dict(pairs)


def _wrong(name: str, allowed: str) -> Refusal:
    return Refusal(400, "malformed", "The query is not understood", f"is not {allowed}", name)


def _json(value: object) -> HttpResponse:
    return HttpResponse(200, (("content-type", "application/json"),), orjson.dumps(value))
