"""Which version of its registration an event of a lane goes by (decision 0014).

An event that was opened ends, retries included, under the version that it was opened under: the
same key never carries two bodies. What is opened later goes by the present one. So a change touches
nothing that is under way, and needs no lane to stop.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from adapters.http.messages import Client
from hub.delivery.held import Held
from hub.delivery.outflow import Outflow
from hub.registry.manifest_delivery import Delivery


class Name(NamedTuple):
    """What receipts name a version by: digests of 16 hex digits, of its bundle and settings."""

    bundle: str
    settings: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a lane works by: the registration's flows by event type, its bounds, its versions."""

    registration: str
    flows: Mapping[str, Outflow]
    delivery: Delivery
    bundle: str
    settings: str

    @property
    def name(self) -> Name:
        """What receipts name it by."""
        return Name(self.bundle, self.settings)


Earlier: TypeAlias = tuple[Terms, Client]  # a version that may have been called under before us


@dataclass(slots=True, eq=False)
class Version:
    """Terms, and the way to the system. `events`: opened under it, and not at their end."""

    terms: Terms
    client: Client
    events: int = 0
    before: list[Client] = field(default_factory=list)  # ways of which calls may be under way

    def reach(self, client: Client) -> None:
        """The system is reached so from now on; calls under way end as they began."""
        if client is not self.client:
            self.before.append(self.client)
            self.client = client


class Versions:
    """One lane's. Belongs to its event loop."""

    def __init__(self, present: Version, close: Callable[[Client], None]) -> None:
        """`close` ends a client that nothing uses any more."""
        self.present = present
        self._close = close
        self._all = {present.terms.name: present}

    @property
    def earlier(self) -> list[Version]:
        """Those beside the present one that events in hand go by."""
        return [version for version in self._all.values() if version is not self.present]

    def of(self, held: Held) -> Version:
        """The version that this event goes by."""
        return held.version or self.present

    def is_present(self, held: Held) -> bool:
        """Whether it goes by what newer events go by."""
        return self.of(held) is self.present

    def take_up(self, terms: Terms, client: Client) -> None:
        """Go by this one from now on. One that comes again is the same version still."""
        last, found = self.present, self._all.get(terms.name)
        if found is None:
            self.present = self._all[terms.name] = Version(terms, client)
        else:
            found.terms = terms
            found.reach(client)
            self.present = found
        self._tidy(last)

    def know(self, terms: Terms, client: Client) -> None:
        """An earlier owner may have called under this version."""
        self._all.setdefault(terms.name, Version(terms, client))

    def opened(self, held: Held) -> None:
        """From now on it goes by the version of this moment."""
        if held.version is None:
            self._pin(held, self.present)

    def recall(self, held: Held) -> None:
        """Go by what an earlier owner wrote of it: failures, doubt, and under which version."""
        past, offset = held.part.journal, held.record.offset
        failing = past.failing.pop(offset, None)
        if failing is not None:
            held.failures, held.failing_since = failing.failures, failing.since
        held.doubted = past.doubt(offset) is not None
        pin = past.pins.pop(offset, None)
        if pin is not None and pin.series == held.series:
            self.called(held, Name(pin.bundle, pin.settings))

    def called(self, held: Held, name: Name) -> None:
        """Somebody called under this version with the event's key before us.

        Where nobody here knows that bundle any more, the event is not to be sent again as it is.
        """
        version = self._all.get(name)
        if version is not None:
            self._pin(held, version)
        elif name.bundle != self.present.terms.bundle:
            held.lost = name.bundle

    def ended(self, held: Held) -> None:
        """It has come to its end here."""
        if held.version is not None:
            held.version.events -= 1
            self._tidy(held.version)

    def close(self) -> None:
        """End all clients."""
        clients = [
            one for version in self._all.values() for one in (*version.before, version.client)
        ]
        for client in dict.fromkeys(clients):
            self._close(client)

    def _pin(self, held: Held, version: Version) -> None:
        held.version = version
        version.events += 1

    def _tidy(self, version: Version) -> None:
        """Let go of what no event goes by."""
        if version.events or (version is self.present and not version.before):
            return
        unused, version.before = version.before, []
        if version is not self.present and self._all.get(version.terms.name) is version:
            del self._all[version.terms.name]
            unused.append(version.client)
        used = {id(one.client) for one in self._all.values()}
        for client in dict.fromkeys(unused):
            if id(client) not in used:
                self._close(client)
