"""How each side proves who it is, from what the interface says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.contract.offers import Scheme
from hub.errors import Reject
from hub.registry.auth import INBOUND, OUTBOUND
from hub.registry.yaml_file import Plain

# What is a secret, and what a setting: by the name of the value that a kind of auth needs.
_OPEN: Final = frozenset({"username", "header", "algorithm", "token_url", "scope", "subject", "ca"})
_HEADER: Final = "X-Api-Key"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An `auth` of the manifest, and the settings and secrets that it names."""

    auth: Mapping[str, Plain]
    settings: Mapping[str, Plain] = field(default_factory=dict)
    secrets: Mapping[str, Plain] = field(default_factory=dict)


def credentials(scheme: Scheme, title: str, *, inbound: bool) -> Credentials:
    """The `auth` for a scheme. `title`: whose, for the words beside it.

    Raises Reject for a kind that this direction does not have.
    """
    kinds = INBOUND if inbound else OUTBOUND
    if scheme.kind not in kinds:
        side = "inbound" if inbound else "outbound"
        fix = f"one of {', '.join(kinds)}"
        raise Reject(f"'{scheme.kind}' is no kind of {side} auth", where="--auth", fix=fix)
    before = "inbound_" if inbound else ""
    who = f"{title} calls the hub" if inbound else f"the hub calls {title}"
    auth: dict[str, Plain] = {"kind": scheme.kind}
    settings: dict[str, Plain] = {}
    secrets: dict[str, Plain] = {}
    said = {"header": scheme.header, "token_url": scheme.token_url, "scope": scheme.scope}
    for need in sorted(kinds[scheme.kind][0] | ({"scope"} if scheme.scope else set())):
        name = f"{before}{need if need != 'value' else 'api_key'}"
        if need == "header":
            auth[need] = scheme.header or _HEADER
        elif need in _OPEN:
            auth[need] = f"$setting.{name}"
            setting: dict[str, Plain] = {"type": "string", "doc": f"{need}, when {who}"}
            settings[name] = setting | ({"default": said[need]} if said.get(need) else {})
        else:
            auth[need] = f"$secret.{name}"
            what = f"the key in {auth.get('header')}" if need == "value" else need
            secrets[name] = {"doc": f"{what}, when {who}"}
    return Credentials(auth, settings, secrets)
