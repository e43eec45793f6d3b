"""Runs in processes of their own: what ends one ends no other, and what failed keeps its logs."""

import sys
import threading
from pathlib import Path

import msgspec
import pytest

from hub.dev.waiting import until
from tests.faults.apart import MOST_FAILED, VERDICT, Apart, Run, keep_logs
from tests.faults.campaign import Result
from tests.faults.rows import ROWS

ROW = ROWS[0].name
FAR = 60.0  # seconds
PLAYER = """
import json, os, signal, sys, threading
row, seed, events, home = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)  # as `apart` does: whoever began us may
open(home + "/log/worker.log", "w").write("what the worker said")
print("run", seed, flush=True)
if seed == "2":
    os.kill(os.getpid(), signal.SIGKILL)
if seed == "9":
    try:
        open(sys.argv[0].replace(".py", ".began"), "w").close()
        threading.Event().wait()
    except KeyboardInterrupt:
        open(sys.argv[0].replace(".py", ".ended"), "w").close()
        sys.exit(1)
verdict = {"row": row, "seed": int(seed), "events": int(events), "build": "b", "not_yet": [],
           "passed": seed != "3", "findings": []}
open(home + "/verdict.json", "w").write(json.dumps(verdict))
"""
pytestmark = pytest.mark.process


@pytest.fixture
def player(tmp_path: Path) -> Path:
    file = tmp_path / "player.py"
    file.write_text(PLAYER, encoding="utf-8")
    return file


def runs(*seeds: int) -> list[Run]:
    return [Run(ROW, seed, 50) for seed in seeds]


def ignore(run: Run) -> None:
    del run


def test_a_run_whose_process_is_killed_fails_and_the_others_are_played(
    tmp_path: Path, player: Path
) -> None:
    apart = Apart(tmp_path / "failed", (sys.executable, str(player)))
    begun: list[Run] = []
    found = {r.seed: r for r in apart.play(runs(1, 2, 3, 4), 2, begun.append)}
    assert sorted(begun) == runs(1, 2, 3, 4)
    assert {seed: r.passed for seed, r in found.items()} == {1: True, 2: False, 3: False, 4: True}
    ((where, why),) = found[2].findings
    assert where == "run"
    assert "ended with -9: run 2" in why
    kept = sorted(path.name for path in (tmp_path / "failed").iterdir())
    assert kept == [f"{ROW}-2", f"{ROW}-3"]
    for place in (tmp_path / "failed").iterdir():
        assert (place / "worker.log").read_text(encoding="utf-8") == "what the worker said"
        assert not msgspec.json.decode((place / VERDICT).read_bytes(), type=Result).passed


def test_what_is_broken_off_ends_in_order_and_has_no_result(tmp_path: Path, player: Path) -> None:
    apart = Apart(tmp_path / "failed", (sys.executable, str(player)))
    found: list[Result] = []
    playing = threading.Thread(target=lambda: found.extend(apart.play(runs(9, 1), 1, ignore)))
    playing.start()
    assert until(player.with_suffix(".began").exists, FAR)
    apart.break_off()
    playing.join(FAR)
    assert not playing.is_alive()
    assert found == []
    assert player.with_suffix(".ended").exists(), "it was told, and went by itself"
    assert not (tmp_path / "failed").exists()


def test_the_logs_of_the_last_failures_are_kept(tmp_path: Path) -> None:
    home, place = tmp_path / "home", tmp_path / "failed"
    (home / "log").mkdir(parents=True)
    (home / "log" / "kafka.log").write_text("x", encoding="utf-8")
    (home / "peer.jsonl").write_text("y", encoding="utf-8")
    (home / "secret").write_text("z", encoding="utf-8")
    for seed in range(MOST_FAILED + 5):
        result = Result(ROW, seed, 50, "b", passed=False, findings=[], not_yet=[])
        keep_logs(home, place / f"{ROW}-{seed}", result)
    assert len(list(place.iterdir())) == MOST_FAILED
    newest = place / f"{ROW}-{MOST_FAILED + 4}"
    assert {path.name for path in newest.iterdir()} == {"kafka.log", "peer.jsonl", VERDICT}
