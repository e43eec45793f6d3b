"""Credentials that were written into a bundle, where a reference belongs.

A bundle is kept, shown and compared by many; a secret in it is a secret no more. The manifest's own
places for credentials are known; elsewhere only what is unmistakable is told.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from hub.registry.problem import Problem
from hub.registry.yaml_file import Path, Plain, YamlFile

# keys of `auth`, `send` and `fill` whose value is a credential, in the words that systems use
_CREDENTIAL: Final = re.compile(
    r"(?i)(^|[_.-])(password|passwd|pwd|matkhau|mat_khau|secret|client_secret|private_key|api_?key"
    r"|access_?token|bearer)$"
)
_OF_KIND: Final[Mapping[str, frozenset[str]]] = {
    "bearer": frozenset({"token"}),
    "api_key": frozenset({"value"}),
    "oauth2": frozenset({"client_secret"}),
    "x509": frozenset({"key"}),
    "mtls": frozenset({"key"}),
    "rsa_body": frozenset({"key"}),
}
_REFERENCE: Final = re.compile(r"\$secret\.\w+|\$key|\$token")
_USE: Final = (
    "declare a name under `secrets` and write $secret.<name>; the registration refers to it"
)
_TOLD: Final = "whoever saw this file knows it: have it changed; then "
_UNMISTAKABLE: Final[tuple[tuple[str, re.Pattern[bytes]], ...]] = (
    ("a private key", re.compile(rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----")),
    ("a signed token (JWT)", re.compile(rb"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
    ("a bearer token", re.compile(rb"(?i)\bbearer [a-z0-9+/_~-]{20}[a-z0-9+/._~-]*=*")),
    ("an access key", re.compile(rb"\b(AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|xox[abp]-[\w-]{20,})\b")),
    ("a password in an address", re.compile(rb"\bhttps?://[^\s/:@'\"<>{}]+:[^\s/@'\"<>{}$]+@")),
)


def credential_problems(files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Credentials of unmistakable form, in any file; none of their characters are repeated.

    A contract is as its owner publishes it, with tokens as examples: there, private keys alone.
    """
    for name in sorted(files):
        published = name.startswith("contract/")
        for what, pattern in _UNMISTAKABLE[:1] if published else _UNMISTAKABLE:
            found = pattern.search(files[name])
            if found is not None:
                line = files[name].count(b"\n", 0, found.start()) + 1
                place = f"{name}:{line}"
                yield Problem(place, f"holds {what}", _TOLD + _USE, code="literal-secret")


def manifest_credentials(yaml: YamlFile) -> Iterator[Problem]:
    """Places of a manifest where a reference to a secret belongs and a value stands."""
    value = yaml.value
    for side in ("inbound", "outbound"):
        part = value.get(side) if isinstance(value, dict) else None
        if isinstance(part, dict):
            yield from _literals(yaml, (side, "auth"), part.get("auth"))
            yield from _literals(yaml, (side, "fill"), part.get("fill"))
    settings = value.get("settings") if isinstance(value, dict) else None
    for name, setting in settings.items() if isinstance(settings, dict) else ():
        default = setting.get("default") if isinstance(setting, dict) else None
        if _CREDENTIAL.search(name) and isinstance(default, str) and default:
            path: Path = ("settings", name, "default")
            what = f"settings.{name} has a credential as its default"
            yield Problem(yaml.place(path), what, _TOLD + _USE, code="literal-secret")
    for name, secret in _entries(value, "secrets"):
        if isinstance(secret, str):
            what = f"secrets.{name} has a value; a manifest only names its secrets"
            fix = f"write {name}: {{doc: what it is}}; the registration refers to its value"
            place = yaml.place(("secrets", name))
            yield Problem(place, what, fix, f"secrets.{name}", code="literal-secret")


def _entries(value: Plain, key: str) -> Iterator[tuple[str, Plain]]:
    part = value.get(key) if isinstance(value, dict) else None
    yield from part.items() if isinstance(part, dict) else ()


def _literals(yaml: YamlFile, path: Path, value: Plain) -> Iterator[Problem]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _literals(yaml, (*path, index), item)
    elif isinstance(value, dict):
        of_kind = _OF_KIND.get(str(value.get("kind")), frozenset())
        for key, inner in value.items():
            secret = key in of_kind or _CREDENTIAL.search(key) is not None
            if isinstance(inner, dict | list):
                yield from _literals(yaml, (*path, key), inner)
            elif secret and isinstance(inner, str | int) and not _is_reference(inner):
                yield _literal(yaml, (*path, key), inner)


def _literal(yaml: YamlFile, path: Path, value: str | int) -> Problem:
    dotted, place = ".".join(map(str, path)), yaml.place(path)
    if isinstance(value, str) and value.startswith("$setting."):
        what = f"{dotted} is a credential from a setting, which is no secret"
        return Problem(place, what, _USE, code="literal-secret")
    what = f"{dotted} holds a credential itself"
    return Problem(place, what, _TOLD + _USE, code="literal-secret")


def _is_reference(value: str | int) -> bool:
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None
