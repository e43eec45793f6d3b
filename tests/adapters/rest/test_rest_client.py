"""What goes out and what comes back, over real sockets against a peer that records and answers."""

import asyncio
import hmac
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from adapters.http.messages import Answer, Client
from adapters.http.transport import Transport
from adapters.rest.client import open_client
from hub.contract.binding import Auth, Binding, Limits
from hub.contract.types import Anything, Document, Field, Record, Text
from hub.errors import Halt, Reject, Retry
from tests.adapters.http.peers import ok, peer, read_request, run
from tests.adapters.rest.contracts import CONTRACT

DONE = {"ma": "00"}


@dataclass
class Seen:
    """One request as the peer read it."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return orjson.loads(self.body)


Reply = Callable[[Seen], bytes | None]  # None: close without an answer


def reply(body: object, status: int = 200, *headers: bytes) -> bytes:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return ok(raw, *headers, status=b"%d X" % status)


@dataclass
class System:
    """A peer that answers every request by a function and remembers them all."""

    answer: Reply
    seen: list[Seen] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, body = await read_request(reader)
            line, *rows = head.decode("latin-1").strip().split("\r\n")
            pairs = (row.partition(": ") for row in rows)
            one = Seen(line, {name: value for name, _, value in pairs}, body)
            self.seen.append(one)
            told = self.answer(one)
            if told is None:
                return
            writer.write(told)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def opened(
    system: System, *, clock: Clock | None = None, base: str = "", **more: Any
) -> AsyncIterator[Client]:
    async with peer(system.serve) as port, Transport() as transport:
        binding = Binding(f"http://127.0.0.1:{port}{base}", **more)
        client = open_client(CONTRACT, binding, transport, clock or Clock())
        try:
            yield client
        finally:
            await client.close()


def call(
    operation: str, document: Document, answer: bytes | Reply | None = None, **more: Any
) -> tuple[Answer, list[Seen]]:
    """One call to a peer; its answer, and what the peer saw."""
    told = answer if callable(answer) else lambda _: answer or reply(DONE)
    system = System(told)

    async def work() -> Answer:
        async with opened(system, **more) as client:
            return await client.call(operation, document, "key-1")

    return run(work), system.seen


DOSSIER: Document = {
    "Idempotency_Key": "k",
    "taiLieu": ["a"],
    "maHoSo": "H44.99.99-251013-0001",
    "nguon": "TINH",
    "chuHoSo": "Nguyễn Văn Mẫu",
    "xacThucVNeID": True,
}

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


# -- credentials


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (Auth("bearer", {"token": "t-1"}), {"authorization": "Bearer t-1"}),
        (Auth("api_key", {"header": "X-Key", "value": "v-1"}), {"x-key": "v-1"}),
        (
            Auth("basic", {"username": "ck-test", "password": "cs-test"}),
            {"authorization": "Basic Y2stdGVzdDpjcy10ZXN0"},  # domain: national, section 4
        ),
    ],
)
def test_a_fixed_credential_is_in_every_call(auth: Auth, headers: Mapping[str, str]) -> None:
    _, (seen,) = call("POST /ho-so", DOSSIER, auth=(auth, Auth("none")))
    assert headers.items() <= seen.headers.items()


def test_hmac_covers_exactly_the_body_that_is_sent() -> None:
    auth = Auth("hmac", {"header": "X-Sign", "secret": "s", "algorithm": "sha512"})
    _, (seen,) = call("POST /ho-so", DOSSIER, auth=(auth,))
    assert b64encode(hmac.digest(b"s", seen.body, "sha512")).decode() == seen.headers["x-sign"]


def test_an_rsa_signature_covers_exactly_the_body_that_is_sent() -> None:
    key = rsa.generate_private_key(65_537, 2_048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    _, (seen,) = call(
        "POST /ho-so", DOSSIER, auth=(Auth("rsa_body", {"header": "X-Sign", "key": pem}),)
    )
    signature = b64decode(seen.headers["x-sign"])
    key.public_key().verify(signature, seen.body, PKCS1v15(), SHA256())


def test_a_kind_of_auth_for_another_route_is_left_out() -> None:
    auth = Auth("bearer", {"token": "t", "when": {"route": "gateway"}})
    _, (seen,) = call("POST /ho-so", DOSSIER, auth=(auth,), route="adapter")
    assert "authorization" not in seen.headers
    _, (seen,) = call("POST /ho-so", DOSSIER, auth=(auth,), route="gateway")
    assert "Bearer t" == seen.headers["authorization"]


@pytest.mark.parametrize(
    "more",
    [
        {"auth": (Auth("bearer", {}),)},
        {"auth": (Auth("bearer", {"token": "a\r\nb: c"}),)},
        {"auth": (Auth("usernametoken", {}),)},
        {"auth": (Auth("rsa_body", {"header": "x", "key": "no pem"}),)},
        {"auth": (Auth("login", {"operation": "POST /x", "send": {}, "token": "t"}),)},
        {"auth": (Auth("login", {"operation": "POST /login", "token": "t"}),)},
        {"auth": (Auth("mtls", {"certificate": "no pem"}),)},
        {"base": "?token=1"},
        {"fill": {"body.session": "$token"}},
    ],
)
def test_a_registration_that_cannot_work_is_found_when_it_is_opened(
    more: dict[str, Any],
) -> None:
    with pytest.raises(Halt):
        call("POST /ho-so", DOSSIER, **more)


# -- OAuth2

OAUTH = Auth(
    "oauth2",
    {"token_url": "/token", "client_id": "ck-test", "client_secret": "cs-test", "scope": "a b"},
)


def granting(*tokens: str, expires: object = 3_600, refuse: tuple[str, ...] = ()) -> Reply:
    """Gives these tokens in turn; calls with a token of `refuse` get 401."""
    left = list(tokens)

    def answer(seen: Seen) -> bytes:
        if seen.line.startswith("POST /token "):
            told = {"access_token": left.pop(0), "token_type": "Bearer", "expires_in": expires}
            return reply(told)
        denied = seen.headers.get("authorization", "").removeprefix("Bearer ") in refuse
        return reply(b"900902", 401) if denied else reply(DONE)

    return answer


def test_a_token_is_fetched_once_and_used_until_shortly_before_its_end() -> None:
    system, clock = System(granting("t1", "t2", expires="100")), Clock()

    async def work() -> list[str]:
        used = []
        async with opened(system, clock=clock, auth=(OAUTH,)) as client:
            for step in (0, 69, 2):  # 100 s, less a margin of 30
                clock.now += step
                await client.call("POST /ho-so", DOSSIER, "k")
                used.append(system.seen[-1].headers["authorization"])
        return used

    assert ["Bearer t1", "Bearer t1", "Bearer t2"] == run(work)
    token = system.seen[0]
    assert "Basic Y2stdGVzdDpjcy10ZXN0" == token.headers["authorization"]
    assert {"grant_type": ["client_credentials"], "scope": ["a b"]} == parse_qs(token.body.decode())


def test_many_calls_share_one_fetch() -> None:
    system = System(granting("t1"))

    async def work() -> None:
        async with opened(system, auth=(OAUTH,)) as client:
            await asyncio.gather(*(client.call("POST /ho-so", DOSSIER, "k") for _ in range(20)))

    run(work)
    assert [1, 20] == [
        sum(seen.line.startswith(start) for seen in system.seen)
        for start in ("POST /token ", "POST /ho-so ")
    ]


def test_a_refused_token_is_renewed_once() -> None:
    answer, seen = call("POST /ho-so", DOSSIER, granting("t1", "t2", refuse=("t1",)), auth=(OAUTH,))
    assert 200 == answer.status
    assert ["/token", "/ho-so", "/token", "/ho-so"] == [one.line.split()[1] for one in seen]


def test_a_token_that_is_refused_again_is_the_answer() -> None:
    told = granting("t1", "t2", refuse=("t1", "t2"))
    answer, seen = call("POST /ho-so", DOSSIER, told, auth=(OAUTH,))
    assert (401, 4) == (answer.status, len(seen))


def test_calls_that_are_refused_together_renew_once() -> None:
    system = System(granting("t1", "t2", "t3", refuse=("t1",)))

    async def work() -> list[int]:
        async with opened(system, auth=(OAUTH,)) as client:
            calls = (client.call("POST /ho-so", DOSSIER, "k") for _ in range(8))
            return [answer.status for answer in await asyncio.gather(*calls)]

    assert [200] * 8 == run(work)
    assert 2 == sum(seen.line.startswith("POST /token ") for seen in system.seen)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (reply({"error": "invalid_client"}, 400), Halt),
        (reply(b"A valid OAuth client could not be found", 401), Halt),
        (reply(b"forbidden", 403), Halt),
        (reply(b"", 500), Retry),
        (reply(b"", 429), Retry),
        (reply(b"<html>", 200), Retry),
        (reply({"access_token": ""}), Retry),
        (reply({"access_token": "a\r\nb"}), Retry),
        (reply({"access_token": "a", "token_type": "mac"}), Halt),
        (None, Retry),
    ],
)
def test_a_token_that_cannot_be_had(told: bytes | None, kind: type[Exception]) -> None:
    system = System(lambda _: told)

    async def work() -> None:
        async with opened(system, auth=(OAUTH,)) as client:
            await client.call("POST /ho-so", DOSSIER, "k")

    with pytest.raises(kind) as caught:
        run(work)
    assert "cs-test" not in str(caught.value)
    assert 1 == len(system.seen)
    if isinstance(caught.value, Retry):  # the message itself never left
        assert (True, False) == (caught.value.system, caught.value.sent)


def test_a_token_endpoint_may_say_when_to_ask_again() -> None:
    with pytest.raises(Retry) as caught:
        call("POST /ho-so", DOSSIER, reply(b"", 429, b"Retry-After: 17"), auth=(OAUTH,))
    assert 17.0 == caught.value.after


@pytest.mark.parametrize(("expires", "lifetime"), [(None, 270), ("x", 270), (0, 270), (10, 5)])
def test_a_lifetime_that_makes_no_sense_is_replaced(expires: object, lifetime: float) -> None:
    system, clock = System(granting("t1", "t2", expires=expires)), Clock()

    async def work() -> int:
        async with opened(system, clock=clock, auth=(OAUTH,)) as client:
            await client.call("POST /ho-so", DOSSIER, "k")
            clock.now += lifetime - 0.5
            await client.call("POST /ho-so", DOSSIER, "k")
            assert 3 == len(system.seen)
            clock.now += 1
            await client.call("POST /ho-so", DOSSIER, "k")
            return len(system.seen)

    assert 5 == run(work)


# -- login

LOGIN = Auth(
    "login",
    {
        "operation": "POST /login",
        "send": {"username": "u", "password": "p-secret"},
        "token": "session",
        "put": {"header": "token"},
        "lifetime": 1500,
    },
)


def sessions(*given: object, status: int = 200) -> Reply:
    left = list(given)

    def answer(seen: Seen) -> bytes:
        if seen.line.startswith("POST /login "):
            return reply({"error_code": 0, "session": left.pop(0)}, status)
        return reply(DONE)

    return answer


def test_a_login_gives_the_header_and_the_token_that_is_filled_in() -> None:
    document: Document = {"dstcode": "d", "body": {"service": "TraCuu", "mahoso": "H1"}}
    before = Auth("api_key", {"header": "x-gateway", "value": "g"})
    _, (login, seen) = call(
        "POST /mapi/g",
        document,
        sessions("s-1"),
        auth=(before, LOGIN),
        fill={"body.session": "$token"},
    )
    assert {"username": "u", "password": "p-secret"} == login.json
    assert "g" == login.headers["x-gateway"]
    assert "token" not in login.headers
    assert ("s-1", "g") == (seen.headers["token"], seen.headers["x-gateway"])
    assert {"session": "s-1", "service": "TraCuu", "mahoso": "H1"} == seen.json


def test_renew_drops_the_session_and_its_lifetime_ends_it() -> None:
    system, clock = System(sessions("s-1", "s-2", "s-3")), Clock()

    async def work() -> list[str]:
        async with opened(system, clock=clock, auth=(LOGIN,)) as client:
            await client.call("POST /ho-so", DOSSIER, "k")
            await client.call("POST /ho-so", DOSSIER, "k")
            await client.renew()
            await client.call("POST /ho-so", DOSSIER, "k")
            clock.now += 1_501
            await client.call("POST /ho-so", DOSSIER, "k")
        return [seen.headers.get("token", "login") for seen in system.seen]

    assert ["login", "s-1", "s-1", "login", "s-2", "login", "s-3"] == run(work)


def test_renewing_what_another_call_renewed_already_changes_nothing() -> None:
    system = System(sessions("s-1", "s-2", "s-3"))

    async def work() -> int:
        async with opened(system, auth=(LOGIN,)) as client:
            used = asyncio.Barrier(4)

            async def one() -> None:
                await client.call("POST /ho-so", DOSSIER, "k")
                await used.wait()  # all four used the first session and were refused by its body
                await client.renew()
                await client.call("POST /ho-so", DOSSIER, "k")

            await asyncio.gather(*(one() for _ in range(4)))
        return sum(seen.line.startswith("POST /login ") for seen in system.seen)

    assert 2 == run(work)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (reply({"error_code": 5, "session": None}), Halt),
        (reply({"error_code": 5}), Halt),
        (reply(b"busy"), Retry),
        (reply({"error_code": "?"}), Retry),
        (reply(b"", 401), Halt),
        (reply(b"", 503), Retry),
    ],
)
def test_a_login_that_fails(told: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        call("POST /ho-so", DOSSIER, told, auth=(LOGIN,))
    assert "p-secret" not in str(caught.value)


def test_a_caller_that_gives_up_leaves_the_fetch_to_the_others() -> None:
    asked, answer_now = asyncio.Event(), asyncio.Event()
    served: list[str] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await read_request(reader)
            served.append(head.decode().split()[1])
            if served[-1] == "/login":
                asked.set()
                await answer_now.wait()
                writer.write(reply({"error_code": 0, "session": "s-1"}))
            else:
                writer.write(reply(DONE))

    async def work() -> Answer:
        async with peer(script) as port, Transport() as transport:
            binding = Binding(f"http://127.0.0.1:{port}", auth=(LOGIN,))
            client = open_client(CONTRACT, binding, transport, Clock())
            first, second = (
                asyncio.create_task(client.call("POST /ho-so", DOSSIER, "k")) for _ in range(2)
            )
            await asked.wait()
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            answer_now.set()
            return await second

    assert 200 == run(work).status
    assert ["/login", "/ho-so"] == served


def test_only_the_operations_of_the_binding_are_called() -> None:
    with pytest.raises(Reject):
        call("POST /ho-so", DOSSIER, operations=frozenset({"GET /danh-sach"}))


def test_a_contract_without_an_answer_for_a_status_trusts_only_an_empty_success() -> None:
    bare = replace(CONTRACT.operations["GET /danh-sach"], answers={})
    contract = replace(CONTRACT, operations={bare.name: bare})

    async def work(told: bytes) -> bool:
        async with peer(System(lambda _: told).serve) as port, Transport() as transport:
            client = open_client(contract, Binding(f"http://127.0.0.1:{port}"), transport, Clock())
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
            client = open_client(contract, Binding(f"http://127.0.0.1:{port}"), transport, Clock())
            return (await client.call(named.name, {}, "k")).valid

    assert valid == run(work)


def test_where_the_contract_does_not_care_about_a_body_any_body_is_valid() -> None:
    listed = CONTRACT.operations["GET /danh-sach"]
    careless = replace(listed, answers={"200": Anything(), "default": listed.answers["200"]})
    contract = replace(CONTRACT, operations={careless.name: careless})

    async def work(told: bytes) -> bool:
        async with peer(System(lambda _: told).serve) as port, Transport() as transport:
            client = open_client(contract, Binding(f"http://127.0.0.1:{port}"), transport, Clock())
            return (await client.call(careless.name, {}, "k")).valid

    assert run(lambda: work(reply(b"OK")))
    assert run(lambda: work(reply(b"")))
    assert not run(lambda: work(reply(b"OK", 201)))
