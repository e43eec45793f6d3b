"""The events' types, as mappings and cases see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.contract.avro import avro_types, full_name
from hub.contract.types import Record


@dataclass(frozen=True, slots=True)
class Events:
    """The events' types, as mappings see them."""

    records: Mapping[str, Record]  # by short name, shared records included
    full_names: Mapping[str, str]  # events only


def read_events(folder: Path) -> Events:
    """The records of a folder of .avsc files."""
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.avsc"))}
    records = {
        name: record
        for name, record in avro_types(files).items()
        if not full_name(files, name).startswith("hub.")
    }
    names = {name: full_name(files, name) for name in records}
    return Events(records, {n: f for n, f in names.items() if not f.startswith("common.")})
