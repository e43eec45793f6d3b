"""The process that checks bundles: what it says, and what becomes of it when a bundle kills it."""

import os
import signal
from pathlib import Path

import pytest

from hub.dev.waiting import until
from hub.registry.control.checking import Asked, Checker, answered, connector_of
from hub.registry.event_types import Events
from tests.registry.control.desk_kit import ENTRY, FILES, SCHEMAS

pytestmark = pytest.mark.process


def test_it_tells_what_a_bundle_is(checker: Checker) -> None:
    report = checker.check(Asked("postal", FILES, "north", ENTRY))
    assert (report.connector, report.adapter, report.flows) == (
        "postal",
        "rest",
        ("order", "cancel", "scan"),
    )
    assert (report.cases, report.problems) == (9, ())


def test_the_folder_that_it_came_in_has_the_connectors_name(checker: Checker) -> None:
    (problem,) = checker.check(Asked("posatl", FILES)).problems
    assert "posatl" in problem.what


def test_an_entry_that_cannot_be_read_is_a_problem_beside_the_others(checker: Checker) -> None:
    files = {**FILES, "mapping.py": b"def order(event):\n    return nothing\n"}
    found = checker.check(Asked("postal", files, "north", {"endpoint": 7})).problems
    assert {"endpoint" in str(problem) for problem in found} == {True, False}


def test_what_takes_too_long_is_refused_and_the_next_one_is_checked() -> None:
    hasty = Checker(SCHEMAS, seconds=0.01)  # not even the process is up by then
    try:
        (problem,) = hasty.check(Asked("postal", FILES)).problems
        assert problem.code == "too-costly"
    finally:
        hasty.close()


def test_a_bundle_that_kills_the_process_costs_only_itself() -> None:
    checker = Checker(SCHEMAS)
    try:
        checker.warm()
        (child,) = _children()
        os.kill(child, signal.SIGKILL)
        assert until(lambda: _state(child) in ("Z", ""), 10)
        assert checker.check(Asked("postal", FILES)).problems == ()
    finally:
        checker.close()
    assert not [child for child in _children() if b"control.checking" in _argv(child)]


def test_a_bug_that_a_bundle_meets_is_named_as_ours() -> None:
    nothing: Events = None  # type: ignore[assignment]  # what no check expects
    (problem,) = answered(Asked("postal", FILES), nothing).problems
    assert (problem.code, "AttributeError at " in problem.what) == ("bug", True)


def test_it_sees_nothing_of_the_hubs_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTAL_SECRET", "not to be seen")
    checker = Checker(SCHEMAS)
    try:
        checker.warm()
        (child,) = _children()
        assert until(lambda: b"control.checking" in _argv(child), 10)
        assert b"POSTAL_SECRET" not in Path(f"/proc/{child}/environ").read_bytes()
    finally:
        checker.close()


def test_a_bundle_says_itself_which_connector_it_is() -> None:
    assert connector_of(FILES) == "postal"
    for body in (b"", b"name: [", b"- name", b"name: 7", b"\xff"):
        assert connector_of({"connector.yaml": body}) == ""


def _children() -> list[int]:
    """Processes that this one started and that check bundles, without those of other tests."""
    found = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in found if int(pid) not in OTHERS]


def _argv(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


OTHERS: set[int] = set()


@pytest.fixture(autouse=True)
def _no_others() -> None:
    OTHERS.clear()
    OTHERS.update(_children())
