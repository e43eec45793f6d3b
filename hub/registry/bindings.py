"""What an adapter needs for one registration: address, credentials, what is filled in.

Here, and only here, references to secrets are followed.
"""

from collections.abc import Callable, Mapping

from hub.contract.binding import Auth, Binding, Limits
from hub.errors import Halt
from hub.registry.manifest import Manifest
from hub.registry.manifest_words import Scalar
from hub.registry.registration import Registration
from hub.registry.yaml_file import Plain

Resolve = Callable[[str], str]


def bind_outbound(
    manifest: Manifest, registration: Registration, operations: frozenset[str], resolve: Resolve
) -> Binding:
    """What the client needs, with secrets followed. Raises Halt if one cannot be."""
    value = _follower(registration, resolve)
    chosen = [
        auth for auth in manifest.outbound.auth if _applies(auth.get("when"), registration.route)
    ]
    return Binding(
        endpoint=registration.endpoint,
        route=registration.route,
        paths=registration.paths,
        auth=tuple(_auth(auth, value) for auth in chosen),
        fill={path: _scalar(value(v)) for path, v in manifest.outbound.fill.items()},
        operations=operations,
        limits=Limits(timeout=registration.delivery.timeout),
        allow_addresses=registration.allow_addresses,
    )


def bind_inbound(
    manifest: Manifest, registration: Registration, operations: frozenset[str], resolve: Resolve
) -> Binding:
    """What the server needs, with secrets followed. Raises Halt if one cannot be."""
    inbound = manifest.inbound
    if inbound is None:
        raise Halt("has receive flows but no `inbound`", where=manifest.name)
    value = _follower(registration, resolve)
    addresses = value(inbound.addresses)  # type: ignore[arg-type]  # list[str] is Plain
    return Binding(
        endpoint=registration.endpoint,
        route=registration.route,
        auth=(_auth(inbound.auth, value),),
        addresses=tuple(str(a) for a in addresses) if isinstance(addresses, list) else None,
        operations=operations,
    )


def _follower(registration: Registration, resolve: Resolve) -> Callable[[Plain], Plain]:
    def value(given: Plain) -> Plain:
        if isinstance(given, dict):
            return {key: value(v) for key, v in given.items()}
        if isinstance(given, list):
            return [value(v) for v in given]
        if not isinstance(given, str):
            return given
        if given.startswith("$setting."):
            return registration.settings.get(given.removeprefix("$setting."))
        if given.startswith("$secret."):
            reference = registration.secrets.get(given.removeprefix("$secret."))
            return None if reference is None else resolve(reference)
        return given

    return value


def _auth(auth: Mapping[str, Plain], value: Callable[[Plain], Plain]) -> Auth:
    options = {key: value(v) for key, v in auth.items() if key not in ("kind", "when")}
    return Auth(str(auth["kind"]), options)


def _applies(when: Plain, route: str) -> bool:
    return not isinstance(when, dict) or when.get("route") in (None, route)


def _scalar(value: Plain) -> Scalar:
    if isinstance(value, dict | list):
        raise Halt("only a single value can be filled in", fix="use a string, number or boolean")
    return value
