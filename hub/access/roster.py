"""The file that HUB_ACCESS names: who has which role, by token or through an identity provider.

    principals:
      - {name: lan, role: operator, token_sha256: 2c26b46b68ffc68ff99b453c1d30413413422d7064…}
      - {name: waterco-team, role: integrator, connectors: [waterco], token_sha256: …}
    oidc:
      issuer: https://sso.example/realms/province
      audience: lgsp-hub
      jwks: https://sso.example/realms/province/certs
      roles: realm_access.roles    # path of the claim that lists them

It holds no secret: of a token only the SHA-256, and an identity provider's keys are public.
"""

import re
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from hub.access.rules import LOCAL, Principal, Role
from hub.errors import Halt, Reject
from hub.registry.shape import decode
from hub.registry.yaml_file import YamlFile, read_yaml

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,58}[a-z0-9])?")  # one word: it stands in records
HEX = re.compile(r"[0-9a-f]{64}")
RESERVED = frozenset({"hub", LOCAL, "unknown"})
SAFE = ("https://", "http://127.0.0.1:")  # the latter never leaves the machine
OF_PEOPLE: tuple[Role, ...] = ("integrator", "operator", "auditor", "admin")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One principal of the file. `until`: the last day (UTC) on which the token counts."""

    name: str
    role: Role
    token_sha256: str
    connectors: list[str] = []
    until: str = ""


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OpenID Connect provider.

    `name`, `roles`, `connectors`: where in a token's claims these stand, as dotted paths.
    `allow_addresses`: networks in which the provider may stand though they are not public.
    `ca`: PEM file of the authorities to trust for it, in place of the machine's own.
    """

    issuer: str
    audience: str
    jwks: str
    name: str = "sub"
    roles: str = "hub_roles"
    connectors: str = "hub_connectors"
    allow_addresses: list[str] = []
    ca: str = ""


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    principals: list[Entry] = []
    oidc: Provider | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is known: principals by the digest of their token, and perhaps a provider.

    `until`: the last day of a token that has one, by its digest.
    """

    by_digest: Mapping[str, Principal]
    oidc: Provider | None = None
    until: Mapping[str, str] = field(default_factory=dict)

    def holder(self, digest: str, now: float) -> Principal | None:
        """Whose token it is, if it counts now (epoch seconds)."""
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        return self.by_digest.get(digest) if today <= self.until.get(digest, today) else None


def open_roster(file: Path) -> Roster:
    """Read the file that HUB_ACCESS names. Raises Halt, and Reject as `read_roster` does."""
    try:
        mode, body = file.stat().st_mode, file.read_bytes()
    except OSError as error:
        raise Halt(error.strerror or "cannot be read", where=file.name) from error
    if mode & stat.S_IWOTH:
        what = "may be written by everybody, who then could make themselves admin"
        raise Halt(what, where=file.name, fix=f"chmod o-w {file}")
    return read_roster(body, file.name)


def read_roster(body: bytes, name: str) -> Roster:
    """Read the file. Raises Reject that names the line of what is wrong."""
    yaml = read_yaml(body, name)
    file = decode(yaml, File)
    problems = [*_problems(yaml, file)]
    if problems:
        raise Reject("; ".join(problems), where=name, fix="ops/reference/access.md")
    found = {
        one.token_sha256: Principal(one.name, frozenset({one.role}), frozenset(one.connectors))
        for one in file.principals
    }
    until = {one.token_sha256: one.until for one in file.principals if one.until}
    return Roster(found, file.oidc, until)


def is_day(text: str) -> bool:
    """Whether it is written as 2027-06-30."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _problems(yaml: YamlFile, file: File) -> Iterator[str]:
    names = Counter(one.name for one in file.principals)
    digests = Counter(one.token_sha256 for one in file.principals)
    for number, one in enumerate(file.principals):
        line = yaml.place(("principals", number))
        yield from (f"{line}: {what}" for what in _misfits(one))
        if names[one.name] > 1 or digests[one.token_sha256] > 1:
            yield f"{line}: this name or token stands twice"
    if file.oidc is not None:
        line = yaml.place(("oidc",))
        if not file.oidc.jwks.startswith(SAFE):
            yield f"{line}: jwks is not https: who answers there decides who is admin"
        if not file.oidc.issuer or not file.oidc.audience:
            yield f"{line}: issuer and audience are needed"


def _misfits(one: Entry) -> Iterator[str]:
    if not NAME.fullmatch(one.name) or one.name in RESERVED:
        yield f"'{one.name}' is no name: one word of a-z, 0-9, . _ -, and not a reserved one"
    if not HEX.fullmatch(one.token_sha256):
        yield "token_sha256 is not 64 hex digits (never write the token itself)"
    if one.until and not is_day(one.until):
        yield f"until '{one.until[:20]}' is no day: 2027-06-30"
    if (one.role == "integrator") != bool(one.connectors):
        yield "`connectors` are what an integrator has, and nobody else"
