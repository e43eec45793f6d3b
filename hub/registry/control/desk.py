"""What the control plane does when it is asked: check whole, decide, write, tell (0014).

Nothing is written before everything is known to be right; the last write, the registration's own
record, is what counts, so that a process that dies in between leaves the registration as it was.
Every refusal is an act too. All of it blocks: call it from a thread.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson
from msgspec import Struct

from hub.delivery.starting import group_of, start_anew
from hub.errors import Reject
from hub.records import Broker
from hub.registry.certificates import Certifier, verify
from hub.registry.changes import Change, Offer, Step, is_repeated, move, register, roll_back
from hub.registry.control.acts import KEPT, REFUSED, Act, Book, act_of
from hub.registry.control.checking import Asked, Checker, Report, connector_of
from hub.registry.control.keeping import Keeping
from hub.registry.control.owners import beyond_owner
from hub.registry.control.seeds import Seed
from hub.registry.ledger import SERVED, Entry, Ledger, Registered, certificate_name
from hub.registry.present import read_entry
from hub.registry.problem import Problem
from hub.registry.upload import unpacked
from hub.topics import EVENT_TOPICS


@dataclass(eq=False)
class Unfit(Reject):
    """A bundle or an entry that may not go live; `problems` says why, all at once."""

    problems: tuple[Problem, ...] = ()

    __str__ = Reject.__str__


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """A registration as it is asked for.

    `on`: the version that it is made on, 0 for a new name. `bundle`: 64 hex digits of one that was
    uploaded, or that a registration names. `certificate`: as `hub connector certify` wrote it;
    `override`: why none is needed. `hold`: not live yet. `by`: who asks, where the hub knows only
    that somebody at its own machine does.
    """

    on: int
    bundle: str
    entry: Entry
    reason: str
    certificate: Entry | None = None
    override: str = ""
    hold: bool = False
    by: str = ""


class Turn(Struct, frozen=True, forbid_unknown_fields=True):
    """A step of a registration as it is asked for; fields as in `Wish`. `to`: of a rollback."""

    on: int
    reason: str
    to: int | None = None
    certificate: Entry | None = None
    override: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Means:
    """What the desk works with.

    `home`: HUB_HOME; `hub`: its id; `schemas` registers the event schemas that a bundle brings;
    `clock` gives epoch ms.
    """

    broker: Broker
    keeping: Keeping
    checker: Checker
    book: Book
    home: Path
    hub: str
    certifiers: Callable[[], tuple[Certifier, ...]]
    seeds: Mapping[str, Seed] = field(repr=False)
    schemas: Callable[[Mapping[str, bytes]], None]
    clock: Callable[[], int]


class Desk:
    """Carries out what is asked. Thread-safe."""

    def __init__(self, means: Means) -> None:
        self._with = means

    # ---- looking

    def all(self) -> list[Registered]:
        """What is registered, by name: here, or in the files (version 0)."""
        ledger = self._with.keeping.fresh()
        names = sorted(ledger.registrations.keys() | self._with.seeds.keys())
        return [known for name in names if (known := self._known(ledger, name)) is not None]

    def one(self, name: str) -> Registered:
        """One registration. Raises Reject, code "unknown"."""
        found = self._known(self._with.keeping.fresh(), name)
        if found is None:
            raise _unknown("is not registered", name)
        return found

    def bundle(self, sha256: str) -> tuple[str, Mapping[str, bytes]]:
        """The connector and the files of a bundle. Raises Reject, code "unknown"."""
        files = self._files(self._with.keeping.fresh(), sha256)
        return connector_of(files), files

    def concerned(self, name: str, bundle: str = "") -> frozenset[str]:
        """The connectors that a change of this registration is about: who owns them may ask.

        Raises Reject, code "unknown", where the bundle is not here.
        """
        ledger = self._with.keeping.fresh()
        known = self._known(ledger, name)
        found = {connector_of(self._files(ledger, bundle))} if bundle else set[str]()
        return frozenset(found | ({known.connector} if known else set()))

    def owners_may(self, name: str, wish: Wish) -> None:
        """Raises Unfit, code "operator", for an entry that only an operator may register."""
        ledger = self._with.keeping.fresh()
        known = self._known(ledger, name)
        connector = connector_of(self._files(ledger, wish.bundle))
        problems = (
            *beyond_owner(connector, wish.entry, known.entry if known else {}, self._with.home),
        )
        if problems:
            first = problems[0]
            raise Unfit(first.what, first.at, first.fix, code="operator", problems=problems)

    # ---- bundles

    def examined(self, archive: bytes) -> tuple[Report, Mapping[str, bytes]]:
        """What a bundle is that came as an archive, and its files.

        Raises Reject: `Unfit`, or code "upload".
        """
        folder, files = unpacked(archive)
        return self._fit(Asked(folder, files)), files

    def keep(self, report: Report, files: Mapping[str, bytes], by: str) -> None:
        """Keep a bundle that was examined."""
        self._with.keeping.keep_bundle(files)
        words = f"bundle {report.sha256[:16]}, {report.cases} cases hold"
        self._tell(KEPT, report.connector, words, by, "")

    # ---- registrations

    def tried(self, name: str, wish: Wish, by: str) -> Registered:
        """What `register` would make, without a write. Raises what it raises."""
        ledger = self._with.keeping.fresh()
        offer, _ = self._offer(ledger, wish)
        made = register(self._known(ledger, name), self._change(name, wish, by), offer)
        self._fit_entry(ledger, made)
        return made

    def register(self, name: str, wish: Wish, by: str) -> Registered:
        """Register a bundle that is here, with an entry.

        Asked again in the same words, gives what it gave. Raises Reject: `Unfit`, `Stale`, those of
        `hub.registry.changes.register`, code "unknown" for a bundle, "certificate".
        """
        ledger = self._with.keeping.fresh()
        offer, certificate = self._offer(ledger, wish)
        change = self._change(name, wish, by)
        known = self._known(ledger, name)
        if known is not None and is_repeated(known, change, offer):
            return known
        self._fit_entry(ledger, register(known, change, offer))
        files = self._files(ledger, wish.bundle)
        self._with.schemas(files)
        self._keep_seed(name)
        self._with.keeping.keep_bundle(files)
        if certificate:
            self._with.keeping.keep_certificate(wish.bundle, certificate)

        def decide(ledger: Ledger) -> Registered:
            known = self._known(ledger, name)
            return self._begun(known, register(known, change, offer))

        return self._told(self._with.keeping.change(decide))

    def turn(self, name: str, step: Step, turn: Turn, by: str) -> Registered:
        """Take a registration a step further. Raises Reject as `hub.registry.changes.move`."""
        change = self._change(name, turn, by)
        ledger = self._with.keeping.fresh()
        known = self._known(ledger, name)
        raw = b"" if turn.certificate is None else orjson.dumps(turn.certificate)
        proof = self._verified(raw, known.bundle) if known is not None and raw else ""

        def decide(ledger: Ledger) -> Registered:
            known = self._known(ledger, name)
            made = move(known, change, step, certificate=proof, override=turn.override)
            return self._begun(known, made)

        made = move(known, change, step, certificate=proof, override=turn.override)
        if step == "golive":
            self._fit_entry(ledger, made)
        self._keep_seed(name)
        if proof:
            self._with.keeping.keep_certificate(made.bundle, raw)
        return self._told(self._with.keeping.change(decide))

    def roll_back(self, name: str, turn: Turn, by: str) -> Registered:
        """Make an earlier version the newest. Raises Reject as `hub.registry.changes.roll_back`."""
        change = self._change(name, turn, by)
        ledger = self._with.keeping.fresh()
        self._fit_entry(ledger, roll_back(self._known(ledger, name), change, turn.to))
        self._keep_seed(name)
        return self._told(
            self._with.keeping.change(
                lambda ledger: roll_back(self._known(ledger, name), change, turn.to)
            )
        )

    def refused(self, name: str, what: str, by: str, error: Reject) -> None:
        """Record an attempt that was refused, with the first of the reasons."""
        place = f"{error.where}: " if error.where else ""
        self._tell(REFUSED, name, what, by, f"{place}{error.what}")

    # ---- parts

    def _offer(self, ledger: Ledger, wish: Wish) -> tuple[Offer, bytes]:
        """What is to be registered, and its certificate as it was signed."""
        connector = connector_of(self._files(ledger, wish.bundle))
        raw = b"" if wish.certificate is None else orjson.dumps(wish.certificate)
        proof = self._verified(raw, wish.bundle) if raw else ""
        return Offer(connector, wish.bundle, wish.entry, proof, wish.override, wish.hold), raw

    def _change(self, name: str, asked: Wish | Turn, by: str) -> Change:
        return Change(name, asked.on, by, asked.reason, self._with.clock())

    def _verified(self, raw: bytes, bundle: str) -> str:
        """The name of a certificate that holds. Raises Reject, code "certificate"."""
        now = datetime.fromtimestamp(self._with.clock() / 1000, UTC)
        verify(raw, bundle=bundle, hub=self._with.hub, certifiers=self._with.certifiers(), now=now)
        return certificate_name(raw)

    def _fit_entry(self, ledger: Ledger, made: Registered) -> None:
        files = self._files(ledger, made.bundle)
        self._fit(Asked(made.connector, dict(files), made.name, made.entry))

    def _fit(self, asked: Asked) -> Report:
        """Its report, where nothing is wrong. Raises Unfit with all that is."""
        report = self._with.checker.check(asked)
        if report.problems:
            first = report.problems[0]
            raise Unfit(first.what, first.at, first.fix, code="unfit", problems=report.problems)
        return report

    def _begun(self, known: Registered | None, made: Registered) -> Registered:
        """The same; what goes live anew has its starting offsets committed before."""
        if made.state in SERVED and (known is None or known.state not in SERVED):
            start = read_entry(made.name, made.connector, made.entry).start or "beginning"
            start_anew(self._with.broker, group_of(made.name), EVENT_TOPICS, start)
        return made

    def _keep_seed(self, name: str) -> None:
        """The bundle of a registration of the files stands on the ledger, once that names it."""
        if name in self._with.seeds:
            self._with.keeping.keep_bundle(self._with.seeds[name].files)

    def _known(self, ledger: Ledger, name: str) -> Registered | None:
        seed = self._with.seeds.get(name)
        return ledger.registrations.get(name) or (seed.registered if seed else None)

    def _files(self, ledger: Ledger, bundle: str) -> Mapping[str, bytes]:
        found = ledger.bundles.get(bundle)
        if found is not None:
            return found
        for seed in self._with.seeds.values():
            if seed.registered.bundle == bundle:
                return seed.files
        raise _unknown("is no bundle that is here", f"bundle {bundle[:64]}", "upload it first")

    def _told(self, made: Registered) -> Registered:
        self._with.book.tell(act_of(made.name, made.now))
        return made

    def _tell(self, kind: str, name: str, words: str, by: str, reason: str) -> None:
        self._with.book.tell(Act(kind, name, words, by, reason, self._with.clock()))


def _unknown(what: str, where: str, fix: str = "hub connector list shows what there is") -> Reject:
    return Reject(what, where=where[:80], fix=fix, code="unknown")
