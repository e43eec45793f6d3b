"""Many people change one registration at the same moment: one wins, the others hear of it."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette

from adapters.http.simple import fetch
from hub.access.guard import guarded
from hub.registry.control.routes import control_routes
from tests.access.kit import gate
from tests.registry.control.desk_kit import PEOPLE, Plane
from tests.registry.serving import listening

pytestmark = pytest.mark.process
PERSONS = 6


@pytest.mark.parametrize("served", [False, True])
def test_of_many_at_once_one_wins(plane: Plane, *, served: bool) -> None:
    on = plane.register()["version"] if served else 0
    bundle = plane.upload()
    routes = guarded("registry", control_routes(plane.desk), gate(PEOPLE))
    with listening(Starlette(routes=[*routes])) as url, ThreadPoolExecutor(PERSONS) as people:

        def register(number: int) -> tuple[int, str]:
            wish = plane.wish(on, bundle=bundle, reason=f"person {number}")
            who = {"authorization": "Bearer an"}
            status, _, body = fetch("PUT", f"{url}/registrations/north", json=wish, headers=who)
            return status, json.loads(body).get("detail", "")

        answers = [*people.map(register, range(PERSONS))]
    assert sorted(status for status, _ in answers) == [201, *[409] * (PERSONS - 1)]
    winner = next(n for n, (status, _) in enumerate(answers) if status == 201)
    assert all(f"person {winner}" in said for status, said in answers if status == 409)
    found = plane.keeping.fresh().registrations["north"]
    assert (found.version, found.reason) == (on + 1, f"person {winner}")
    reasons = [why for kind, _, _, why in plane.acts() if kind == "REGISTERED"]
    assert reasons == [*["as agreed"] * on, f"person {winner}"]
    refused = [kind for kind, *_ in plane.acts() if kind == "REGISTRATION_REFUSED"]
    assert len(refused) == PERSONS - 1
