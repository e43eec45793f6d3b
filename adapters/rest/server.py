"""One registration's door over REST: who calls, what is asked, is it what the contract says.

The order is fixed, cheapest and most telling first: source address, size, credential, address of
the resource, type of content, then the body. A credential inside the body needs the body parsed
first, within all limits; a caller without it is told so before anything about the contract.
"""

from collections.abc import Callable, Mapping

import orjson

from adapters.http.addresses import compile_addresses, wrong_address
from adapters.http.messages import HttpRequest, HttpResponse, Message, Refusal, Server
from adapters.http.problem import of_refusal
from adapters.http.proofs import Proof, compile_proof
from adapters.rest.json_body import read_json
from adapters.rest.parameters import Read, decode_pairs, given, reader
from adapters.rest.request import FORM
from adapters.rest.routes import Routes
from adapters.rest.rsa_fields import compile_rsa_fields
from hub.contract.binding import Auth, Binding, Limits
from hub.contract.documents import read as read_document
from hub.contract.text import normalise
from hub.contract.types import Contract, Document, Operation, Record, Ref, RestWire, Text, Value
from hub.contract.validate import Problem, compile_validator
from hub.errors import Reject

JSON = "application/json"
_TELL = 20  # findings that are told

BodyProof = Callable[[Value], None]


def open_server(contract: Contract, binding: Binding) -> Server:
    """Compile everything that a request needs.

    Raises Halt for a credential, key or source address that cannot be used. A binding without any
    auth admits nobody: say `none` to admit everybody.
    """
    served = {
        name: _Served(operation, contract.types)
        for name, operation in contract.operations.items()
        if isinstance(operation.wire, RestWire)
        and (binding.operations is None or name in binding.operations)
    }
    return RestServer(contract, binding, served)


class RestServer:
    """A Server (adapters.http.messages). Keeps no state between requests; never blocks."""

    def __init__(
        self, contract: Contract, binding: Binding, served: Mapping[str, "_Served"]
    ) -> None:
        self._description = _description(contract)
        self._limits = binding.limits
        self._served = served
        self._admits = compile_addresses(binding.addresses)
        self._proofs, self._body_proofs = _proofs(binding.auth)
        self._routes = Routes((s.wire.method, s.wire.path, name) for name, s in served.items())

    def read(self, request: HttpRequest) -> Message:
        """See Server.read."""
        try:
            self._enter(request)
            name, path_values = self._routes.find(request.method, request.path)
            served = self._served[name]
            sent, body = served.body(request, self._limits)
            for proof in self._body_proofs:
                proof(sent)
            document = served.document(request, path_values, body)
        except Reject as error:
            raise _malformed(error) from error
        return Message(name, document, request)

    def answer(self, operation: str | None, status: int, body: Document | None) -> HttpResponse:
        """See Server.answer."""
        del operation  # whatever is said, it is said in JSON
        if body is None:
            return HttpResponse(status, (), b"")
        return HttpResponse(status, (("content-type", JSON),), orjson.dumps(body))

    def refuse(self, refusal: Refusal, operation: str | None = None) -> HttpResponse:
        """See Server.refuse."""
        del operation
        return of_refusal(refusal)

    def describe(self, request: HttpRequest) -> HttpResponse | None:
        """GET /openapi.json: the contract as its owner published it. Raises Refusal."""
        if request.method != "GET" or request.path != "/openapi.json" or not self._description:
            return None
        if not self._admits(request.peer):
            raise wrong_address()
        return HttpResponse(200, (("content-type", JSON),), self._description)

    def _enter(self, request: HttpRequest) -> None:
        if not self._admits(request.peer):
            raise wrong_address()
        most = self._limits.body_bytes
        if len(request.body) > most:
            raise Refusal(413, "too-large", "The body is too large", f"at most {most} bytes")
        for proof in self._proofs:
            proof(request)


def _unsupported(detail: str, header: tuple[str, str]) -> Refusal:
    """The header says what is taken (RFC 9110, 15.5.16)."""
    title = "This form of body is not accepted"
    return Refusal(415, "unsupported-media-type", title, detail, headers=(header,))


