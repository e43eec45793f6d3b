"""What the registry answers: one function a path of Confluent's REST interface, no transport.

Not there, and refused by name: schema types other than Avro, references (the hub registers every
schema self-contained), contexts, changing the mode. `normalize` is accepted and always in force.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import msgspec

from hub.events.catalogue import Json
from hub.registry.schemas import errors
from hub.registry.schemas.compatibility import LEVELS
from hub.registry.schemas.errors import RegistryError
from hub.registry.schemas.state import DEFAULT_LEVEL, DEFAULT_MODE, State, Version
from hub.registry.schemas.store import Store, find, incompatibilities, pick
from hub.registry.schemas.text import parse

SUBJECT_CHARACTERS = 255
HIGHEST_VERSION = 2**31 - 1


Sent = TypeVar("Sent")


class SchemaBody(msgspec.Struct, frozen=True):
    """What clients send to register, to look up and to compare."""

    schema: str
    schemaType: str = "AVRO"  # noqa: N815 - the interface's name
    references: tuple[msgspec.Raw, ...] = ()


class ConfigBody(msgspec.Struct, frozen=True):
    compatibility: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request without its transport."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    def asked(self, name: str) -> bool:
        """Whether a query parameter is set to true."""
        return self.query.get(name, "").lower() == "true"

    @property
    def subject(self) -> str:
        subject = self.path["subject"]
        if len(subject) > SUBJECT_CHARACTERS or not subject.isprintable():
            raise RegistryError(422, 42208, "The specified subject is not a valid subject name")
        return subject

    @property
    def version(self) -> int | None:
        """The version in the path; None for the latest. Raises RegistryError 42202."""
        text = self.path["version"]
        if text in ("latest", "-1"):
            return None
        if not (text.isascii() and text.isdigit() and 0 < int(text[:11]) <= HIGHEST_VERSION):
            raise errors.invalid_version(text)
        return int(text)

    @property
    def schema(self) -> str:
        """The schema in the body. Raises RegistryError for what the hub does not keep."""
        sent = self.read(SchemaBody)
        if sent.schemaType != "AVRO":
            raise errors.invalid_schema(f"type {sent.schemaType:.20} is not kept here, only AVRO")
        if sent.references:
            raise errors.invalid_schema("references are not kept here; write shared types inside")
        return sent.schema

    def read(self, kind: type[Sent]) -> Sent:
        """The body, checked. Raises RegistryError naming the member that does not fit."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, RecursionError) as error:
            raise RegistryError(422, 422, f"The body cannot be read: {error}") from error


Handler: TypeAlias = Callable[[Store, Call], "Json | bytes"]


def root(store: Store, call: Call) -> Json:
    del store, call
    return {}


def types(store: Store, call: Call) -> Json:
    del store, call
    return ["AVRO"]


def subjects(store: Store, call: Call) -> Json:
    prefix = call.query.get("subjectPrefix", "")
    with store.fresh() as state:
        return [
            name
            for name in sorted(state.subjects)
            if name.startswith(prefix) and _listed(state.versions(name, deleted=True), call)
        ]


def versions(store: Store, call: Call) -> Json:
    with store.fresh() as state:
        every = state.versions(call.subject, deleted=True)
        found = [v.number for v in every if _listed([v], call)]
    if not found:
        raise errors.no_subject(call.subject)
    return list(found)


def register(store: Store, call: Call) -> Json:
    return {"id": store.register(call.subject, call.schema)}


def look_up(store: Store, call: Call) -> Json:
    schema = parse(call.schema)
    with store.fresh() as state:
        if not state.versions(call.subject, deleted=call.asked("deleted")):
            raise errors.no_subject(call.subject)
        found = find(state, call.subject, schema, deleted=call.asked("deleted"))
    if found is None:
        raise errors.no_schema()
    return _shown(found)


def version(store: Store, call: Call) -> Json:
    with store.fresh() as state:
        return _shown(pick(state, call.subject, call.version, deleted=call.asked("deleted")))


def version_schema(store: Store, call: Call) -> bytes:
    with store.fresh() as state:
        found = pick(state, call.subject, call.version, deleted=call.asked("deleted"))
    return found.text.encode()


def referenced_by(store: Store, call: Call) -> Json:
    with store.fresh() as state:
        pick(state, call.subject, call.version)
    return []


def by_id(store: Store, call: Call) -> Json:
    found = _with_id(store, call)[0]
    extra: dict[str, Json] = {} if found.kind == "AVRO" else {"schemaType": found.kind}
    return {"schema": found.text, **extra}


def by_id_schema(store: Store, call: Call) -> bytes:
    return _with_id(store, call)[0].text.encode()


def by_id_subjects(store: Store, call: Call) -> Json:
    found = sorted({v.subject for v in _with_id(store, call) if _listed([v], call)})
    return list(found)


def by_id_versions(store: Store, call: Call) -> Json:
    return [
        {"subject": v.subject, "version": v.number}
        for v in _with_id(store, call)
        if _listed([v], call)
    ]


