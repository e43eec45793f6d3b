"""zeep, a stock client, over a real socket: reads our WSDL, proves who it is, is answered."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import xmlsec
import zeep
import zeep.exceptions
from lxml import etree
from zeep.wsse.signature import BinarySignature
from zeep.wsse.username import UsernameToken
from zeep.wsse.utils import get_security_header

from adapters.http.messages import Answer, HttpResponse, Message, Refusal
from adapters.http.transport import Transport
from adapters.soap.client import open_client
from adapters.soap.fault import PROBLEM
from adapters.soap.names import WSU
from adapters.soap.server import open_server
from adapters.soap.times import FRESH, written
from hub.contract.binding import Auth, Binding
from hub.contract.types import Document
from hub.contract.xml import Element
from ops.interop.loopback import served
from tests.adapters.soap.keys import identity
from tests.adapters.soap.oracle import for_zeep
from tests.adapters.soap.samples import DOCUMENT, GUI, contract

pytestmark = pytest.mark.process

RSA, SHA = xmlsec.constants.TransformRsaSha256, xmlsec.constants.TransformSha256
CA, SENDER = identity("CA tỉnh"), identity("Một cửa", "CA tỉnh")
PASSWORD = Auth("usernametoken", {"username": "mot-cua", "password": "bí mật"})
ANSWERS: dict[str, Document] = {
    "Mau.Gui": {"KetQua": {"Ma": "00", "MoTa": "Đã nhận"}, "Lai": DOCUMENT},
    "Mau.Hoi": {"Ma": "01"},
}


class Signed:
    """zeep's own signature, with the Timestamp that it does not make; our answers are unsigned."""

    def __init__(self, folder: Path) -> None:
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        key.write_text(SENDER.key_pem)
        certificate.write_text(SENDER.pem)
        make: Any = BinarySignature
        self._signature = make(str(key), str(certificate), None, RSA, SHA)

    def apply(self, envelope: Element, headers: object) -> object:
        now = time.time()
        find: Any = get_security_header
        find(envelope).append(
            etree.fromstring(
                f'<u:Timestamp xmlns:u="{WSU}"><u:Created>{written(now)}</u:Created>'
                f"<u:Expires>{written(now + FRESH)}</u:Expires></u:Timestamp>"
            )
        )
        return self._signature.apply(envelope, headers)

    def verify(self, envelope: Element) -> Element:
        return envelope


@contextmanager
def behind_a_socket(*auth: Auth, version: str = "1.1") -> Iterator[tuple[str, list[Message]]]:
    server = open_server(contract(version), Binding("http://127.0.0.1", auth=auth))
    arrived: list[Message] = []

    def take(message: Message) -> HttpResponse:
        arrived.append(message)
        if message.document["Ma"] == "từ chối":
            return server.refuse(
                Refusal(422, "rejected", "Không nhận", "gửi lại", "Ma"), message.operation
            )
        return server.answer(message.operation, 200, ANSWERS[message.operation])

    with served(server, take, "/in/mau") as base:
        yield f"{base}/Mau?wsdl", arrived


@contextmanager
def zeep_at(wsdl: str, wsse: object = None) -> Iterator[Any]:
    make: Any = zeep.Client
    with make(wsdl, wsse=wsse) as client:
        yield client


def text(_: Path) -> object:
    make: Any = UsernameToken
    return make("mot-cua", "bí mật")


def digest(_: Path) -> object:
    make: Any = UsernameToken
    return make("mot-cua", "bí mật", use_digest=True)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize(
    ("auth", "wsse"),
    [
        (PASSWORD, text),
        (PASSWORD, digest),
        (Auth("x509", {"ca": CA.pem, "subject": "Một cửa"}), Signed),
        (Auth("none"), lambda _: None),
    ],
    ids=["text", "digest", "x509", "none"],
)
def test_a_stock_client_is_understood_and_understands(
    version: str, auth: Auth, wsse: Callable[[Path], object], tmp_path: Path
) -> None:
    document: Document = {
        **DOCUMENT,
        "Nhan": ["một", "<hai> & ba"],
        "Rong": ["x", ""],
        "Muc": [{"so": 1, "Ten": "cha", "Con": [{"so": 2, "Ten": "con", "nhan": "đ"}]}],
        "GiaTri": {"value": 1.25, "donVi": "đồng"},
        "ngoai": "ngoài",
    }
    with (
        behind_a_socket(auth, version=version) as (wsdl, arrived),
        zeep_at(wsdl, wsse(tmp_path)) as client,
    ):
        answer = client.service.Gui(**for_zeep(document, GUI, {}))
        bare = client.service.Hoi(Ma="x")
    assert [("Mau.Gui", document), ("Mau.Hoi", {"Ma": "x"})] == [
        (message.operation, message.document) for message in arrived
    ]
    assert ("00", "Đã nhận") == (answer.KetQua.Ma, answer.KetQua.MoTa)
    assert (DOCUMENT["SoDinhDanh"], "Đ", None) == (
        answer.Lai.SoDinhDanh,
        answer.Lai.Loai,
        answer.Lai.MaHuyen,
    )
    assert "01" == bare.Ma


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_stock_client_is_told_what_is_wrong(version: str) -> None:
    with (
        behind_a_socket(version=version) as (wsdl, arrived),
        zeep_at(wsdl) as client,
        pytest.raises(zeep.exceptions.Fault) as refused,
    ):
        client.service.Gui(**for_zeep({**DOCUMENT, "Ma": "từ chối"}, GUI, {}))
    assert 1 == len(arrived)
    assert "Không nhận" == refused.value.message
    problem = next(refused.value.detail.iter(f"{{{PROBLEM}}}problem"))
    assert ["Không nhận", "422", "gửi lại", "rejected", "Ma"] == [child.text for child in problem]


def test_a_stock_client_with_a_wrong_password_gets_the_fault_of_ws_security() -> None:
    make: Any = UsernameToken
    with (
        behind_a_socket(PASSWORD) as (wsdl, arrived),
        zeep_at(wsdl, make("mot-cua", "sai")) as client,
        pytest.raises(zeep.exceptions.Fault) as refused,
    ):
        client.service.Hoi(Ma="x")
    assert [] == arrived
    assert "wsse:FailedAuthentication" == refused.value.code


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_our_own_client_is_answered_over_the_real_transport(version: str) -> None:
    async def call(endpoint: str) -> tuple[Answer, Answer]:
        async with Transport() as transport:
            binding = Binding(endpoint, auth=(PASSWORD,), allow_addresses=("127.0.0.1",))
            client = open_client(contract(version), binding, transport, time.time)
            taken = await client.call("Mau.Gui", DOCUMENT, "k")
            return taken, await client.call("Mau.Gui", {**DOCUMENT, "Ma": "từ chối"}, "k")

    with behind_a_socket(PASSWORD, version=version) as (wsdl, arrived):
        taken, refused = asyncio.run(call(wsdl.removesuffix("/Mau?wsdl")))
    assert [DOCUMENT, {**DOCUMENT, "Ma": "từ chối"}] == [message.document for message in arrived]
    assert (200, None, True, ANSWERS["Mau.Gui"]) == (
        taken.status,
        taken.fault,
        taken.valid,
        taken.document,
    )
    assert ("Client", True) == (refused.fault, refused.valid)
    assert "Không nhận" in refused.excerpt
