"""The gate before a route: who is it, may they, and a record of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from adapters.http.messages import Refusal
from hub.access.attempts import Attempt
from hub.access.rules import Principal, Rule, Verdict, decide
from hub.errors import Halt, Reject, Retry

LONGEST = 200  # characters of a path in records
CHALLENGE = (("www-authenticate", 'Bearer realm="hub"'),)
REFUSED: dict[Verdict, str] = {
    "unknown": "refused: no credential",
    "role": "refused: this role may not",
    "foreign": "refused: not their connector",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, as far as it is looked at here.

    `path`: what was asked for, without its query. `peer`: the address that it comes from.
    """

    authorization: str | None
    path: str
    peer: str = ""


@dataclass(slots=True)
class Caller:
    """Who passed the gate.

    The handler of a route for own connectors has to call `owns`, one that answers a list `among`.
    """

    principal: Principal | None  # None on a route that is open, and for who is not known
    rule: Rule
    settled: bool  # whether nothing is left to be asked of the connector
    _visit: Visit
    _note: Callable[[Attempt], None] = field(repr=False)

    @property
    def name(self) -> str:
        """The name for records: what is done on behalf of whom."""
        return self.principal.name if self.principal else "unknown"

    @property
    def is_owner(self) -> bool:
        """Whether they may only because the connector is their own."""
        return self.principal is not None and not self.principal.roles & self.rule.roles

    def owns(self, connector: str) -> None:
        """A connector that the request is about. Raises Refusal where they may not.

        Of a request about several, each is to be asked.
        """
        verdict = decide(self.rule, self.principal, connector)
        if verdict != "allowed":
            self.tell(REFUSED[verdict], connector)
            raise refusal(verdict)
        if not self.settled:
            self.tell("allowed", connector)
        self.settled = True

    def among(self, connectors: Iterable[str]) -> frozenset[str]:
        """Those of a list's connectors that they may see; the rest is left out, not refused."""
        if not self.settled:
            self.settled = True
            self.tell("allowed")
        return frozenset(x for x in connectors if decide(self.rule, self.principal, x) == "allowed")

    def tell(self, result: str, connector: str = "") -> None:
        """Note how it ended. Of somebody who is not known nothing that they sent is kept."""
        path = self.rule.path if self.principal is None else _shown(self._visit.path)
        what = f"{self.rule.method} {path}"
        self._note(Attempt(self.name, what, result, connector, self._visit.peer))


class Knows(Protocol):
    """Who knows people by their credential: `hub.access.doorman.Doorman`."""

    async def who(self, authorization: str | None) -> Principal | None:
        """Whose it is; None without one. Raises Reject, Retry, Halt."""
        ...


class Gate:
    """Lets pass who may, and notes who tried. Belongs to one event loop."""

    def __init__(self, doorman: Knows, note: Callable[[Attempt], None]) -> None:
        self._doorman = doorman
        self._note = note

    async def enter(self, rule: Rule, visit: Visit) -> Caller:
        """Who may go on.

        Raises Refusal: 401 without a credential that is somebody's, 403 for one who may not, 503
        while that cannot be told.
        """
        nobody = Caller(None, rule, rule.open, visit, self._note)
        if rule.open:
            return nobody
        try:
            who = await self._doorman.who(visit.authorization)
        except Reject as error:
            nobody.tell(f"refused: {error.what}")
            raise Refusal(401, "denied", "Not let in", error.what, headers=CHALLENGE) from error
        except (Retry, Halt) as error:
            nobody.tell(f"refused: {error.what}")
            raise Refusal(
                503,
                "unavailable",
                "It cannot be told now who may",
                error.what,
                headers=(("retry-after", "30"),),
            ) from error
        verdict = decide(rule, who, None)
        caller = Caller(who, rule, verdict == "allowed", visit, self._note)
        if verdict not in ("allowed", "own"):
            caller.tell(REFUSED[verdict])
            raise refusal(verdict)
        if verdict == "allowed" and who is not None and not who.is_hub:
            caller.tell("allowed")
        return caller


def refusal(verdict: Verdict) -> Refusal:
    """What somebody who may not is told."""
    if verdict == "unknown":
        return Refusal(
            401,
            "denied",
            "Not let in",
            "say who you are: authorization: Bearer TOKEN",
            headers=CHALLENGE,
        )
    why = "your role does not allow it; `hub access rules` lists who may"
    if verdict == "foreign":
        why = "the connector is not among yours; ask an operator, or to have it added to them"
    return Refusal(403, "denied", "You may not do that", why)


def _shown(path: str) -> str:
    text = "".join(c if c.isprintable() else "?" for c in path)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
