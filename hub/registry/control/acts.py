"""What the control plane did and refused, on `hub.act`: who, what, why, for good.

A change stands on `hub.registry` first and is told here behind it. What could not be told, since
the broker or this process went away in between, is told later: every change names itself in a
header, so that a process that starts sees which of the last day's are missing.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass

from hub.contract.types import Document
from hub.errors import HubError, Retry
from hub.intake.acts import SCHEMA
from hub.log import get_logger
from hub.records import Broker, Headers, Outgoing, Writer, every_spot
from hub.registry.ledger import Did, Ledger, Version
from hub.topics import ACT

KINDS: dict[Did, str] = {
    "register": "REGISTERED",
    "certify": "CERTIFIED",
    "golive": "WENT_LIVE",
    "pause": "PAUSED",
    "resume": "UNPAUSED",
    "rollback": "ROLLED_BACK",
    "retire": "RETIRED",
}
KEPT, REFUSED, TRIED = "BUNDLE_KEPT", "REGISTRATION_REFUSED", "REGISTRATION_TRIED"
RENEWED = "SECRET_RENEWED"
DAY = 86_400_000  # ms
ACKNOWLEDGED = 20.0  # seconds; the writer itself gives up after 15
POLL = 0.2
LONGEST = 1_000  # characters of a reason

log = get_logger("hub.registry")
Encode = Callable[[str, Document], bytes]


@dataclass(frozen=True, slots=True)
class Act:
    """`registration`: or the connector, where none is concerned yet. `change` names a change."""

    kind: str
    registration: str
    subject: str
    by: str
    reason: str
    at: int  # epoch ms
    change: str = ""


def act_of(name: str, version: Version) -> Act:
    """The act of a change that stands on the ledger."""
    proof = f"certificate {version.certificate[:16]}" if version.certificate else ""
    proof = proof or (f"override: {version.override}" if version.override else "")
    words = (f"version {version.version}", f"bundle {version.bundle[:16]}", version.state, proof)
    return Act(
        KINDS[version.did],
        name,
        ", ".join(filter(None, words)),
        version.by,
        version.reason,
        version.at,
        f"{name} {version.version}",
    )


def changes_since(ledger: Ledger, moment: int) -> Iterator[Act]:
    """The acts of all changes since then, epoch ms, as far as the ledger names them."""
    for name, registered in ledger.registrations.items():
        for version in (*registered.before, registered.now):
            if version.at >= moment and version.did in KINDS:
                yield act_of(name, version)


def told_since(broker: Broker, moment: int) -> frozenset[str]:
    """The names of changes that `hub.act` tells since then. Raises Retry without the broker."""
    spots = every_spot(broker, (ACT,))
    if not spots:
        return frozenset()
    reader = broker.reader(spots)
    told: set[str] = set()
    try:
        ends = reader.end()
        for spot, offset in reader.at(moment).items():
            reader.seek(spot, offset)
        while any(reader.position(spot) < end for spot, end in ends.items()):
            for record in reader.poll(POLL):
                change = dict(record.headers).get("hub_change")
                if change is not None:
                    told.add(change.decode(errors="replace"))
    finally:
        reader.close()
    return frozenset(told)


class Book:
    """Writes acts; what it could not write it owes. Thread-safe."""

    def __init__(self, writer: Writer, encode: Encode) -> None:
        self._writer = writer
        self._encode = encode
        self._lock = threading.Lock()
        self._owed: list[Act] = []

    def tell(self, act: Act) -> None:
        """Write it now, behind what is owed; or owe it. What is owed is told in the log once."""
        with self._lock:
            self._owed.append(act)
            error = self._settle()
        if error is not None:
            log.warning(
                "act_unrecorded",
                kind=act.kind,
                registration=act.registration,
                by=act.by,
                subject=act.subject,
                error=error,
            )

    def owe(self, acts: Iterable[Act]) -> None:
        """These are missing: write them when it can be done."""
        with self._lock:
            self._owed += acts

    def settle(self) -> None:
        """Write what is owed, as far as that can be done now."""
        with self._lock:
            self._settle()

    def _settle(self) -> str | None:
        try:
            while self._owed:
                self._write(self._owed[0])
                del self._owed[0]
        except HubError as error:
            return error.what
        return None

    def _write(self, act: Act) -> None:
        headers: Headers = (("ce_type", SCHEMA.encode()), ("hub_act", act.kind.encode()))
        if act.change:
            headers = (*headers, ("hub_change", act.change.encode()))
        value = self._encode(SCHEMA, _document(act))
        future = self._writer.send(Outgoing(ACT, act.registration.encode(), value, headers))
        try:
            future.result(timeout=ACKNOWLEDGED)
        except (TimeoutError, CancelledError) as error:
            raise Retry("the broker did not acknowledge", system=True) from error


def _document(act: Act) -> Document:
    return {
        "kind": act.kind,
        "registration": act.registration,
        "subject": act.subject,
        "reason": act.reason[:LONGEST],
        "event_ids": [],
        "at": act.at,
        "by": act.by,
    }
