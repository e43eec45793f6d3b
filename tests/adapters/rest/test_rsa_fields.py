"""The postal webhook's signature: its text, its vector, its two readings (domain: postal, 4.4)."""

import hashlib
from base64 import b64encode
from collections.abc import Callable

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from adapters.http.messages import HttpRequest, Refusal
from adapters.rest.rsa_fields import compile_rsa_fields
from adapters.rest.server import open_server
from hub.contract.binding import Auth, Binding
from hub.contract.types import (
    Contract,
    Document,
    Field,
    Integer,
    ListOf,
    OneOf,
    Operation,
    Record,
    RestWire,
    Text,
    Value,
)
from hub.errors import Halt

PARTS = ("MYVNP", "$.sendDate", "$.data[0].itemCode", "$.data[0].status")
VECTOR = b"MYVNP16/10/2025 10:15:30EB990001015VN14"


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65_537, 2_048)


def pem(key: RSAPrivateKey) -> tuple[str, str]:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return public.decode(), private.decode()


def webhook(status: object = 14, **change: object) -> Document:
    row: Document = {"itemCode": "EB990001015VN", "status": status}  # type: ignore[dict-item]  # hostile too
    return {"data": [row, {"itemCode": "x"}], "sendDate": "16/10/2025 10:15:30", **change}  # type: ignore[dict-item]  # hostile too


def sign(key: RSAPrivateKey, text: bytes) -> str:
    return b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


def signed(key: RSAPrivateKey) -> str:
    return sign(key, VECTOR)


def encrypted(key: RSAPrivateKey) -> str:
    return b64encode(key.public_key().encrypt(VECTOR, PKCS1v15())).decode()


MODES: list[tuple[str, Callable[[RSAPrivateKey], str]]] = [
    ("rsa-sha256", signed),
    ("rsa-encrypted", encrypted),
]


def auth(key: RSAPrivateKey, mode: str | None = None) -> Auth:
    public, private = pem(key)
    options: dict[str, object] = {
        "text": list(PARTS),
        "signature": "$.signature",
        "key": public,
        "private_key": private,
    }
    return Auth("rsa_fields", options if mode is None else {**options, "mode": mode})


def test_the_vector_is_the_one_of_the_specification() -> None:
    digest = "a5aa6f2228421eeb528e78b03d834fd910a09be008e5e3472a5b1c2c17865eac"
    assert digest == hashlib.sha256(VECTOR).hexdigest()


@pytest.mark.parametrize("status", [14, "14"], ids=repr)
def test_the_text_is_that_of_the_vector(key: RSAPrivateKey, status: object) -> None:
    compile_rsa_fields(auth(key))({**webhook(status), "signature": sign(key, VECTOR)})


@pytest.mark.parametrize(
    ("document", "rest"),
    [
        (webhook(14.0), b"MYVNP16/10/2025 10:15:30EB990001015VN14.0"),
        (webhook(True), b"MYVNP16/10/2025 10:15:30EB990001015VNTrue"),
        (webhook(None), b"MYVNP16/10/2025 10:15:30EB990001015VN"),
        (webhook([14]), b"MYVNP16/10/2025 10:15:30EB990001015VN[14]"),
        (webhook(sendDate=None), b"MYVNPEB990001015VN14"),
        (webhook(data=[]), b"MYVNP16/10/2025 10:15:30"),
        (webhook(data={"0": {}}), b"MYVNP16/10/2025 10:15:30"),
        (webhook(sendDate="x" * 10_000), b"MYVNP" + b"x" * 10_000 + b"EB990001015VN14"),
    ],
    ids=range(8),
)
def test_a_document_without_the_signed_fields_is_refused_whatever_is_signed(
    key: RSAPrivateKey, document: Document, rest: bytes
) -> None:
    with pytest.raises(Refusal):
        compile_rsa_fields(auth(key))({**document, "signature": sign(key, rest)})


@pytest.mark.parametrize("document", [[], None, "text"], ids=repr)
def test_what_is_no_object_is_refused(key: RSAPrivateKey, document: Value) -> None:
    with pytest.raises(Refusal):
        compile_rsa_fields(auth(key))(document)


@pytest.mark.parametrize(("mode", "made"), MODES)
def test_the_right_signature_opens(
    key: RSAPrivateKey, mode: str, made: Callable[[RSAPrivateKey], str]
) -> None:
    compile_rsa_fields(auth(key, mode))({**webhook(), "signature": made(key)})


