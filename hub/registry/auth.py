"""The ways of proving who one is, and what each of them must be told (decision 0003)."""

from collections.abc import Iterator, Mapping

from hub.nearest import nearest
from hub.registry.manifest import Manifest
from hub.registry.yaml_file import Path, Plain

Needs = tuple[frozenset[str], frozenset[str]]  # required, optional


def _needs(required: str, optional: str = "") -> Needs:
    return frozenset(required.split()), frozenset(optional.split())


INBOUND: Mapping[str, Needs] = {
    "none": _needs(""),
    "usernametoken": _needs("username password"),
    "x509": _needs("ca", "subject"),
    "bearer": _needs("token"),
    "api_key": _needs("header value"),
    "basic": _needs("username password"),
    "hmac": _needs("header secret", "algorithm"),
    "rsa_fields": _needs("key text signature", "mode private_key"),
    "mtls": _needs("ca subject"),
}
OUTBOUND: Mapping[str, Needs] = {
    "none": _needs(""),
    "usernametoken": _needs("username password", "digest"),
    "x509": _needs("certificate key"),
    "bearer": _needs("token"),
    "api_key": _needs("header value"),
    "basic": _needs("username password"),
    "oauth2": _needs("token_url client_id client_secret", "scope"),
    "login": _needs("operation send token", "put lifetime"),
    "hmac": _needs("header secret", "algorithm"),
    "rsa_body": _needs("key header"),
    "mtls": _needs("certificate key", "ca"),
}


Found = tuple[Path, str, str]  # where, what, what to do


def auth_problems(manifest: Manifest) -> Iterator[Found]:
    """Where a kind is unknown, lacks something, says too much, or names what is not there."""
    if manifest.inbound is not None:
        yield from _check(manifest, ("inbound", "auth"), manifest.inbound.auth, INBOUND)
    for index, auth in enumerate(manifest.outbound.auth):
        yield from _check(manifest, ("outbound", "auth", index), auth, OUTBOUND)
    for path, value in manifest.outbound.fill.items():
        yield from _references(manifest, ("outbound", "fill", path), value)


def _check(
    manifest: Manifest, path: Path, auth: Mapping[str, Plain], kinds: Mapping[str, Needs]
) -> Iterator[Found]:
    kind = auth.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        near = nearest(str(kind), kinds)
        fix = f"did you mean '{near}'?" if near else f"write one of {', '.join(kinds)}"
        yield (*path, "kind"), f"kind '{kind}' is not one of {', '.join(kinds)}", fix
        return
    required, optional = kinds[kind]
    said = frozenset(auth) - {"kind", "when"}
    for name in sorted(required - said):
        yield path, f"{kind} lacks '{name}'", f"add {name}: $secret.…, or $setting.…"
    for name in sorted(said - required - optional):
        says = ", ".join(sorted(required | optional)) or "nothing"
        yield (*path, name), f"{kind} cannot say '{name}'", f"take it out; {kind} says {says}"
    for name in sorted(said):
        yield from _references(manifest, (*path, name), auth[name])


def _references(manifest: Manifest, path: Path, value: Plain) -> Iterator[Found]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _references(manifest, (*path, key), inner)
    elif isinstance(value, str):
        for prefix, known in (("$setting.", manifest.settings), ("$secret.", manifest.secrets)):
            name = value.removeprefix(prefix)
            if value.startswith(prefix) and name not in known:
                near = nearest(name, known)
                add = f"add it under {prefix[1:-1]}s"
                fix = f"did you mean '{prefix}{near}'?" if near else add
                yield path, f"'{value}' is not declared", fix
        if value.startswith("$") and not value.startswith(
            ("$setting.", "$secret.", "$key", "$token", "$.")
        ):
            yield path, f"'{value}' is no reference", "write $setting.x, $secret.x, $key or $token"
