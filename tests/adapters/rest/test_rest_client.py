"""What goes out and what comes back, over real sockets against a peer that records and answers."""

from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from adapters.http.transport import Transport
from adapters.rest.client import open_client
from hub.contract.binding import Limits
from hub.contract.types import Anything, Document, Field, Record, Text
from hub.errors import Reject, Retry
from tests.adapters.http.peers import ok, peer, run
from tests.adapters.rest.contracts import CONTRACT
from tests.adapters.rest.rest_peer import DONE, DOSSIER, Clock, System, call, here, opened, reply

# -- what is sent


def test_the_body_has_the_order_of_the_contract_and_no_absent_fields() -> None:
    _, (seen,) = call("POST /ho-so", {**DOSSIER, "tongTien": None})
    assert (
        '{"maHoSo":"H44.99.99-251013-0001","nguon":"TINH","chuHoSo":"Nguyễn Văn Mẫu",'
        '"xacThucVNeID":true,"taiLieu":["a"]}'
    ) == seen.body.decode()
    assert "POST /ho-so HTTP/1.1" == seen.line
    assert ("k", "application/json") == (
        seen.headers["idempotency-key"],
        seen.headers["content-type"],
    )


def test_a_required_field_that_may_be_null_is_written_as_null() -> None:
    address: Document = {"chiTiet": "Số 1", "maTinh": "25"}
    _, (seen,) = call("POST /ho-so", {**DOSSIER, "diaChi": address})
    assert b'"diaChi":{"chiTiet":"S\xe1\xbb\x91 1","maHuyen":null,"maTinh":"25"}' in seen.body


def test_path_and_query_are_percent_encoded() -> None:
    document: Document = {
        "maHoSo": "H44/1?x=1#y Đ",
        "trang": 2,
        "loai": ["a b", "c&d"],
        "dong": False,
    }
    _, (seen,) = call("GET /ho-so/{maHoSo}", document, base="/api/")
    path, query = (
        "/api/ho-so/H44%2F1%3Fx%3D1%23y%20%C4%90",
        "trang=2&loai=a+b&loai=c%26d&dong=false",
    )
    assert f"GET {path}?{query} HTTP/1.1" == seen.line
    assert "content-length" not in seen.headers


def test_a_form_is_written_as_a_form() -> None:
    _, (seen,) = call("POST /bieu-mau", {"ten": "Trần Thử", "so": 1})
    assert {"ten": ["Trần Thử"], "so": ["1"]} == parse_qs(seen.body.decode())
    assert "application/x-www-form-urlencoded" == seen.headers["content-type"]


def test_fill_values_go_where_the_contract_has_the_field() -> None:
    fill = {
        "Idempotency_Key": "$key",
        "dstcode": "VN:GOV:1",
        "body.session": "s-1",
        "khong_co": "x",
    }
    document: Document = {"body": {"service": "TraCuu", "mahoso": "H1"}}
    _, (seen,) = call("POST /mapi/g", document, fill=fill)
    assert {"session": "s-1", "service": "TraCuu", "mahoso": "H1"} == seen.json
    assert "VN:GOV:1" == seen.headers["dstcode"]
    _, (seen,) = call("POST /ho-so", {**DOSSIER, "Idempotency_Key": "no"}, fill=fill)
    assert "key-1" == seen.headers["idempotency-key"]


def test_a_constant_is_filled_in_and_tells_the_alternatives_apart() -> None:
    document: Document = {"dstcode": "d", "body": {"isUpdating": "True"}}
    _, (seen,) = call("POST /mapi/g", document, fill={"body.session": "s"})
    assert {"session": "s", "service": "DongBo", "isUpdating": "True"} == seen.json


def test_an_installation_may_serve_a_path_elsewhere() -> None:
    document: Document = {
        "dstcode": "d",
        "body": {"session": "s", "service": "TraCuu", "mahoso": ""},
    }
    _, (seen,) = call("POST /mapi/g", document, paths={"/mapi/g": "/other/g"}, base="/x")
    assert "POST /x/other/g HTTP/1.1" == seen.line


