"""What the records of `_schemas` mean, in their order. Pure: offsets and bytes in, facts out.

Several processes may write at once, each from what it has read. The first record that takes an id
or a version number wins; a later one that would take it again for another schema is *void*.
Compaction keeps the last record of a key, so a void one must not stay the last: `cures` says what
has to be written over it, and every process that sees one does so before it writes anything else.
(The topic keeps records of the last day uncompacted, `hub.topics`, so there is time.)

Void are also a live version's tombstone (only what is soft-deleted may be deleted for good) and a
record that would revive a deleted version: a cure that came late would do both.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import msgspec
import orjson

from hub.events.catalogue import Json
from hub.registry.schemas.compatibility import LEVELS
from hub.registry.schemas.text import mark_of

DEFAULT_LEVEL = "BACKWARD"
DEFAULT_MODE = "READWRITE"


class _Key(msgspec.Struct, frozen=True):
    keytype: str
    subject: str | None = None
    version: int | None = None


class _Value(msgspec.Struct, frozen=True):
    """The union of all values' fields; which ones count depends on the key."""

    subject: str | None = None
    version: int = 0
    id: int = 0
    schema: str = ""
    schemaType: str = "AVRO"  # noqa: N815 - the layout's name
    references: tuple[dict[str, msgspec.Raw], ...] = ()
    deleted: bool = False
    compatibilityLevel: str = DEFAULT_LEVEL  # noqa: N815 - the layout's name
    mode: str = DEFAULT_MODE
    highest_id: int = 0


_key_decoder = msgspec.json.Decoder(_Key)
_value_decoder = msgspec.json.Decoder(_Value)


@dataclass(frozen=True, slots=True)
class Version:
    """One registered version. `raw`: the record's value as it stands on the topic."""

    subject: str
    number: int
    id: int
    text: str = field(repr=False)
    mark: str
    deleted: bool = False
    kind: str = "AVRO"
    raw: bytes = field(default=b"", repr=False, compare=False)


