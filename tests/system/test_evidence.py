"""What an auditor asks of a hub that runs: why has this not arrived, and to forget a dossier."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from hub.dev.waiting import until
from tests.system.messages import code, filed
from tests.system.world import FAR, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]
AT = ("--connector", "onestop")
REFUSES = {"kind": "error", "answer": {"Ma": "02"}}
LATER = {"kind": "error", "answer": {"Ma": "03"}}


@pytest.fixture(autouse=True)
def mended(world: World) -> Iterator[None]:
    """No system goes on failing."""
    yield
    world.faults("onestop")


def troubled(world: World, number: str, action: Mapping[str, object]) -> None:
    world.faults(
        "onestop", rules=[{"name": "x", "match": {"dossier": number}, "action": action}], on=[]
    )


def why(world: World, number: str, *words: str) -> str:
    (answer,) = world.hub("audit", "why", number, *words, "--json")
    return str(answer["cause"])


def is_told(world: World, number: str, cause: str, *words: str) -> bool:
    return until(lambda: why(world, number, *words) == cause, 2 * FAR, 0.5)


def test_why_names_what_is_in_the_way_of_each(world: World) -> None:
    plain, refused, later = code(), code(), code()
    filed(world, plain)
    assert is_told(world, plain, "delivered", *AT)
    assert why(world, plain, "--connector", "portal") == "own"
    assert why(world, plain) == "not_live", "the broken one is what is in the way"
    troubled(world, refused, REFUSES)
    filed(world, refused)
    assert is_told(world, refused, "dead_letter", *AT)
    troubled(world, later, LATER)
    filed(world, later)
    assert is_told(world, later, "retrying", *AT)
    world.faults("onestop")
    assert is_told(world, later, "delivered", *AT)
    assert why(world, "H44.99.99-251103-9999") == "never_received"


def test_a_filing_that_the_mapping_refuses_is_told(world: World) -> None:
    number = code()
    answer = world.portal("/ho-so", {**_filing(number), "soGiayTo": "97500100001"}, key=number)
    assert answer.status_code == 400
    assert is_told(world, number, "refused")


def _filing(number: str) -> dict[str, object]:
    from tests.system.messages import filing

    return filing(number)


def test_an_erased_dossier_is_forgotten_and_the_evidence_holds(world: World) -> None:
    number, other = code(), code()
    world.start("auditor")
    try:
        for one in (number, other):
            filed(world, one)
        assert is_told(world, number, "delivered", *AT)
        erase = ("--dossier", number, "--order", "12/QD-STN", "--by", "Trần Thị Thử", "--yes")
        assert _said(world, "audit", "erase", *erase, "--wait", "60") == (0, "")
        rows = world.hub("audit", "search", "--dossier", number, "--json")
        gone = [row for row in rows if row["kind"] in ("event", "receipt")]
        assert gone
        assert {(row["archived"], row["content"]) for row in gone} == {(True, None)}
        (event,) = [
            r
            for r in world.hub("audit", "search", "--dossier", other, "--json")
            if r["kind"] == "event"
        ]
        assert event["content"] is not None
        assert _said(world, "audit", "export", str(world.home / "package"))[0] == 0
        public = subprocess.run(
            [sys.executable, "-m", "hub.cli", "audit", "keys", "public"],
            env=dict(world.environment), capture_output=True, check=True, timeout=FAR,
        ).stdout  # fmt: skip
        (world.home / "hub.pub").write_bytes(public)
        key = str(world.home / "hub.pub")
        (told,) = world.hub("audit", "verify", str(world.home / "package"), "--key", key, "--json")
        assert json.dumps(told)
    finally:
        world.end("auditor")


def _said(world: World, *words: str) -> tuple[int, str]:
    """A command's exit code; and where it did not do it, why."""
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", *words],
        env=dict(world.environment), capture_output=True, timeout=2 * FAR, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr.decode() if done.returncode else ""
