"""What a call carries to prove who we are: fixed headers, and signatures of the body."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from hub.contract.binding import Auth
from hub.errors import Halt
from tests.adapters.rest.rest_peer import DOSSIER, call


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
