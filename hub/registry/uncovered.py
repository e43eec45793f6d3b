"""Which events, and of which agencies, no registration serves: what would be listed as unserved.

`hub.intake.served` says it of one event that came; this says it of all that could come.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hub.intake.served import Want
from hub.registry.ledger import Ledger
from hub.registry.live import Landscape


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Events of `type` that `connectors` would take, and no registration of theirs does.

    `agencies`: of these alone; none where it is so for every agency.
    """

    type: str
    connectors: tuple[str, ...]
    agencies: tuple[str, ...] = ()


def uncovered(wants: Iterable[Want], agencies: Iterable[str]) -> Iterator[Uncovered]:
    """What nobody is registered for, by type. `agencies`: those that the hub knows of."""
    groups: dict[tuple[str, bool], list[Want]] = {}
    for want in wants:
        groups.setdefault((want.type, want.serves is not None), []).append(want)
    known = frozenset(agencies)
    for (kind, by_agency), group in sorted(groups.items()):
        live = [want for want in group if want.registration is not None]
        connectors = tuple(sorted({want.connector for want in group}))
        if not live:
            yield Uncovered(kind, connectors)
        elif by_agency:
            missing = known.difference(*(want.agencies for want in live))
            if missing:
                yield Uncovered(kind, connectors, tuple(sorted(missing)))


def agencies_of(files: Landscape, ledger: Ledger) -> frozenset[str]:
    """Every agency that a registration names or named, also one that is retired."""
    found = {agency for live in files.live for agency in live.registration.agencies}
    for registered in ledger.registrations.values():
        for version in (*registered.before, registered.now):
            said = version.entry.get("agencies")
            found.update(map(str, said if isinstance(said, list) else ()))
    return frozenset(found)