@pytest.mark.parametrize(
    ("operation", "document"),
    [
        ("POST /khong-co", {}),
        ("POST /ho-so", {**DOSSIER, "maHoSo": None}),
        ("POST /ho-so", {**DOSSIER, "maHoSo": 5}),
        ("POST /ho-so", {**DOSSIER, "khac": "x"}),
        ("POST /ho-so", {**DOSSIER, "tongTien": 2**70}),
        ("POST /ho-so", {**DOSSIER, "Idempotency_Key": "a\r\nX-Evil: 1"}),
        ("POST /ho-so", {**DOSSIER, "diaChi": "text"}),
        ("POST /ho-so", {**DOSSIER, "taiLieu": [None]}),
        ("GET /ho-so/{maHoSo}", {"maHoSo": ".."}),
        ("GET /ho-so/{maHoSo}", {"maHoSo": ""}),
        ("GET /ho-so/{maHoSo}", {"maHoSo": "a", "loai": [["nested"]]}),
        ("POST /mapi/g", {"dstcode": "d", "body": {"session": "s", "khac": 1}}),
    ],
)
def test_a_document_that_cannot_be_written_is_rejected_and_not_sent(
    operation: str, document: Document
) -> None:
    system = System(lambda _: reply(DONE))

    async def work() -> None:
        async with opened(system) as client:
            await client.call(operation, document, "k")

    with pytest.raises(Reject) as caught:
        run(work)
    assert [] == system.seen
    assert "Evil" not in str(caught.value)


# -- what comes back


@pytest.mark.parametrize(
    ("told", "status", "document", "valid"),
    [
        (reply({"ma": "00", "khac": 1}), 200, {"ma": "00"}, True),
        (reply({"ma": 5}), 200, {"ma": 5}, False),
        (reply({}), 200, {}, False),
        (reply(b""), 200, {}, False),
        (reply(b"<html>Bad</html>", 200), 200, {}, False),
        (reply(b'{"ma":"a","ma":"b"}'), 200, {}, False),
        (reply(b'{"ma":"a\\u0000"}'), 200, {}, False),
        (reply({"ma": "DA_NHAN"}, 409), 409, {"ma": "DA_NHAN"}, True),
        (reply({"x": 1}, 409), 409, {"x": 1}, False),
        (reply({"ma": "X"}, 404), 404, {"ma": "X"}, True),
        (reply(b"", 404), 404, {}, True),
        (reply(b"not found", 404), 404, {}, False),
        (reply({"ma": "00"}, 202), 202, {"ma": "00"}, False),
        (reply(b"", 302, b"location: /x"), 302, {}, True),
        (reply(b"\x1f\x8b", 200, b"content-encoding: gzip"), 200, {}, False),
    ],
)
def test_an_answer_is_valid_only_if_the_contract_says_so(
    told: bytes, status: int, document: Document, valid: bool
) -> None:
    answer, _ = call("POST /ho-so", DOSSIER, told)
    assert (status, document, valid) == (answer.status, answer.document, answer.valid)


def test_a_list_stands_in_the_field_body() -> None:
    answer, _ = call("GET /danh-sach", {}, reply([{"ma": "1"}, {"ma": "2"}]))
    assert ({"body": [{"ma": "1"}, {"ma": "2"}]}, True) == (answer.document, answer.valid)


def test_texts_of_an_answer_come_in_one_form() -> None:
    answer, _ = call("POST /ho-so", DOSSIER, reply({"ma": "Ðe\u0302"}))
    assert "Đê" == answer.document["ma"]


def test_an_excerpt_shows_no_person() -> None:
    told = {"ma": "01", "chuHoSo": "Nguyễn Văn Mẫu", "khac": "026001000011"}
    assert "ma: 01" == call("POST /ho-so", DOSSIER, reply(told))[0].excerpt
    page = b"<html><style>a{}</style><b>Loi 500</b> so 026001000011 mau@example.test</html>"
    assert "Loi 500 so … …" == call("POST /ho-so", DOSSIER, reply(page, 500))[0].excerpt
    long = call("POST /ho-so", DOSSIER, reply({"ma": "x" * 5_000}))[0].excerpt
    assert 300 == len(long)


