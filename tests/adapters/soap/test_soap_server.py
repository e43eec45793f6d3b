"""The door: what is let in, in which order things are refused, what is told, what is published."""

import re

import pytest
from lxml import etree

from adapters.http.messages import HttpRequest, Refusal, Server
from adapters.soap.fault import PROBLEM
from adapters.soap.names import ENVELOPE, SOAP11, SOAP12
from adapters.soap.server import open_server
from adapters.soap.usernametoken import Account, token_text
from hub.contract.binding import Auth, Binding
from hub.contract.types import Document
from hub.errors import Reject
from tests.adapters.soap.doors import CONTENT, door, get, message, post, refusal, told
from tests.adapters.soap.samples import DOCUMENT, contract

AUTH = Auth("usernametoken", {"username": "a", "password": "b"})


@pytest.mark.parametrize("version", ["1.1", "1.2"])
class TestBothVersions:
    def test_a_valid_message_becomes_a_document(self, version: str) -> None:
        server: Server = door(version=version)
        request = post(message(version), version, path="/in/mau/Mau")
        found = server.read(request)
        assert ("Mau.Gui", DOCUMENT, request) == (found.operation, found.document, found.request)

    def test_a_bare_operation_is_read_and_answered(self, version: str) -> None:
        server = door(version=version)
        body = message(version, content='<CauHoi xmlns="urn:test:mau:1"><Ma>1</Ma></CauHoi>')
        assert ("Mau.Hoi", {"Ma": "1"}) == (
            (found := server.read(post(body, version))).operation,
            found.document,
        )
        answer = server.answer("Mau.Hoi", 200, {"Ma": "00", "MoTa": "Được & nhận"})
        assert answer.status == 200
        body_element = etree.fromstring(answer.body)[0][0]
        assert "{urn:test:mau:1}CauTraLoi" == body_element.tag
        assert ["00", "Được & nhận"] == [child.text for child in body_element]

    def test_a_refusal_is_a_fault_with_a_problem_for_a_person(self, version: str) -> None:
        server = door(version=version)
        bad = CONTENT.replace(">Đ<", ">KHÔNG CÓ<")
        answer = told(server, post(message(version, content=bad), version))
        assert (500 if version == "1.1" else 400) == answer.status
        root = etree.fromstring(answer.body)
        assert f"{{{ENVELOPE[version]}}}Envelope" == root.tag
        problem = next(root.iter(f"{{{PROBLEM}}}problem"))
        told_of = {child.tag.rpartition("}")[2]: child.text for child in problem}
        assert ("contract", "400") == (told_of["code"], told_of["status"])
        assert "Loai" in (told_of["field"] or "")
        assert "KHÔNG CÓ" not in answer.body.decode()

    def test_an_unavailable_hub_is_a_server_fault(self, version: str) -> None:
        answer = door(version=version).refuse(
            Refusal(503, "unavailable", "Not now", headers=(("retry-after", "5"),)), "Mau.Gui"
        )
        code = "soap:Server" if version == "1.1" else "soap:Receiver"
        assert 500 == answer.status
        assert ("retry-after", "5") in answer.headers
        assert code in answer.body.decode()


FROM_HERE = post(message())
WRONG = message(header=token_text(Account("a", "wrong")))


@pytest.mark.parametrize(
    ("request_", "status", "code", "title"),
    [
        (post(b"", path="/Khac/Lạ"), 404, "unknown-operation", "no such service"),
        (HttpRequest("PUT", "/Mau", "", {}, b"", "127.0.0.1"), 405, "not-allowed", "by POST"),
        (post(b"", content_type="text/html"), 415, "unsupported-media-type", "form of message"),
        (post(b"", content_type="multipart/related"), 415, "unsupported-media-type", "form"),
        (post(b"", content_type="text/xml;charset=utf-16"), 415, "unsupported-media-type", "form"),
        (post(b"", content_encoding="gzip"), 415, "unsupported-media-type", "form of message"),
        (post(b"<a>"), 400, "malformed", "cannot be read"),
        (post(b"x" * 2_000_000), 413, "too-large", "cannot be read"),
        (post(b"<a/>"), 400, "malformed", "no SOAP envelope"),
        (post(message("1.2")), 500, "version-mismatch", "speaks SOAP 1.1"),
        (FROM_HERE, 401, "denied", "no credential"),
        (post(WRONG), 401, "denied", "credential is wrong"),
    ],
)
def test_each_refusal_has_its_own_words(
    request_: HttpRequest, status: int, code: str, title: str
) -> None:
    refused = refusal(door(AUTH), request_)
    assert (status, code) == (refused.status, refused.code)
    assert title in refused.title
    assert refused.detail


