"""How the control plane's answers look: registrations, bundles, and refusals (RFC 9457)."""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import to_builtins

from adapters.http.problem import MEDIA_TYPE
from hub.contract.types import Document
from hub.errors import Reject
from hub.registry.changes import Stale
from hub.registry.control.checking import Report
from hub.registry.control.desk import Unfit
from hub.registry.control.planning import Plan, unjudged
from hub.registry.ledger import Registered, Version
from hub.registry.promotion import body, replaced

PROBLEM = MEDIA_TYPE
STATUS = {
    "unknown": 404,
    "stale": 409,
    "state": 409,
    "version": 409,
    "too-large": 413,
    "operator": 403,
}
TITLES = {
    "stale": "Somebody else was first; nothing was changed",
    "state": "Not from where it is now; nothing was changed",
    "unknown": "There is no such thing here",
}


def brief(registered: Registered) -> Document:
    """A registration in a list: what it is and who did that, without endpoint and settings."""
    return {
        "name": registered.name,
        "connector": registered.connector,
        "state": registered.state,
        **_version(registered.now),
    }


def whole(registered: Registered, certificate: bytes = b"") -> Document:
    """A registration, with the entry that it stands on and what its certificate does not know."""
    said: Document = {
        **brief(registered),
        "entry": registered.entry,
        "not_judged": [*unjudged(certificate)],
    }
    return said if registered.state == "live" else said | {"compare": _compare(registered)}


def plan(found: Plan) -> Document:
    """What registering would give; `compare`: what a backtest has to compare before."""
    made, checked = found.made, found.report
    return {
        **whole(made),
        "compare": _compare(made),
        "cases": checked.cases,
        "told": [*checked.told],
        "tells": [*checked.tells],
        "notes": [*found.notes],
    }


def _compare(registered: Registered) -> Document | None:
    """The version whose place it takes once it is live, and both bodies; None for none."""
    old = replaced(registered)
    if old is None:
        return None
    return {
        "version": old.version,
        "bundle": old.bundle,
        "entry": old.entry,
        "old": body(old.bundle, old.entry),
        "new": body(registered.bundle, registered.entry),
    }


def history(registered: Registered) -> list[Document]:
    """What it is and was, newest first."""
    found = [registered.now, *reversed(registered.before)]
    return [
        {"state": version.state, **_version(version), "entry": version.entry} for version in found
    ]


def report(found: Report) -> Document:
    """A bundle that was checked; `bundle` is what a registration names it by."""
    said: Document = to_builtins(found)
    said["bundle"] = said.pop("sha256")
    return said


def refusal(error: Reject) -> Document:
    """Why it was refused: all problems of a bundle, all that others did meanwhile."""
    said: Document = {
        "type": f"/problems/{error.code}",
        "title": TITLES.get(error.code, "It was refused; nothing was changed"),
        "status": STATUS.get(error.code, 422),
        "detail": error.what,
    }
    said |= {key: text for key, text in (("where", error.where), ("fix", error.fix)) if text}
    if isinstance(error, Unfit):
        said["problems"] = [{**problem.as_dict()} for problem in error.problems]
    if isinstance(error, Stale):
        said["changed"] = [*_changed(error)]
    return said


def _changed(error: Stale) -> Iterator[Document]:
    for version in reversed(error.since):
        yield {"state": version.state, **_version(version)}


def _version(version: Version) -> Document:
    moment = datetime.fromtimestamp(version.at / 1000, UTC)
    said: Document = {
        "version": version.version,
        "did": version.did,
        "bundle": version.bundle,
        "by": version.by,
        "at": moment.isoformat(timespec="milliseconds") if version.at else None,
        "reason": version.reason or None,
        "certificate": version.certificate or None,
        "override": version.override or None,
        "backtest": to_builtins(version.seen.backtest),
        "confirm": version.seen.confirm or None,
        "uncompared": version.seen.uncompared or None,
    }
    return said
