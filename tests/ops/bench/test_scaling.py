"""The scaling runs: what is asked for, what counts, and what the page makes of it."""

from pathlib import Path

import pytest
from lxml import etree

from ops.bench.figures import Machine
from ops.bench.scaling import sizing
from ops.bench.scaling.answers import ANSWERS
from ops.bench.scaling.cases import CASES, MATRIX
from ops.bench.scaling.page import page
from ops.bench.scaling.page import write as write_page
from ops.bench.scaling.reckon import growth, latencies, ways
from ops.bench.scaling.results import Results, Run, begin, missing, read, write
from ops.bench.scaling.stage import placed

HERE = Machine("Some CPU", 2, "3.11.7", "6.1", 0.5)
BY_NAME = {case.name: case for case in CASES}


def counted(case: str, load: float = 0.5, **values: float) -> Run:
    return Run(case, 1_000, "2026-11-23", load, values)


def void(case: str, why: str) -> Run:
    return Run(case, 1_000, "2026-11-23", 0.5, {}, why)


def found(*runs: Run) -> Results:
    results = begin(Path("there is no such file"), HERE)
    for run in runs:
        results = results.with_run(run)
    return results


def test_the_matrix_is_whole_and_every_answer_has_its_runs() -> None:
    assert 2 * 3 * 3 == len({case.setup for case in MATRIX})
    assert len(CASES) == len(BY_NAME)
    assert {case for one in ANSWERS for case in one.cases} | {c.name for c in MATRIX} == set(
        BY_NAME
    )


def test_a_run_has_about_so_many_calls_whatever_its_connectors() -> None:
    assert [10_000, 2_500, 250] == [BY_NAME[f"w1-p12-c{n}"].events(10_000) for n in (1, 4, 40)]
    assert 200 == BY_NAME["w1-p12-c40"].events(1_000)
    assert 1_500 == BY_NAME["slow"].events(10_000)


def test_a_slow_system_is_warmed_up_until_all_its_calls_are_in_flight() -> None:
    assert 250 == BY_NAME["seventy"].warm(1_000)
    assert 512 == BY_NAME["slow"].warm(1_000)  # 8 + 9 + … + 32 calls, about
    assert 2 * 2_048 == BY_NAME["2x-30ms"].warm(1_000)


def test_each_worker_has_a_core_where_there_are_enough() -> None:
    one, two = placed(1, [0, 1]), placed(2, [0, 1])
    assert (frozenset({0}), frozenset({1})) == (one.measured, one.others)
    assert two.measured == two.others == frozenset({0, 1})
    four = placed(2, [0, 1, 2, 3])
    assert (frozenset({0, 1}), frozenset({2, 3})) == (four.measured, four.others)


def test_latency_is_of_what_arrived_here() -> None:
    sent = {f"d/{n}": float(n) for n in range(100)}
    arrived = {name: at + (int(at) + 1) / 1_000 for name, at in sent.items()}
    del arrived["d/99"]
    ordered = ways(sent, arrived | {"another": 0.0})
    assert 99 == len(ordered)
    assert [50.0, 95.0, 99.0] == [round(value, 6) for value in latencies(ordered).values()]


def test_a_lag_grows_only_where_more_wait_at_the_end() -> None:
    sent = [n / 10 for n in range(301)]
    assert pytest.approx(0.0) == growth(sent, [at + 0.55 for at in sent])
    half = [at * 2 for at in sent]  # a system that takes half of what comes
    assert growth(sent, half) > 90
    with pytest.raises(ValueError, match="three seconds"):
        growth([0.0, 1.0], [1.0, 2.0])


def test_what_was_broken_off_goes_on_all_cases_once_before_any_twice() -> None:
    have = found(counted("a"), void("b", "why"), counted("c"), counted("c"))
    assert ["b", "a", "b"] == missing(have, ["a", "b", "c"], 1_000, 2)
    assert ["a", "b", "c"] == missing(have, ["a", "b", "c"], 2_000, 1)  # another measurement


def test_a_file_is_read_as_it_was_written_and_belongs_to_one_machine(tmp_path: Path) -> None:
    file = tmp_path / "new" / "runs.json"
    have = found(counted("a", rate=3.0), void("a", "why"))
    write(file, have)
    assert have == read(file) == begin(file, HERE)
    other = Machine("Other CPU", 2, "3.11.7", "6.1", 0.5)
    with pytest.raises(ValueError, match="another machine"):
        begin(file, other)


def test_the_page_says_what_was_reached_and_why_a_run_does_not_count(tmp_path: Path) -> None:
    have = found(
        counted("1x-30ms", rate=1_000.0),
        counted("2x-30ms", rate=1_950.0),
        counted("slow", rate=40.0),
        counted("neighbours", more=0.05),
        void("forty", "9 of 30\n| lost"),
        counted("w1-p12-c1", rate=2_500.0, cpu=0.4, peak=120.0),
        counted("w1-p12-c1", rate=2_000.0, cpu=0.4, peak=120.0),
        counted("w1-p12-c40", rate=500.0, cpu=2.0, peak=198.0),
    )
    write_page(have, tmp_path)
    text = (tmp_path / "scaling.md").read_text(encoding="utf-8")
    assert "64 calls in flight each | 1.95 times | >= 1.9 | reached | 1 |" in text
    assert "| 0.625 of it | >= 0.9 | MISSED | 1 |" in text
    assert "| 5 % | < 10 | reached | 1 |" in text
    assert "does not count: 9 of 30 / lost | <= 1,000 | MISSED | 0 |" in text
    assert "| not run | <= 250 |  | 0 |" in text
    assert "| 2,250 | 0.4 |" in text
    assert "**A core** does 2,500 calls a second; plan with 50% of that." in text
    assert "120 MB with one connector, 2.0 per further one." in text
    assert "shared while measured" not in text
    drawn = etree.fromstring((tmp_path / "scaling.svg").read_bytes())
    assert any("40 connectors" in (one.text or "") for one in drawn.iter())
    assert "shared while measured" in page(have.with_run(counted("slow", load=9.0, rate=1.0)))


def test_a_province_gets_more_processes_and_partitions_with_its_dossiers() -> None:
    small, large = sizing.need(1_000, 2_500.0), sizing.need(1_000_000, 2_500.0)
    assert (1, 12) == (small.processes, small.partitions)
    assert 2_222 == round(large.calls)  # 1,000,000 * 10 * 4 * 0.2 / 3600
    assert (2, 12) == (large.processes, large.partitions)
    assert (9, 27) == (
        sizing.need(5_000_000, 2_500.0).processes,
        sizing.need(5_000_000, 2_500.0).partitions,
    )


def test_every_further_connector_has_its_memory() -> None:
    assert pytest.approx(2.0) == sizing.memory_per_connector(120.0, 198.0, 40)
