"""The way out to a SOAP system: one call = render, send, read.

Everything that depends on the contract alone is prepared when the client is opened: template, head
of the request, parse table. A call touches no library but expat.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from adapters.http.connection import Origin, RawAnswer
from adapters.http.endpoint import Endpoint, parse_endpoint
from adapters.http.known import Known
from adapters.http.messages import Answer
from adapters.http.reach import reach
from adapters.http.tls import client_context
from adapters.soap import fault, stream
from adapters.soap.envelope import KINDS, Wrap, proving
from adapters.soap.fill import Fill, filler
from adapters.soap.names import ENVELOPE, MEDIA_TYPE
from adapters.soap.personal import masker, shower
from adapters.soap.table import Node, compile_node, record_of
from adapters.soap.template import compile_template
from adapters.soap.times import Clock
from hub.contract.binding import Auth, Binding, Limits
from hub.contract.types import Contract, Document, Operation, SoapWire
from hub.contract.xml import parse
from hub.errors import Reject

_XML_TYPES = frozenset({"text/xml", "application/soap+xml", "application/xml"})
_UTF8 = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})
_ALL = re.compile(rb"<(?:[\w.-]+:)?all[\s>]")  # xs:all, which the type model writes as a sequence
_SUCCESS = range(200, 300)


class Exchange(Protocol):
    """What is needed of the transport."""

    async def exchange(
        self,
        origin: Origin,
        head: bytes,
        body: bytes,
        timeout: float,  # noqa: ASYNC109 -- the transport's own shape
        answer_bytes: int = ...,
    ) -> RawAnswer:
        """Send one request and read the answer; raises Retry or Halt."""
        ...


@dataclass(frozen=True, slots=True)
class _Plan:
    """One operation, ready to be called."""

    version: str
    render: Callable[[Document], str]
    wrap: Wrap = field(repr=False)
    fill: Fill
    head: bytes = field(repr=False)  # up to the value of content-length
    answer: str  # the answer's element, in lxml's form
    node: Node
    show: Callable[[Document], str]
    mask: Callable[[str, Document], str]
    faults: Mapping[str, Node]
    limits: Limits
    before: Known[Answer] = field(default_factory=Known, repr=False)

    def request(self, document: Document, key: str) -> bytes:
        """The bytes of the message. Raises Reject."""
        return self.wrap(self.render(self.fill(document, key))).encode()

    def read(self, raw: RawAnswer, sent: Document) -> Answer:
        """What was answered. Raises nothing: what cannot be read is not valid."""
        return self.before.of(raw) or self._look(raw, sent)

    def _look(self, raw: RawAnswer, sent: Document) -> Answer:
        headers = raw.fields()
        try:
            _check_media_type(headers.get("content-type", ""))
            document = stream.read(
                raw.body, ENVELOPE[self.version], self.answer, self.node, self.limits
            )
        except stream.IsFault:
            return self._fault(raw, headers, sent)
        except stream.Unfit as error:
            return self._invalid(raw, headers, str(error), sent)
        if raw.status not in _SUCCESS:
            return self._invalid(raw, headers, "an answer without Fault, but no success", sent)
        # Nothing in it is the request's: what a refusal says of one is never another's answer.
        answer = Answer(raw.status, document, None, headers, excerpt=self.show(document))
        return self.before.keep(raw, answer)

    def _fault(self, raw: RawAnswer, headers: dict[str, str], sent: Document) -> Answer:
        limits = self.limits
        try:
            root = parse(raw.body, limits, size=limits.answer_bytes)
        except Reject as error:
            return self._invalid(raw, headers, str(error), sent)
        soap = ENVELOPE[self.version]
        element = root.find(f"{{{soap}}}Body/{{{soap}}}Fault")
        if element is None:
            return self._invalid(raw, headers, "neither an answer nor a Fault", sent)
        found = fault.read(element, self.faults)
        text = f"{found.document['faultcode']}: {found.document['faultstring']}"
        return Answer(
            raw.status, found.document, found.code, headers, excerpt=self.mask(text, sent)
        )

    def _invalid(self, raw: RawAnswer, headers: dict[str, str], why: str, sent: Document) -> Answer:
        start = raw.body[:2_000].decode("utf-8", "replace")
        return Answer(
            raw.status, {}, None, headers, valid=False, excerpt=self.mask(f"{why}: {start}", sent)
        )


def _check_media_type(content_type: str) -> None:
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() not in _XML_TYPES:
        raise stream.Unfit("the answer is not XML")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(" \"'").lower() not in _UTF8:
            raise stream.Unfit("the answer is not in UTF-8")


class SoapClient:
    """A `Client` (adapters.http.messages) for SOAP. Made by `open_client`."""

    def __init__(
        self, plans: Mapping[str, _Plan], origin: Origin, transport: Exchange, limits: Limits
    ) -> None:
        self._plans = plans
        self._origin = origin
        self._transport = transport
        self._limits = limits

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        """Send one request and read the answer.

        Raises Retry (`system`, `sent` as the transport says), Halt for an address that may not be
        called, Reject for a document that cannot be written or an operation that is not called.
        """
        plan = self._plans.get(operation)
        if plan is None:
            raise Reject(
                f"operation {operation} is not called here",
                where="soap client",
                fix="name an operation of the contract that the registration serves",
            )
        body = plan.request(document, key)
        raw = await self._transport.exchange(
            self._origin,
            b"%b%d\r\n\r\n" % (plan.head, len(body)),
            body,
            self._limits.timeout,
            self._limits.answer_bytes,
        )
        return plan.read(raw, document)

    async def renew(self) -> None:
        """A WS-Security credential is made for each message: there is nothing to drop."""

    async def close(self) -> None:
        """The transport is shared and closed by who opened it."""


def open_client(
    contract: Contract, binding: Binding, transport: Exchange, clock: Clock
) -> SoapClient:
    """A client for one system. Compiles every operation; opens nothing.

    The request goes to the endpoint's path + "/" + the service's name; `binding.paths` may map
    "/Service" to another path (also to ""). `clock`: seconds since 1970, for tokens and signatures.
    Raises Reject for what cannot be compiled and for a credential that cannot be used.
    """
    endpoint = _endpoint(binding)
    auth = _security(binding.auth)
    plans = {
        name: _plan(contract, operation, operation.wire, binding, endpoint, auth, clock)
        for name, operation in contract.operations.items()
        if isinstance(operation.wire, SoapWire)
        and (binding.operations is None or name in binding.operations)
    }
    return SoapClient(plans, endpoint.origin, transport, binding.limits)


def _plan(
    contract: Contract,
    operation: Operation,
    wire: SoapWire,
    binding: Binding,
    endpoint: Endpoint,
    auth: Auth | None,
    clock: Clock,
) -> _Plan:
    types = contract.types
    ordered = not any(_ALL.search(data) for data in contract.files.values())
    answer = record_of(operation.answers["200"], types)
    return _Plan(
        version=wire.version,
        render=compile_template(types, operation.request, wire.namespace, wire.element),
        wrap=proving(auth, wire.version, clock),
        fill=filler(binding.fill, operation.request, types),
        head=_head(binding, endpoint, wire),
        answer=_name(wire.answer_namespace, wire.answer_element),
        node=compile_node(types, answer, ordered=ordered),
        show=shower(answer, types),
        mask=masker(operation.request, types),
        faults={
            name: compile_node(types, record_of(type_, types))
            for name, type_ in operation.faults.items()
        },
        limits=binding.limits,
    )


def _name(namespace: str | None, local: str) -> str:
    return f"{{{namespace}}}{local}" if namespace else local


def _head(binding: Binding, endpoint: Endpoint, wire: SoapWire) -> bytes:
    """The request's head up to the value of content-length."""
    service = f"/{wire.service}"
    path = endpoint.base + binding.paths.get(service, service)
    media_type = f"{MEDIA_TYPE[wire.version]}; charset=utf-8"
    action = ""
    if wire.version == "1.1":
        action = f'soapaction: "{wire.soap_action}"\r\n'
    elif wire.soap_action:
        media_type += f'; action="{wire.soap_action}"'
    for part in (path, wire.soap_action):
        if not part.isascii() or not part.isprintable() or '"' in part or " " in part:
            raise Reject(
                "the path or SOAPAction cannot stand in a header",
                where=f"{wire.service}: {part!a}",
                fix="write it in ASCII, percent-encoded",
            )
    return (
        f"POST {path or '/'} HTTP/1.1\r\nhost: {endpoint.authority}\r\n"
        f"content-type: {media_type}\r\n{action}accept: {MEDIA_TYPE[wire.version]}\r\n"
        "content-length: "
    ).encode("ascii")


def _endpoint(binding: Binding) -> Endpoint:
    """Where the system stands, with our own certificate if it asks for one (mtls)."""
    options = next((auth.options for auth in binding.auth if auth.kind == "mtls"), None)
    allowed = reach(binding.allow_addresses)
    if options is None:
        return parse_endpoint(binding.endpoint, reach=allowed)
    pem = {name: str(options[name]) for name in ("ca", "certificate", "key") if options.get(name)}
    return parse_endpoint(binding.endpoint, client_context(**pem), allowed)


def _security(auths: tuple[Auth, ...]) -> Auth | None:
    """The WS-Security credential among the kinds of auth, at most one."""
    kinds = [auth for auth in auths if auth.kind in KINDS]
    other = [auth.kind for auth in auths if auth.kind not in {*KINDS, "none", "mtls"}]
    if other or len(kinds) > 1:
        raise Reject(
            f"auth {', '.join(other) or 'of several kinds at once'} is not supported over SOAP",
            where="outbound.auth",
            fix="use one of usernametoken, x509, none; mtls may be added",
        )
    return kinds[0] if kinds else None
