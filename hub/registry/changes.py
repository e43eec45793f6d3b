"""What becomes of a registration when somebody asks for a change: the next record, or a refusal.

    draft ─certificate─► certified ──► live ⇄ paused ──► retired ──► registered anew
      └──── override: reason ────────►

A change names the version that it was made on. Where another stands, somebody was first: the change
is refused with what has happened since, and nothing is merged. Decides, does not act.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

import orjson
from msgspec.structs import replace

from hub.errors import Reject
from hub.registry.ledger import MOST_BEFORE, SERVED, Did, Entry, Registered, State, Version
from hub.registry.seen import UNSEEN, Seen

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")  # part of a path and of a group's name
MOST_WORDS = 500  # characters of a reason, and of a name
ENTRY_BYTES = 16_384  # as JSON; a record names 51 of them, and the usual one has 1,000
Step: TypeAlias = Literal["certify", "golive", "pause", "resume", "retire"]

# From which states each step leads, and where to.
STEPS: dict[Step, tuple[frozenset[State], State]] = {
    "certify": (frozenset({"draft", "certified"}), "certified"),
    "golive": (frozenset({"draft", "certified"}), "live"),
    "pause": (frozenset({"live"}), "paused"),
    "resume": (frozenset({"paused"}), "live"),
    "retire": (frozenset({"draft", "certified", "live", "paused"}), "retired"),
}


@dataclass(eq=False)
class Stale(Reject):
    """Somebody was first; `since`: what was done after the version that the change was made on."""

    since: tuple[Version, ...] = ()

    __str__ = Reject.__str__


@dataclass(frozen=True, slots=True)
class Change:
    """Who wants something of a registration, on which version, why, and when (epoch ms).

    `on` is 0 for a name that nobody has registered, or that only stands in the files.
    """

    name: str
    on: int
    by: str
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What is to be registered: a bundle of a connector, with an entry, and what vouches for it.

    `certificate` names one by its SHA-256; `override` is why none is needed. `hold`: it shall not
    go live yet. `seen`: what is known of what it changes.
    """

    connector: str
    bundle: str
    entry: Entry
    certificate: str = ""
    override: str = ""
    hold: bool = False
    seen: Seen = UNSEEN


def register(known: Registered | None, change: Change, offer: Offer) -> Registered:
    """The registration with this bundle and entry.

    A paused one stays paused under its new version; one that is not served says where it starts.
    Raises Reject: code "stale" (`Stale`), "name", "words" (who or why is missing), "certificate"
    (neither that nor an override), "entry" (too large), "start", "state".
    """
    _check(known, change)
    _check_offer(change.name, offer)
    _check_place(known, change.name, offer)
    if offer.hold:
        state: State = "certified" if offer.certificate else "draft"
    else:
        state = "paused" if known is not None and known.state == "paused" else "live"
    return Registered(
        name=change.name,
        connector=offer.connector,
        bundle=offer.bundle,
        entry=offer.entry,
        state=state,
        version=change.on + 1,
        by=change.by,
        at=change.at,
        certificate=offer.certificate,
        override=offer.override,
        reason=change.reason,
        seen=offer.seen,
        before=_before(known),
    )


def move(
    known: Registered | None,
    change: Change,
    step: Step,
    *,
    certificate: str = "",
    override: str = "",
    seen: Seen = UNSEEN,
) -> Registered:
    """The registration after a step; `certificate`, `override` and `seen` as in `Offer`.

    Raises Reject: code "stale" (`Stale`), "unknown", "words", "state", "certificate".
    """
    known = _existing(known, change)
    sources, state = STEPS[step]
    if known.state not in sources:
        what = f"is {known.state}, and {step} leads from {' or '.join(sorted(sources))} only"
        raise Reject(what, where=change.name, code="state")
    if override:
        check_words("override", override)
    certificate, override = certificate or known.certificate, override or known.override
    if (step == "certify" and not certificate) or (
        step == "golive" and not certificate and not override
    ):
        raise _unproved()
    seen = known.seen if seen == UNSEEN else seen
    proof = replace(known.now, certificate=certificate, override=override, seen=seen)
    return _next(known, change, state, step, proof)


def roll_back(known: Registered | None, change: Change, to: int | None = None) -> Registered:
    """The registration with the bundle and entry of an earlier version, as the newest one.

    Without `to`: of the last version that was served with another bundle or entry. It stays live
    or paused, as it is. Raises Reject: as `move`, and "version" where there is none to go back to.
    """
    known = _existing(known, change)
    if known.state not in SERVED:
        what = f"is {known.state}: there is nothing to take back"
        raise Reject(what, where=change.name, fix="register it anew", code="state")
    return _next(known, change, known.state, "rollback", _earlier(known, to))