def test_an_answer_that_quotes_our_request_shows_nobody() -> None:
    address: Document = {"chiTiet": "Số 1 đường Mẫu", "maTinh": "25"}
    sent: Document = {**DOSSIER, "diaChi": address}
    told = {"ma": "05", "thongBao": "Không có công dân NGUYỄN VĂN MẪU, số 1 đường mẫu"}
    for status in (409, 500):
        excerpt = call("POST /ho-so", sent, reply(told, status))[0].excerpt
        assert "ma: 05; thongBao: Không có công dân ***, ***" == excerpt
    page = "<p>Lỗi: Nguy&#7877;n Văn Mẫu</p>".encode()
    assert "Lỗi: ***" == call("POST /ho-so", sent, reply(page, 500))[0].excerpt


def test_headers_can_be_read_by_lower_case_name() -> None:
    answer, _ = call("POST /ho-so", DOSSIER, reply(b"", 429, b"Retry-After: 7"))
    assert "7" == answer.headers["retry-after"]


def test_a_dropped_connection_is_sent_with_unknown_outcome() -> None:
    with pytest.raises(Retry) as caught:
        call("POST /ho-so", DOSSIER, lambda _: None)
    assert (True, True) == (caught.value.system, caught.value.sent)


def test_an_answer_larger_than_the_limit_is_cut_off() -> None:
    with pytest.raises(Retry) as caught:
        call("POST /ho-so", DOSSIER, reply({"ma": "x" * 9_000}), limits=Limits(answer_bytes=1_000))
    assert caught.value.sent


def test_only_the_operations_of_the_binding_are_called() -> None:
    with pytest.raises(Reject):
        call("POST /ho-so", DOSSIER, operations=frozenset({"GET /danh-sach"}))


def test_a_contract_without_an_answer_for_a_status_trusts_only_an_empty_success() -> None:
    bare = replace(CONTRACT.operations["GET /danh-sach"], answers={})
    contract = replace(CONTRACT, operations={bare.name: bare})

    async def work(told: bytes) -> bool:
        async with peer(System(lambda _: told).serve) as port, Transport() as transport:
            client = open_client(contract, here(port), transport, Clock())
            return (await client.call(bare.name, {}, "k")).valid

    assert run(lambda: work(reply(b"")))
    assert not run(lambda: work(reply({"x": 1})))


@pytest.mark.parametrize(
    ("told", "valid"),
    [
        (reply(b""), False),
        (reply({}), True),
        (ok(b"", status=b"204 X"), True),
        (reply(b"", 404), False),
        (reply({}, 404), True),
    ],
)
def test_where_the_contract_names_content_nothing_is_no_answer(told: bytes, valid: bool) -> None:
    open_ = Record("CoThe", (Field("ma", Text(), required=False),), closed=False)
    listed = CONTRACT.operations["GET /danh-sach"]
    named = replace(listed, answers={"2XX": open_, "404": open_})
    contract = replace(CONTRACT, operations={named.name: named})

    async def work() -> bool:
        async with peer(System(lambda _: told).serve) as port, Transport() as transport:
            client = open_client(contract, here(port), transport, Clock())
            return (await client.call(named.name, {}, "k")).valid

    assert valid == run(work)


def test_where_the_contract_does_not_care_about_a_body_any_body_is_valid() -> None:
    listed = CONTRACT.operations["GET /danh-sach"]
    careless = replace(listed, answers={"200": Anything(), "default": listed.answers["200"]})
    contract = replace(CONTRACT, operations={careless.name: careless})

    async def work(told: bytes) -> bool:
        async with peer(System(lambda _: told).serve) as port, Transport() as transport:
            client = open_client(contract, here(port), transport, Clock())
            return (await client.call(careless.name, {}, "k")).valid

    assert run(lambda: work(reply(b"OK")))
    assert run(lambda: work(reply(b"")))
    assert not run(lambda: work(reply(b"OK", 201)))
