"""The events' types, as mappings and cases see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.contract.avro import avro_types
from hub.contract.types import Record


@dataclass(frozen=True, slots=True)
class Events:
    """The events' types, as mappings see them."""

    records: Mapping[str, Record]  # by short name, shared records included
    full_names: Mapping[str, str]  # events only


def read_events(folder: Path) -> Events:
    """The records of a folder of .avsc files."""
    return events_of({path.name: path.read_bytes() for path in sorted(folder.glob("*.avsc"))})


def events_of(files: Mapping[str, bytes]) -> Events:
    """The records of .avsc files by name. Raises ContractErrors."""
    types = avro_types(files)
    names = {name: types.full_name(name) for name in types}
    records = {n: record for n, record in types.items() if not names[n].startswith("hub.")}
    return Events(records, {n: names[n] for n in records if not names[n].startswith("common.")})
