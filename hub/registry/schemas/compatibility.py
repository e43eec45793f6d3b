"""May this schema follow those: the seven levels, by Apache's own checker.

Backward: who has the new schema reads what was written with an old one. Forward: the other way
round. Full: both. Transitive: against every live version, otherwise against the latest.
"""

from collections.abc import Sequence

from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import Schema

LEVELS = (
    "BACKWARD",
    "BACKWARD_TRANSITIVE",
    "FORWARD",
    "FORWARD_TRANSITIVE",
    "FULL",
    "FULL_TRANSITIVE",
    "NONE",
)


def misfits(new: Schema, earlier: Sequence[tuple[int, Schema]], level: str) -> list[str]:
    """Why `new` may not follow the `earlier` versions (number, schema; ascending); [] if it may."""
    compared = earlier if level.endswith("_TRANSITIVE") else earlier[-1:]
    found: list[str] = []
    for version, old in compared:
        if level.startswith(("BACKWARD", "FULL")):
            found += _reads(new, old, f"the new schema cannot read version {version}")
        if level.startswith(("FORWARD", "FULL")):
            found += _reads(old, new, f"version {version} cannot read the new schema")
    return found


def _reads(reader: Schema, writer: Schema, what: str) -> list[str]:
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # half-typed library
    result = checker.get_compatibility(reader, writer)
    if result.compatibility is not SchemaCompatibilityType.incompatible:
        return []
    kinds = sorted({kind.value for kind in result.incompatibilities})
    places = sorted(str(place) for place in result.locations)
    details = sorted(str(message) for message in result.messages)
    return [f"{what}: {', '.join(kinds)} at {', '.join(places)}: {'; '.join(details)}"[:1000]]
