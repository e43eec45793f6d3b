"""What an interface offers, told from its files before they are read whole.

A published interface may be larger than what the hub can read, or hold constructs that it does not
support in places that nobody needs. Here its operations are listed, and the part that some of them
need is cut out, without judging the rest.
"""

from dataclasses import dataclass, field

from hub.contract.documents import Json


@dataclass(frozen=True, slots=True)
class Offer:
    """One operation. `name` as in `Contract.operations`; `title` names its request in a mapping."""

    name: str
    title: str
    doc: str = ""
    example: Json = field(default=None, repr=False)  # of the request's body, as published


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way to prove who one is, as OpenAPI's security schemes say it (WSDL: `usernametoken`)."""

    kind: str  # bearer, basic, api_key, oauth2, mtls, usernametoken
    header: str = ""
    token_url: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """An interface. `unknown`: what it says of credentials and the hub has no kind for."""

    kind: str  # "rest" or "soap"
    title: str
    owner: str
    operations: tuple[Offer, ...]
    schemes: tuple[Scheme, ...] = ()
    unknown: tuple[str, ...] = ()
