"""What the control plane does when it is asked: check whole, decide, write, tell (0014).

Nothing is written before everything is known to be right; the last write, the registration's own
record, is what counts, so that a process that dies in between leaves the registration as it was.
Every refusal is an act too. All of it blocks: call it from a thread.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import orjson
from msgspec.structs import replace

from hub.delivery.starting import group_of, start_anew
from hub.errors import Reject
from hub.records import Broker
from hub.registry.bundle_files import digest_of
from hub.registry.certificates import Certifier, verify
from hub.registry.changes import Change, Offer, Stale, Step, move, register, roll_back
from hub.registry.control.acts import KEPT, TRIED, Act, Book, act_of
from hub.registry.control.checking import Asked, Checker, Report, connector_of
from hub.registry.control.keeping import Keeping
from hub.registry.control.owners import beyond_owner
from hub.registry.control.planning import Plan, planned
from hub.registry.control.seeds import Seed
from hub.registry.control.shelf import Shelf
from hub.registry.control.wishes import Trial, Turn, Wish, seen
from hub.registry.entries import read_entry
from hub.registry.ledger import SERVED, Ledger, Registered, certificate_name
from hub.registry.problem import Problem
from hub.registry.promotion import check_promotion
from hub.registry.repeats import is_repeated
from hub.registry.upload import unpacked
from hub.topics import EVENT_TOPICS

CHECKED = ("register", "golive", "rollback")  # what brings another bundle or entry to be served


@dataclass(eq=False)
class Unfit(Reject):
    """A bundle or an entry that may not go live; `problems` says why, all at once."""

    problems: tuple[Problem, ...] = ()

    __str__ = Reject.__str__


class Schemas(Protocol):
    """The event schemas that a bundle of these files brings."""

    def check(self, files: Mapping[str, bytes]) -> None:
        """Raises Reject for one that does not go with its earlier version, Retry."""

    def keep(self, files: Mapping[str, bytes]) -> None:
        """Register them. Raises as `check`."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the desk works with.

    `home`: HUB_HOME; `hub`: its id; `clock` gives epoch ms.
    """

    broker: Broker
    keeping: Keeping
    checker: Checker
    book: Book
    home: Path
    hub: str
    certifiers: Callable[[], tuple[Certifier, ...]]
    seeds: Mapping[str, Seed] = field(repr=False)
    schemas: Schemas
    clock: Callable[[], int]


class Desk:
    """Carries out what is asked. Thread-safe."""

    def __init__(self, means: Means) -> None:
        self._with = means

    # ---- looking

    def shelf(self) -> Shelf:
        """What is registered and kept, as of now. Raises Retry without the broker."""
        return Shelf(self._with.keeping.fresh(), self._with.seeds)

    def concerned(self, name: str, wish: Wish | None = None) -> frozenset[str]:
        """The connectors that a change of this registration is about: who owns them may ask.

        Raises Reject, code "unknown", where the bundle is not here.
        """
        shelf = self.shelf()
        known = shelf.known(name)
        found = {connector_of(shelf.offered(wish))} if wish else set[str]()
        return frozenset(found | ({known.connector} if known else set()))

    def owners_may(self, name: str, wish: Wish) -> None:
        """Raises Unfit, code "operator", for an entry that only an operator may register."""
        shelf = self.shelf()
        known = shelf.known(name)
        connector, before = connector_of(shelf.offered(wish)), known.entry if known else {}
        problems = (*beyond_owner(connector, wish.entry, before, self._with.home),)
        if problems:
            first = problems[0]
            raise Unfit(first.what, first.at, first.fix, code="operator", problems=problems)

    # ---- bundles

    def examined(self, archive: bytes) -> tuple[Report, Mapping[str, bytes]]:
        """What a bundle is that came as an archive, and its files.

        Raises Reject: `Unfit`, or code "upload".
        """
        folder, files = unpacked(archive)
        return self._fit(Asked(folder, files, others=self.shelf().events())), files

    def keep(self, report: Report, files: Mapping[str, bytes], by: str) -> None:
        """Keep a bundle that was examined."""
        self._with.keeping.keep_bundle(files)
        words = f"bundle {report.sha256[:16]}, {report.cases} cases hold"
        self._tell(KEPT, report.connector, words, by, "")

    # ---- registrations

    def tried(self, name: str, trial: Trial, by: str) -> Plan:
        """What `register` would make, without a write but of the attempt.

        Raises what it raises, except for want of a backtest: `Plan` says which it needs.
        """
        shelf = self.shelf()
        files = shelf.offered(trial)
        wish = replace(trial, bundle=digest_of(files), archive=b"")
        offer, certificate = self._offer(files, wish)
        made = register(shelf.known(name), self._change(name, wish, by), offer)
        report = self._fit_entry(made, files)
        self._with.schemas.check(files)
        said = planned(made, report, shelf, certificate)
        self._tell(TRIED, name, f"version {made.version}, bundle {made.bundle[:16]}", by, "")
        return said

    def register(self, name: str, wish: Wish, by: str) -> Registered:
        """Register a bundle that is here, with an entry.

        Asked again in the same words, gives what it gave. Raises Reject: `Unfit`, `Stale`, those of
        `hub.registry.changes.register` and `hub.registry.promotion`, code "unknown" for a bundle,
        "certificate".
        """
        shelf = self.shelf()
        files = shelf.files(wish.bundle)
        offer, certificate = self._offer(files, wish)
        change = self._change(name, wish, by)

        def ready() -> None:
            self._with.schemas.keep(files)
            self._with.keeping.keep_bundle(files)
            if certificate:
                self._with.keeping.keep_certificate(wish.bundle, certificate)

        return self._changed(shelf, change, lambda known: register(known, change, offer), ready)

    def turn(self, name: str, step: Step, turn: Turn, by: str) -> Registered:
        """Take a registration a step further; asked again in the same words, as `register`.

        Raises Reject as `hub.registry.changes.move` and `hub.registry.promotion`.
        """
        change = self._change(name, turn, by)
        shelf = self.shelf()
        known = shelf.known(name)
        raw = b"" if turn.certificate is None else orjson.dumps(turn.certificate)
        proof = self._verified(raw, known.bundle) if known is not None and raw else ""

        def decide(known: Registered | None) -> Registered:
            proved = {"certificate": proof, "override": turn.override}
            return move(known, change, step, **proved, seen=seen(turn))

        def ready() -> None:
            if proof and known is not None:
                self._with.keeping.keep_certificate(known.bundle, raw)

        return self._changed(shelf, change, decide, ready)

    def roll_back(self, name: str, turn: Turn, by: str) -> Registered:
        """Make an earlier version the newest; asked again in the same words, as `register`.

        Raises Reject as `hub.registry.changes.roll_back`.
        """
        change = self._change(name, turn, by)
        return self._changed(self.shelf(), change, lambda known: roll_back(known, change, turn.to))

    def _changed(
        self,
        shelf: Shelf,
        change: Change,
        decide: Callable[[Registered | None], Registered],
        ready: Callable[[], None] = lambda: None,
    ) -> Registered:
        """The registration after this change, or as it is where that has been done already.

        `ready` writes what the change names, once it is known to be right and before it counts.
        """
        known = shelf.known(change.name)
        if known is not None and is_repeated(known, change, decide):
            return known
        made = decide(known)
        check_promotion(made)
        if made.did in CHECKED:
            self._fit_entry(made, shelf.files(made.bundle))
        if change.name in self._with.seeds:  # the ledger will name the bundle of the files
            self._with.keeping.keep_bundle(self._with.seeds[change.name].files)
        ready()

        def decided(ledger: Ledger) -> Registered:
            known = Shelf(ledger, self._with.seeds).known(change.name)
            made = decide(known)
            check_promotion(made)
            return self._begun(known, made)

        try:
            return self._told(self._with.keeping.change(decided))
        except Stale:
            known = self.shelf().known(change.name)
            if known is None or not is_repeated(known, change, decide):
                raise
            return known

    def refused(self, kind: str, name: str, what: str, by: str, error: Reject) -> None:
        """Record an attempt that was refused, with the first of the reasons."""
        place = f"{error.where}: " if error.where else ""
        self._tell(kind, name, what, by, f"{place}{error.what}")

    # ---- parts

    def _offer(self, files: Mapping[str, bytes], wish: Wish) -> tuple[Offer, bytes]:
        """What is to be registered, and its certificate as it was signed."""
        raw = b"" if wish.certificate is None else orjson.dumps(wish.certificate)
        proof = self._verified(raw, wish.bundle) if raw else ""
        said = seen(wish)
        offer = Offer(
            connector_of(files), wish.bundle, wish.entry, proof, wish.override, wish.hold, said
        )
        return offer, raw

    def _change(self, name: str, asked: Wish | Turn, by: str) -> Change:
        return Change(name, asked.on, by, asked.reason, self._with.clock())

    def _verified(self, raw: bytes, bundle: str) -> str:
        """The name of a certificate that holds. Raises Reject, code "certificate"."""
        now = datetime.fromtimestamp(self._with.clock() / 1000, UTC)
        verify(raw, bundle=bundle, hub=self._with.hub, certifiers=self._with.certifiers(), now=now)
        return certificate_name(raw)

    def _fit_entry(self, made: Registered, files: Mapping[str, bytes]) -> Report:
        others = self.shelf().events()
        return self._fit(Asked(made.connector, dict(files), made.name, made.entry, others))

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

    def _told(self, made: Registered) -> Registered:
        self._with.book.tell(act_of(made.name, made.now))
        return made

    def _tell(self, kind: str, name: str, words: str, by: str, reason: str) -> None:
        self._with.book.tell(Act(kind, name, words, by, reason, self._with.clock()))