def test_rsa_sha256_is_the_default(key: RSAPrivateKey) -> None:
    compile_rsa_fields(auth(key))({**webhook(), "signature": signed(key)})


@pytest.mark.parametrize(("mode", "made"), MODES)
@pytest.mark.parametrize("status", [15, "014", 14.0, None], ids=repr)
def test_a_changed_first_row_is_refused(
    key: RSAPrivateKey, mode: str, made: Callable[[RSAPrivateKey], str], status: object
) -> None:
    with pytest.raises(Refusal) as caught:
        compile_rsa_fields(auth(key, mode))({**webhook(status), "signature": made(key)})
    assert 401 == caught.value.status


@pytest.mark.parametrize("mode", ["rsa-sha256", "rsa-encrypted"])
@pytest.mark.parametrize(
    "signature",
    [None, "", "!!!", "AAAA", b64encode(b"x" * 256).decode(), 5],
    ids=range(6),
)
def test_what_is_no_signature_is_refused(
    key: RSAPrivateKey, mode: str, signature: str | None
) -> None:
    with pytest.raises(Refusal):
        compile_rsa_fields(auth(key, mode))({**webhook(), "signature": signature})


@pytest.mark.parametrize(("mode", "made"), MODES)
def test_the_signature_of_one_mode_does_not_open_the_other(
    key: RSAPrivateKey, mode: str, made: Callable[[RSAPrivateKey], str]
) -> None:
    other = "rsa-encrypted" if mode == "rsa-sha256" else "rsa-sha256"
    with pytest.raises(Refusal):
        compile_rsa_fields(auth(key, other))({**webhook(), "signature": made(key)})


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "md5"},
        {"text": []},
        {"text": ["$.data[x]"]},
        {"text": ["$data"]},
        {"signature": ""},
        {"key": ""},
        {"key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"},
    ],
)
def test_options_that_cannot_be_used_are_found_at_once(
    key: RSAPrivateKey, change: dict[str, object]
) -> None:
    with pytest.raises(Halt):
        compile_rsa_fields(Auth("rsa_fields", {**auth(key).options, **change}))


def test_a_short_key_is_not_accepted() -> None:
    short = generate_private_key(65_537, 1_024)  # noqa: S505 -- that is the point
    with pytest.raises(Halt):
        compile_rsa_fields(auth(short))


# -- behind the door: what was sent is signed, and 401 comes before anything about the contract

SCAN = Record(
    "Scan", (Field("itemCode", Text()), Field("status", OneOf((Integer(), Text())))), closed=False
)
REQUEST = Record(
    "Webhook",
    (
        Field("data", ListOf(SCAN, min_items=1)),
        Field("sendDate", Text(max_length=20)),
        Field("signature", Text()),
    ),
)
HOOK = Operation("POST /webhook", REQUEST, {}, RestWire("POST", "/webhook", (), ""))
CONTRACT = Contract("rest", {HOOK.name: HOOK}, {"Scan": SCAN, "Webhook": REQUEST})


def knock(key: RSAPrivateKey, body: bytes) -> int:
    server = open_server(CONTRACT, Binding("http://unused", auth=(auth(key),)))
    headers = {"content-type": "application/json"}
    try:
        server.read(HttpRequest("POST", "/webhook", "", headers, body, "203.0.113.7"))
    except Refusal as refusal:
        return refusal.status
    return 200


def test_the_door_reads_a_signed_webhook_and_only_that(key: RSAPrivateKey) -> None:
    row = {"itemCode": "EB990001015VN", "status": 14, "unknown": "kept out"}
    good = {"data": [row], "sendDate": "16/10/2025 10:15:30", "signature": signed(key)}
    assert 200 == knock(key, orjson.dumps(good))
    assert 401 == knock(key, orjson.dumps({**good, "sendDate": "17/10/2025 10:15:30"}))
    assert 401 == knock(key, orjson.dumps({"data": []}))  # not 400: who it is comes first
    assert 401 == knock(key, b"[]")
    assert 400 == knock(key, b'{"data":')


def test_the_signature_covers_the_text_as_it_was_sent(key: RSAPrivateKey) -> None:
    text = "MYVNPðe\u0302EB990001015VN14".encode()  # neither NFC nor with the right letter
    signature = sign(key, text)
    row = {"itemCode": "EB990001015VN", "status": "14"}
    body = {"data": [row], "sendDate": "ðe\u0302", "signature": signature}
    assert 200 == knock(key, orjson.dumps(body))