@dataclass(slots=True)
class State:
    """Everything the registry knows, as of `offset` (the next record to apply)."""

    offset: int = 0
    highest: int = 0  # id ever given
    subjects: dict[str, dict[int, Version]] = field(default_factory=dict)
    levels: dict[str | None, str] = field(default_factory=dict)
    modes: dict[str | None, str] = field(default_factory=dict)
    cures: dict[bytes, bytes | None] = field(default_factory=dict)
    unreadable: int = 0
    _ids: dict[int, list[Version]] = field(default_factory=dict)

    def apply(self, offset: int, key: bytes | None, value: bytes | None) -> None:
        """Take in one record. What is no record of a registry is counted and changes nothing."""
        self.offset = offset + 1
        try:
            found = _key_decoder.decode(key or b"")
            content = None if value is None else _value_decoder.decode(value)
        except msgspec.DecodeError:
            self.unreadable += 1
            return
        match found:
            case _Key("SCHEMA", str(subject), int(number)):
                self._schema(key or b"", subject, number, content, value or b"")
            case _Key("DELETE_SUBJECT", str(subject)) if content is not None:
                self._delete_subject(subject, content.version)
            case _Key("CONFIG", subject):
                _put(self.levels, subject, None if content is None else content.compatibilityLevel)
            case _Key("MODE", subject):
                _put(self.modes, subject, None if content is None else content.mode)
            case _Key("NOOP") if content is not None:
                self.highest = max(self.highest, content.highest_id)

    def versions(self, subject: str, *, deleted: bool = False) -> list[Version]:
        """Ascending; live ones only, or the deleted as well."""
        found = self.subjects.get(subject, {})
        return [found[n] for n in sorted(found) if deleted or not found[n].deleted]

    def by_id(self, number: int) -> list[Version]:
        """Every version with that id, live or soft-deleted: bytes written with it must be read."""
        return sorted(self._ids.get(number, ()), key=lambda v: (v.subject, v.number))

    def id_of(self, mark: str) -> int | None:
        """The id that this schema has already, under whatever subject."""
        return min((n for n, held in self._ids.items() if held[0].mark == mark), default=None)

    def level(self, subject: str) -> str:
        """The compatibility level in force for a subject."""
        level = self.levels.get(subject) or self.levels.get(None) or DEFAULT_LEVEL
        return level if level in LEVELS else DEFAULT_LEVEL

    def mode(self, subject: str) -> str:
        """The mode in force for a subject."""
        return self.modes.get(subject) or self.modes.get(None) or DEFAULT_MODE

    def _schema(
        self, key: bytes, subject: str, number: int, content: _Value | None, raw: bytes
    ) -> None:
        current = self.subjects.get(subject, {}).get(number)
        if content is None:
            if current is not None and not current.deleted:
                self.cures[key] = current.raw
                return
            if current is not None:
                self._forget(current)
            self.cures.pop(key, None)
            return
        new = _version(subject, number, content, raw)
        holders = self._ids.get(new.id)
        taken = holders is not None and holders[0].mark != new.mark
        if taken or (current is not None and not _follows(current, new)):
            self.cures[key] = current.raw if current is not None else None
            return
        if current is not None:
            self._forget(current)
        self._remember(new)
        self.cures.pop(key, None)

    def _delete_subject(self, subject: str, watermark: int) -> None:
        for version in self.versions(subject):
            if version.number <= watermark:
                self._forget(version)
                gone = replace(version, deleted=True)
                self._remember(replace(gone, raw=schema_value(gone, version.raw)))

    def _remember(self, version: Version) -> None:
        self.subjects.setdefault(version.subject, {})[version.number] = version
        self._ids.setdefault(version.id, []).append(version)
        self.highest = max(self.highest, version.id)

    def _forget(self, version: Version) -> None:
        del self.subjects[version.subject][version.number]
        if not self.subjects[version.subject]:
            del self.subjects[version.subject]
        self._ids[version.id].remove(version)
        if not self._ids[version.id]:
            del self._ids[version.id]


def _follows(current: Version, new: Version) -> bool:
    same = current.id == new.id and current.mark == new.mark
    return same and (new.deleted or not current.deleted)


def _version(subject: str, number: int, content: _Value, raw: bytes) -> Version:
    mark = f"{content.schemaType} {content.references!r} {content.schema}"
    if content.schemaType == "AVRO" and not content.references:
        # A bare primitive's name, or what another registry let in, is compared as it stands.
        with suppress(orjson.JSONDecodeError, RecursionError):
            mark = mark_of(orjson.loads(content.schema))
    return Version(
        subject, number, content.id, content.schema, mark, content.deleted, content.schemaType, raw
    )


def _put(table: dict[str | None, str], subject: str | None, value: str | None) -> None:
    if value is None:
        table.pop(subject, None)
    else:
        table[subject] = value


def schema_key(subject: str, number: int) -> bytes:
    """The order of the members counts: compaction compares bytes."""
    return orjson.dumps({"keytype": "SCHEMA", "subject": subject, "version": number, "magic": 1})


def schema_value(version: Version, base: bytes = b"{}") -> bytes:
    """The value of a version; members of `base` that the hub does not know stay as they are."""
    kept: Mapping[str, Json] = orjson.loads(base)
    mine = {
        "subject": version.subject,
        "version": version.number,
        "id": version.id,
        "schema": version.text,
        "deleted": version.deleted,
    }
    return orjson.dumps({**kept, **mine})


def other_key(keytype: str, subject: str | None) -> bytes:
    """The key of CONFIG (subject or null), DELETE_SUBJECT and NOOP."""
    if keytype == "NOOP":
        return b'{"keytype":"NOOP","magic":0}'
    return orjson.dumps({"keytype": keytype, "subject": subject, "magic": 0})
