"""A profile by stages: every stage has its function, and work is counted where it belongs."""

import ast
from functools import cache

import pytest

from ops.bench import stages
from ops.bench.scene import ROOT
from ops.bench.stages import REST, STAGES, profile
from ops.bench.translate import Case


@cache
def _functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, _FUNCTION))


_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.mark.parametrize("place", STAGES)
def test_every_stage_is_a_function_that_is_there(place: str) -> None:
    file, _, name = place.partition(":")
    assert name in _functions(file)


def test_work_counts_for_its_stage_and_the_rest_lies_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from hub.events.identity import event_id

    monkeypatch.setattr(stages, "SAMPLES", 100)  # that both are seen, not how much each is

    def once() -> None:
        for number in range(20):
            event_id("a", "b", ("c",), number)
        sum(range(2_000))

    found = profile(Case("mixed", once, events=20))
    assert {"id and digest", REST} == set(found.shares)
    assert pytest.approx(1.0) == sum(found.shares.values())
    assert found.line().startswith("mixed")
