"""Events that registered bundles bring: one connector may be told what another one says.

A bundle's events count from its first registration on, and outlive it: what was said under them
stands on the topics, and whoever consumes them goes on. Of several versions the newest counts.
"""

from collections.abc import Iterable, Mapping

from hub.registry.event_types import FOLDER, Events, with_own
from hub.registry.ledger import Ledger


def brought(ledger: Ledger) -> dict[str, dict[str, bytes]]:
    """The event schemas of all bundles that a registration names or named, by connector."""
    versions = [
        (one.at, one.version, one.connector or registered.connector, one.bundle)
        for registered in ledger.registrations.values()
        for one in (*registered.before, registered.now)
    ]
    found: dict[str, dict[str, bytes]] = {}
    for *_, connector, bundle in sorted(versions):
        own = schema_files(ledger.bundles.get(bundle, {}))
        if own:
            found.setdefault(connector, {}).update(own)
    return found


def schema_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a bundle that define its events, by path."""
    return {path: body for path, body in files.items() if path.startswith(FOLDER)}


def with_brought(events: Events, others: Iterable[tuple[str, Mapping[str, bytes]]]) -> Events:
    """The events, and those of other connectors' files; a schema that is wrong is left out."""
    for connector, files in others:
        events, _ = with_own(events, connector, files)
    return events
