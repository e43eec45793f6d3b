"""registrations.yaml: where one system stands, with which credential, serving which agencies.

A registration holds references to secrets, never secrets; they are followed when the adapters are
opened, in `bind`.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct, to_builtins

from hub.contract.binding import Auth, Binding, Limits
from hub.errors import Halt, Reject
from hub.registry.call_limits import limit_problems
from hub.registry.manifest import Delivery, Manifest, Scalar, Setting, decode
from hub.registry.problem import Problem
from hub.registry.yaml_file import Plain, YamlFile, in_memory

Resolve = Callable[[str], str]


class RegistrationEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the file."""

    connector: str
    endpoint: str
    name: str = ""
    route: str = "default"
    paths: dict[str, str] = {}
    agencies: list[str] = []
    settings: dict[str, Plain] = {}
    secrets: dict[str, str] = {}
    delivery: dict[str, Plain] = {}
    start: Literal["beginning", "now"] = "beginning"
    paused: bool = False


class RegistrationFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; its entries are checked one by one."""

    registrations: list[dict[str, Plain]]


@dataclass(frozen=True, slots=True)
class Registration:
    """A checked entry: settings complete, secrets still references."""

    name: str
    connector: str
    endpoint: str
    route: str
    paths: Mapping[str, str]
    agencies: frozenset[str]
    settings: Mapping[str, Plain]
    secrets: Mapping[str, str] = field(repr=False)
    delivery: Delivery
    start: str
    paused: bool

    @property
    def digest(self) -> str:
        """Names the settings that a receipt was made under; 16 hex digits, no secret inside."""
        seen = [self.endpoint, self.route, dict(self.paths), sorted(self.agencies)]
        text = json.dumps([seen, dict(self.settings), sorted(self.secrets)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_registrations(file: YamlFile) -> tuple[list[RegistrationEntry], dict[str, list[Problem]]]:
    """The entries that can be read, and the problems of the others by the entry's name.

    One bad entry does not take the others off the air. A name that stands twice serves neither:
    which of the two was meant is not ours to guess. Raises Reject where the file as a whole says
    nothing.
    """
    found: dict[str, RegistrationEntry] = {}
    problems: dict[str, list[Problem]] = {}
    seen: set[str] = set()
    for index, part in enumerate(decode(file, RegistrationFile).registrations):
        under = ("registrations", index)
        name = str(part.get("name") or part.get("connector") or f"entry {index + 1}")
        if name in seen:
            what = f"'{name}' is registered twice"
            problem = Problem(file.place(under), what, "give one of them another name")
            problems.setdefault(name, []).append(problem)
            found.pop(name, None)
            continue
        seen.add(name)
        try:
            found[name] = decode(file, RegistrationEntry, part=part, under=under)
        except Reject as error:
            problems[name] = [Problem(error.where, error.what, error.fix)]
    return list(found.values()), problems


def complete(entry: RegistrationEntry, manifest: Manifest) -> Registration:
    """Check an entry against its connector's manifest. Raises Reject naming every misfit."""
    name = entry.name or entry.connector
    problems = [
        f"setting '{s}' is not one of the connector's"
        for s in entry.settings
        if s not in manifest.settings
    ]
    problems += [
        f"secret '{s}' is not one of the connector's"
        for s in entry.secrets
        if s not in manifest.secrets
    ]
    problems += [
        f"secret '{s}' is missing"
        for s, secret in manifest.secrets.items()
        if s not in entry.secrets and not secret.optional
    ]
    settings: dict[str, Plain] = {}
    for key, setting in manifest.settings.items():
        value = entry.settings.get(key, _default(setting))
        if value is None and not setting.optional:
            problems.append(f"setting '{key}' ({setting.type}) is missing")
        elif value is not None and not _is(value, setting.type):
            problems.append(f"setting '{key}' is not a {setting.type}")
        settings[key] = value
    problems += _poll_problems(manifest, settings)
    if problems:
        raise Reject("; ".join(problems), where=f"registration '{name}'", code="registration")
    return Registration(
        name=name,
        connector=entry.connector,
        endpoint=entry.endpoint.rstrip("/"),
        route=entry.route,
        paths=entry.paths,
        agencies=frozenset(entry.agencies),
        settings=settings,
        secrets=entry.secrets,
        delivery=_delivery(name, manifest.delivery, entry.delivery),
        start=entry.start,
        paused=entry.paused,
    )


def _poll_problems(manifest: Manifest, settings: Mapping[str, Plain]) -> list[str]:
    """Settings by which a system would be asked without a pause."""
    references = [flow.poll.every for flow in manifest.flows.values() if flow.poll]
    keys = [str(one).removeprefix("$setting.") for one in references if isinstance(one, str)]
    found = {key: settings.get(key) for key in keys}
    return [
        f"setting '{key}' is {value}, a poll every {value} s: at least 1"
        for key, value in found.items()
        if isinstance(value, int) and value < 1
    ]


def default_settings(manifest: Manifest) -> dict[str, Plain]:
    """What the settings are where a registration does not give them."""
    return {name: _default(setting) for name, setting in manifest.settings.items()}


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


def _default(setting: Setting) -> Plain:
    if isinstance(setting.default, list):
        return list(setting.default)
    if isinstance(setting.default, dict):
        return dict(setting.default)
    return setting.default


def _is(value: Plain, kind: str) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "list":
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if kind == "map":
        return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    return isinstance(value, {"string": str, "boolean": bool}[kind])


def _delivery(name: str, base: Delivery, changed: Mapping[str, Plain]) -> Delivery:
    """The connector's terms, with the registration's own on top."""
    place = f"registration '{name}'.delivery"
    delivery = decode(in_memory(place, _on_top(to_builtins(base), dict(changed))), Delivery)
    misfits = limit_problems(delivery.limits)
    if misfits:
        what = "; ".join(f"limits.{misfit}" for misfit in misfits)
        raise Reject(what, where=place, fix=misfits[0].fix, code="registration")
    return delivery


def _on_top(base: Plain, changed: Plain) -> Plain:
    """`changed` over `base`, key by key in objects."""
    if not isinstance(base, dict) or not isinstance(changed, dict):
        return changed
    return {**base, **{key: _on_top(base.get(key), value) for key, value in changed.items()}}
