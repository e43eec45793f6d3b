"""Over HTTP nothing takes a live version's place unseen, and who asks again changes nothing."""

from base64 import b64encode
from typing import Any

import pytest

from hub.registry.changes import STEPS
from hub.registry.upload import packed
from tests.registry.control.desk_kit import ENTRY, FILES, Plane
from tests.registry.control.test_control_door import certificate

pytestmark = pytest.mark.process
OTHER = packed({**FILES, "mapping.py": FILES["mapping.py"] + b"\n# another\n"})


def compare(plane: Plane, wish: dict[str, object]) -> dict[str, Any]:
    status, planned = plane.ask("POST", "/registrations/north/check", json=wish)
    assert status == 200, planned
    return dict(planned["compare"])


def record(plane: Plane, wanted: dict[str, Any], **more: object) -> dict[str, object]:
    """What a backtest found, by whoever asks."""
    usual: dict[str, object] = {
        "old": wanted["old"], "new": wanted["new"], "read": 100, "compared": 40, "differing": 4,
        "unexplained": 0, "causes": ["code table STATE"], "at": plane.broker.clock(), "by": "an",
    }  # fmt: skip
    return usual | more


def put(plane: Plane, wish: dict[str, object]) -> tuple[int, Any]:
    return plane.ask("PUT", "/registrations/north", json=wish)


def test_a_new_version_wants_a_backtest_of_just_these_two(plane: Plane) -> None:
    first = plane.register()
    wish = plane.wish(on=1, bundle=plane.upload(OTHER))
    status, said = put(plane, wish)
    assert (status, said["type"], "version 1" in said["detail"]) == (
        422,
        "/problems/backtest",
        True,
    )
    assert plane.ask("GET", "/registrations/north")[1] == first
    assert plane.acts()[-1][:3] == ("REGISTRATION_REFUSED", "north", "an")
    wanted = compare(plane, wish)
    assert (wanted["version"], wanted["bundle"], wanted["entry"]) == (1, first["bundle"], ENTRY)
    of_others = record(plane, wanted, new=wanted["old"])
    assert put(plane, wish | {"backtest": of_others})[1]["type"] == "/problems/backtest"
    status, made = put(plane, wish | {"backtest": record(plane, wanted)})
    assert (status, made["version"], made["backtest"]["causes"]) == (201, 2, ["code table STATE"])


def test_what_nothing_explains_is_confirmed_with_a_reason_and_kept(plane: Plane) -> None:
    plane.register()
    wish = plane.wish(on=1, bundle=plane.upload(OTHER))
    grave = record(plane, compare(plane, wish), unexplained=3, causes=["unexplained: order, 3"])
    status, said = put(plane, wish | {"backtest": grave})
    assert (status, said["type"]) == (422, "/problems/confirm")
    assert "unexplained: order, 3" in said["detail"]
    status, made = put(plane, wish | {"backtest": grave, "confirm": "agreed with the post office"})
    assert (status, made["confirm"]) == (201, "agreed with the post office")
    history = plane.ask("GET", "/registrations/north/history")[1]
    assert (history[0]["backtest"]["unexplained"], history[1]["backtest"]) == (3, None)


def test_what_cannot_be_compared_says_why_on_the_record(plane: Plane) -> None:
    plane.register()
    wish = plane.wish(on=1, bundle=plane.upload(OTHER), uncompared="no event is kept any more")
    assert put(plane, wish)[1]["uncompared"] == "no event is kept any more"


def test_a_draft_of_a_retired_name_goes_live_seen(plane: Plane) -> None:
    plane.register()
    plane.ask("POST", "/registrations/north/retire", json={"on": 1, "reason": "over"})
    wish = plane.wish(on=2, bundle=plane.upload(OTHER), hold=True)
    assert put(plane, wish)[0] == 201
    wanted = plane.ask("GET", "/registrations/north")[1]["compare"]
    turn = {"on": 3, "reason": "the day has come"}
    status, said = plane.ask("POST", "/registrations/north/golive", json=turn)
    assert (status, said["type"]) == (422, "/problems/backtest")
    turn["backtest"] = record(plane, wanted)
    assert plane.ask("POST", "/registrations/north/golive", json=turn)[1]["state"] == "live"


