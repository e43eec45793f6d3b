"""Calling a system over REST as its OpenAPI contract says.

Every operation is compiled when the registration is opened; a call is then: credential, render,
exchange, read. Nothing is sent twice by itself, but for one case in which the peer said that it did
not act: a 401 to a fetched token is answered with a new token, once.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex

from adapters.http import options
from adapters.http.endpoint import Endpoint, parse_endpoint
from adapters.http.messages import Answer, Client
from adapters.http.reach import reach
from adapters.http.tls import client_context
from adapters.http.transport import Transport
from adapters.rest import grants
from adapters.rest.answers import Read, compile_answers
from adapters.rest.credentials import Bearer, Credentials, with_auth
from adapters.rest.request import Render, compile_request
from adapters.rest.token import Clock, Token
from adapters.rest.writer import Moment, Writers, tree
from hub.contract.binding import Auth, Binding, Limits
from hub.contract.types import Contract, Document, RestWire
from hub.errors import Halt, Reject

_DENIED = 401


def open_client(contract: Contract, binding: Binding, transport: Transport, clock: Clock) -> Client:
    """One registration's way out. `clock`: seconds that never go back (time.monotonic).

    Opens no connection. The transport is shared: who made it closes it.
    Raises Halt for an endpoint or a credential that cannot be used, Reject for a contract or a
    `fill` that does not fit.
    """
    endpoint = parse_endpoint(binding.endpoint, _tls(binding.auth), reach(binding.allow_addresses))
    calls = _compile(contract, binding, endpoint)
    wire = _Wire(calls, endpoint, transport, binding.limits)
    credentials = Credentials()
    for auth in binding.auth:
        if _concerns(auth, binding.route):
            credentials = _with(credentials, auth, wire, clock)
    if "$token" in binding.fill.values() and not credentials.bearers:
        raise Halt("nothing gives a $token", where="outbound fill", fix="add a login, or oauth2")
    return RestClient(wire, credentials)


@dataclass(frozen=True, slots=True)
class _Call:
    render: Render
    read: Read


@dataclass(frozen=True, slots=True)
class _Wire:
    """Operations of one system, without a credential of their own."""

    calls: Mapping[str, _Call]
    endpoint: Endpoint
    transport: Transport
    limits: Limits

    async def call(
        self, operation: str, document: Document, key: str, credentials: Credentials
    ) -> Answer:
        """One exchange, carrying what `credentials` have now."""
        call = self.calls.get(operation)
        if call is None:
            raise Reject("the contract has no such operation", where=operation, code="contract")
        lines, token = credentials.fixed, ""
        if credentials.bearers:
            lines, token = await credentials.obtain()
        rendered = call.render(document, Moment(key, token))
        head = rendered.head(lines + credentials.sign(rendered.body))
        raw = await self.transport.exchange(
            self.endpoint.origin,
            head,
            rendered.body,
            self.limits.timeout,
            self.limits.answer_bytes,
            self.limits.connect_timeout,
        )
        return call.read(raw, document, token)


class RestClient:
    """A Client (adapters.http.messages)."""

    def __init__(self, wire: _Wire, credentials: Credentials) -> None:
        self._wire = wire
        self._credentials = credentials

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        """See Client.call."""
        answer = await self._wire.call(operation, document, key, self._credentials)
        if answer.status == _DENIED and self._credentials.bearers:
            await self.renew()
            answer = await self._wire.call(operation, document, key, self._credentials)
        return answer

    async def renew(self) -> None:
        """See Client.renew. A token that another call renewed meanwhile is kept."""
        for bearer in self._credentials.bearers:
            bearer.token.drop()

    async def close(self) -> None:
        """End what is being fetched."""
        for bearer in self._credentials.bearers:
            await bearer.token.close()


def _compile(contract: Contract, binding: Binding, endpoint: Endpoint) -> dict[str, _Call]:
    writers, fill = Writers(contract.types), tree(binding.fill)
    made: dict[str, _Call] = {}
    for name, operation in contract.operations.items():
        wanted = binding.operations is None or name in binding.operations
        if wanted and isinstance(operation.wire, RestWire):
            path = binding.paths.get(operation.wire.path, operation.wire.path)
            made[name] = _Call(
                compile_request(operation, path, endpoint, writers, fill),
                compile_answers(operation, contract.types, binding.limits),
            )
    return made


def _concerns(auth: Auth, route: str) -> bool:
    """Whether a kind of auth is used on this route: `when: {route: gateway}`."""
    when = auth.options.get("when")
    return not isinstance(when, Mapping) or when.get("route") in (None, route)


def _with(before: Credentials, auth: Auth, wire: _Wire, clock: Clock) -> Credentials:
    """The credentials so far and one more. A login carries those before it."""
    if auth.kind == "oauth2":
        fetch = grants.oauth2(auth, wire.endpoint, wire.transport, wire.limits)
        return before.with_bearer(Bearer(Token(fetch, clock), "authorization: Bearer "))
    if auth.kind == "login":
        if options.text(auth, "operation") not in wire.calls:
            raise Halt("the contract has no such operation", where="auth login operation")

        async def log_in(operation: str, document: Document) -> Answer:
            return await wire.call(operation, document, token_hex(16), before)

        return before.with_bearer(Bearer(Token(grants.login(auth, log_in), clock), _header(auth)))
    return with_auth(before, auth)


def _header(auth: Auth) -> str | None:
    put = auth.options.get("put")
    if put is None:
        return None
    name = put.get("header") if isinstance(put, Mapping) else None
    if not isinstance(name, str) or not name.isascii() or not name.replace("-", "").isalnum():
        raise Halt("names no header", where="auth login put", fix="write {header: NAME}")
    return f"{name.lower()}: "


def _tls(auths: tuple[Auth, ...]) -> ssl.SSLContext | None:
    for auth in auths:
        if auth.kind == "mtls":
            return client_context(
                options.optional_text(auth, "ca"),
                options.text(auth, "certificate"),
                options.optional_text(auth, "key"),
            )
    return None
