"""The events' types, as mappings and cases see them: the hub's, and those that bundles bring."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from hub.contract.avro import avro_types
from hub.contract.problems import ContractErrors
from hub.contract.types import Record
from hub.errors import Reject
from hub.events.catalogue import FILE_BYTES, Definition, build, fields_of, full_name
from hub.registry.problem import Problem

FOLDER = "schemas/"  # of a bundle
ENDING = ".avsc"
CLASSES = ("n", "p", "s")  # of personal data
CODE = "event-schema"


@dataclass(frozen=True, slots=True)
class Events:
    """The events' types, as mappings see them; all follow from `files`: schemas by file name."""

    records: Mapping[str, Record]  # by short name, shared records included
    full_names: Mapping[str, str]  # events only
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def read_events(folder: Path) -> Events:
    """The records of a folder of .avsc files."""
    return events_of({path.name: path.read_bytes() for path in sorted(folder.glob(f"*{ENDING}"))})


def events_of(files: Mapping[str, bytes]) -> Events:
    """The records of these schemas, by file name. Raises ContractErrors."""
    types = avro_types(files)
    names = {name: types.full_name(name) for name in types}
    records = {n: record for n, record in types.items() if not names[n].startswith("hub.")}
    events = {n: names[n] for n in records if not names[n].startswith("common.")}
    return Events(records, events, files)


def own_schemas(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The schemas that a bundle of these files brings, by file name."""
    return {
        name.removeprefix(FOLDER): body for name, body in files.items() if name.startswith(FOLDER)
    }


def definitions(bundles: Iterable[Mapping[str, bytes]]) -> dict[str, Definition]:
    """What bundles that were proved bring, by full name."""
    return {
        name.removesuffix(ENDING): orjson.loads(body)
        for files in bundles
        for name, body in own_schemas(files).items()
    }


def joined(events: Events, others: Iterable[Events]) -> Events:
    """The events, and those that bundles brought."""
    found = events
    for other in others:
        if other.files != found.files:
            found = Events(
                {**other.records, **found.records},
                {**other.full_names, **found.full_names},
                {**other.files, **found.files},
            )
    return found


def with_own(
    events: Events, connector: str, files: Mapping[str, bytes]
) -> tuple[Events, list[Problem]]:
    """The events and those that the bundle of `connector` brings, and what is wrong with these.

    Their names stand in its own namespace, `waterco.v1.MeterRead`; shared types are mentioned by
    their full name (`common.v1.Address`). A schema that is wrong is left out.
    """
    own = own_schemas(files)
    if not own:
        return events, []
    problems = [p for name, body in own.items() for p in _schema_problems(connector, name, body)]
    if problems:
        return events, problems
    whole = {**events.files, **own}
    try:
        build({name.removesuffix(ENDING): orjson.loads(body) for name, body in whole.items()})
        return events_of(whole), []
    except ContractErrors as error:
        found = [(e.where, e.what, e.fix) for e in error.problems or (error,)]
    except Reject as error:
        found = [(error.where, error.what, error.fix)]
    return events, [Problem(f"{FOLDER}{at}", what, fix, code=CODE) for at, what, fix in found]


def _schema_problems(connector: str, name: str, body: bytes) -> Iterator[Problem]:
    """What is wrong with one schema by itself."""
    place = f"{FOLDER}{name}"
    wanted = (
        rf"{re.escape(connector)}\.v[1-9]\d{{0,2}}\.[A-Z][A-Za-z0-9]{{0,60}}{re.escape(ENDING)}"
    )
    if not re.fullmatch(wanted, name):
        fix = f"name it {connector}.v1.SomethingHappened{ENDING}, as its namespace and name"
        yield Problem(place, "is not in the connector's own namespace", fix, code=CODE)
        return
    try:
        schema: object = orjson.loads(body) if len(body) <= FILE_BYTES else None
    except orjson.JSONDecodeError as error:
        yield Problem(place, f"is not JSON: {error}", "mend it there", code=CODE)
        return
    if not isinstance(schema, dict) or f"{full_name(schema)}{ENDING}" != name:
        fix = f"define {name.removesuffix(ENDING)} there, in at most {FILE_BYTES:,} bytes"
        yield Problem(place, "defines something else than its name says", fix, code=CODE)
        return
    yield from _field_problems(place, schema)


def _field_problems(place: str, schema: Definition) -> Iterator[Problem]:
    """A record's fields say their class of personal data; the first one is its key."""
    if schema.get("type") != "record":
        return
    fields = fields_of(schema)
    for name, one in fields:
        if one.get("pii") not in CLASSES:
            fix = 'write "pii": "n" (none), "p" (personal) or "s" (sensitive) beside its type'
            yield Problem(
                place, f"{name} does not say whether it is personal", fix, name, code=CODE
            )
    if not fields or fields[0][1].get("type") != "string":
        fix = "begin with what its facts are ordered by: a dossier's code, a meter's number"
        yield Problem(place, "the first field, the key on the topic, is no text", fix, code=CODE)