def _earlier(known: Registered, to: int | None) -> Version:
    """The version to go back to. Raises Reject, code "version"."""
    named = [one for one in reversed(known.before) if to in (None, one.version)]
    served = [one for one in named if one.state in SERVED]
    found = [one for one in served if (one.bundle, one.entry) != (known.bundle, known.entry)]
    if found:
        return found[0]
    if to is None:
        what = "has no earlier version that was served otherwise"
    elif served:
        what = f"version {to} is what stands: the same bundle and entry"
    else:
        what = f"version {to} was never served" if named else f"there is no version {to} any more"
    fix = f"hub connector history {known.name}; the last {MOST_BEFORE} are kept"
    raise Reject(what, where=known.name, fix=fix, code="version")


def _next(known: Registered, change: Change, state: State, did: Did, what: Version) -> Registered:
    """The next record: the bundle, entry and proof of `what`, in another state."""
    return replace(
        known,
        bundle=what.bundle,
        entry=what.entry,
        state=state,
        version=known.version + 1,
        by=change.by,
        at=change.at,
        did=did,
        certificate=what.certificate,
        override=what.override,
        reason=change.reason,
        seen=what.seen,
        before=_before(known),
    )


def _before(known: Registered | None) -> tuple[Version, ...]:
    return () if known is None else (*known.before, known.now)[-MOST_BEFORE:]


def _existing(known: Registered | None, change: Change) -> Registered:
    if known is None:
        fix = "hub connector list shows what there is"
        raise Reject("is not registered", where=change.name[:70], fix=fix, code="unknown")
    _check(known, change)
    return known


def _check(known: Registered | None, change: Change) -> None:
    check_words("by", change.by)
    check_words("reason", change.reason)
    stands = known.version if known else 0
    if change.on == stands:
        return
    since: tuple[Version, ...] = ()
    if known is not None:
        since = tuple(one for one in (*known.before, known.now) if one.version > change.on)
    what = f"version {stands} stands, this was made on version {change.on}"
    if since:
        what += f"; the last change is by {since[-1].by}: {since[-1].reason or since[-1].state}"
    fix = "look at it as it is now, and decide again"
    raise Stale(what, where=change.name[:70], fix=fix, code="stale", since=since)


def _check_offer(name: str, offer: Offer) -> None:
    """What is kept has its form and size, and something vouches for what goes live."""
    if not NAME.fullmatch(name):
        what = f"'{name[:70]}' is no name of a registration"
        fix = "letters, digits, '_', '-' and '.', at most 63, the first a letter or digit"
        raise Reject(what, where="name", fix=fix, code="name")
    size = len(orjson.dumps(offer.entry))
    if size > ENTRY_BYTES:
        what = f"has {size:,} bytes as JSON, at most {ENTRY_BYTES:,} are kept"
        raise Reject(what, where="entry", fix="what all have goes into the manifest", code="entry")
    if offer.override:
        check_words("override", offer.override)
    if not offer.hold and not offer.certificate and not offer.override:
        raise _unproved()


def _check_place(known: Registered | None, name: str, offer: Offer) -> None:
    """It may take the place of what stands: of its own connector, and without an end of service."""
    if known is None or known.state not in SERVED:
        if not offer.entry.get("start"):
            fix = "start: now, beginning (all that is kept will be told), or a time with its offset"
            raise Reject("does not say where it starts", where="entry.start", fix=fix, code="start")
        return
    if known.connector != offer.connector:
        what = f"is a registration of '{known.connector}', not of '{offer.connector}'"
        fix = "retire it first, or choose another name"
        raise Reject(what, where=name, fix=fix, code="state")
    if offer.hold:
        what = "is served, and a version on hold would end that"
        raise Reject(what, where=name, fix="register it to go live", code="state")


def check_words(what: str, said: str) -> None:
    """Refuse what is no single line of words that can be kept. Raises Reject, code "words"."""
    if not said.strip() or len(said) > MOST_WORDS or not said.isprintable():
        fix = f"one line of at most {MOST_WORDS} characters: it is kept for good"
        raise Reject("is missing, or no single line", where=what, fix=fix, code="words")


def _unproved() -> Reject:
    fix = "run `hub connector certify`, or say why none is needed: override"
    return Reject("has no certificate", where="certificate", fix=fix, code="certificate")
