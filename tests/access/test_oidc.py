"""An identity provider's tokens: which are taken, and everything that is refused."""

import asyncio
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from hub.access.keys import FRESH, PAUSE, STALE, Verifier
from hub.access.oidc import LEEWAY, UnknownKeyError, claims_of, principal_of, read_keys
from hub.access.roster import Provider
from hub.access.rules import Principal
from hub.errors import Reject, Retry

NOW = 1_900_000_000
PROVIDER = Provider(
    issuer="https://sso.example/realms/province",
    audience="lgsp-hub",
    jwks="https://sso.example/certs",
    roles="realm_access.roles",
    connectors="hub_connectors",
)
CLAIMS: dict[str, Any] = {
    "iss": PROVIDER.issuer,
    "aud": ["account", "lgsp-hub"],
    "sub": "tran-thi-thu",
    "exp": NOW + 300,
    "nbf": NOW - 10,
    "iat": NOW - 10,
    "realm_access": {"roles": ["operator", "offline_access"]},
}
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
OTHER = RSAKey.generate_key(2048, {"kid": "rsa"})
NEXT = RSAKey.generate_key(2048, {"kid": "next"})


def jwks(*keys: Any, **more: object) -> bytes:
    listed = [{**key.as_dict(private=False), **more} for key in keys]
    return json.dumps({"keys": listed}).encode()


WEAK = "v" * 171  # base64url of 1024 bits
KEYS = read_keys(jwks(RSA, EC, ED))


def signed(
    claims: Mapping[str, object] = CLAIMS, key: Any = RSA, alg: str = "RS256", **header: Any
) -> str:
    head = {"alg": alg, "kid": key.kid, "typ": "JWT", **header}
    return jwt.encode(head, dict(claims), key, algorithms=[alg])


@pytest.mark.parametrize(
    ("key", "alg"), [(RSA, "RS256"), (RSA, "PS384"), (EC, "ES256"), (ED, "Ed25519")]
)
def test_a_good_token_names_its_principal(key: Any, alg: str) -> None:
    found = principal_of(claims_of(signed(key=key, alg=alg), KEYS, PROVIDER, NOW), PROVIDER)
    assert found == Principal("oidc:tran-thi-thu", frozenset({"operator"}))


@pytest.mark.parametrize(
    "change",
    [
        {"exp": NOW - LEEWAY - 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": NOW + LEEWAY + 1},
        {"iat": NOW + LEEWAY + 1},
        {"aud": "another"},
        {"aud": []},
        {"aud": None},
        {"iss": PROVIDER.issuer + "/"},
        {"iss": None},
    ],
)
def test_a_token_for_another_time_place_or_audience_is_refused(change: dict[str, Any]) -> None:
    claims = {k: v for k, v in {**CLAIMS, **change}.items() if v is not None}
    with pytest.raises(Reject):
        claims_of(signed(claims), KEYS, PROVIDER, NOW)


def test_clocks_may_differ_a_little() -> None:
    assert claims_of(signed(), KEYS, PROVIDER, NOW + 300 + LEEWAY - 1)
    assert claims_of(signed(), KEYS, PROVIDER, NOW - 10 - LEEWAY)


def unsigned(header: Mapping[str, object]) -> str:
    parts = (json.dumps(part).encode() for part in (header, CLAIMS))
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
def test_a_token_that_nobody_signed_is_refused(alg: str) -> None:
    with pytest.raises(Reject):
        claims_of(unsigned({"alg": alg, "kid": "rsa", "typ": "JWT"}), KEYS, PROVIDER, NOW)


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_token_signed_with_the_public_key_as_a_password_is_refused(alg: str) -> None:
    """The classic confusion: what everybody knows taken for a secret (RFC 8725, section 2.1)."""
    public = RSA.public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for secret in (public, json.dumps(RSA.as_dict(private=False)).encode()):
        said = unsigned({"alg": alg, "kid": "rsa", "typ": "JWT"}).rstrip(".")
        mac = hmac.digest(secret, said.encode(), f"sha{alg[2:]}")
        forged = f"{said}.{urlsafe_b64encode(mac).decode().rstrip('=')}"
        with pytest.raises(Reject):
            claims_of(forged, KEYS, PROVIDER, NOW)


def test_a_token_of_a_strangers_key_under_a_known_id_is_refused() -> None:
    with pytest.raises(Reject):
        claims_of(signed(key=OTHER), KEYS, PROVIDER, NOW)
    with pytest.raises(Reject):  # a key of another kind than the algorithm
        claims_of(signed(key=EC, alg="ES256", kid="rsa"), KEYS, PROVIDER, NOW)


def test_a_key_that_comes_with_the_token_counts_for_nothing() -> None:
    own = OTHER.as_dict(private=False)
    with pytest.raises(Reject):
        claims_of(signed(key=OTHER, jwk=own), KEYS, PROVIDER, NOW)


def test_a_token_without_a_key_id_or_of_another_type_is_refused() -> None:
    with pytest.raises(Reject):
        claims_of(jwt.encode({"alg": "RS256"}, CLAIMS, RSA), KEYS, PROVIDER, NOW)
    with pytest.raises(Reject):
        claims_of(signed(typ="logout+jwt"), KEYS, PROVIDER, NOW)
    with pytest.raises(UnknownKeyError):
        claims_of(signed(kid="new"), KEYS, PROVIDER, NOW)


@given(st.data())
def test_a_changed_token_is_refused_and_never_a_bug(data: st.DataObject) -> None:
    token = signed()
    at = data.draw(st.integers(0, len(token) - 1))
    new = data.draw(st.characters(codec="ascii"))
    changed = token[:at] + new + token[at + 1 :]
    try:
        found = claims_of(changed, KEYS, PROVIDER, NOW)
    except (Reject, UnknownKeyError):
        return
    assert found == CLAIMS  # the last sextet of a signature has bits that mean nothing


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Reject):
        claims_of(text, KEYS, PROVIDER, NOW)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sub": ""}, "sub is no name"),
        ({"sub": "a\nb"}, "sub is no name"),
        ({"sub": 7}, "sub is no name"),
        ({"sub": "x" * 101}, "sub is no name"),
        ({"realm_access": {"roles": ["boss"]}}, "names none of"),
        ({"realm_access": {"roles": ["hub"]}}, "names none of"),
        ({"realm_access": "operator"}, "names none of"),
        ({"realm_access": {}}, "names none of"),
    ],
)
def test_claims_that_name_nobody_here_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Reject, match=says):
        principal_of({**CLAIMS, **change}, PROVIDER)


