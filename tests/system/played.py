"""What the tests of the stories share: the stage after the play, and questions about it."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from hub.broker import KafkaBroker
from hub.dev import runfiles
from hub.records import Spot, every_spot
from hub.settings import Security
from ops.demo.http import get
from ops.demo.stage import Stage
from ops.demo.stories import STORIES
from ops.demo.verdict import Cell
from tests.system.reading import Decoder, Row

FAR = 40.0  # seconds
EVENTS = ("hub.dossier", "hub.catalogue")
TOPICS = (*EVENTS, "hub.receipt")
SERVING = ("gateway", "worker", "views")
REGISTRATIONS = ("onestop", "portal", "ngsp", "postal")  # that serve at the end
CODES = tuple(code for story in STORIES for code in story.dossiers)
FACTS = sum(story.events for story in STORIES)


@dataclass
class Played:
    """The stage after the stories; `said` is what the demo wrote for people."""

    stage: Stage
    cells: list[Cell]
    said: str

    def url(self, name: str) -> str:
        """Where a process of the hub serves now."""
        found = runfiles.find(self.stage.home, name)
        assert found is not None, f"{name} does not run"
        return found.url

    def command(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as a person would."""
        return subprocess.run(
            [sys.executable, "-m", "hub.cli", *arguments],
            env={**self.stage.environment, **variables},
            capture_output=True,
            encoding="utf-8",
            timeout=FAR,
            check=False,
        )

    def calls(self, system: str) -> list[dict[str, Any]]:
        """Every call about a dossier of the stories that a system was made."""
        _, rows = get(f"{self.stage.inspect[system]}/_sim/calls?direction=in&limit=100000")
        return [row for row in rows if row["dossier"] in CODES]


def of_stories(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.topic == "hub.dossier" and row.key in CODES]


def outcomes(rows: list[Row], decode: Decoder) -> list[dict[str, Any]]:
    """What became of events, in the order of each partition; steps on the way left out."""
    return [decode(row) for row in rows if "hub_outcome" in row.headers]


def receipt(played: Played, code: str, event: str) -> dict[str, Any]:
    """What became of a dossier's only event of a type at the national side."""
    words = ("--dossier", code, "--registration", "ngsp", "--json", "-n", "100")
    found = played.stage.hub("receipt", "list", *words)
    (row,) = [row for row in found if row["event"] == event]
    assert isinstance(row, dict)
    return row


def unsettled(played: Played) -> dict[Spot, int]:
    """How far each registration's committed offsets are from the topics' ends."""
    broker = KafkaBroker(played.stage.bootstrap, Security())
    spots = every_spot(broker, EVENTS)
    reader = broker.reader(spots)
    try:
        ends = reader.end()
    finally:
        reader.close()
    found: dict[Spot, int] = {}
    for name in REGISTRATIONS:
        committed = broker.committed(f"hub.{name}")
        for spot in spots:
            if committed[spot][0] != ends[spot]:
                found[Spot(f"{name} {spot.topic}", spot.partition)] = (
                    ends[spot] - committed[spot][0]
                )
    return found


def pids(played: Played) -> list[int]:
    """Of the hub's processes, and of `hub up`, which is their parent."""
    names = (*SERVING, "registry")
    pids = [entry.pid for entry in runfiles.read_all(played.stage.home) if entry.name in names]
    parents = {_parent(pid) for pid in pids}
    assert len(parents) == 1, "the hub's processes have one parent"
    return [*parents, *pids]


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def running(pid: int) -> bool:
    """Whether it works; what only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def calls_at(played: Played, system: str) -> list[dict[str, Any]]:
    _, rows = get(f"{played.stage.inspect[system]}/_sim/calls?direction=in&limit=100000")
    return [row for row in rows if row.get("verdict") in ("stored", "unknown")]


def wish(played: Played, code: str) -> dict[str, Any]:
    body = {"nguon": "TINH", "thoiDiem": "01/11/2025 08:00:00", "diem": 5}
    order = {
        "operation": "POST /ho-so/{maHoSo}/danh-gia",
        "body": body,
        "key": f"danh-gia-{code}",
        "dossier": code,
    }
    # the one-stop must know the dossier, or it answers 03 and the hub goes on trying
    act = f"{played.stage.inspect['onestop']}/_sim/act"
    seed = {"operation": "BaoTienDo", "body": _step(code)}
    assert httpx.post(act, json=seed, timeout=FAR).json()["accepted"]
    found: dict[str, Any] = httpx.post(
        f"{played.stage.inspect['portal']}/_sim/act", json=order, timeout=FAR
    ).json()
    return found


def _step(code: str) -> dict[str, str]:
    return {
        "MaGiaoDich": f"GD-{code}",
        "ThoiDiem": "2025-11-01T07:00:00+07:00",
        "MaHoSo": code,
        "NguonHoSo": "TINH",
        "TrangThai": "posting",  # an inner step: the hub takes it, nobody is told
    }
