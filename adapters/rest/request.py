"""A request as bytes: what can be known beforehand is compiled, the rest is put in per call."""

from collections.abc import Callable
from urllib.parse import quote

import msgspec
import orjson

from adapters.http.endpoint import Endpoint
from adapters.rest.parameters import encode_header, encode_pairs, encode_segment
from adapters.rest.routes import parse_template
from adapters.rest.writer import Fill, Moment, Writers
from hub.contract.types import Document, Operation, RestWire, Value
from hub.errors import Reject

FORM = "application/x-www-form-urlencoded"

Render = Callable[[Document, Moment], "Rendered"]
_Body = Callable[[dict[str, Value]], bytes | None]


class Rendered(msgspec.Struct, frozen=True):
    """One request, but for its credential. `start` ends before the headers of the credential."""

    start: str  # request line and headers, each with its CRLF; ASCII
    body: bytes

    def head(self, credential: str) -> bytes:
        """Everything before the body; `credential` is header lines, each with its CRLF."""
        return f"{self.start}{credential}\r\n".encode("ascii")


def compile_request(
    operation: Operation, path: str, endpoint: Endpoint, writers: Writers, fill: Fill
) -> Render:
    """The function that renders requests of `operation`, served at the template `path`.

    It raises Reject for a document that cannot be written.
    """
    wire = operation.wire
    if not isinstance(wire, RestWire):
        raise Reject("is not an operation of REST", where=operation.name, code="contract")
    write = writers.record(operation.request, fill, operation.request.name)
    target = _target(wire, path, endpoint.base)
    headers = tuple((p.field, p.name.lower()) for p in wire.parameters if p.place == "header")
    body_of, media_type = _body(wire, operation), wire.media_type
    fixed = (
        f" HTTP/1.1\r\nhost: {endpoint.authority}\r\nuser-agent: lgsp-hub\r\n"
        "accept: application/json\r\n"
    )
    typed = f"content-type: {media_type}\r\ncontent-length: "
    empty = "" if wire.method.upper() in ("GET", "HEAD", "DELETE") else "content-length: 0\r\n"

    def render(document: Document, moment: Moment) -> Rendered:
        made = write(document, moment)
        if not isinstance(made, dict):
            raise TypeError("a record is written as a dict")
        lines = [
            f"{name}: {encode_header(value, field)}\r\n"
            for field, name in headers
            if (value := made.get(field)) is not None
        ]
        body = body_of(made)
        lines.append(empty if body is None else f"{typed}{len(body)}\r\n")
        return Rendered(f"{wire.method} {target(made)}{fixed}{''.join(lines)}", body or b"")

    return render


def _target(wire: RestWire, path: str, base: str) -> Callable[[dict[str, Value]], str]:
    """The request target: path segments percent-encoded, then the query."""
    template = parse_template(path)
    fields = {p.name: p.field for p in wire.parameters if p.place == "path"}
    absent = [n for n in template.names if n is not None and n not in fields]
    if absent:
        raise Reject(f"the contract has no parameter {absent[0]}", where=path, code="contract")
    segments = tuple(
        (quote(segment, safe="-._~!$&'()*+,;=:@%"), None if name is None else fields[name])
        for segment, name in zip(template.segments, template.names, strict=True)
    )
    queries = tuple((p.name, p.field) for p in wire.parameters if p.place == "query")
    if not fields and not queries:
        plain = f"{base}/{'/'.join(segment for segment, _ in segments)}"
        return lambda _: plain

    def target(made: dict[str, Value]) -> str:
        parts = [
            segment if field is None else encode_segment(made.get(field), field)
            for segment, field in segments
        ]
        query = encode_pairs((name, made.get(field)) for name, field in queries)
        return f"{base}/{'/'.join(parts)}{'?' if query else ''}{query}"

    return target


def _body(wire: RestWire, operation: Operation) -> _Body:
    outside = {p.field for p in wire.parameters}
    dump = _form if wire.media_type == FORM else _json
    name = wire.body
    if name is None:
        return lambda _: None
    if name:
        return lambda made: None if made.get(name) is None else dump(made[name])
    if not outside:
        return dump
    inside = tuple(f.name for f in operation.request.fields if f.name not in outside)
    return lambda made: dump({key: made[key] for key in inside if key in made})


def _json(value: Value) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError as error:  # a whole number beyond 64 bits, half a character
        raise Reject("JSON cannot carry the document", where="body", code="contract") from error


def _form(value: Value) -> bytes:
    if not isinstance(value, dict):
        raise Reject("a form is made of fields", where="body", code="contract")
    return encode_pairs(value.items()).encode("ascii")