def compare(store: Store, call: Call) -> Json:
    """Whether the schema may follow one version."""
    schema = parse(call.schema)
    with store.fresh() as state:
        earlier, level = [pick(state, call.subject, call.version)], state.level(call.subject)
    # Without the lock: comparing may take a second.
    why = incompatibilities(earlier, schema, level)
    return _verdict(why, call)


def compare_all(store: Store, call: Call) -> Json:
    """Whether the schema may follow all versions that the level names."""
    schema = parse(call.schema)
    with store.fresh() as state:
        earlier, level = state.versions(call.subject), state.level(call.subject)
    why = incompatibilities(earlier, schema, level)
    return _verdict(why, call)


def level(store: Store, call: Call) -> Json:
    subject = call.subject if "subject" in call.path else None
    with store.fresh() as state:
        if subject is None or call.asked("defaultToGlobal"):
            return {"compatibilityLevel": state.level(subject or "")}
        if subject not in state.levels:
            raise errors.no_config(subject)
        return {"compatibilityLevel": state.levels[subject]}


def set_level(store: Store, call: Call) -> Json:
    wanted = call.read(ConfigBody).compatibility.upper()
    if wanted not in LEVELS:
        raise errors.invalid_level(LEVELS)
    store.set_level(call.subject if "subject" in call.path else None, wanted)
    return {"compatibility": wanted}


def unset_level(store: Store, call: Call) -> Json:
    subject = call.subject if "subject" in call.path else None
    with store.fresh() as state:
        held = state.levels.get(subject, None if subject else DEFAULT_LEVEL)
        if held is None:
            raise errors.no_config(subject or "")
    store.set_level(subject, None)
    return {"compatibilityLevel": held}


def mode(store: Store, call: Call) -> Json:
    with store.fresh() as state:
        return {"mode": _mode(state, call)}


def delete_subject(store: Store, call: Call) -> Json:
    return list(store.delete_subject(call.subject, permanent=call.asked("permanent")))


def delete_version(store: Store, call: Call) -> Json:
    permanent = call.asked("permanent")
    return store.delete_version(call.subject, call.version, permanent=permanent)


def _mode(state: State, call: Call) -> str:
    if "subject" not in call.path or call.asked("defaultToGlobal"):
        return state.modes.get(None, DEFAULT_MODE)
    if call.subject not in state.modes:
        raise RegistryError(
            404, 40409, f"Subject '{call.subject}' does not have subject-level mode configured"
        )
    return state.modes[call.subject]


def _with_id(store: Store, call: Call) -> list[Version]:
    text = call.path["id"]
    if not (text.isascii() and text.isdigit()):
        raise RegistryError(404, 404, "HTTP 404 Not Found")
    found = store.by_id(int(text[:11]))
    if not found:
        raise errors.no_schema()
    return found


def _listed(found: list[Version], call: Call) -> bool:
    """Whether a list shows it: live ones, with `deleted` all, with `deletedOnly` the others."""
    live = any(not version.deleted for version in found)
    if call.asked("deletedOnly"):
        return not live
    return live or call.asked("deleted")


def _shown(found: Version) -> Json:
    extra: dict[str, Json] = {} if found.kind == "AVRO" else {"schemaType": found.kind}
    return {
        "subject": found.subject,
        "version": found.number,
        "id": found.id,
        **extra,
        "schema": found.text,
    }


def _verdict(why: list[str], call: Call) -> Json:
    verbose: dict[str, Json] = {"messages": list(why)} if call.asked("verbose") else {}
    return {"is_compatible": not why, **verbose}


VERSION = "/subjects/{subject}/versions/{version}"
HANDLERS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/", root),
    ("GET", "/schemas/types", types),
    ("GET", "/schemas/ids/{id}", by_id),
    ("GET", "/schemas/ids/{id}/schema", by_id_schema),
    ("GET", "/schemas/ids/{id}/subjects", by_id_subjects),
    ("GET", "/schemas/ids/{id}/versions", by_id_versions),
    ("GET", "/subjects", subjects),
    ("POST", "/subjects/{subject}", look_up),
    ("DELETE", "/subjects/{subject}", delete_subject),
    ("GET", "/subjects/{subject}/versions", versions),
    ("POST", "/subjects/{subject}/versions", register),
    ("GET", VERSION, version),
    ("DELETE", VERSION, delete_version),
    ("GET", f"{VERSION}/schema", version_schema),
    ("GET", f"{VERSION}/referencedby", referenced_by),
    ("POST", f"/compatibility{VERSION}", compare),
    ("POST", "/compatibility/subjects/{subject}/versions", compare_all),
    ("GET", "/config", level),
    ("PUT", "/config", set_level),
    ("DELETE", "/config", unset_level),
    ("GET", "/config/{subject}", level),
    ("PUT", "/config/{subject}", set_level),
    ("DELETE", "/config/{subject}", unset_level),
    ("GET", "/mode", mode),
    ("GET", "/mode/{subject}", mode),
)
