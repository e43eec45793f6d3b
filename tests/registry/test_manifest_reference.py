"""What editors and people are told of the manifest's keys is what the check knows."""

from pathlib import Path

import pytest
from msgspec import Struct, to_builtins
from typer.testing import CliRunner

from hub.cli.main import app
from hub.contract.types import Document, Value
from hub.registry.auth import INBOUND, OUTBOUND
from hub.registry.manifest import Manifest
from hub.registry.manifest_reference import (
    MANIFEST_SCHEMA,
    as_file,
    docs,
    manifest_schema,
    markdown,
    registrations_schema,
)
from hub.registry.shape import decode
from hub.registry.yaml_file import read_yaml

REGISTRATIONS = "connectors/registrations.schema.json"
ROOT = Path(__file__).parents[2]
MANIFESTS = sorted((ROOT / "connectors").glob("*/connector.yaml"))


@pytest.mark.parametrize(
    ("kept", "made", "options"),
    [
        (f"connectors/{MANIFEST_SCHEMA}", as_file(manifest_schema()), ()),
        (REGISTRATIONS, as_file(registrations_schema()), ("--registrations",)),
        ("ops/reference/manifest-keys.md", markdown().encode(), ("--page",)),
    ],
)  # fmt: skip
def test_what_is_kept_is_current(kept: str, made: bytes, options: tuple[str, ...]) -> None:
    assert (ROOT / kept).read_bytes() == made, f"run hub connector schema {' '.join(options)}"
    told = CliRunner().invoke(app, ["connector", "schema", *options])
    assert (told.exit_code, told.stdout.encode()) == (0, made)


def test_every_key_has_words() -> None:
    for schema in (manifest_schema(), registrations_schema()):
        parts = schema["$defs"]
        assert isinstance(parts, dict)
        for name, part in parts.items():
            assert isinstance(part, dict)
            properties = part["properties"]
            assert isinstance(properties, dict)
            assert set(docs(name)) == set(properties), name


def test_editors_know_what_each_kind_of_auth_needs() -> None:
    text = as_file(manifest_schema()).decode()
    for kind, (required, optional) in {**INBOUND, **OUTBOUND}.items():
        assert f'"const": "{kind}"' in text
        assert all(f'"{name}"' in text for name in required | optional)


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.parent.name)
def test_no_key_of_our_manifests_is_unknown_to_editors(file: Path) -> None:
    manifest = decode(read_yaml(file.read_bytes(), file.name), Manifest)
    assert isinstance(manifest, Struct)
    schema = manifest_schema()
    parts = schema["$defs"]
    assert isinstance(parts, dict)
    written: Value = to_builtins(manifest)
    _known(written, parts["Manifest"], parts)


def _known(value: Value, schema: Value, parts: Document) -> None:
    """Every key of `value` stands in the schema, down to where it says nothing more."""
    assert isinstance(schema, dict)
    options = schema.get("anyOf", [schema])
    assert isinstance(options, list)
    named = [
        str(o["$ref"]).rpartition("/")[2] for o in options if isinstance(o, dict) and "$ref" in o
    ]
    found = parts[named[0]] if named else schema
    assert isinstance(found, dict)
    properties, more = found.get("properties"), found.get("additionalProperties")
    for key, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(properties, dict) and more is False:
            assert key in properties, key
            _known(inner, properties[key], parts)
        elif isinstance(more, dict):
            _known(inner, more, parts)
