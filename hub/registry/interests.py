"""Who should be told of what: every registration that somebody wrote down, live or not.

For people who ask why something has not arrived. A bundle is not proved for it, which takes a
second; its manifest is read, as far as it says what its flows are on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from hub.contract.types import Document
from hub.errors import Reject
from hub.registry.call_limits import CallLimits
from hub.registry.entries import entry_of, read_entries
from hub.registry.ledger import Ledger, Registered
from hub.registry.manifest import Manifest
from hub.registry.manifest_words import words
from hub.registry.registration import RegistrationEntry, complete
from hub.registry.shape import decode
from hub.registry.yaml_file import read_yaml

MANIFEST = "connector.yaml"
NO_LIMITS = CallLimits()
State: TypeAlias = Literal["live", "paused", "retired", "waiting", "broken"]


@dataclass(frozen=True, slots=True)
class Interest:
    """One registration. `waiting`: written down, not live yet. `problem`: why it is so.

    `serves`: by an event's short name, the fields that name the agency meant; "" for all agencies.
    """

    name: str
    state: State
    problem: str = ""
    serves: Mapping[str, tuple[str, ...]] | None = None
    agencies: frozenset[str] = frozenset()
    limits: CallLimits = NO_LIMITS

    def takes(self, kind: str, record: Document) -> bool:
        """Whether an event of that short name is for it, by the agency that it names."""
        fields = (self.serves or {}).get(kind, ())
        return any(not field or record.get(field) in self.agencies for field in fields)


def interests(connectors: Path, registrations: Path, ledger: Ledger) -> list[Interest]:
    """All of them, by name. The ledger's word on a name replaces the file's."""
    entries, bad = read_entries(registrations)
    found = {name: Interest(name, "broken", "; ".join(map(str, p))) for name, p in bad.items()}
    for entry in entries:
        name = entry.name or entry.connector
        found[name] = _of(name, entry, _files_manifest(connectors, entry.connector))
    for name, registered in ledger.registrations.items():
        found[name] = _of_ledger(name, registered, ledger, connectors)
    return [found[name] for name in sorted(found)]


def _of(
    name: str, entry: RegistrationEntry, manifest: Manifest | str, state: State | None = None
) -> Interest:
    if isinstance(manifest, str):
        return Interest(name, "broken", manifest)
    try:
        registration = complete(entry, manifest)
    except Reject as error:
        return Interest(name, "broken", str(error))
    return Interest(
        name,
        state or ("paused" if registration.paused else "live"),
        serves=dict(_serves(manifest)),
        agencies=registration.agencies,
        limits=registration.delivery.limits,
    )


def _of_ledger(name: str, one: Registered, ledger: Ledger, connectors: Path) -> Interest:
    states: Mapping[str, State] = {"live": "live", "paused": "paused", "retired": "retired"}
    state = states.get(one.state, "waiting")
    why = f"{one.by}: {one.reason}" if one.reason else f"{one.state} since {one.by} said so"
    if state in ("retired", "waiting"):
        return Interest(name, state, why)
    files = ledger.bundles.get(one.bundle)
    body = files.get(MANIFEST) if files is not None else None
    manifest = _files_manifest(connectors, one.connector) if body is None else _manifest(body)
    try:
        entry = entry_of(one)
    except Reject as error:
        return Interest(name, "broken", str(error))
    found = _of(name, entry, manifest, state)
    return replace(found, problem=why) if found.state == "paused" else found


def _files_manifest(connectors: Path, connector: str) -> Manifest | str:
    """The manifest of a folder, or what is wrong with it."""
    file = connectors / connector / MANIFEST
    try:
        return _manifest(file.read_bytes())
    except OSError:
        return f"there is no connector '{connector}'"


def _manifest(body: bytes) -> Manifest | str:
    try:
        return decode(read_yaml(body, MANIFEST), Manifest)
    except Reject as error:
        return str(error)


def _serves(manifest: Manifest) -> Iterator[tuple[str, tuple[str, ...]]]:
    fields: dict[str, list[str]] = {}
    for flow in manifest.flows.values():
        for short in words(flow.on):
            fields.setdefault(short, []).append(flow.serves or "")
    for short, names in fields.items():
        yield short, tuple(names)
