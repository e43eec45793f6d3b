"""What a figure says, and which runs may count."""

import os
from pathlib import Path

import pytest

from hub.records import Record
from ops.bench.figures import Figure, cpu_model, table
from ops.bench.memory import growth
from ops.bench.processes import BenchError, child, until
from ops.bench.rig import check_facts


def record(key: str, event_id: bytes) -> Record:
    return Record("hub.dossier", 0, 0, 0, key.encode(), b"", (("ce_id", event_id),))


@pytest.mark.parametrize(
    ("runs", "better", "reached"),
    [
        ((50.0, 59.0, 90.0), "lower", True),
        ((50.0, 61.0, 90.0), "lower", False),
        ((10.0, 61.0, 90.0), "higher", True),
        ((10.0, 59.0, 90.0), "higher", False),
    ],
)
def test_the_median_decides_whether_a_target_is_reached(
    runs: tuple[float, ...], better: str, reached: bool
) -> None:
    figure = Figure("ingest", "x", "µs", runs, 60.0, "higher" if better == "higher" else "lower")
    assert reached == figure.reached


def test_a_missed_target_is_told() -> None:
    shown = table([Figure("a", "one", "µs", (70.0,), 60.0), Figure("a", "two", "µs", (7000.0,))])
    assert ["one" in line for line in shown.splitlines()] == [False, True, False]
    assert "MISSED" in shown.splitlines()[1]
    assert "7,000" in shown.splitlines()[2]


def test_facts_that_are_there_once_each_count() -> None:
    check_facts([record("a", b"1"), record("b", b"2")], ["a", "b"])


@pytest.mark.parametrize(
    "records",
    [
        [record("a", b"1")],
        [record("a", b"1"), record("b", b"2"), record("b", b"3")],
        [record("a", b"1"), record("b", b"1")],
        [record("a", b"1"), record("c", b"2")],
    ],
)
def test_lost_doubled_and_foreign_facts_void_a_run(records: list[Record]) -> None:
    with pytest.raises(BenchError):
        check_facts(records, ["a", "b"])


def test_growth_is_that_of_the_last_third() -> None:
    assert 10.0 == growth([10.0, 50.0, 90.0, 95.0, 100.0, 105.0])
    with pytest.raises(BenchError):
        growth([1.0, 2.0])


def test_the_processor_is_named() -> None:
    assert "Some CPU" == cpu_model("processor\t: 0\nmodel name\t: Some CPU\n")
    assert "unknown processor" == cpu_model("")


def test_a_child_runs_on_its_cores_and_ends_with_the_block(tmp_path: Path) -> None:
    core = frozenset(sorted(os.sched_getaffinity(0))[:1])
    mine = os.sched_getaffinity(0)
    arguments = ["-c", "import threading; threading.Event().wait(30)"]
    with child("one", arguments, tmp_path / "one.log", {}, core) as started:
        assert core == os.sched_getaffinity(started.pid)
        assert mine == os.sched_getaffinity(0)
        # between fork and exec a process has next to nothing
        until(lambda: started.resident() > 1, 10, "an interpreter", [started])
        assert started.cpu() >= 0
    assert started.process.returncode is not None


def test_a_wait_ends_with_a_child_that_died(tmp_path: Path) -> None:
    arguments = ["-c", "raise SystemExit('no such thing')"]
    core = frozenset(sorted(os.sched_getaffinity(0))[:1])
    with (
        child("one", arguments, tmp_path / "one.log", {}, core) as started,
        pytest.raises(BenchError, match="no such thing"),
    ):
        until(lambda: False, 10, "nothing", [started])
