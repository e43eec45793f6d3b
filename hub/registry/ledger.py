"""What stands on `hub.registry`: bundles, certificates, and what each registration is (0014).

    bundle|<sha256>                     the files of a bundle
    certificate|<sha256>|<its sha256>   a certificate of that bundle, as it was signed
    registration|<name>                 what the name is now, and what it was
    file|<name>|<sha256>                what the files said of the name when a control plane began

Every process folds the topic's records into the same `Ledger`. The topic's order decides between
two who change one registration at once: of several records with one version the first counts.
Compaction would keep the last of them, so whoever writes sees in `void` what must be written over
(as `hub.registry.schemas.state` does). A version may be missing where compaction took it, so a
higher one always counts.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, TypeAlias

import msgspec
import orjson

from hub.records import Record
from hub.registry.bundle_files import digest_of
from hub.registry.seen import UNSEEN, Seen
from hub.registry.yaml_file import Plain

State: TypeAlias = Literal["draft", "certified", "live", "paused", "retired"]
Did: TypeAlias = Literal[
    "register", "certify", "golive", "pause", "resume", "rollback", "retire", "adopt"
]
Entry: TypeAlias = dict[str, Plain]
Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]  # 0: what stands in the files
MOST_BEFORE = 50  # earlier versions that a registration names; `hub.act` keeps all of them
SERVED: frozenset[State] = frozenset({"live", "paused"})  # what has a door; only `live` has a lane


class Version(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a registration was, once.

    `bundle`: 64 hex digits. `entry`: as one stands in registrations.yaml. `at`: epoch ms.
    `certificate` names it by its SHA-256; `override` is why none was needed. `did`: what was done;
    "adopt" is what stood in the files before anybody changed it here. `seen`: what was known of
    what it changes. `connector`: whose bundle it is; "" in records of an earlier hub.
    """

    version: Number
    bundle: str
    entry: Entry
    state: State
    by: str
    at: int
    did: Did = "register"
    certificate: str = ""
    override: str = ""
    reason: str = ""
    seen: Seen = UNSEEN
    connector: str = ""


class Registered(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a registration is now; `before`: what it was, oldest first."""

    name: str
    connector: str
    bundle: str
    entry: Entry
    state: State
    version: Number
    by: str
    at: int
    did: Did = "register"
    certificate: str = ""
    override: str = ""
    reason: str = ""
    seen: Seen = UNSEEN
    before: tuple[Version, ...] = ()

    @property
    def now(self) -> Version:
        """The present version, as it will stand in `before`."""
        return Version(
            self.version,
            self.bundle,
            self.entry,
            self.state,
            self.by,
            self.at,
            self.did,
            self.certificate,
            self.override,
            self.reason,
            self.seen,
            self.connector,
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it, at one moment; never changed, only followed by another.

    `bundles`: files by path, under the bundle's SHA-256. `certificates`: as signed, by
    (bundle, certificate). `filed`: by name, the versions that stood in the files, oldest first: a
    file says only what is so now. `void`: the record that has to be written over a loser, by key.
    `unread`: keys of the last records that could not be read, which changed nothing.
    """

    registrations: Mapping[str, Registered] = field(default_factory=dict)
    bundles: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)
    certificates: Mapping[tuple[str, str], bytes] = field(default_factory=dict, repr=False)
    filed: Mapping[str, tuple[Registered, ...]] = field(default_factory=dict)
    void: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)
    unread: frozenset[str] = frozenset()


def fold(ledger: Ledger, records: Iterable[Record]) -> Ledger:
    """The ledger after these records of `hub.registry`, in the topic's order."""
    folding = None
    for record in records:
        folding = folding or _Folding(ledger)
        folding.take(record.key or b"", record.value)
    return folding.ledger if folding else ledger


def bundle_record(files: Mapping[str, bytes]) -> tuple[bytes, bytes]:
    """Key and value of a bundle."""
    named = {name: b64encode(body).decode() for name, body in files.items()}
    return f"bundle|{digest_of(files)}".encode(), _json({"files": named})