def test_the_way_back_asks_for_nothing(plane: Plane) -> None:
    plane.register()
    put(plane, plane.wish(on=1, bundle=plane.upload(OTHER), uncompared="a test"))
    turn = {"on": 2, "reason": "it was wrong"}
    assert plane.ask("POST", "/registrations/north/rollback", json=turn)[0] == 200


STEPS_AGAIN = ["pause", "resume", "retire", "rollback", "certify", "golive"]


def before(plane: Plane, step: str) -> int:
    """The registration stands where this step leads from; its version."""
    if step in ("certify", "golive"):
        return int(plane.register(hold=True)["version"])
    version = int(plane.register()["version"])
    if step == "resume":
        plane.ask("POST", "/registrations/north/pause", json={"on": version, "reason": "floods"})
        version += 1
    if step == "rollback":
        wish = plane.wish(on=version, bundle=plane.upload(OTHER), uncompared="a test")
        version = put(plane, wish)[1]["version"]
    return version


def test_every_step_is_asked_again_below() -> None:
    assert {*STEPS_AGAIN} == {*STEPS, "rollback"}


@pytest.mark.parametrize("step", STEPS_AGAIN)
def test_a_step_whose_answer_was_lost_is_told_as_done_and_anothers_is_a_conflict(
    plane: Plane, step: str
) -> None:
    turn: dict[str, object] = {"on": before(plane, step), "reason": "as agreed"}
    if step in ("certify", "golive"):
        turn["certificate"] = certificate()
    first = plane.ask("POST", f"/registrations/north/{step}", json=turn)
    acts = plane.acts()
    assert first[0] == 200
    assert plane.ask("POST", f"/registrations/north/{step}", json=turn) == first
    assert plane.acts() == acts, "it was done once, and told once"
    for more, who in (({}, "postal-team"), ({"reason": "another"}, "an")):
        status, said = plane.ask("POST", f"/registrations/north/{step}", who, turn | more)
        assert (status, said["changed"][0]["by"]) == (409, "an")
        assert said["changed"][0]["at"]


def test_a_trial_says_what_registering_would_give_and_writes_only_that_it_was_tried(
    plane: Plane,
) -> None:
    plane.register()
    before = plane.keeping.fresh()
    wish = plane.wish(archive=b64encode(OTHER).decode())
    status, plan = plane.ask("POST", "/registrations/south/check", json=wish)
    assert (status, plan["state"], plan["cases"]) == (200, "live", 9)
    assert "ConsignmentOrdered" in plan["told"]
    assert plan["notes"] == [f"'north' is live too: both would be told {', '.join(plan['told'])}"]
    assert plane.keeping.fresh() == before
    assert plane.acts()[-1][:3] == ("REGISTRATION_TRIED", "south", "an")


def test_a_trial_is_refused_as_the_registration_would_be(plane: Plane) -> None:
    plane.register()
    before = plane.keeping.fresh()
    wish = plane.wish(archive=b64encode(OTHER).decode())
    for more, who, wanted in (
        ({"on": 7}, "an", 409),
        ({"override": ""}, "an", 422),
        ({"entry": {**ENTRY, "endpoint": "http://10.0.0.1"}}, "an", 422),
        ({"archive": b64encode(OTHER[:99]).decode()}, "an", 422),
        ({}, "portal-team", 403),
        ({"entry": {**ENTRY, "secrets": {"consumer_key": "file:/etc/x"}}}, "postal-team", 403),
        ({"certificate": certificate()}, "an", 422),
    ):
        status, said = plane.ask("POST", "/registrations/south/check", who, wish | more)
        assert (status, "title" in said) == (wanted, True), (more, said)
    assert plane.keeping.fresh() == before
    assert {kind for kind, name, *_ in plane.acts() if name == "south"} == {"REGISTRATION_TRIED"}


def test_a_new_name_wants_no_backtest_and_another_version_does(plane: Plane) -> None:
    plane.register()
    archive = b64encode(OTHER).decode()
    status, new = plane.ask("POST", "/registrations/south/check", json=plane.wish(archive=archive))
    assert (status, new["compare"]) == (200, None)
    assert compare(plane, plane.wish(on=1, archive=archive))["version"] == 1
