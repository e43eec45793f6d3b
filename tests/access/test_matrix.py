"""Every route × role. A route without a row fails here, and so does a row without a route."""

from collections.abc import Iterator
from typing import get_args

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.testclient import TestClient

from hub.access.attempts import Attempt
from hub.access.guard import caller_of, guarded
from hub.access.rules import RULES, Principal, Role, Rule
from hub.broker_memory import MemoryBroker
from hub.registry.control.checking import Checker
from hub.registry.control.routes import control_routes
from hub.registry.schemas.server import schema_routes
from hub.registry.schemas.store import open_store
from hub.views.http import Route as ViewsRoute
from tests.access.kit import gate, principal
from tests.registry.control.desk_kit import SCHEMAS, plane

ROLES: tuple[Role, ...] = get_args(Role)
MINE, THEIRS = "waterco", "portal"
WHO = {role: principal(role, role, *([MINE] if role == "integrator" else [])) for role in ROLES}
OPEN = "nobody integrator operator auditor admin hub"

# What each route lets in. `integrator` may where it is their own connector.
MATRIX = {
    "registry GET /": OPEN,
    "registry GET /schemas/types": OPEN,
    "registry GET /schemas/ids/{id}": OPEN,
    "registry GET /schemas/ids/{id}/schema": OPEN,
    "registry GET /schemas/ids/{id}/subjects": OPEN,
    "registry GET /schemas/ids/{id}/versions": OPEN,
    "registry GET /subjects": OPEN,
    "registry POST /subjects/{subject}": OPEN,
    "registry GET /subjects/{subject}/versions": OPEN,
    "registry GET /subjects/{subject}/versions/{version}": OPEN,
    "registry GET /subjects/{subject}/versions/{version}/schema": OPEN,
    "registry GET /subjects/{subject}/versions/{version}/referencedby": OPEN,
    "registry POST /compatibility/subjects/{subject}/versions/{version}": OPEN,
    "registry POST /compatibility/subjects/{subject}/versions": OPEN,
    "registry GET /config": OPEN,
    "registry GET /config/{subject}": OPEN,
    "registry GET /mode": OPEN,
    "registry GET /mode/{subject}": OPEN,
    "registry POST /subjects/{subject}/versions": "admin hub",
    "registry DELETE /subjects/{subject}": "admin",
    "registry DELETE /subjects/{subject}/versions/{version}": "admin",
    "registry PUT /config": "admin",
    "registry DELETE /config": "admin",
    "registry PUT /config/{subject}": "admin",
    "registry DELETE /config/{subject}": "admin",
    "registry GET /registrations": "integrator operator auditor admin",
    "registry GET /bundles/{bundle}": "integrator operator auditor admin",
    "registry GET /events": "integrator operator auditor admin",
    "registry GET /registrations/{name}": "integrator operator auditor admin",
    "registry GET /registrations/{name}/history": "integrator operator auditor admin",
    "registry POST /bundles": "integrator operator admin",
    "registry POST /bundles/check": "integrator operator admin",
    "registry PUT /registrations/{name}": "integrator operator admin",
    "registry POST /registrations/{name}/check": "integrator operator admin",
    "registry POST /registrations/{name}/certify": "integrator operator admin",
    "registry POST /registrations/{name}/golive": "integrator operator admin",
    "registry POST /registrations/{name}/pause": "integrator operator admin",
    "registry POST /registrations/{name}/resume": "integrator operator admin",
    "registry POST /registrations/{name}/rollback": "integrator operator admin",
    "registry POST /registrations/{name}/retire": "integrator operator admin",
    "views GET /dossiers": "operator auditor admin hub",
    "views GET /dossiers/{code}": "operator auditor admin hub",
    "views GET /counts": "operator auditor admin hub",
    "cli DO decide": "operator admin",
    "cli DO plan": "operator auditor admin",
    "cli DO unmask": "operator auditor admin",
}


def rules_of(process: str) -> list[Rule]:
    return [rule for rule in RULES if rule.process == process]


def name_of(rule: Rule) -> str:
    return f"{rule.process} {rule.method} {rule.path}"