class _Served:
    """One operation, compiled."""

    __slots__ = ("_form", "_headers", "_outside", "_paths", "_queries", "_validator", "wire")

    def __init__(self, operation: Operation, types: Mapping[str, Record]) -> None:
        if not isinstance(operation.wire, RestWire):
            raise TypeError("an operation of REST is needed")
        self.wire = operation.wire
        self._validator = compile_validator(operation.request, types)
        self._paths = _readers(operation, "path")
        self._queries = _readers(operation, "query")
        self._headers = _readers(operation, "header")
        self._form = _form_readers(operation, types)
        self._outside = frozenset(p.field for p in operation.wire.parameters)

    def body(self, request: HttpRequest, limits: Limits) -> tuple[Value, Value]:
        """The body as it was sent and in its one form; ({}, {}) where there is none."""
        if self.wire.body is None or not request.body:
            return {}, {}
        wanted = self.wire.media_type
        if not _fits(request.headers.get("content-type", ""), wanted):
            raise _unsupported(f"send {wanted} in UTF-8", ("accept", wanted))
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise _unsupported("send it without content-encoding", ("accept-encoding", "identity"))
        if wanted != FORM:
            return read_json(request.body, limits)
        texts_of, read = _form(request.body), self._form
        sent: Document = {name: list(texts) for name, texts in texts_of.items()}
        return sent, {
            name: read.get(name, reader(Text()))([normalise(text) for text in texts])
            for name, texts in texts_of.items()
        }

    def document(
        self, request: HttpRequest, path_values: Mapping[str, str], body: Value
    ) -> Document:
        """The request record, checked. Raises Refusal (contract), Reject (malformed)."""
        made = self._start(body) if request.body or not self.wire.body else {}
        for name, field, read in self._paths:
            made[field] = read([normalise(path_values[name])])
        queries = decode_pairs(request.query) if request.query else {}
        for name, field, read in self._queries:
            if name in queries:
                made[field] = read([normalise(text) for text in queries[name]])
        for name, field, read in self._headers:
            if texts := given(request.headers, name):
                made[field] = read([normalise(text) for text in texts])
        document, problems = self._validator.check(made)
        if problems or not isinstance(document, dict):
            raise _misfit(problems)
        return document

    def _start(self, body: Value) -> Document:
        if self.wire.body:
            return {self.wire.body: body}
        if not isinstance(body, dict):
            raise _misfit([Problem("", "expected an object")])
        if twice := self._outside & body.keys():
            raise _misfit([Problem(f"/{min(twice)}", "does not stand in the body")])
        return dict(body)


def _form(body: bytes) -> dict[str, list[str]]:
    try:
        return decode_pairs(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Reject(f"not UTF-8 at byte {error.start}", code="malformed") from error


def _proofs(auths: tuple[Auth, ...]) -> tuple[tuple[Proof, ...], tuple[BodyProof, ...]]:
    """Those that need the head or the bytes only, and those that need the parsed body."""
    before = [compile_proof(auth) for auth in auths if auth.kind != "rsa_fields"]
    inside = tuple(compile_rsa_fields(auth) for auth in auths if auth.kind == "rsa_fields")
    return (tuple(before) if auths else (_nobody,)), inside


def _nobody(request: HttpRequest) -> None:
    del request
    raise Refusal(401, "denied", "Nobody is admitted here")


def _readers(operation: Operation, place: str) -> tuple[tuple[str, str, Read], ...]:
    """(name on the wire, field, reader) of the parameters there; headers in lower case."""
    made: list[tuple[str, str, Read]] = []
    for parameter in operation.wire.parameters if isinstance(operation.wire, RestWire) else ():
        field = operation.request.field(parameter.field)
        if parameter.place == place and field is not None:
            name = parameter.name.lower() if place == "header" else parameter.name
            made.append((name, parameter.field, reader(field.type)))
    return tuple(made)


def _form_readers(operation: Operation, types: Mapping[str, Record]) -> dict[str, Read]:
    """How the fields of a form read: those of the body's record."""
    record = operation.request
    if isinstance(operation.wire, RestWire) and operation.wire.body:
        field = record.field(operation.wire.body)
        inner = field.type if field is not None else record
        inner = types.get(inner.name, record) if isinstance(inner, Ref) else inner
        record = inner if isinstance(inner, Record) else record
    return {field.name: reader(field.type) for field in record.fields}


def _fits(given_type: str, wanted: str) -> bool:
    """Whether a Content-Type is the wanted one, in UTF-8 where it says an encoding."""
    if given_type == wanted:
        return True
    media_type, *rest = (part.strip().lower() for part in given_type.split(";"))
    charset = [part[8:].strip('"') for part in rest if part.startswith("charset=")]
    if charset not in ([], ["utf-8"]):
        return False
    return media_type == wanted or (wanted == JSON and media_type.endswith("+json"))


def _description(contract: Contract) -> bytes | None:
    """The OpenAPI document as JSON; None if the contract keeps none."""
    for name, body in contract.files.items():
        value = read_document(name, body).value
        if isinstance(value, dict) and "openapi" in value:
            return orjson.dumps(value)
    return None


def _malformed(error: Reject) -> Refusal:
    if error.code == "too-large":
        return Refusal(413, "too-large", "The message is too large", error.what)
    return Refusal(400, "malformed", "The message cannot be read", error.what)


def _misfit(problems: list[Problem]) -> Refusal:
    first = problems[0] if problems else Problem("", "expected an object")
    return Refusal(
        400,
        "contract",
        "The message is not what the contract says",
        first.what,
        first.path,
        errors=tuple((p.path, p.what) for p in problems[:_TELL]) if len(problems) > 1 else (),
    )
