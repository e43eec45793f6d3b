"""The registry's facts, kept in the topic `_schemas`.

Every change goes the same way: read to the end, decide, append, read up to one's own record, and
look whether it counts. If another process was first, decide again. Reads ask for the topic's end
first where the answer may be stale; what an id means never changes, so that is answered at once.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import orjson

from hub.log import get_logger
from hub.records import Broker, Record
from hub.registry.own_topic import OwnTopic, open_topic
from hub.registry.schemas import errors
from hub.registry.schemas.compatibility import misfits
from hub.registry.schemas.state import State, Version, other_key, schema_key, schema_value
from hub.registry.schemas.text import Schema, parse
from hub.topics import SCHEMAS

ATTEMPTS = 20  # against other processes; each round somebody wins

log = get_logger("registry")


@contextmanager
def open_store(broker: Broker) -> Iterator["Store"]:
    """The store, read to its end. Creates the topic. Raises Retry when the broker is away."""
    with open_topic(broker, SCHEMAS) as topic:
        store = Store(topic)
        store.catch_up()
        yield store


@dataclass(frozen=True, slots=True)
class Plan:
    """What to append, and whether it counts once it has been read back."""

    key: bytes
    value: bytes | None
    counts: Callable[[State], bool]


class Store:
    """Thread-safe: one lock, held while the topic is read or written. Requests are rare."""

    def __init__(self, topic: OwnTopic) -> None:
        self._topic = topic
        self._lock = threading.RLock()
        self._state = State()

    def catch_up(self, upto: int = 0) -> State:
        """Read to the topic's end (at least to `upto`) and give the state as of then.

        Raises Retry if that does not succeed within half a minute.
        """
        with self._lock:
            unreadable = self._state.unreadable
            self._topic.read(self._take, upto)
            if self._state.unreadable > unreadable:
                log.warning("schema_records_unreadable", count=self._state.unreadable - unreadable)
            return self._state

    def _take(self, records: Sequence[Record]) -> None:
        for record in records:
            self._state.apply(record.offset, record.key, record.value)

    @contextmanager
    def fresh(self) -> Iterator[State]:
        """The state as of now; nobody changes it inside the block."""
        with self._lock:
            yield self.catch_up()

    def by_id(self, number: int) -> list[Version]:
        """The versions with that id; none if there is no such id as of now."""
        # Without the lock: while the broker is away a writer may hold it for long.
        return self._state.by_id(number) or self.catch_up().by_id(number)

    def register(self, subject: str, text: str) -> int:
        """The id of the schema under the subject, as a new version if it is not there yet.

        Raises RegistryError: 42201 invalid, 409 incompatible, 42205 when the mode forbids it.
        """
        schema = parse(text)
        with self._lock:
            for _ in range(ATTEMPTS):
                state = self._cured()
                known = find(state, subject, schema)
                if known is not None:
                    return known.id
                _may_write(state, subject)
                why = incompatibilities(state.versions(subject), schema, state.level(subject))
                if why:
                    raise errors.incompatible(subject, why)
                if self._carry_out(_registration(state, subject, schema)):
                    log.info("schema_registered", subject=subject)
        raise errors.store_failed("other registries were first too often; try again")

    def set_level(self, subject: str | None, level: str | None) -> None:
        """Set a compatibility level; None for the subject means all, for the level unsets it."""
        value = None if level is None else orjson.dumps({"compatibilityLevel": level})
        with self._lock:
            self._cured()
            self._carry_out(Plan(other_key("CONFIG", subject), value, lambda _: True))

    def delete_subject(self, subject: str, *, permanent: bool) -> list[int]:
        """Delete all versions, first softly, then for good; returns their numbers.

        Raises RegistryError 40401, 40404 (is already), 40405 (must be softly first).
        """
        with self._lock:
            state = self._cured()
            _may_write(state, subject)
            every, live = state.versions(subject, deleted=True), state.versions(subject)
            if not every:
                raise errors.no_subject(subject)
            if permanent:
                if live:
                    raise errors.live_subject(subject)
                self._forget(every)
                return [version.number for version in every]
            if not live:
                raise errors.deleted_subject(subject)
            last = live[-1].number
            value = orjson.dumps({"subject": subject, "version": last})
            self._carry_out(Plan(other_key("DELETE_SUBJECT", subject), value, lambda _: True))
            if subject in state.levels:
                self.set_level(subject, None)
            return [version.number for version in live]

    def delete_version(self, subject: str, number: int | None, *, permanent: bool) -> int:
        """Delete one version (None: the latest live one); returns its number.

        Raises RegistryError 40401, 40402, 40406 (is already), 40407 (must be softly first).
        """
        with self._lock:
            state = self._cured()
            _may_write(state, subject)
            version = pick(state, subject, number, deleted=True)
            if permanent:
                if not version.deleted:
                    raise errors.live_version(subject, version.number)
                self._forget([version])
                return version.number
            if version.deleted:
                raise errors.deleted_version(subject, version.number)
            gone = replace(version, deleted=True)
            key, value = schema_key(subject, version.number), schema_value(gone, version.raw)
            self._carry_out(Plan(key, value, lambda _: True))
            return version.number

    def _forget(self, versions: list[Version]) -> None:
        """Tombstones; before them the highest id, which must never be given again."""
        highest = orjson.dumps({"highest_id": self._state.highest})
        self._carry_out(Plan(other_key("NOOP", None), highest, lambda _: True))
        for version in versions:
            key = schema_key(version.subject, version.number)
            self._carry_out(Plan(key, None, lambda _: True))

    def _cured(self) -> State:
        """The state as of now, after writing over void records that nobody has cured yet."""
        state = self.catch_up()
        for key, value in list(state.cures.items()):
            log.warning("schema_record_void", key=key.decode(errors="replace"))
            self._carry_out(Plan(key, value, lambda _: True))
        return state

    def _carry_out(self, plan: Plan) -> bool:
        """Append, read back, and say whether it counts. Raises Retry when not acknowledged."""
        return plan.counts(self.catch_up(self._topic.append(plan.key, plan.value)))


def find(state: State, subject: str, schema: Schema, *, deleted: bool = False) -> Version | None:
    """The version of the subject that is this schema."""
    versions = state.versions(subject, deleted=deleted)
    return next((version for version in versions if version.mark == schema.mark), None)


def pick(state: State, subject: str, number: int | None, *, deleted: bool = False) -> Version:
    """One version of a subject (None: the latest live one). Raises RegistryError 40401, 40402."""
    versions = state.versions(subject, deleted=deleted)
    if not versions:
        raise errors.no_subject(subject)
    if number is None:
        versions = [version for version in versions if not version.deleted]
    found = [version for version in versions if number is None or version.number == number]
    if not found:
        raise errors.no_version("latest" if number is None else number)
    return found[-1]


def incompatibilities(earlier: list[Version], schema: Schema, level: str) -> list[str]:
    """Why the schema may not follow these versions. Raises RegistryError for one it cannot read."""
    if level == "NONE":
        return []
    foreign = [version for version in earlier if version.kind != "AVRO"]
    if foreign:
        return [f"version {foreign[0].number} is of type {foreign[0].kind}"]
    return misfits(schema.parsed, [(v.number, parse(v.text).parsed) for v in earlier], level)


def _registration(state: State, subject: str, schema: Schema) -> Plan:
    known = state.id_of(schema.mark)
    every = state.versions(subject, deleted=True)
    version = Version(
        subject,
        every[-1].number + 1 if every else 1,
        known if known is not None else state.highest + 1,
        schema.text,
        schema.mark,
    )

    def counts(now: State) -> bool:
        held = now.subjects.get(subject, {}).get(version.number)
        return held == version

    return Plan(schema_key(subject, version.number), schema_value(version), counts)


def _may_write(state: State, subject: str) -> None:
    mode = state.mode(subject)
    if mode != "READWRITE":
        raise errors.not_permitted(f"Subject '{subject}' is in {mode} mode")
