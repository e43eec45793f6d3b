"""The province's own contract: every operation is written as zeep writes it, read, and answered."""

import asyncio
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import zeep
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.http.connection import Origin, RawAnswer
from adapters.http.messages import HttpRequest
from adapters.soap.client import open_client
from adapters.soap.envelope import bare
from adapters.soap.server import SoapServer, open_server
from adapters.soap.template import compile_template
from hub.contract.binding import Auth, Binding
from hub.contract.load import load_contract
from hub.contract.types import Contract, Document, Operation, SoapWire
from tests.adapters.soap.oracle import canonical, documents, written_by_zeep, zeep_client
from tests.adapters.soap.test_soap_tables import normal

FOLDER = Path("connectors/onestop/contract")
FILES = {f"contract/{path.name}": path.read_bytes() for path in sorted(FOLDER.iterdir())}
AUTH = Auth("usernametoken", {"username": "mot-cua", "password": "chỉ để thử"})


@cache
def contract() -> Contract:
    return load_contract("soap", FILES, ["contract/motcua.wsdl"])


@cache
def server() -> SoapServer:
    return open_server(contract(), Binding("http://127.0.0.1", auth=(AUTH,)))


@pytest.fixture(scope="module")
def peer() -> Iterator[zeep.Client]:
    with zeep_client(FILES, "contract/motcua.wsdl") as client:
        yield client


class Loop:
    """A transport that leads to our own server, and back with an answer."""

    def __init__(self, answer: Document) -> None:
        self.answer = answer
        self.documents: list[Document] = []

    async def exchange(
        self,
        origin: Origin,
        head: bytes,
        body: bytes,
        timeout: float,  # noqa: ASYNC109 -- the transport's own shape
        answer_bytes: int = 0,
    ) -> RawAnswer:
        path = head.split()[1].decode()
        fields = {"content-type": "text/xml", "soapaction": head.split(b'"')[1].decode()}
        message = server().read(HttpRequest("POST", path, "", fields, body, origin.host))
        self.documents.append(message.document)
        response = server().answer(message.operation, 200, self.answer)
        headers = tuple((name.encode(), value.encode()) for name, value in response.headers)
        return RawAnswer(response.status, headers, response.body)


OPERATIONS = sorted(contract().operations)


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])  # a busy machine
@given(data=st.data())
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_written_as_zeep_does_and_read_again(
    peer: zeep.Client, name: str, data: st.DataObject
) -> None:
    operation: Operation = contract().operations[name]
    wire = operation.wire
    assert isinstance(wire, SoapWire)
    document = data.draw(documents(operation.request, contract().types))
    render = compile_template(contract().types, operation.request, wire.namespace, wire.element)
    local = name.partition(".")[2]
    expected = written_by_zeep(peer, local, operation.request, document, service=wire.service)
    assert canonical(expected) == canonical(bare("1.1")(render(document)))
    answer: Document = {"KetQua": {"Ma": "00", "MoTa": "Đã nhận"}}
    loop = Loop(answer)
    client = open_client(contract(), Binding("http://127.0.0.1", auth=(AUTH,)), loop, time.time)
    found = asyncio.run(client.call(name, document, "k"))
    assert [normal(document)] == loop.documents
    assert (True, None, answer) == (found.valid, found.fault, found.document)


def test_both_services_are_published_each_by_itself() -> None:
    for service in ("MotCuaBaoCao", "MotCuaTiepNhan"):
        request = HttpRequest("GET", f"/{service}", "wsdl", {"host": "h"}, b"", "127.0.0.1")
        answer = server().describe(request)
        assert answer is not None
        assert 1 == answer.body.count(b"<wsdl:service")
        assert f'location="http://h/{service}"'.encode() in answer.body