def test_roles_and_connectors_are_read_where_the_file_says() -> None:
    claims = {**CLAIMS, "realm_access": {"roles": "integrator auditor"}}
    found = principal_of({**claims, "hub_connectors": ["waterco", 7]}, PROVIDER)
    assert found.roles == {"integrator", "auditor"}
    assert found.connectors == {"waterco"}
    operator = principal_of({**CLAIMS, "hub_connectors": ["waterco"]}, PROVIDER)
    assert operator.connectors == frozenset()


def test_keys_that_are_no_public_signing_keys_are_left_out() -> None:
    secret = OctKey.import_key(b"0" * 32, {"kid": "oct"})
    private = {"keys": [NEXT.as_dict(private=True), secret.as_dict(private=True)]}
    for body in (
        json.dumps(private).encode(),
        jwks(RSA, use="enc"),
        jwks(RSA, n=WEAK),
        b"{}",
        b"[",
        b"",
    ):
        with pytest.raises(Reject):
            read_keys(body)
    unknown = {"keys": [{"kty": "LATTICE", "kid": "pq"}, 7, json.loads(jwks(RSA))["keys"][0]]}
    assert set(read_keys(json.dumps(unknown).encode()).by_id) == {"rsa"}


# -- fetching


class Sso:
    """A provider whose keys change, and that may be away."""

    def __init__(self, *keys: Any) -> None:
        self.keys = keys
        self.away = False
        self.asked = 0
        self.clock = 1_000.0
        self.verifier = Verifier(PROVIDER, self.fetch, lambda: self.clock, lambda: float(NOW))

    async def fetch(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise Retry("no connection", where="sso", system=True)
        return jwks(*self.keys)

    def who(self, *tokens: str) -> list[str]:
        async def work() -> list[Any]:
            asked = (self.verifier.who(token) for token in tokens)
            return await asyncio.gather(*asked, return_exceptions=True)

        return [
            type(one).__name__ if isinstance(one, Exception) else one.name
            for one in asyncio.run(work())
        ]


NAME = "oidc:tran-thi-thu"


def test_keys_are_fetched_once_for_many() -> None:
    sso = Sso(RSA)
    assert {NAME} == set(sso.who(*[signed()] * 20))
    assert [NAME] == sso.who(signed())
    assert 1 == sso.asked


def test_a_new_key_is_found_at_once_and_an_old_one_goes() -> None:
    sso = Sso(RSA)
    assert [NAME] == sso.who(signed())
    sso.keys, sso.clock = (NEXT,), sso.clock + PAUSE
    assert [NAME] * 2 == sso.who(*[signed(key=NEXT)] * 2)
    assert 2 == sso.asked
    assert ["Reject"] == sso.who(signed())


def test_invented_key_ids_cause_no_storm() -> None:
    sso = Sso(RSA)
    assert [NAME] == sso.who(signed())
    for n in range(50):
        assert ["Reject"] == sso.who(signed(kid=f"invented{n}"))
    assert 1 == sso.asked
    sso.clock += PAUSE
    assert {"Reject"} == set(sso.who(*[signed(kid=f"invented{n}") for n in range(50)]))
    assert 2 == sso.asked


def test_known_keys_count_for_a_day_while_the_provider_is_away_and_no_longer() -> None:
    sso = Sso(RSA)
    assert [NAME] == sso.who(signed())
    sso.away, sso.clock = True, sso.clock + FRESH
    assert [NAME] == sso.who(signed())
    sso.clock += STALE
    assert ["Retry"] == sso.who(signed())
    sso.away, sso.clock = False, sso.clock + PAUSE
    assert [NAME] == sso.who(signed())


def test_a_provider_that_never_answered_is_no_reason_to_let_in() -> None:
    sso = Sso(RSA)
    sso.away = True
    assert ["Retry"] * 5 == sso.who(*[signed()] * 5)
    assert 1 == sso.asked
