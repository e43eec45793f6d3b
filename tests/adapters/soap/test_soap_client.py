"""The way out: what is sent, what an answer is taken for, what a person gets to read."""

import asyncio
import ssl
from dataclasses import dataclass, field, replace

import pytest

from adapters.http.connection import Origin, RawAnswer
from adapters.http.messages import Answer, Client, Refusal
from adapters.soap.client import open_client
from adapters.soap.names import SOAP11, SOAP12
from hub.contract.binding import Auth, Binding, Limits
from hub.contract.types import Document, JsonScalar
from hub.errors import Halt, Reject, Retry
from tests.adapters.soap.doors import MovableClock, door, post
from tests.adapters.soap.keys import identity
from tests.adapters.soap.samples import DOCUMENT, contract

XML = ((b"Content-Type", b"text/xml; charset=utf-8"),)


@dataclass
class Peer:
    """A transport that answers what it was told to, and remembers what was sent."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = XML
    sent: list[tuple[Origin, bytes, bytes, float, int]] = field(default_factory=list)

    async def exchange(
        self,
        origin: Origin,
        head: bytes,
        body: bytes,
        timeout: float,  # noqa: ASYNC109 -- the transport's own shape
        answer_bytes: int = 0,
    ) -> RawAnswer:
        self.sent.append((origin, head, body, timeout, answer_bytes))
        return RawAnswer(self.status, self.headers, self.body)


BINDING = Binding("http://127.0.0.1:8801/soap/", limits=Limits(timeout=7.0, answer_bytes=1_000))
KET_QUA: Document = {"KetQua": {"Ma": "00", "MoTa": "Đã nhận"}}


def answer_of(version: str = "1.1") -> bytes:
    return door(version=version).answer("Mau.Gui", 200, KET_QUA).body


def call(
    peer: Peer,
    binding: Binding = BINDING,
    version: str = "1.1",
    document: Document = DOCUMENT,
    operation: str = "Mau.Gui",
) -> Answer:
    client: Client = open_client(contract(version), binding, peer, MovableClock())
    return asyncio.run(client.call(operation, document, "key-1"))


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_an_answer_becomes_a_document(version: str) -> None:
    answer = call(Peer(answer_of(version)), version=version)
    assert (200, None, True) == (answer.status, answer.fault, answer.valid)
    assert KET_QUA == answer.document
    assert "KetQua.Ma=00 KetQua.MoTa=Đã nhận" == answer.excerpt
    assert "text/xml; charset=utf-8" == answer.headers["content-type"]


def test_the_request_has_its_head_limits_and_body() -> None:
    peer = Peer(answer_of())
    call(peer)
    origin, head, body, timeout, answer_bytes = peer.sent[0]
    assert (Origin("127.0.0.1", 8801), 7.0, 1_000) == (origin, timeout, answer_bytes)
    assert head.decode().split("\r\n") == [
        "POST /soap/Mau HTTP/1.1",
        "host: 127.0.0.1:8801",
        "content-type: text/xml; charset=utf-8",
        'soapaction: "urn:test:mau:1/Gui"',
        "accept: text/xml",
        f"content-length: {len(body)}",
        "",
        "",
    ]


def test_soap_12_has_its_action_in_the_content_type() -> None:
    peer = Peer(answer_of("1.2"))
    call(peer, version="1.2")
    assert (
        b'content-type: application/soap+xml; charset=utf-8; action="urn:test:mau:1/Gui"\r\n'
        in peer.sent[0][1]
    )
    assert b"soapaction" not in peer.sent[0][1]


@pytest.mark.parametrize(("to", "line"), [("/x/y", b"/soap/x/y"), ("", b"/soap")])
def test_an_installation_may_serve_at_another_path(to: str, line: bytes) -> None:
    peer = Peer(answer_of())
    call(peer, replace(BINDING, paths={"/Mau": to}))
    assert peer.sent[0][1].startswith(b"POST " + line + b" HTTP/1.1\r\n")


def test_the_registration_fills_what_the_operation_has() -> None:
    peer = Peer(answer_of())
    fill: dict[str, JsonScalar] = {
        "Ma": "$key",
        "GiaTri.donVi": "đồng",
        "Khac.Ma": "x",
        "SoLuong": 7,
    }
    document: Document = {**DOCUMENT, "GiaTri": {"value": 1.5}}
    call(peer, replace(BINDING, fill=fill), document=document)
    found = door().read(post(peer.sent[0][2])).document
    assert ("key-1", 7, {"value": 1.5, "donVi": "đồng"}) == (
        found["Ma"],
        found["SoLuong"],
        found["GiaTri"],
    )
    assert "GD-1" == document["Ma"]


CREDENTIAL = {"username": "a", "password": "b"}
CA = identity("CA tỉnh")


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize(
    ("out", "in_"),
    [
        (Auth("usernametoken", CREDENTIAL), Auth("usernametoken", CREDENTIAL)),
        (Auth("usernametoken", {**CREDENTIAL, "digest": True}), Auth("usernametoken", CREDENTIAL)),
        (Auth("x509", {"certificate": CA.pem, "key": CA.key_pem}), Auth("x509", {"ca": CA.pem})),
        (Auth("none"), Auth("none")),
    ],
)
def test_what_the_client_proves_the_server_believes(version: str, out: Auth, in_: Auth) -> None:
    peer = Peer(answer_of(version))
    call(peer, replace(BINDING, auth=(out,)), version)
    assert DOCUMENT == door(in_, version=version).read(post(peer.sent[0][2], version)).document


# -- faults


FAULT11 = (
    f'<s:Envelope xmlns:s="{SOAP11}"><s:Body><s:Fault><faultcode>{{}}</faultcode>'
    '<faultstring xml:lang="vi">Lỗi hệ thống</faultstring>{}</s:Fault></s:Body></s:Envelope>'
)
FAULT12 = (
    f'<s:Envelope xmlns:s="{SOAP12}"><s:Body><s:Fault><s:Code><s:Value>{{}}</s:Value>{{}}</s:Code>'
    '<s:Reason><s:Text xml:lang="vi">Lỗi</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>'
)
SUBCODE = '<s:Subcode><s:Value xmlns:{0}="{1}">{0}:FailedAuthentication</s:Value></s:Subcode>'
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


@pytest.mark.parametrize(
    ("version", "body", "fault"),
    [
        ("1.1", FAULT11.format("s:Client", ""), "Client"),
        ("1.1", FAULT11.format("s:Server", ""), "Server"),
        ("1.1", FAULT11.format("s:Client.Authentication", ""), "Client"),
        ("1.1", FAULT11.format("Server", ""), "Server"),
        ("1.1", FAULT11.format("w:FailedAuthentication", ""), "FailedAuthentication"),
        ("1.2", FAULT12.format("s:Sender", ""), "Client"),
        ("1.2", FAULT12.format("s:Receiver", ""), "Server"),
        ("1.2", FAULT12.format("s:Sender", SUBCODE.format("w", WSSE)), "FailedAuthentication"),
        ("1.2", FAULT12.format("s:Sender", SUBCODE.format("w", "urn:x")), "Client"),
        ("1.2", FAULT12.format("s:MustUnderstand", ""), "MustUnderstand"),
    ],
)
@pytest.mark.parametrize("status", [500, 400, 200])
def test_a_fault_is_told_by_one_vocabulary(
    version: str, body: str, fault: str, status: int
) -> None:
    answer = call(Peer(body.encode(), status), version=version)
    assert (status, fault) == (answer.status, answer.fault)
    assert str(answer.document["faultstring"]).startswith("Lỗi")
    raw = str(answer.document["faultcode"])
    assert fault in str(answer.document) or raw in ("s:Sender", "s:Receiver")


def test_a_declared_fault_is_read_by_its_table_and_another_as_texts() -> None:
    detail = (
        '<detail><LoiMau xmlns="urn:test:mau:1"><So>7</So></LoiMau>'
        "<khac><a>1</a><a>2</a><b><c>3</c></b></khac></detail>"
    )
    answer = call(Peer(FAULT11.format("s:Client", detail).encode(), 500))
    assert {
        "LoiMau": {"So": 7},
        "khac": {"a": ["1", "2"], "b": {"c": "3"}},
    } == answer.document["detail"]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_our_own_fault_is_read_with_its_problem(version: str) -> None:
    response = door(version=version).refuse(
        Refusal(400, "contract", "Sai", "sửa lại", "Ma"), "Mau.Gui"
    )
    answer = call(Peer(response.body, response.status), version=version)
    assert "Client" == answer.fault
    detail = answer.document["detail"]
    assert isinstance(detail, dict)
    assert {
        "title": "Sai",
        "status": "400",
        "detail": "sửa lại",
        "code": "contract",
        "field": "Ma",
    } == detail["problem"]


# -- what is no answer


HTML = ((b"content-type", b"text/html"),)


@pytest.mark.parametrize(
    "peer",
    [
        Peer(b"<html><body>Bad gateway</body></html>", 502, HTML),
        Peer(answer_of(), 200, HTML),
        Peer(answer_of(), 200, ()),
        Peer(answer_of(), 200, ((b"Content-Type", b"text/xml; charset=windows-1258"),)),
        Peer(answer_of(), 500),
        Peer(answer_of()[:-20]),
        Peer(b""),
        Peer(answer_of().replace(b":Ma>", b":La>")),
        Peer(answer_of("1.2")),
        Peer(answer_of().replace(b"GuiTraLoi", b"GuiTraVe")),
        Peer(door().answer("Mau.Hoi", 200, {"Ma": "00"}).body),
        Peer(b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + answer_of().partition(b"?>")[2]),
        Peer(b'<?xml version="1.0" encoding="utf-16"?>' + answer_of().partition(b"?>")[2]),
        Peer(FAULT11.format("s:Client", "<a>").encode(), 500),
        Peer(f'<s:Envelope xmlns:s="{SOAP11}"><s:Body/></s:Envelope>'.encode()),
    ],
)
def test_what_the_contract_does_not_say_is_never_a_success(peer: Peer) -> None:
    answer = call(peer)
    assert not answer.valid
    assert (peer.status, None, {}) == (answer.status, answer.fault, answer.document)
    assert 0 < len(answer.excerpt) <= 300


def test_an_excerpt_shows_no_personal_value() -> None:
    document: Document = {**DOCUMENT, "GhiChu": "Nguyễn Văn Mẫu"}
    text = "không có 026001000011 Nguyễn Văn Mẫu, 0300 000 099, hồ sơ H44.99.99-251013-0001"
    fault = FAULT11.replace("Lỗi hệ thống", text).format("s:Client", "")
    for peer in (Peer(fault.encode(), 500), Peer(text.encode(), 500, HTML)):
        excerpt = call(peer, document=document).excerpt
        assert "Mẫu" not in excerpt
        assert "026001000011" not in excerpt
        assert "099" not in excerpt
        assert "H44.99.99-251013-0001" in excerpt


def test_an_answer_shows_no_personal_field() -> None:
    body = (
        door().answer("Mau.Gui", 200, {**KET_QUA, "Lai": {**DOCUMENT, "GhiChu": "riêng tư"}}).body
    )
    answer = call(Peer(body))
    assert answer.valid
    assert "riêng tư" not in answer.excerpt
    assert "026001000011" not in answer.excerpt


def test_a_certificate_of_ours_is_shown_where_the_system_asks_for_one() -> None:
    peer = Peer(answer_of())
    mtls = Auth("mtls", {"certificate": CA.pem, "key": CA.key_pem, "ca": CA.pem})
    call(peer, replace(BINDING, endpoint="https://127.0.0.1:8801", auth=(mtls,)))
    origin = peer.sent[0][0]
    assert isinstance(origin.tls, ssl.SSLContext)
    assert 1 == len(origin.tls.get_ca_certs())


# -- what is refused


def test_a_document_that_cannot_be_written_is_rejected_before_anything_is_sent() -> None:
    peer = Peer(answer_of())
    with pytest.raises(Reject):
        call(peer, document={"Ma": "1"})
    with pytest.raises(Reject, match="not called here"):
        call(peer, operation="Mau.Khac")
    with pytest.raises(Reject, match="not called here"):
        call(peer, replace(BINDING, operations=frozenset({"Mau.Hoi"})))
    assert [] == peer.sent


def test_what_the_transport_says_is_passed_on() -> None:
    class Down:
        async def exchange(
            self,
            origin: Origin,
            head: bytes,
            body: bytes,
            timeout: float,  # noqa: ASYNC109 -- the transport's own shape
            answer_bytes: int = 0,
        ) -> RawAnswer:
            raise Retry("no connection", system=True, sent=False)

    client = open_client(contract(), BINDING, Down(), MovableClock())
    with pytest.raises(Retry, match="no connection"):
        asyncio.run(client.call("Mau.Gui", DOCUMENT, "k"))


@pytest.mark.parametrize(
    "binding",
    [
        replace(BINDING, auth=(Auth("oauth2"),)),
        replace(BINDING, auth=(Auth("usernametoken", CREDENTIAL), Auth("x509"))),
        replace(BINDING, auth=(Auth("usernametoken", {"username": "a"}),)),
        replace(BINDING, auth=(Auth("x509", {"certificate": "x", "key": "y"}),)),
        replace(BINDING, fill={"Ma": "$token"}),
        replace(BINDING, paths={"/Mau": "/a b"}),
        replace(BINDING, paths={"/Mau": "/a\r\nx: y"}),
        replace(BINDING, endpoint="ftp://x"),
    ],
)
def test_what_cannot_work_is_refused_when_opened(binding: Binding) -> None:
    with pytest.raises((Reject, Halt)):
        open_client(contract(), binding, Peer(), MovableClock())
