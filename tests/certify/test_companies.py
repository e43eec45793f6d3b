"""A system that takes several events in one call, and answers for each, or for one alone."""

import asyncio
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

from adapters.http.messages import Answer
from hub.certify.samples import Run
from hub.certify.trials import Sandbox
from hub.certify.watched import Watched
from hub.contract.types import Document
from hub.registry.bundle import read_bundle
from hub.registry.certificates import Clause
from hub.registry.live import Live
from hub.registry.registration import RegistrationEntry, complete
from tests.backtest.backtest_kit import ROOT
from tests.landscape import events
from tests.registry.batch_kit import rest

CASE = ROOT / "connectors" / "portal" / "cases" / "progress" / "processing.in.json"


class Lists:
    """A system that answers rows for the first `most` items of a call."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.items: list[int] = []

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        items = document["data"]
        assert isinstance(items, list)
        self.items.append(len(items))
        codes = [item["MaHoSo"] for item in items[: self.most] if isinstance(item, dict)]
        return Answer(200, {"result": [{"ma_ho_so": code, "error_code": 0} for code in codes]})

    async def renew(self) -> None: ...

    async def close(self) -> None: ...


def tried(folder: Path, system: Lists) -> list[Clause]:
    made = rest(folder)
    (made / "cases" / "told").mkdir(parents=True)
    shutil.copy(CASE, made / "cases" / "told" / "step.in.json")
    (made / "cases" / "told" / "step.out.json").write_text("{}", encoding="utf-8")
    bundle = read_bundle(made, events())
    entry = RegistrationEntry("lists", "https://lists.example.test")
    live = Live(bundle, complete(entry, bundle.manifest))
    numbers: Iterator[int] = itertools.count()
    sandbox = Sandbox(
        live,
        Watched(system, lambda: 0.0),
        None,
        lambda: f"key-{next(numbers)}",
        Run(4711, 1_795_000_000_000),
        lambda: 0.0,
    )

    async def run() -> list[Clause]:
        return [clause async for clause in sandbox.clauses()]

    return asyncio.run(run())


def test_a_call_of_two_is_answered_for_each(tmp_path: Path) -> None:
    system = Lists(most=20)
    found = {clause.name: clause for clause in tried(tmp_path, system)}
    assert found["happy-path"].outcome == "passed"
    assert found["row-for-each"].outcome == "passed"
    assert found["row-for-each"].why == "2 events in 1 call"
    assert system.items == [1, 2]


def test_a_call_of_two_that_is_answered_for_one_fails_just_that(tmp_path: Path) -> None:
    found = tried(tmp_path, Lists(most=1))
    assert [c.name for c in found if c.outcome == "failed"] == ["row-for-each"]
