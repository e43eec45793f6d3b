"""A bundle may bring events of its own: checked with it, known where it is, registered with it."""

import json
from pathlib import Path

import pytest

from hub.contract.types import Document, Value
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.events.schemas_memory import MemorySchemas
from hub.registry.check import check
from hub.registry.event_types import Events, definitions, own_schemas, read_events
from hub.registry.live import read_landscape

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas" / "avro"
FIELDS: list[Value] = [
    {"name": "meter", "type": "string", "pii": "n", "doc": "The meter's number."},
    {"name": "reading", "type": "int", "pii": "n"},
    {"name": "place", "type": ["null", "common.v1.Address"], "default": None, "pii": "p"},
]
NAME = "waterco.v1.MeterRead.avsc"
MANIFEST = """
hub: 1
name: waterco
title: Water
owner: The water company
adapter: rest
contract: contract/water.yaml
inbound: {auth: {kind: none}}
flows:
  read: {receive: POST /readings, identity: [meter, reading], emit: [MeterRead]}
"""
CONTRACT = """
openapi: 3.1.0
info: {title: Water, version: "1"}
paths:
  /readings:
    post:
      operationId: tell
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [meter, reading]
              properties: {meter: {type: string}, reading: {type: integer, minimum: 0, maximum: 9}}
      responses: {"200": {description: kept}}
"""
MAPPING = '''"""Readings."""


def read(doc):
    """One reading."""
    return MeterRead(meter=doc.meter, reading=doc.reading)
'''
LISTENER = """
hub: 1
name: archive
title: Archive
owner: The archive
adapter: rest
contract: contract/water.yaml
outbound: {outcomes: [{when: {status: 200}, then: delivered}]}
flows:
  read: {on: MeterRead, call: POST /readings}
"""
LISTENING = '''"""Readings, kept."""


def read(event):
    """One reading."""
    return tell(meter=event.meter, reading=1)
'''
TOLD: Document = {"meter": "M1", "reading": 1}
IN: Document = {"meter": "M1", "reading": 7}
OUT: Document = {"events": [{"type": "waterco.v1.MeterRead", "event": IN}]}


def schema(name: str = "MeterRead", fields: list[Value] | None = None) -> bytes:
    whole: Document = {
        "type": "record", "name": name, "namespace": "waterco.v1", "fields": fields or FIELDS,
    }  # fmt: skip
    return json.dumps(whole).encode()


def files(**schemas: bytes) -> dict[str, bytes]:
    return {
        "connector.yaml": MANIFEST.encode(),
        "contract/water.yaml": CONTRACT.encode(),
        "mapping.py": MAPPING.encode(),
        "cases/read/one.in.json": json.dumps(IN).encode(),
        "cases/read/one.out.json": json.dumps(OUT).encode(),
        **{f"schemas/{name.replace('__', '.')}": body for name, body in schemas.items()},
    }


def whole() -> dict[str, bytes]:
    return files(**{NAME: schema()})


@pytest.fixture(scope="module")
def events() -> Events:
    return read_events(SCHEMAS)


def test_an_event_of_its_own_is_emitted_as_one_of_the_hubs(events: Events) -> None:
    found = check("waterco", whole(), events)
    assert (found.problems, found.cases) == ((), 1)
    assert found.bundle is not None
    assert found.bundle.events.full_names["MeterRead"] == "waterco.v1.MeterRead"
    assert "MeterRead" not in events.full_names


def test_without_the_schema_the_event_is_unknown(events: Events) -> None:
    found = check("waterco", files(), events)
    assert any("'MeterRead' is not an event" in problem.what for problem in found.problems)


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("dossier.v1.MeterRead.avsc", schema(), "is not in the connector's own namespace"),
        ("waterco.v0.MeterRead.avsc", schema(), "is not in the connector's own namespace"),
        ("notes.txt", b"", "is not in the connector's own namespace"),
        (NAME, b"{", "is not JSON"),
        (NAME, b'"string"', "defines something else than its name says"),
        (NAME, schema("Other"), "defines something else than its name says"),
        (NAME, schema(fields=[{"name": "meter", "type": "string"}]), "whether it is personal"),
        (NAME, schema(fields=[{"name": "n", "type": "int", "pii": "n"}]), "is no text"),
        (NAME, schema(fields=[*FIELDS, {"name": "x", "type": "bytes", "pii": "n"}]), "bytes"),
        (NAME, schema(fields=[*FIELDS, {"name": "x", "type": "no.v1.Where", "pii": "n"}]), "Where"),
    ],
)
def test_a_wrong_schema_is_named_with_its_file(
    events: Events, name: str, body: bytes, said: str
) -> None:
    found = check("waterco", files(**{name: body}), events)
    assert found.bundle is None
    told = [problem for problem in found.problems if problem.code == "event-schema"]
    assert any(said in problem.what for problem in told), found.problems
    assert all(problem.at.startswith("schemas/") for problem in told)


def test_a_name_that_the_hub_has_already_is_refused(events: Events) -> None:
    taken = schema("StatusChanged")
    found = check("waterco", files(**{"waterco.v1.StatusChanged.avsc": taken}), events)
    assert any("is taken by" in problem.what for problem in found.problems), found.problems


def test_another_connector_may_be_told_of_it(tmp_path: Path, events: Events) -> None:
    listener = {
        "connector.yaml": LISTENER,
        "contract/water.yaml": CONTRACT,
        "mapping.py": LISTENING,
        "cases/read/one.in.json": json.dumps({"type": "waterco.v1.MeterRead", "event": IN}),
        "cases/read/one.out.json": json.dumps({"operation": "POST /readings", "request": TOLD}),
    }
    written = {f"waterco/{name}": body.decode() for name, body in whole().items()}
    for name, text in {**written, **{f"archive/{n}": t for n, t in listener.items()}}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    landscape = read_landscape(tmp_path, tmp_path / "none.yaml", events)
    assert landscape.problems == {}
    assert set(landscape.bundles) == {"archive", "waterco"}
    assert "MeterRead" in landscape.events.full_names


def test_the_codec_writes_it_once_it_has_learnt_it_and_a_later_version_too() -> None:
    catalogue = load(SCHEMAS)
    codec = Codec(catalogue, MemorySchemas())
    with pytest.raises(KeyError):
        codec.encode("waterco.v1.MeterRead", IN)
    codec.learn(definitions([whole()]))
    raw = codec.encode("waterco.v1.MeterRead", IN)
    assert codec.decode(raw) == ("waterco.v1.MeterRead", {**IN, "place": None})
    assert catalogue.key_field("waterco.v1.MeterRead") == "meter"
    later: list[Value] = [
        *FIELDS,
        {"name": "note", "type": ["null", "string"], "default": None, "pii": "n"},
    ]
    codec.learn(definitions([files(**{NAME: schema(fields=later)})]))
    _, record = codec.decode(codec.encode("waterco.v1.MeterRead", {**IN, "note": "leck"}))
    assert record["note"] == "leck"
    assert codec.decode(raw)[1]["meter"] == "M1", "what was written before is read still"


def test_a_bundle_without_schemas_brings_none() -> None:
    assert own_schemas(files()) == {}
    assert definitions([files()]) == {}
