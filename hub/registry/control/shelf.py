"""What the control plane has at hand: what is registered, here or in the files, and bundles."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.errors import Reject
from hub.registry.brought import brought, schema_files
from hub.registry.control.seeds import Seed
from hub.registry.control.wishes import Trial, Wish
from hub.registry.ledger import Ledger, Registered
from hub.registry.upload import unpacked

NOWHERE = "hub connector list shows what there is"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The ledger as it stands, and the files' registrations beside it."""

    ledger: Ledger
    seeds: Mapping[str, Seed]

    def known(self, name: str) -> Registered | None:
        """What a registration is now; None where there is none."""
        seed = self.seeds.get(name)
        return self.ledger.registrations.get(name) or (seed.registered if seed else None)

    def all(self) -> list[Registered]:
        """What is registered, by name: here, or in the files (version 0)."""
        names = sorted(self.ledger.registrations.keys() | self.seeds.keys())
        return [known for name in names if (known := self.known(name)) is not None]

    def one(self, name: str) -> Registered:
        """One registration. Raises Reject, code "unknown"."""
        found = self.known(name)
        if found is None:
            raise Reject("is not registered", where=name[:80], fix=NOWHERE, code="unknown")
        return found

    def files(self, bundle: str) -> Mapping[str, bytes]:
        """The files of a bundle, by its SHA-256. Raises Reject, code "unknown"."""
        found = self.ledger.bundles.get(bundle)
        if found is not None:
            return found
        for seed in self.seeds.values():
            if seed.registered.bundle == bundle:
                return seed.files
        where = f"bundle {bundle[:64]}"[:80]
        raise Reject(
            "is no bundle that is here", where=where, fix="upload it first", code="unknown"
        )

    def events(self) -> dict[str, dict[str, bytes]]:
        """The schema files of the events that connectors bring, by connector."""
        seeds = {
            seed.registered.connector: schema_files(seed.files) for seed in self.seeds.values()
        }
        return {name: own for name, own in seeds.items() if own} | brought(self.ledger)

    def certificate(self, made: Registered) -> bytes:
        """The certificate that vouches for a registration, as it was signed; empty for none."""
        return self.ledger.certificates.get((made.bundle, made.certificate), b"")

    def offered(self, wish: Wish) -> Mapping[str, bytes]:
        """The files that a wish is about. Raises Reject, code "unknown", or "upload" of a trial."""
        if isinstance(wish, Trial) and wish.archive:
            return unpacked(wish.archive)[1]
        return self.files(wish.bundle)
