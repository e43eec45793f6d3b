"""Who may do what: one row for each route of each process, and the decision. Pure.

A route without a row cannot be served (`hub.access.guard`), so a new one is a decision that
somebody has to make here. What is open needs no credential: probes, and reading schemas, which
every stock client of Kafka does and which say nothing of any person.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["integrator", "operator", "auditor", "admin", "hub"]

# `hub` is a process of the hub itself, perhaps on another machine: no person ever has it.
ADMIN: frozenset[Role] = frozenset({"admin"})
OPERATORS: frozenset[Role] = frozenset({"operator", "admin"})
READERS: frozenset[Role] = frozenset({"operator", "auditor", "admin"})
OWNER: frozenset[Role] = frozenset({"integrator"})
NOBODY: frozenset[Role] = frozenset()

LOCAL = "local"  # no name of a person: hub.access.roster

Verdict: TypeAlias = Literal["allowed", "own", "unknown", "role", "foreign"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, as far as that is proved. `connectors`: those of an integrator."""

    name: str
    roles: frozenset[Role]
    connectors: frozenset[str] = frozenset()

    @property
    def is_hub(self) -> bool:
        """Whether it is a process of the hub, and no person."""
        return self.roles == {"hub"}

    @property
    def is_local(self) -> bool:
        """Whether all that is known is that it is somebody at the hub's own machine."""
        return self.name == LOCAL


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may use one route: `roles` always, `own` for connectors of their own alone.

    `open`: whoever comes, without a credential. Whose a connector is, is asked by the
    route's handler (`hub.access.gate.Caller.owns`).
    """

    process: str
    method: str
    path: str  # as the application writes it: "/registrations/{name}"
    roles: frozenset[Role] = NOBODY
    own: frozenset[Role] = NOBODY
    open: bool = False


def decide(rule: Rule, who: Principal | None, connector: str | None) -> Verdict:
    """Whether `who` (None: nobody known) may use the route, for `connector` where that is known.

    "own": an integrator may, if it proves to be their connector; "role", "foreign", "unknown" are
    refusals: of a role that may not, for somebody else's connector, of somebody without a proof.
    """
    if rule.open:
        return "allowed"
    if who is None:
        return "unknown"
    if who.roles & rule.roles:
        return "allowed"
    if not who.roles & rule.own:
        return "role"
    if connector is None:
        return "own"
    return "allowed" if connector in who.connectors else "foreign"


def _rows(
    process: str,
    text: str,
    roles: frozenset[Role] = NOBODY,
    own: frozenset[Role] = NOBODY,
    *,
    open: bool = False,  # noqa: A002 - the field's name
) -> list[Rule]:
    """A row for each line of `text`: METHOD /path."""
    pairs = (line.split() for line in text.strip().splitlines())
    return [Rule(process, method, path, roles, own, open) for method, path in pairs]


_VERSION = "/subjects/{subject}/versions/{version}"

RULES: tuple[Rule, ...] = (
    *_rows(
        "registry",
        f"""
        GET  /
        GET  /schemas/types
        GET  /schemas/ids/{{id}}
        GET  /schemas/ids/{{id}}/schema
        GET  /schemas/ids/{{id}}/subjects
        GET  /schemas/ids/{{id}}/versions
        GET  /subjects
        POST /subjects/{{subject}}
        GET  /subjects/{{subject}}/versions
        GET  {_VERSION}
        GET  {_VERSION}/schema
        GET  {_VERSION}/referencedby
        POST /compatibility{_VERSION}
        POST /compatibility/subjects/{{subject}}/versions
        GET  /config
        GET  /config/{{subject}}
        GET  /mode
        GET  /mode/{{subject}}
        """,
        open=True,
    ),
    *_rows("registry", "POST /subjects/{subject}/versions", frozenset({"hub", "admin"})),
    *_rows(
        "registry",
        f"""
        DELETE /subjects/{{subject}}
        DELETE {_VERSION}
        PUT    /config
        DELETE /config
        PUT    /config/{{subject}}
        DELETE /config/{{subject}}
        """,
        ADMIN,
    ),
    *_rows("registry", "GET /events", READERS | {"integrator"}),
    # what people do with registrations (hub.registry.control); integrators with their own alone
    *_rows(
        "registry",
        """
        GET /bundles/{bundle}
        GET /registrations
        GET /registrations/{name}
        GET /registrations/{name}/history
        """,
        READERS,
        OWNER,
    ),
    *_rows(
        "registry",
        """
        POST /bundles
        POST /bundles/check
        PUT  /registrations/{name}
        POST /registrations/{name}/check
        POST /registrations/{name}/certify
        POST /registrations/{name}/golive
        POST /registrations/{name}/pause
        POST /registrations/{name}/resume
        POST /registrations/{name}/rollback
        POST /registrations/{name}/retire
        """,
        OPERATORS,
        OWNER,
    ),
    *_rows(
        "views",
        """
        GET /dossiers
        GET /dossiers/{code}
        GET /counts
        """,
        READERS | {"hub"},
    ),
    # what people decide with the command line about deliveries (hub.cli.deciding)
    *_rows("cli", "DO decide", OPERATORS),
    *_rows("cli", "DO plan", READERS),  # a replay; it sends nothing
    *_rows("cli", "DO unmask", READERS),
)


def rule_of(process: str, method: str, path: str) -> Rule:
    """The row of a route; HEAD is GET. Raises KeyError where nobody decided who may."""
    return _BY_ROUTE[process, "GET" if method == "HEAD" else method, path]


_BY_ROUTE = {(rule.process, rule.method, rule.path): rule for rule in RULES}
