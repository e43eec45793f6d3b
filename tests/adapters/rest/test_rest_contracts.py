"""The contracts of the connectors: what our client sends, our own server reads as it was meant.

Client and server share the contract and nothing else, and talk over a real socket; so an order, an
encoding or a name that only one of them knows would show here.
"""

import asyncio
from pathlib import Path

import pytest

from adapters.http.messages import Answer, HttpRequest, Message, Refusal
from adapters.http.transport import Transport
from adapters.rest.client import open_client
from adapters.rest.server import open_server
from hub.contract.binding import Auth, Binding
from hub.contract.formats import format_check
from hub.contract.load import load_contract
from hub.contract.patterns import matcher
from hub.contract.types import (
    Anything,
    Boolean,
    Contract,
    Document,
    Integer,
    ListOf,
    Number,
    OneOf,
    Operation,
    Record,
    Ref,
    RestWire,
    Text,
    Type,
    Value,
)
from tests.adapters.http.peers import peer, read_request, run
from tests.adapters.rest.rest_peer import here

ROOT = Path(__file__).parents[3]
FILES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("connectors/*/contract/*.yaml"))
SAMPLES = ("H44.99.99-251013-0001 Đ/?&=%", "0" * 24, "12345", "01/07/2025", "01/07/2025 08:00:00")
MORE_SAMPLES = ("01-07-2025", "20250701080000", "x", "26", "a" * 64, "19050703")


def contract_of(path: str) -> Contract:
    return load_contract("rest", {path: (ROOT / path).read_bytes()}, [path])


def operations() -> list[tuple[str, str]]:
    return [(path, name) for path in FILES for name in contract_of(path).operations]


def sample(type_: Type, depth: int = 0) -> Value:
    """A value that the type admits, with every field that is not too deep."""
    match type_:
        case Record(fields=fields):
            return {f.name: sample(f.type, depth + 1) for f in fields if f.required or depth < 4}
        case ListOf(item=item, min_items=low):
            return [sample(item, depth + 1)] * max(low, 1)
        case OneOf(options=options):
            return sample(options[-1], depth)
        case _:
            return scalar_sample(type_)


def scalar_sample(type_: Type) -> Value:
    match type_:
        case Integer(values=values, minimum=low):
            return values[0] if values else 7 if low is None else low
        case Number():
            return 12.5
        case Boolean():
            return True
        case Text():
            return text_sample(type_)
        case Anything() | Ref():
            return None
        case _:
            raise AssertionError(type_)


def text_sample(type_: Text) -> str:
    if type_.values:
        return type_.values[0]
    fits = matcher(type_.pattern) if type_.pattern else lambda _: True
    formed = format_check(type_.format) or (lambda _: True)
    long_enough = range(type_.min_length, (type_.max_length or 10_000) + 1)
    dates = ("2025-07-01", "2025-07-01T08:00:00+07:00", "https://files.example.test/a")
    digits = ("1" * length for length in range(1, 20))
    for text in (*SAMPLES, *MORE_SAMPLES, *dates, *digits):
        if len(text) in long_enough and fits(text) and formed(text):
            return text
    raise AssertionError(f"no sample fits {type_}")


async def through_the_wire(
    contract: Contract, operation: Operation, document: Document
) -> tuple[Answer, Message]:
    """One call of our client, read and answered by our server."""
    server = open_server(contract, Binding("http://unused", auth=(Auth("none"),)))
    told: list[Message] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await read_request(reader)
        line, *rows = head.decode("latin-1").strip().split("\r\n")
        method, target, _ = line.split(" ")
        path, _, query = target.partition("?")
        headers = {n.lower(): v for n, _, v in (row.partition(": ") for row in rows)}
        request = HttpRequest(method, path, query, headers, body, "127.0.0.1")
        try:
            told.append(server.read(request))
            answer = sample(operation.answers["200"]) if "200" in operation.answers else {}
            response = server.answer(operation.name, 200, answer)  # type: ignore[arg-type]  # lists too
        except Refusal as refusal:
            response = server.refuse(refusal)
        writer.write(
            b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n" % (response.status, len(response.body))
        )
        for name, value in response.headers:
            writer.write(f"{name}: {value}\r\n".encode())
        writer.write(b"\r\n" + response.body)
        await writer.drain()

    async with peer(serve) as port, Transport() as transport:
        binding = here(port)
        client = open_client(contract, binding, transport, lambda: 0.0)
        answer = await client.call(operation.name, document, "key")
    assert told, answer.document
    return answer, told[0]


@pytest.mark.parametrize(("path", "name"), operations())
def test_what_the_client_sends_the_server_reads(path: str, name: str) -> None:
    contract = contract_of(path)
    operation = contract.operations[name]
    assert isinstance(operation.wire, RestWire)
    document = sample(operation.request)
    assert isinstance(document, dict)
    for parameter in operation.wire.parameters:
        if parameter.place == "header":
            document[parameter.field] = "ascii-only"
    answer, message = run(lambda: through_the_wire(contract, operation, document))
    assert (name, document) == (message.operation, message.document)
    assert (200, True) == (answer.status, answer.valid)


def test_there_are_contracts_to_try() -> None:
    assert len(FILES) >= 5
