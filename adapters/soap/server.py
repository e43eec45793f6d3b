"""The door for a SOAP system: what comes in is proved, valid and normal, or it is refused.

The order is fixed, cheapest and least trusting first: address, the credential of HTTP, form, size
and safety of the XML, envelope, the credential of the message, headers that must be understood, the
body against the contract's XML Schema, and only then its values.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from adapters.http.addresses import compile_addresses, wrong_address
from adapters.http.messages import HttpRequest, HttpResponse, Message, Refusal
from adapters.http.proofs import Proof
from adapters.soap import fault, publish, tree
from adapters.soap.envelope import Wrap, bare
from adapters.soap.guard import Guard, bouncer, guard
from adapters.soap.inbound import check_media_type, open_envelope
from adapters.soap.names import MEDIA_TYPE
from adapters.soap.table import Node, compile_node, record_of
from adapters.soap.template import compile_template
from adapters.soap.times import Clock
from hub.contract.binding import Binding
from hub.contract.types import Contract, Document, Operation, SoapWire
from hub.contract.xml import Element, parse
from hub.contract.xmlschema import Misfit, SchemaValidator, schema_of
from hub.errors import Reject

_STATUS = {"malformed": 400, "too-large": 413}
_OF_HTTP = frozenset({404, 405, 413, 415})  # told by HTTP itself (WS-I Basic Profile 1.1, 3.4)
_CLIENT, _SERVER = 400, 500
_SHOWN = 5  # misfits that one fault names


@dataclass(eq=False)
class SoapRefusal(Refusal):
    """A refusal that knows in which version of SOAP it must be told."""

    version: str = "1.1"
    by_http: bool = False  # told by HTTP's own status, whatever the version

    __str__ = Refusal.__str__


@dataclass(frozen=True, slots=True)
class _Served:
    """One operation, ready to be read and answered."""

    name: str
    action: str
    node: Node
    wrap: Wrap
    render: Callable[[Document], str]


@dataclass(frozen=True, slots=True)
class _Service:
    """One service: its version, and its operations by the element of the body."""

    version: str
    operations: Mapping[str, _Served]
    actions: Mapping[str, str]  # SOAPAction -> operation


class SoapServer:
    """A `Server` (adapters.http.messages) for SOAP. Made by `open_server`."""

    def __init__(
        self,
        binding: Binding,
        services: Mapping[str, _Service],
        publication: publish.Publication,
        prove: Proof,
        admit: Guard,
        schema: SchemaValidator,
    ) -> None:
        self._limits = binding.limits
        self._from = compile_addresses(binding.addresses)
        self._services = services
        self._publication = publication
        self._prove = prove
        self._admit = admit
        self._schema = schema
        self._version = next(iter(services.values())).version
        self._operations = {
            served.name: (served, service.version)
            for service in services.values()
            for served in service.operations.values()
        }

    def read(self, request: HttpRequest) -> Message:
        """Authenticate, parse, validate. Raises Refusal; never anything else, in bounded time."""
        service = self._service(request)
        version = service.version if service is not None else self._version
        by_http = False
        try:
            if not self._from(request.peer):
                raise wrong_address()
            if service is None:
                raise self._unknown_service()
            by_http = True  # a challenge is an answer of HTTP (RFC 9110, 15.5.2), not of SOAP
            self._prove(request)
            by_http = False
            return self._read(request, service)
        except Refusal as refusal:
            raise _of_version(refusal, version, by_http=by_http) from refusal

    def _read(self, request: HttpRequest, service: _Service) -> Message:
        if request.method != "POST":
            raise Refusal(
                405,
                "not-allowed",
                "A SOAP message comes by POST",
                "use POST, or GET ?wsdl for the contract",
                headers=(("allow", "GET, POST"),),
            )
        check_media_type(request)
        envelope = open_envelope(self._parse(request.body), service.version)
        secured = self._admit(envelope)
        envelope.check_understood(security=secured)
        element = envelope.element
        served = service.operations.get(element.tag)
        if served is None:
            raise Refusal(
                400,
                "unknown-operation",
                "The body is no request of this service",
                "send a request element of the published WSDL",
            )
        _check_action(request, service, served)
        misfits = self._schema.validate(element)
        if misfits:
            raise _unfit(misfits)
        try:
            document = tree.read(element, served.node)
        except Reject as error:
            raise _not_of_contract(
                error.where, f"{error.where}: {error.what}", error.fix
            ) from error
        return Message(served.name, document, request)

    def _parse(self, body: bytes) -> Element:
        try:
            return parse(body, self._limits)
        except Reject as error:
            code = error.code if error.code in _STATUS else "malformed"
            raise Refusal(
                _STATUS[code],
                code,
                "The message cannot be read",
                f"{error.where}: {error.what}{f'; {error.fix}' if error.fix else ''}",
            ) from error

    def answer(self, operation: str | None, status: int, body: Document | None) -> HttpResponse:
        """The operation's answer in its wrapper element; `body` None writes an empty one.

        Raises Reject for a body that is not what the contract says, or without an operation.
        """
        found = self._operations.get(operation or "")
        if found is None:
            raise Reject(
                f"there is no operation {operation} to answer",
                where="soap server",
                fix="refuse the request instead",
            )
        served, version = found
        return _response(status, version, served.wrap(served.render(body or {})))

    def refuse(self, refusal: Refusal, operation: str | None = None) -> HttpResponse:
        """A Fault with a problem in its detail, in the version of SOAP that was spoken."""
        if isinstance(refusal, SoapRefusal):
            version = refusal.version
        else:
            found = self._operations.get(operation or "")
            version = found[1] if found is not None else self._version
        status = _status(refusal, version)
        return _response(
            status, version, bare(version)(fault.write(refusal, version)), refusal.headers
        )

    def describe(self, request: HttpRequest) -> HttpResponse | None:
        """The WSDL or a schema, where the request asks for it; its refusal as a Fault."""
        service = self._service(request)
        if request.method != "GET" or service is None:
            return None
        try:
            if not self._from(request.peer):
                raise wrong_address()
            found = self._publication.answer(request, _last(request.path))
        except Refusal as refusal:
            return self.refuse(_of_version(refusal, service.version))
        if found is None:
            return None
        return HttpResponse(200, (("content-type", "text/xml; charset=utf-8"),), found)

    def _service(self, request: HttpRequest) -> _Service | None:
        return self._services.get(_last(request.path))

    def _unknown_service(self) -> Refusal:
        return Refusal(
            404,
            "unknown-operation",
            "There is no such service here",
            f"the path ends in one of: {', '.join(sorted(self._services))}",
        )


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _unfit(misfits: Sequence[Misfit]) -> Refusal:
    """A refusal that names every place, up to a few; the first is its field."""
    places = [(".".join(misfit.path.split("/")[1:]), misfit.what) for misfit in misfits]
    shown = "; ".join(f"{place or 'the request'}: {what}" for place, what in places[:_SHOWN])
    return _not_of_contract(places[0][0], shown, "send what the published schema says")


def _not_of_contract(field: str, what: str, fix: str) -> Refusal:
    detail = f"{what}; {fix}" if fix else what
    return Refusal(400, "contract", "The message does not fit the contract", detail, field)


def _of_version(refusal: Refusal, version: str, *, by_http: bool = False) -> SoapRefusal:
    return SoapRefusal(
        refusal.status,
        refusal.code,
        refusal.title,
        refusal.detail,
        refusal.field,
        refusal.headers,
        version=version,
        by_http=by_http,
    )


def _check_action(request: HttpRequest, service: _Service, served: _Served) -> None:
    """The body decides; an action that names another operation was meant to fool somebody."""
    action = request.headers.get("soapaction", "").strip().strip('"')
    named = service.actions.get(action) if action else None
    if named is not None and named != served.name and action != served.action:
        raise Refusal(
            400,
            "malformed",
            "SOAPAction names another operation than the body",
            "send the SOAPAction of the published WSDL",
        )


def _status(refusal: Refusal, version: str) -> int:
    if refusal.status in _OF_HTTP or (isinstance(refusal, SoapRefusal) and refusal.by_http):
        return refusal.status
    if version == "1.1" or refusal.code in ("must-understand", "version-mismatch"):
        return _SERVER
    return _SERVER if fault.is_server(refusal) else _CLIENT


def _response(
    status: int, version: str, text: str, headers: tuple[tuple[str, str], ...] = ()
) -> HttpResponse:
    content_type = ("content-type", f"{MEDIA_TYPE[version]}; charset=utf-8")
    return HttpResponse(status, (content_type, *headers), text.encode())


def open_server(contract: Contract, binding: Binding, clock: Clock = time.time) -> SoapServer:
    """The door for one registration.

    A service is served at any path that ends in its name. Inbound auth: usernametoken {username,
    password}, x509 {ca, subject (optional)}, what adapters.http.proofs knows, none. `clock`:
    seconds since 1970.
    Raises Reject for a contract that cannot be served or a credential that cannot be used, Halt for
    a list of addresses that cannot be read.
    """
    services = _services(contract, binding)
    if not services:
        raise Reject(
            "the contract has no SOAP operation that is served here",
            where="contract",
            fix="name operations of the contract in the flows",
        )
    return SoapServer(
        binding,
        services,
        publish.prepare(contract.files, services),
        bouncer(binding.auth),
        guard(binding.auth, clock),
        schema_of(contract),
    )


def _services(contract: Contract, binding: Binding) -> dict[str, _Service]:
    names = {
        operation.wire.service: operation.wire.version
        for name, operation in contract.operations.items()
        if isinstance(operation.wire, SoapWire)
        and (binding.operations is None or name in binding.operations)
    }
    return {name: _service(contract, binding, name, version) for name, version in names.items()}


def _service(contract: Contract, binding: Binding, service: str, version: str) -> _Service:
    operations: dict[str, _Served] = {}
    actions: dict[str, str] = {}
    for name, operation in contract.operations.items():
        wire = operation.wire
        if not isinstance(wire, SoapWire) or wire.service != service:
            continue
        if binding.operations is not None and name not in binding.operations:
            continue
        tag = f"{{{wire.namespace}}}{wire.element}" if wire.namespace else wire.element
        if tag in operations:
            raise Reject(
                f"two operations of {service} take the element {wire.element}",
                where="contract",
                fix="give each operation an element of its own",
            )
        operations[tag] = _served(contract, operation, wire)
        actions[wire.soap_action] = name
    return _Service(version, operations, actions)


def _served(contract: Contract, operation: Operation, wire: SoapWire) -> _Served:
    types = contract.types
    answer = record_of(operation.answers["200"], types)
    return _Served(
        name=operation.name,
        action=wire.soap_action,
        node=compile_node(types, operation.request),
        wrap=bare(wire.version),
        render=compile_template(types, answer, wire.answer_namespace, wire.answer_element),
    )
