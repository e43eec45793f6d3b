"""Every scripted fault does on the socket what its name says; a seed fails the same calls again."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.systems import rules
from ops.systems.faults import Faults
from ops.systems.rules import Subject
from tests.loopback import PLAIN
from tests.ops.systems import sim_golden as golden
from tests.ops.systems.sim_kit import Hub, Sim, Start
from tests.ops.systems.test_sim_portal import STEP, call, token

pytestmark = pytest.mark.process

PATH = f"/ho-so/{golden.CODE}"
BROKEN = (httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)


def rule(action: dict[str, Any], **match: Any) -> dict[str, Any]:
    return {"name": "r", "match": {"operation": "PUT /ho-so/*"} | match, "action": action}


def put(sim: Sim, key: str = "k", **headers: str) -> httpx.Response:
    answer: httpx.Response = call(sim, "PUT", PATH, golden.UPDATE, key, **headers)
    return answer


def stored(sim: Sim) -> bool:
    return sim.inspect.get(f"/_sim/dossiers/{golden.CODE}").status_code == 200


@pytest.mark.parametrize(
    ("action", "kept"),
    [
        ({"kind": "reset", "at": "after-read"}, False),
        ({"kind": "reset", "at": "after-store"}, True),
        ({"kind": "store-then-drop"}, True),
        ({"kind": "truncate"}, True),
        ({"kind": "truncate", "store": False}, False),
    ],
)
def test_a_broken_connection(start: Start, action: dict[str, Any], kept: bool) -> None:
    sim = start("portal")
    sim.faults(rule(action))
    with pytest.raises(BROKEN):
        put(sim)
    assert kept is stored(sim)
    record = sim.get("calls?operation=PUT /ho-so/{maHoSo}")[-1]
    assert ("r", "stored" if kept else "fault") == (record["rule"], record["verdict"])
    sim.faults()
    assert (409 if kept else 200) == put(sim).status_code


def test_a_reset_before_the_body_is_read(start: Start) -> None:
    sim = start("portal")
    given = token(sim)
    sim.faults(rule({"kind": "reset", "at": "before-read"}))
    head = {"Authorization": f"Bearer {given}", "Content-Length": "100", "Idempotency-Key": "k"}

    def body() -> Any:
        yield b"{"
        pytest.fail("the connection was open after the headers") if waited(sim) else None
        yield b"x" * 99

    with pytest.raises(BROKEN):
        sim.client.put(PATH, content=body(), headers=head)
    assert ["reset"] == [c["verdict"] for c in sim.get("calls?path=" + PATH)]


def waited(sim: Sim) -> bool:
    """Whether the reset has still not been recorded after two seconds."""
    end = time.monotonic() + 2
    while time.monotonic() < end:
        if sim.get("calls?verdict=reset"):
            return False
    return True


@pytest.mark.parametrize("keep", [False, True])
def test_silence(start: Start, keep: bool) -> None:
    sim = start("portal")
    given = token(sim)
    sim.faults(rule({"kind": "timeout", "store": keep}))
    head = {"Authorization": f"Bearer {given}", "Idempotency-Key": "k"}
    with pytest.raises(httpx.ReadTimeout):
        sim.client.put(PATH, json=golden.UPDATE, headers=head, timeout=0.2)
    assert keep is stored(sim)


@pytest.mark.parametrize(
    ("action", "status", "text"),
    [
        ({"kind": "status", "code": 502, "body": "bad gateway"}, 502, "bad gateway"),
        ({"kind": "status", "code": 429, "headers": {"Retry-After": "7"}}, 429, ""),
        ({"kind": "error", "answer": {"ma": "SAI"}, "status": 422}, 422, '{"ma":"SAI"}'),
        ({"kind": "error", "answer": {"ma": "SAI"}}, 200, '{"ma":"SAI"}'),
        ({"kind": "html"}, 200, "<!DOCTYPE html>"),
        ({"kind": "expired"}, 401, "KHONG_XAC_THUC"),
        ({"kind": "down"}, 503, ""),
    ],
)
def test_an_answer_that_says_something_else(
    start: Start, action: dict[str, Any], status: int, text: str
) -> None:
    sim = start("portal")
    sim.faults(rule(action) | {"times": 1})
    answer = put(sim)
    assert (status, True) == (answer.status_code, text in answer.text)
    assert not stored(sim)
    if "headers" in action:
        assert "7" == answer.headers["retry-after"]
    assert 200 == put(sim).status_code


def test_an_expired_token_stays_expired(start: Start) -> None:
    sim = start("portal")
    head = {"Authorization": f"Bearer {token(sim)}", "Idempotency-Key": "k"}
    sim.faults(rule({"kind": "expired"}) | {"times": 1})
    for _ in range(2):
        assert 401 == sim.client.put(PATH, json=golden.UPDATE, headers=head).status_code
    assert 200 == put(sim).status_code


def test_delays_add_up_and_the_effect_is_at_once(start: Start) -> None:
    sim = start("portal")
    given = token(sim)
    slow = [{"name": n, "action": {"kind": "delay", "seconds": 0.15}} for n in ("a", "b")]
    sim.faults(*slow)
    head = {"Authorization": f"Bearer {given}", "Idempotency-Key": "k"}
    begin = time.monotonic()
    assert 200 == sim.client.put(PATH, json=golden.UPDATE, headers=head).status_code
    assert time.monotonic() - begin >= 0.3


def test_connections_are_refused_while_a_switch_is_on(start: Start) -> None:
    sim = start("portal")
    down = {"name": "d", "match": {"while": "outage"}, "action": {"kind": "down", "how": "refuse"}}
    sim.faults(down)
    assert 200 == put(sim, "a").status_code
    sim.inspect.put("/_sim/faults", json={"on": ["outage"]})
    until(lambda: refused(sim))
    sim.inspect.put("/_sim/faults", json={"on": []})
    until(lambda: not refused(sim))
    assert 409 == put(sim, "a").status_code


def test_a_window_of_downtime_opens_and_closes_by_itself(start: Start) -> None:
    sim = start("portal")
    window = {"from": 0.2, "until": 0.7}
    sim.faults({"name": "d", "match": window, "action": {"kind": "down", "how": "refuse"}})
    assert not refused(sim)
    until(lambda: refused(sim))
    until(lambda: not refused(sim))


def refused(sim: Sim) -> bool:
    try:
        httpx.get(f"{sim.client.base_url}/_sim/health", trust_env=False, verify=PLAIN, timeout=2)
    except httpx.ConnectError:
        return True
    except BROKEN:  # the moment of closing
        return False
    return False


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({"nth": 2}, [2]),
        ({"nth": [1, 3]}, [1, 3]),
        ({"every": 2}, [2, 4]),
        ({"dossier": "H99*"}, []),
        ({"dossier": [golden.CODE]}, [1, 2, 3, 4]),
        ({"key": "k3"}, [3]),
        ({"path": "/ho-so/*"}, [1, 2, 3, 4]),
        ({"path": "/thu-tuc/*"}, []),
        ({"from": 60}, []),
        ({"until": 60}, [1, 2, 3, 4]),
        ({"while": "never"}, []),
        ({"nth": 1, "per": "key"}, [1, 2, 3, 4]),
        ({"nth": 1, "per": "dossier"}, [1]),
        ({"direction": "out"}, []),
        ({"probability": 0.0}, []),
        ({"probability": 1.0}, [1, 2, 3, 4]),
    ],
)
def test_which_calls_a_rule_means(start: Start, match: dict[str, Any], hit: list[int]) -> None:
    sim = start("portal")
    sim.faults(rule({"kind": "status", "code": 500}, **match))
    statuses = [put(sim, f"k{number}").status_code for number in range(1, 5)]
    assert hit == [number for number, status in enumerate(statuses, 1) if status == 500]
    assert {"r": len(hit)} == sim.get("faults")["fired"]


@pytest.mark.parametrize(
    "bad",
    [
        {"rules": [{"name": "x", "action": {"kind": "explode"}}]},
        {"rules": [{"name": "x", "action": {"kind": "delay", "seconds": -1}}]},
        {"rules": [{"name": "x", "action": {"kind": "fault"}}]},
        {"rules": [{"name": "x", "action": {"kind": "html"}, "match": {"sometimes": 1}}]},
        {"rules": [{"name": "x", "action": {"kind": "html"}}] * 2},
        {"rules": [{"name": "x", "action": {"kind": "down", "how": "refuse"}, "times": 1}]},
        {
            "rules": [
                {
                    "name": "x",
                    "match": {"dossier": "a"},
                    "action": {"kind": "reset", "at": "before-read"},
                }
            ]
        },
        {"switches": {"no_such": 1}},
        {"switches": {"token_lifetime": "long"}},
        {"surprise": 1},
        {
            "switches": {"success": 204},
            "rules": [{"name": "x", "action": {"kind": "html"}}] * 2,
        },
        {"switches": {"no_such": 1}, "rules": [], "on": ["x"]},
    ],
    ids=str,
)
def test_an_unfit_script_is_refused_and_changes_nothing(start: Start, bad: dict[str, Any]) -> None:
    sim = start("portal")
    before = sim.faults(rule({"kind": "html"}, probability=0.5), seed=3)
    answer = sim.inspect.put("/_sim/faults", json=bad)
    assert 400 == answer.status_code
    assert answer.json()["error"]
    assert before == sim.get("faults")


def chosen(seed: int, order: list[int]) -> set[int]:
    """Which of these subjects a rule with probability 0.3 hits, asked in this order."""
    made = Faults()
    action, match = rules.Html(), rules.Match(probability=0.3)
    made.replace([rules.Rule("r", action, match)], seed, 0.0)
    subjects = {n: Subject("op", "", f"d{n}", f"k{n}") for n in order}
    return {n for n in order if made.decide(subjects[n], 0.0).action is not None}


def test_the_same_seed_hits_the_same_calls_in_any_order() -> None:
    forward, backward = list(range(200)), list(range(199, -1, -1))
    assert chosen(7, forward) == chosen(7, backward)
    assert chosen(7, forward) != chosen(8, forward)
    assert 30 < len(chosen(7, forward)) < 90


def test_latency_follows_its_median_and_its_tail() -> None:
    made = Faults(seed=1)
    drawn = sorted(made.latency(1.5, 8.0, Subject("op", "", "", f"k{n}")) for n in range(2000))
    assert 1.35 < drawn[1000] < 1.65
    assert 6.0 < drawn[1980] < 10.5
    assert 0.0 == made.latency(0.0, 8.0, Subject("op"))


def test_a_repeated_message_and_a_forged_one(start: Start, hub: Hub) -> None:
    sim = start("portal")
    out = {"direction": "out"}
    sim.faults({"name": "d", "match": out, "action": {"kind": "duplicate", "times": 3}})
    sim.act("POST /ho-so", golden.FILED, key="k")
    assert 3 == len({id(r) for r in hub.requests})
    assert 1 == len({r.body for r in hub.requests})
    sim.faults({"name": "b", "match": out, "action": {"kind": "bad-signature"}})
    sim.act("POST /ho-so", golden.FILED, key="k")
    assert "Bearer not-the-token" == hub.requests[-1].headers["authorization"]


def test_a_schedule_acts_by_itself(start: Start, hub: Hub) -> None:
    sim = start("portal")
    act = {"operation": "POST /ho-so", "body": golden.FILED, "key": "k"}
    sim.inspect.put("/_sim/faults", json={"schedule": [{"act": act, "every": 0.02, "times": 3}]})
    until(lambda: len(hub.requests) == 3)


def test_steps_still_work_after_every_fault_was_cleared(start: Start) -> None:
    sim = start("portal")
    sim.faults(rule({"kind": "html"}), on=["x"])
    assert 200 == sim.inspect.delete("/_sim/faults").status_code
    assert 200 == put(sim).status_code
    assert 200 == call(sim, "POST", f"{PATH}/tien-do", STEP, key="s").status_code


def test_a_script_is_read_from_a_file(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(
        "seed: 5\nswitches: {success: 201}\nrules:\n"
        "  - {name: once, match: {operation: 'PUT *', nth: 1}, action: {kind: html}}\n",
        encoding="utf-8",
    )
    sim = start("portal", script=file)
    assert "<!DOCTYPE" in put(sim).text
    assert 201 == put(sim).status_code
    assert 5 == sim.get("faults")["seed"]


@pytest.mark.parametrize("text", ["rules: [", "- 1", "rules: [{name: x}]", "surprise: 1"])
def test_a_bad_script_stops_the_start(start: Start, tmp_path: Path, text: str) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"faults|yaml"):
        start("portal", script=file)
