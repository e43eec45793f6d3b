"""Tokens of an OpenID Connect provider: is it the provider's, for us, now; and who it says it is.

Pure: keys and the time come from outside (`hub.access.keys` fetches them). What a token says of its
own algorithm is believed only within `ALGORITHMS`, which are all of public keys: `none` is not
among them, nor is HMAC, with which anybody could sign by the provider's public key (RFC 8725,
section 2.1). A key that fits another kind of algorithm than its own is refused by the library.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry
from msgspec import DecodeError, Struct, json

from hub.access.roster import OF_PEOPLE, Provider
from hub.access.rules import Principal, Role
from hub.errors import Reject

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519"),
)
PUBLIC = frozenset({"RSA", "EC", "OKP"})
RSA_BITS = 2_048  # RFC 7518 section 3.3: a key of 2048 bits or larger MUST be used
LEEWAY = 30  # seconds by which two clocks may differ; RFC 7519 4.1.4: no more than a few minutes
NAME = 100  # characters of a person's name in records
MOST_KEYS = 50


class UnknownKeyError(Exception):
    """No key has the id that the token names: the provider may have new ones."""


class _Jwk(Struct):
    kty: str = ""
    kid: str = ""
    use: str = "sig"
    n: str = ""  # an RSA key's modulus, base64url


@dataclass(frozen=True, slots=True)
class Keys:
    """The provider's public keys by their id."""

    by_id: Mapping[str, KeySet]


def read_keys(body: bytes) -> Keys:
    """The keys of a JWK set (RFC 7517) that can sign; the others are left out.

    Raises Reject for what is no such set, or holds no key that can be used.
    """
    try:
        listed = json.decode(body, type=dict[str, object]).get("keys")
    except DecodeError:
        listed = None
    if not isinstance(listed, list):
        raise Reject("is no JWK set", where="jwks")
    found: dict[str, KeySet] = {}
    for one in listed[:MOST_KEYS]:
        key = _key(one)
        if key is not None:
            found.setdefault(*key)
    if not found:
        raise Reject("holds no public key for signatures with a kid", where="jwks")
    return Keys(found)


def claims_of(token: str, keys: Keys, provider: Provider, now: float) -> dict[str, object]:
    """What the token says, if it is the provider's, for this hub, and valid now (epoch seconds).

    Raises UnknownKeyError; Reject for anything else that is wrong with it, which never repeats it.
    """
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        found = jwt.decode(
            token, lambda unverified: _chosen(unverified.headers(), keys), ALGORITHMS, registry
        )
        if found.header.get("typ", "JWT").lower() not in ("jwt", "at+jwt", "application/at+jwt"):
            raise Reject("the token is of another kind")
        JWTClaimsRegistry(
            now=int(now),
            leeway=LEEWAY,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.audience},
            exp={"essential": True},
        ).validate(found.claims)
    except ExpiredTokenError as error:
        raise Reject("the token has expired") from error
    except JoseError as error:
        raise Reject(f"the token is not valid ({error.error})") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        # the library's own, for a token whose parts are not what they should be
        raise Reject("the token cannot be read") from error
    return dict(found.claims)


def principal_of(claims: Mapping[str, object], provider: Provider) -> Principal:
    """Who the claims name. Raises Reject where they name nobody, or nobody with a role here."""
    name = _at(claims, provider.name)
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= NAME:
        raise Reject(f"the token's {provider.name} is no name")
    said = _texts(_at(claims, provider.roles))
    roles: frozenset[Role] = frozenset(role for role in OF_PEOPLE if role in said)
    if not roles:
        raise Reject(f"the token's {provider.roles} names none of {', '.join(OF_PEOPLE)}")
    own = _texts(_at(claims, provider.connectors)) if "integrator" in roles else frozenset()
    return Principal(f"oidc:{name}", roles, own)  # no name of the file has a colon


def _key(listed: object) -> tuple[str, KeySet] | None:
    """A key's id and the key; None for one that is of no use here."""
    if not isinstance(listed, dict):
        return None
    try:
        told = json.decode(json.encode(listed), type=_Jwk)
        if told.kty not in PUBLIC or told.use != "sig" or not told.kid or "d" in listed:
            return None
        if told.kty == "RSA" and len(told.n) * 6 < RSA_BITS:
            return None
        return told.kid, KeySet.import_key_set({"keys": [listed]})
    except (DecodeError, JoseError, ValueError, TypeError):
        return None


def _chosen(header: Mapping[str, object], keys: Keys) -> KeySet:
    kid = header.get("kid")
    found = keys.by_id.get(kid) if isinstance(kid, str) else None
    if found is None:
        if not isinstance(kid, str):
            raise InvalidKeyIdError("no kid")
        raise UnknownKeyError
    return found


def _at(claims: Mapping[str, object], path: str) -> object:
    """A claim by its dotted path; a name with dots in it, such as an address, comes first."""
    if path in claims:
        return claims[path]
    value: object = claims
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _texts(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset(value.split())  # as `scope` lists them (RFC 6749 section 3.3)
    if isinstance(value, list):
        return frozenset(one for one in value if isinstance(one, str))
    return frozenset()