def served() -> Iterator[str]:
    """Every route that a process really serves."""
    with open_store(MemoryBroker()) as store, plane(Checker(SCHEMAS)) as found:
        for route in (*schema_routes(store), *control_routes(found.desk)):
            yield from (f"registry {m} {route.path}" for m in route.methods or () if m != "HEAD")
    yield from (f"views GET {path}" for path in get_args(ViewsRoute))


def test_every_route_has_its_row_and_every_row_its_route() -> None:
    rows = [name_of(rule) for rule in RULES]
    assert len(rows) == len(set(rows)), "a route has two rows"
    assert set(served()) == {row for row in rows if not row.startswith("cli ")}
    assert set(MATRIX) == set(rows)


def test_a_route_without_a_row_is_not_served() -> None:
    with pytest.raises(KeyError):
        guarded("registry", [Route("/new", lambda _: Response())], gate({}))


class Desk:
    """The routes of one process behind the gate, with a handler that touches one connector."""

    def __init__(self, process: str, connector: str) -> None:
        self.noted: list[Attempt] = []

        async def touch(request: Request) -> Response:
            if connector:
                caller_of(request).owns(connector)
            return PlainTextResponse("done")

        routes = [Route(r.path, touch, methods=[r.method]) for r in rules_of(process)]
        known: dict[str, Principal] = {str(role): found for role, found in WHO.items()}
        made: list[BaseRoute] = [*guarded(process, routes, gate(known, self.noted.append))]
        self.client = TestClient(Starlette(routes=made), raise_server_exceptions=False)

    def status(self, method: str, path: str, who: Role | None) -> int:
        headers = {"authorization": f"Bearer {who}"} if who else {}
        concrete = path.replace("{", "").replace("}", "")
        return self.client.request(method, concrete, headers=headers).status_code


@pytest.mark.parametrize("process", ["registry", "views"])
def test_who_gets_in(process: str) -> None:
    desk = Desk(process, MINE)
    for rule in rules_of(process):
        may = MATRIX[name_of(rule)].split()
        for who in (None, *ROLES):
            got = desk.status(rule.method, rule.path, who)
            wanted = 200 if (who or "nobody") in may else 403 if who else 401
            assert (name_of(rule), who, wanted) == (name_of(rule), who, got)


@pytest.mark.parametrize("process", ["registry", "views"])
def test_an_integrator_stays_with_their_own_connectors(process: str) -> None:
    desk = Desk(process, THEIRS)
    for rule in rules_of(process):
        if rule.own:
            assert (name_of(rule), 403) == (
                name_of(rule),
                desk.status(rule.method, rule.path, "integrator"),
            )


def test_a_wrong_word_is_refused_and_noted_without_the_word() -> None:
    desk = Desk("registry", "")
    answer = desk.client.delete("/subjects/s", headers={"authorization": "Bearer guessed"})
    assert (401, 'Bearer realm="hub"') == (answer.status_code, answer.headers["www-authenticate"])
    assert "guessed" not in answer.text
    (noted,) = desk.noted
    assert ("unknown", "DELETE /subjects/{subject}") == (noted.by, noted.what)
    assert "guessed" not in noted.result


def test_each_attempt_at_what_is_not_open_is_noted_unless_it_is_the_hubs_own() -> None:
    desk = Desk("registry", "")
    for who in ROLES:
        desk.status("DELETE", "/subjects/{subject}", who)
        desk.status("GET", "/subjects", who)
    desk.status("POST", "/subjects/{subject}/versions", "hub")
    assert [
        ("integrator", "refused: this role may not"),
        ("operator", "refused: this role may not"),
        ("auditor", "refused: this role may not"),
        ("admin", "allowed"),
        ("hub", "refused: this role may not"),
    ] == [(one.by, one.result) for one in desk.noted]
    assert {"DELETE /subjects/subject"} == {one.what for one in desk.noted}


def test_a_question_for_the_head_alone_is_the_same_question() -> None:
    desk = Desk("registry", MINE)
    assert 401 == desk.status("HEAD", "/registrations", None)
    assert 200 == desk.status("HEAD", "/registrations", "operator")


def test_a_handler_that_forgets_whose_connector_it_is_fails() -> None:
    desk = Desk("registry", "")
    assert 500 == desk.status("POST", "/registrations/{name}/pause", "integrator")
    assert 200 == desk.status("POST", "/registrations/{name}/pause", "operator")
