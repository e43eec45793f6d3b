"""The version under which something was delivered, found again by what receipts say of it."""

from dataclasses import dataclass, field

from hub.backtest.successor import successor
from hub.registry.bundle import Bundle
from hub.registry.earlier import earlier
from hub.registry.ledger import Ledger
from hub.registry.live import Landscape, Live

TODAY = "today"
THEN = "then"


@dataclass(slots=True)
class Versions:
    """Every version that the hub still has: the ledger's, and the files as they are now."""

    ledger: Ledger
    landscape: Landscape  # what is live now
    _found: dict[tuple[str, str, str], Live | None] = field(default_factory=dict)

    def of(self, registration: str, bundle: str, settings: str) -> Live | None:
        """The registration as receipts name it; None where bundle or settings are not kept."""
        key = (registration, bundle, settings)
        if key not in self._found:
            self._found[key] = earlier(*key, self.landscape, self.ledger)
        return self._found[key]

    def today(self, registration: str) -> Live | None:
        """The registration as it is live now; None where it is not."""
        return next((one for one in self.landscape.live if one.name == registration), None)


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