GOOD = token_text(Account("a", "b"))


@pytest.mark.parametrize(
    ("request_", "code", "title"),
    [
        (post(message(content="<a/>")), "unknown-operation", "no request of this service"),
        (post(message(content=CONTENT * 2)), "malformed", "exactly one element"),
        (post(message(content="")), "malformed", "exactly one element"),
        (post(message(), soapaction='"urn:test:mau:1/Hoi"'), "malformed", "SOAPAction"),
        (post(message(header='<x xmlns="urn:x" soap:mustUnderstand="1"/>')), "must-understand", ""),
        (post(message(header="<x/>" * 65)), "malformed", "too many headers"),
        (post(message(header=GOOD)), "must-understand", "not known here"),
        (post(message(content=CONTENT.replace("GD-1", "G\x85"))), "contract", "does not fit"),
        (post(message(content=CONTENT.replace("GD-1", "x" * 21))), "contract", "does not fit"),
        (post(message(content=CONTENT.replace("</n0:Gui", "<la/></n0:Gui"))), "contract", "fit"),
    ],
)
def test_what_an_open_door_refuses(request_: HttpRequest, code: str, title: str) -> None:
    refused = refusal(door(), request_)
    assert code == refused.code
    assert title in refused.title
    assert refused.detail


BEARER = Auth("bearer", {"token": "t0"})
BASIC = Auth("basic", {"username": "a", "password": "b"})
API_KEY = Auth("api_key", {"header": "X-Key", "value": "k0"})
OF_HTTP = [
    (BEARER, {"authorization": "Bearer t0"}, "Bearer"),
    (BASIC, {"authorization": "Basic YTpi"}, 'Basic realm="hub", charset="UTF-8"'),
    (API_KEY, {"x-key": "k0"}, ""),
]


@pytest.mark.parametrize(("auth", "headers", "challenge"), OF_HTTP)
def test_a_credential_may_stand_in_http(
    auth: Auth, headers: dict[str, str], challenge: str
) -> None:
    assert "Mau.Gui" == door(auth).read(post(message(), **headers)).operation
    refused = refusal(door(auth), post(b"<not even XML", **dict.fromkeys(headers, "Bearer t1")))
    assert (401, "denied") == (refused.status, refused.code), "before the message is looked at"
    for version in ("1.1", "1.2"):
        answer = door(auth).refuse(refusal(door(auth), post(message(version))))
        assert 401 == answer.status, "what HTTP asks for is told by HTTP"
        assert dict(answer.headers).get("www-authenticate", "") == challenge
        assert b"Fault" in answer.body


def test_a_credential_of_http_and_one_of_the_message_must_both_be_right() -> None:
    both = door(AUTH, BEARER)
    bearer = {"authorization": "Bearer t0"}
    assert "Mau.Gui" == both.read(post(message(header=GOOD), **bearer)).operation
    assert "no credential" in refusal(both, post(message(), **bearer)).title
    assert refusal(both, post(message(header=GOOD))).code == "denied"


@pytest.mark.parametrize("action", ['""', '"urn:test:mau:1/Gui"', "urn:test:mau:1/Gui", '"urn:x"'])
def test_an_action_that_names_no_other_operation_is_let_in(action: str) -> None:
    assert "Mau.Gui" == door().read(post(message(), soapaction=action)).operation


@pytest.mark.parametrize(
    "block",
    [
        '<x xmlns="urn:x" soap:mustUnderstand="0"/>',
        '<x xmlns="urn:x"/>',
        '<x xmlns="urn:x" soap:mustUnderstand="1" soap:actor="urn:somebody-else"/>',
    ],
)
def test_a_header_that_need_not_be_understood_here_is_passed_over(block: str) -> None:
    assert DOCUMENT == door().read(post(message(header=block))).document


def test_a_header_fault_carries_no_detail() -> None:
    header = '<x xmlns="urn:x" soap:mustUnderstand="1"/>'
    told_of = told(door(), post(message(header=header))).body.decode()
    assert "<faultcode>soap:MustUnderstand</faultcode>" in told_of
    assert "detail" not in told_of


def test_the_address_is_asked_before_anything_else() -> None:
    server = door(AUTH, addresses=("203.0.113.0/24",))
    refused = refusal(server, post(b"<a>", path="/nowhere"))
    assert (401, "denied") == (refused.status, refused.code)
    assert "address" in refused.title
    answer = server.describe(get("/Mau", "wsdl"))
    assert answer is not None
    assert b"wsse:FailedAuthentication" in answer.body


