"""Simulated systems as sandboxes: as they are, and broken in one way, which one clause names."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.http.connection import Origin
from hub.certify.opening import OnlyThere
from hub.contract.types import Document
from hub.errors import Halt
from hub.registry.certificates import lacking
from tests.certify.certify_kit import at, certified, failures
from tests.ops.systems.sim_kit import Start

pytestmark = pytest.mark.process

TOLD = {"portal": "POST /ho-so/{maHoSo}/hanh-trinh", "onestop": "NhanDanhGia"}
FLOW = {"portal": "scan", "onestop": "rating"}


@pytest.mark.parametrize("name", ["ngsp", "onestop", "portal", "postal", "postal_my"])
def test_a_system_that_keeps_its_contract_fails_no_clause(
    name: str, start: Start, configs: Path
) -> None:
    made = at(start(name), name, configs)
    found = certified(made)
    calling = {n for n, flow in made.bundle.manifest.flows.items() if flow.kind == "on"}
    assert failures(found) == set()
    assert lacking(found) == [], "our own connectors have the cases that it takes"
    assert calling <= {c.flow for c in found if (c.name, c.outcome) == ("happy-path", "passed")}


def test_a_sandbox_may_be_tried_again(start: Start, configs: Path) -> None:
    sim = start("onestop")
    made = at(sim, "onestop", configs)
    assert failures(certified(made)) == failures(certified(made)) == set()
    assert [v["what"] for v in sim.get("violations") if "NhanHoSo" in v["what"]] == []


FAULT = {"kind": "fault", "code": "Client", "status": 200}
REFUSAL = {"kind": "error", "answer": {"Ma": "02", "MoTa": "không"}}
BROKEN = [
    ("onestop", FAULT, "success-is-success"),
    ("onestop", REFUSAL, "success-is-success"),
    ("portal", {"kind": "error", "answer": {"ma": 7}, "store": True}, "answers-fit-contract"),
    ("portal", {"kind": "html", "store": True}, "answers-fit-contract"),
    ("portal", {"kind": "status", "code": 422, "body": '{"ma": "SAI"}'}, "happy-path"),
    ("portal", {"kind": "delay", "seconds": 0.7}, "within-declared-time"),
    ("onestop", {"kind": "delay", "seconds": 0.7}, "within-declared-time"),
    ("portal", {"kind": "timeout", "store": True}, "within-declared-time"),
]


@pytest.mark.parametrize(("name", "action", "clause"), BROKEN)
def test_a_system_that_breaks_one_clause_fails_just_that(
    name: str, action: dict[str, Any], clause: str, start: Start, configs: Path
) -> None:
    sim = start(name)
    sim.faults({"name": "broken", "match": {"operation": TOLD[name]}, "action": action})
    found = certified(at(sim, name, configs, answers_within=0.5, timeout=0.5))
    assert failures(found) == {(FLOW[name], clause)}, found


@pytest.mark.parametrize(("name", "flow"), [("portal", "progress"), ("onestop", "filed")])
def test_a_system_that_ignores_keys_fails_just_that(
    name: str, flow: str, start: Start, configs: Path
) -> None:
    sim = start(name)
    sim.switch(keyless=True)
    failed = failures(certified(at(sim, name, configs)))
    assert {clause for _, clause in failed} == {"idempotency"}
    assert (flow, "idempotency") in failed


@pytest.mark.parametrize(("error", "outcome"), [("404", "passed"), ("422", "failed")])
def test_a_case_provokes_the_error_that_it_names(
    error: str, outcome: str, start: Start, configs: Path
) -> None:
    made = at(start("portal"), "portal", configs)
    said = json.dumps({"provokes": error}).encode()
    files = {**made.bundle.files, "cases/scan/unknown.with.json": said}
    found = certified(replace(made, bundle=replace(made.bundle, files=files)))
    of_scan = [c for c in found if (c.flow, c.name) == ("scan", "declared-errors")]
    assert [clause.outcome for clause in of_scan] == [outcome], of_scan
    assert ("should provoke 422, and got 404" in of_scan[0].why) == (outcome == "failed")


def test_a_question_that_knows_everything_is_no_answer(start: Start, configs: Path) -> None:
    sim = start("portal")
    action = {"kind": "error", "answer": {"ma": "DA_NHAN"}}
    sim.faults({"name": "yes", "match": {"operation": "GET /giao-dich/{key}"}, "action": action})
    failed = failures(certified(at(sim, "portal", configs)))
    assert failed == {("registered", "unknown-item-answered")}


def test_a_question_that_is_never_answered_fails_both_of_its_clauses(
    start: Start, configs: Path
) -> None:
    sim = start("onestop")
    action = {"kind": "fault", "code": "Server"}
    sim.faults({"name": "dumb", "match": {"operation": "TraCuuGiaoDich"}, "action": action})
    names = {clause for _, clause in failures(certified(at(sim, "onestop", configs)))}
    assert names == {"unknown-item-answered", "done-is-found"}


def test_a_question_that_confirms_items_is_tried_with_one_that_nobody_sent(
    start: Start, configs: Path
) -> None:
    sim = start("postal_my")
    made = at(sim, "postal_my", configs, settings={"confirm_milestones": True})
    found = {c.name: c.outcome for c in certified(made) if c.flow == "scans"}
    assert found["unknown-item-answered"] == found["answers-fit-contract"] == "passed"
    sim.faults({"name": "dumb", "match": {"operation": "getOrder"}, "action": {"kind": "html"}})
    failed = failures(certified(made))
    assert {("scans", "unknown-item-answered"), ("scans", "answers-fit-contract")} == failed


def test_nothing_but_the_endpoint_is_called(start: Start, configs: Path) -> None:
    sim, other = start("portal"), start("ngsp")
    made = at(sim, "portal", configs)
    elsewhere = f"{other.client.base_url}/oauth2/token"
    made.registration.settings["token_url"] = elsewhere  # type: ignore[index]  # a dict of this test
    found = certified(made)
    assert {c.outcome for c in found if c.name == "happy-path"} != {"passed"}
    assert [call for call in other.get("calls") if call["direction"] == "in"] == []


def test_another_origin_is_refused_before_anything_connects() -> None:
    async def call() -> None:
        async with OnlyThere("http://127.0.0.1:9") as transport:
            await transport.exchange(Origin("127.0.0.1", 8), b"", b"", 1)

    with pytest.raises(Halt, match="is not the sandbox"):
        asyncio.run(call())


def test_a_wrong_credential_that_is_taken_is_named(start: Start, configs: Path) -> None:
    sim = start("onestop")
    answer: Document = {"Ma": "00", "MoTa": "Đã nhận"}
    rule = {"name": "open", "match": {}, "action": {"kind": "error", "answer": answer}}
    sim.faults(rule)
    assert ("*", "credential-refused") in failures(certified(at(sim, "onestop", configs)))
