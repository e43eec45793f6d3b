"""registrations.yaml: where one system stands, with which credential, serving which agencies.

A registration holds references to secrets, never secrets; they are followed when the adapters are
opened, in `hub.registry.bindings`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct, to_builtins

from hub.errors import Reject
from hub.nearest import nearest
from hub.registry.addresses import address_misfits
from hub.registry.call_limits import limit_problems
from hub.registry.manifest import Manifest, Setting
from hub.registry.manifest_delivery import Delivery
from hub.registry.misfits import Misfit
from hub.registry.problem import Problem
from hub.registry.selection import Selection
from hub.registry.shape import decode
from hub.registry.yaml_file import Plain, YamlFile, in_memory

REFERENCES = ("env:", "file:")
SETTINGS = {  # their types, for people
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "list": "a list of texts",
    "map": "an object of texts",
}


class RegistrationEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the file."""

    connector: str
    """The connector's name."""
    endpoint: str
    """Base address of the system."""
    name: str = ""
    """The registration's name; left out: the connector's."""
    route: str = "default"
    """Which of the ways to the system; credentials may be limited to one."""
    allow_addresses: list[str] = []
    """Private addresses (CIDR) that the endpoint may resolve to; left out: public ones alone."""
    paths: dict[str, str] = {}
    """Where this installation serves a contract's path."""
    agencies: list[str] = []
    """Agencies that it serves, for flows that say `serves`."""
    settings: dict[str, Plain] = {}
    """The connector's settings."""
    secrets: dict[str, str] = {}
    """References: `env:NAME` or `file:PATH`."""
    delivery: dict[str, Plain] = {}
    """Changes to the connector's `delivery`, key by key; null takes a limit away."""
    start: str = ""
    """Where delivery begins first: `beginning` (if a file does not say it), `now`, or a time."""
    paused: bool = False
    """Whether nothing is delivered for now."""


class RegistrationFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; its entries are checked one by one."""

    registrations: list[dict[str, Plain]]


@dataclass(frozen=True, slots=True)
class Registration:
    """A checked entry: settings complete, secrets still references.

    `renewed`: how often what stands behind them has changed since this process started.
    """

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
    allow_addresses: tuple[str, ...] = ()
    selected: tuple[Selection, ...] = ()  # the agencies that it served before
    renewed: int = 0

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
    misfits = list(entry_misfits(entry, manifest))
    if misfits:
        what = "; ".join(misfit.what for misfit in misfits)
        raise Reject(what, f"registration '{name}'", misfits[0].fix, code="registration")
    return Registration(
        name=name,
        connector=entry.connector,
        endpoint=entry.endpoint.rstrip("/"),
        route=entry.route,
        paths=entry.paths,
        agencies=frozenset(entry.agencies),
        settings=_settings(entry, manifest),
        secrets=entry.secrets,
        delivery=_delivery(name, manifest.delivery, entry.delivery),
        start=entry.start or "beginning",
        paused=entry.paused,
        allow_addresses=tuple(entry.allow_addresses),
    )


def entry_misfits(entry: RegistrationEntry, manifest: Manifest) -> Iterator[Misfit]:
    """Everything in an entry that its connector's manifest does not allow."""
    no_address = [*_endpoint_misfits(entry.endpoint)]
    yield from no_address or address_misfits(
        entry.endpoint, entry.allow_addresses, manifest.outbound.auth, _settings(entry, manifest)
    )
    yield from _secret_misfits(entry, manifest)
    yield from _setting_misfits(entry, manifest)
    if entry.start not in ("", "beginning", "now") and _time(entry.start) is None:
        fix = "or write a time with its offset: 2026-11-23T08:00:00+07:00"
        yield Misfit(("start",), "start is not beginning, now or a time", fix)
    try:
        if entry.delivery:  # what the manifest itself says is not this entry's fault
            _delivery(entry.name or entry.connector, manifest.delivery, entry.delivery)
    except Reject as error:
        yield Misfit(("delivery",), f"delivery: {error.what}", error.fix, "delivery")


