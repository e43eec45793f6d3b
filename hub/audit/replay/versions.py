"""The version under which something was delivered, found again by what receipts say of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.backtest.successor import successor
from hub.errors import Reject
from hub.registry.bundle import Bundle, prove
from hub.registry.entries import read_entry
from hub.registry.ledger import Entry, Ledger, Registered
from hub.registry.live import Landscape, Live
from hub.registry.problem import BundleErrors
from hub.registry.registration import complete

TODAY = "today"
THEN = "then"
SHORT = 16  # hex digits of a bundle's SHA-256 that receipts name


@dataclass(slots=True)
class Versions:
    """Every version that the hub still has: the ledger's, and the files as they are now."""

    ledger: Ledger
    landscape: Landscape  # what is live now
    _bundles: dict[str, Bundle | None] = field(default_factory=dict)

    def of(self, registration: str, bundle: str, settings: str) -> Live | None:
        """The registration as receipts name it; None where bundle or settings are not kept."""
        candidates = self._candidates(registration, bundle)
        return next((live for live in candidates if live.registration.digest == settings), None)

    def today(self, registration: str) -> Live | None:
        """The registration as it is live now; None where it is not."""
        return next((one for one in self.landscape.live if one.name == registration), None)

    def _candidates(self, registration: str, digest: str) -> Iterator[Live]:
        now = self.today(registration)
        if now is not None and now.bundle.digest == digest:
            yield now
        registered = self.ledger.registrations.get(registration)
        bundle = self._bundle(registered, digest) if registered else None
        if registered is None or bundle is None:
            return
        for version in (registered.now, *reversed(registered.before)):
            live = _live(registered, bundle, version.entry)
            if live is not None:
                yield live

    def _bundle(self, registered: Registered, digest: str) -> Bundle | None:
        if digest not in self._bundles:
            self._bundles[digest] = self._found(registered, digest)
        return self._bundles[digest]

    def _found(self, registered: Registered, digest: str) -> Bundle | None:
        for bundle in self.landscape.bundles.values():
            if bundle.digest == digest:
                return bundle
        for name, files in self.ledger.bundles.items():
            if name[:SHORT] == digest:
                try:
                    return prove(registered.connector, files, self.landscape.events)
                except BundleErrors:  # it was proved once, by a hub that read bundles otherwise
                    return None
        return None


@dataclass(frozen=True, slots=True)
class Other:
    """Which version is asked beside that of then: today's, or another bundle under its settings."""

    name: str  # then, today, or the bundle's folder
    bundle: Bundle | None = None

    def of(self, versions: Versions, registration: str, then: Live | None) -> Live | None:
        """None where no other one is asked. Raises Reject where the settings do not fit it."""
        if self.name == TODAY:
            return versions.today(registration)
        if self.bundle is None or then is None or then.bundle.name != self.bundle.name:
            return None
        return successor(then, self.bundle, {})


def _live(registered: Registered, bundle: Bundle, entry: Entry) -> Live | None:
    try:
        found = read_entry(registered.name, registered.connector, entry)
        return Live(bundle, complete(found, bundle.manifest))
    except Reject:
        return None
