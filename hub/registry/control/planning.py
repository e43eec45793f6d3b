"""What registering would give, before anybody does it: for a dry run."""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.errors import Reject
from hub.registry.certificates import read_certificate
from hub.registry.control.checking import Report
from hub.registry.control.shelf import Shelf
from hub.registry.ledger import Registered


@dataclass(frozen=True, slots=True)
class Plan:
    """What would stand, what the check found, and what a person should know besides."""

    made: Registered
    report: Report
    notes: tuple[str, ...]


def planned(made: Registered, report: Report, shelf: Shelf, certificate: bytes) -> Plan:
    """The plan of a registration that would be made. `certificate`: as signed, or empty."""
    notes = (*_overlaps(made, report, shelf), *unjudged(certificate))
    return Plan(made, report, notes)


def _overlaps(made: Registered, report: Report, shelf: Shelf) -> Iterator[str]:
    """Others of this connector that are live and would be told the same."""
    if not report.told:
        return
    for other in shelf.all():
        if (other.connector, other.state) != (made.connector, "live") or other.name == made.name:
            continue
        both = sorted(_agencies(made) & _agencies(other))
        if both:
            yield f"'{other.name}' serves {', '.join(both)} too: both would be told"
        elif not _agencies(made) and not _agencies(other):
            yield f"'{other.name}' is live too: both would be told {', '.join(report.told)}"


def _agencies(registered: Registered) -> frozenset[str]:
    said = registered.entry.get("agencies")
    return frozenset(map(str, said)) if isinstance(said, list) else frozenset()


def unjudged(certificate: bytes) -> list[str]:
    """What a certificate that was verified does not know, clause by clause; none without one."""
    if not certificate:
        return []
    try:
        found = read_certificate(certificate).unjudged
    except Reject:
        return ["the certificate is an earlier hub's: what it does not know is not told"]
    return [f"not judged: {clause.flow}: {clause.name}: {clause.why}" for clause in found]