def moment(start: str) -> int:
    """The time, epoch ms, that a checked registration starts at. Raises ValueError for no time."""
    found = _time(start)
    if found is None:
        raise ValueError(start)
    return round(found.timestamp() * 1000)


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _secret_misfits(entry: RegistrationEntry, manifest: Manifest) -> Iterator[Misfit]:
    yield from _strangers("secret", entry.secrets, manifest.secrets)
    for key, secret in manifest.secrets.items():
        if key not in entry.secrets and not secret.optional:
            fix = f"add secrets: {{{key}: env:NAME}}, or file:PATH"
            yield Misfit(("secrets",), f"secret '{key}' is missing", fix, "missing-key")
    for key, reference in entry.secrets.items():
        if not reference.startswith(REFERENCES):
            what = f"secret '{key}' is not a reference"
            fix = "write env:NAME or file:PATH; whoever saw this value knows it: have it changed"
            yield Misfit(("secrets", key), what, fix, "literal-secret")


def _setting_misfits(entry: RegistrationEntry, manifest: Manifest) -> Iterator[Misfit]:
    yield from _strangers("setting", entry.settings, manifest.settings)
    settings = _settings(entry, manifest)
    for key, setting in manifest.settings.items():
        value, kind = settings[key], SETTINGS[setting.type]
        if value is None and not setting.optional:
            fix = f"add settings: {{{key}: …}}{f' ({setting.doc})' if setting.doc else ''}"
            what = f"setting '{key}' ({setting.type}) is missing"
            yield Misfit(("settings",), what, fix, "missing-key")
        elif key in entry.settings and not fits_setting(value, setting.type):
            yield Misfit(("settings", key), f"setting '{key}' is not {kind}", f"write {kind}")
    yield from _poll_misfits(manifest, settings)


def _settings(entry: RegistrationEntry, manifest: Manifest) -> dict[str, Plain]:
    return {
        key: entry.settings.get(key, default_of(setting))
        for key, setting in manifest.settings.items()
    }


def _strangers(
    kind: str, given: Mapping[str, object], known: Mapping[str, object]
) -> Iterator[Misfit]:
    for key in given.keys() - known.keys():
        near = nearest(key, known)
        listed = ", ".join(known) or "none"
        fix = f"did you mean '{near}'?" if near else f"its {kind}s are: {listed}"
        what = f"{kind} '{key}' is not one of the connector's"
        yield Misfit((f"{kind}s", key), what, fix, "unknown-key")


def _endpoint_misfits(endpoint: str) -> Iterator[Misfit]:
    """An address that no call could be made to, or that holds a credential."""
    fix = "write it as https://host[:port][/path]"
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        yield Misfit(("endpoint",), "endpoint is no address", fix)
        return
    if parts.username is not None or parts.password is not None:
        what = "endpoint holds a user or password"
        yield Misfit(("endpoint",), what, "leave it out: credentials are secrets", "literal-secret")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield Misfit(("endpoint",), "endpoint is no address of http or https", fix)
    if parts.query or parts.fragment:
        yield Misfit(("endpoint",), "endpoint has a query or a fragment", fix)


def _poll_misfits(manifest: Manifest, settings: Mapping[str, Plain]) -> Iterator[Misfit]:
    """Settings by which a system would be asked without a pause."""
    references = [flow.poll.every for flow in manifest.flows.values() if flow.poll]
    keys = [str(one).removeprefix("$setting.") for one in references if isinstance(one, str)]
    for key in keys:
        value = settings.get(key)
        if isinstance(value, int) and value < 1:
            what = f"setting '{key}' is {value}, a poll every {value} s: at least 1"
            yield Misfit(("settings", key), what, "write how many seconds lie between two polls")


def default_settings(manifest: Manifest) -> dict[str, Plain]:
    """What the settings are where a registration does not give them."""
    return {name: default_of(setting) for name, setting in manifest.settings.items()}


def default_of(setting: Setting) -> Plain:
    """A setting's value where a registration gives none; None if it has to."""
    if isinstance(setting.default, list):
        return list(setting.default)
    if isinstance(setting.default, dict):
        return dict(setting.default)
    return setting.default


def fits_setting(value: Plain, kind: str) -> bool:
    """Whether a value is of a setting's type."""
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