def certificate_record(bundle: str, certificate: bytes) -> tuple[bytes, bytes]:
    """Key and value of a certificate of that bundle."""
    return f"certificate|{bundle}|{certificate_name(certificate)}".encode(), certificate


def certificate_name(certificate: bytes) -> str:
    """How a registration names it: its SHA-256, 64 hex digits."""
    return hashlib.sha256(certificate).hexdigest()


def registration_record(registered: Registered) -> tuple[bytes, bytes]:
    """Key and value of a registration."""
    return registration_key(registered.name), _json(msgspec.to_builtins(registered))


def filed_record(registered: Registered) -> tuple[bytes, bytes]:
    """Key and value of a version that stands in the files."""
    value = _json(msgspec.to_builtins(registered))
    return f"file|{registered.name}|{hashlib.sha256(value).hexdigest()}".encode(), value


def registration_key(name: str) -> bytes:
    """The key under which a registration stands."""
    return f"registration|{name}".encode()


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


class _Files(msgspec.Struct, frozen=True):
    files: dict[str, str]


class _Folding:
    """Between two ledgers."""

    def __init__(self, ledger: Ledger) -> None:
        self._registrations = dict(ledger.registrations)
        self._bundles = dict(ledger.bundles)
        self._certificates = dict(ledger.certificates)
        self._filed = dict(ledger.filed)
        self._void = dict(ledger.void)
        self._unread = set(ledger.unread)
        self._from = ledger

    @property
    def ledger(self) -> Ledger:
        return replace(
            self._from,
            registrations=self._registrations,
            bundles=self._bundles,
            certificates=self._certificates,
            filed=self._filed,
            void=self._void,
            unread=frozenset(self._unread),
        )

    def take(self, key: bytes, value: bytes | None) -> None:
        text = key.decode(errors="replace")
        kind, _, name = text.partition("|")
        takers = {
            "bundle": self._bundle,
            "certificate": self._certificate,
            "registration": self._registration,
            "file": self._file,
        }
        try:
            read = kind in takers and takers[kind](name, value)
        except ValueError:  # msgspec's and base64's are of that kind
            read = False
        if read:
            self._unread.discard(text)
        else:
            self._unread.add(text)

    def _bundle(self, sha256: str, value: bytes | None) -> bool:
        if value is None:
            self._bundles.pop(sha256, None)
            return True
        found = msgspec.json.decode(value, type=_Files).files
        files = {name: b64decode(body, validate=True) for name, body in found.items()}
        if digest_of(files) != sha256:
            return False
        self._bundles[sha256] = files
        return True

    def _certificate(self, names: str, value: bytes | None) -> bool:
        bundle, _, name = names.partition("|")
        if value is None:
            self._certificates.pop((bundle, name), None)
            return True
        if certificate_name(value) != name:
            return False
        self._certificates[bundle, name] = value
        return True

    def _file(self, names: str, value: bytes | None) -> bool:
        name, _, digest = names.rpartition("|")
        others = [one for one in self._filed.get(name, ()) if _filed_as(one) != names]
        if value is not None:
            found = msgspec.json.decode(value, type=Registered)
            if found.name != name or hashlib.sha256(value).hexdigest() != digest:
                return False
            others.append(found)
        self._filed[name] = tuple(others)
        return True

    def _registration(self, name: str, value: bytes | None) -> bool:
        key = registration_key(name)
        if value is None:
            self._registrations.pop(name, None)
            self._void.pop(key, None)
            return True
        found = msgspec.json.decode(value, type=Registered)
        if found.name != name:
            return False
        known = self._registrations.get(name)
        if known is None or found.version > known.version:
            self._registrations[name] = found
        if found == self._registrations[name]:
            self._void.pop(key, None)
        elif known is not None:
            self._void[key] = registration_record(known)[1]
        return True


def _filed_as(registered: Registered) -> str:
    return filed_record(registered)[0].decode().partition("|")[2]