def test_texts_are_brought_to_nfc() -> None:
    body = message(content=CONTENT.replace("GD-1", "Vi\u0303nh"))
    assert "Vĩnh" == door().read(post(body)).document["Ma"]


def test_an_answer_that_is_none_is_refused_by_place() -> None:
    server = door()
    with pytest.raises(Reject, match=r"GuiTraLoi\.KetQua"):
        server.answer("Mau.Gui", 200, None)
    with pytest.raises(Reject, match="no operation None"):
        server.answer(None, 200, {"KetQua": {"Ma": "00"}})


def test_an_answer_is_read_again_as_it_was_given() -> None:
    ket_qua: Document = {"KetQua": {"Ma": "00", "MoTa": "Đã nhận"}, "Lai": DOCUMENT}
    root = etree.fromstring(door().answer("Mau.Gui", 200, ket_qua).body)
    assert ["00", "Đã nhận"] == [e.text for e in next(root.iter("{*}KetQua"))]


def test_only_the_operations_that_are_served_are_let_in() -> None:
    server = open_server(contract(), Binding("http://127.0.0.1", operations=frozenset({"Mau.Hoi"})))
    assert "unknown-operation" == refusal(server, post(message())).code
    with pytest.raises(Reject, match="no SOAP operation that is served"):
        open_server(contract(), Binding("http://127.0.0.1", operations=frozenset()))


def test_an_item_that_is_nil_is_refused_by_place() -> None:
    """The schema allows it, the type model does not: an empty text would be an invented value."""
    nil = '<n0:Rong xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
    body = message(content=CONTENT.replace("<n0:SoDinhDanh", f"{nil}<n0:SoDinhDanh"))
    refused = refusal(door(), post(body))
    assert ("contract", "Rong") == (refused.code, refused.field)
    assert "an item has no value" in refused.detail


# -- what is published


def published(query: str, root: str = "/in/mau") -> str:
    answer = door().describe(get("/Mau", query, root=root))
    assert answer is not None
    assert 200 == answer.status
    return answer.body.decode()


def test_the_wsdl_points_to_where_it_was_asked() -> None:
    text = published("wsdl")
    assert 'location="https://hub.example.test:8443/in/mau/Mau"' in text
    assert 'schemaLocation="https://hub.example.test:8443/in/mau/Mau?xsd=xsd/mau.xsd"' in text
    assert "Khac" not in re.findall('service name="(.*?)"', text)
    assert "mau.example.test" not in text


@pytest.mark.parametrize("query", ["xsd=xsd/mau.xsd", "XSD=xsd%2Fmau.xsd"])
def test_the_schemas_of_the_bundle_are_served(query: str) -> None:
    assert "targetNamespace" in published(query)


@pytest.mark.parametrize("query", ["xsd=../../etc/passwd", "xsd=mau.wsdl", "wsdl=x", "xsd"])
def test_nothing_but_the_bundles_files_is_served(query: str) -> None:
    answer = door().describe(get("/Mau", query))
    assert answer is not None
    assert 404 == answer.status
    assert b"passwd" not in answer.body


@pytest.mark.parametrize(
    "host", ["", "a b", 'x"/><evil', "a/b", "user@host", "x" * 300, "host:port", "host\r\nx: y"]
)
def test_a_host_that_is_none_is_not_put_into_the_wsdl(host: str) -> None:
    answer = door().describe(get("/Mau", "wsdl", host=host))
    assert answer is not None
    assert 500 == answer.status
    assert b"Host header" in answer.body


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "[::1]:80", "h", "hub.example.test"])
def test_any_address_may_be_asked(host: str) -> None:
    answer = door().describe(get("/Mau", "wsdl", host=host))
    assert answer is not None
    assert f'"https://{host}/Mau"' in answer.body.decode()


@pytest.mark.parametrize(
    "request_", [get("/Mau", ""), get("/Mau", "x=wsdl"), get("/Khac/La", "wsdl"), FROM_HERE]
)
def test_another_request_is_not_described(request_: HttpRequest) -> None:
    assert door().describe(request_) is None


def test_a_published_schema_compiles() -> None:
    etree.XMLSchema(etree.fromstring(published("xsd=xsd/mau.xsd").encode()))


def test_versions_of_the_envelope_do_not_mix() -> None:
    body = message().replace(SOAP11.encode() + b'">', SOAP12.encode() + b'">', 1)
    assert "version-mismatch" == refusal(door(), post(body)).code
    assert b"VersionMismatch" in told(door(), post(body)).body
