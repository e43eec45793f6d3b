"""Our connectors, proved once for all tests of a process.

The hub does not prove again what somebody holds (hub.registry.bundle); here it is held. A test that
reads the connectors, as every command does, then pays for reading their files alone.
"""

from functools import cache
from pathlib import Path

from hub.registry.event_types import Events, read_events
from hub.registry.live import Landscape, read_landscape

ROOT = Path(__file__).parents[1]


@cache
def events() -> Events:
    """The hub's own events."""
    return read_events(ROOT / "schemas" / "avro")


@cache
def connectors() -> Landscape:
    """What the repository's connectors are, with nothing registered."""
    return read_landscape(ROOT / "connectors", ROOT / "none.yaml", events())
