"""A connector of ours at a simulated system, which keeps its contract or breaks a clause of it."""

import asyncio
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from hub.certify.opening import open_ways
from hub.certify.samples import Run
from hub.certify.trials import Sandbox
from hub.registry.certificates import Clause
from hub.registry.live import Live
from hub.settings import resolve
from tests.backtest.backtest_kit import live
from tests.ops.systems.sim_kit import Sim


def at(
    sim: Sim,
    name: str,
    configs: Path,
    settings: Mapping[str, object] | None = None,
    **delivery: object,
) -> Live:
    """The registration of a connector at a simulated system."""
    known = json.loads((configs / "hub.json").read_text(encoding="utf-8"))[name]
    made = live(
        name,
        endpoint=str(sim.client.base_url).rstrip("/"),
        route="adapter" if name == "ngsp" else "default",
        agencies=["H44.99.99", "H62.99.99"],
        allow_addresses=["127.0.0.0/8"],
        settings={**known["settings"], **(settings or {})},
        delivery=delivery,
    )
    secrets_ = {n: r for n, r in known["secrets"].items() if n in made.bundle.manifest.secrets}
    return with_secrets(made, secrets_)


def with_secrets(made: Live, references: Mapping[str, str]) -> Live:
    """The same with these references to secrets."""
    return replace(made, registration=replace(made.registration, secrets=references))


def certified(made: Live) -> list[Clause]:
    """All clauses of what goes out."""

    async def run() -> list[Clause]:
        async with open_ways(made, resolve) as (client, stranger):
            sandbox = Sandbox(
                made,
                client,
                stranger,
                lambda: str(uuid4()),
                Run(secrets.randbelow(10**9), time.time_ns() // 1_000_000),
                time.monotonic,
            )
            return [clause async for clause in sandbox.clauses()]

    return asyncio.run(run())


def failures(found: list[Clause]) -> set[tuple[str, str]]:
    return {(clause.flow, clause.name) for clause in found if clause.outcome == "failed"}
