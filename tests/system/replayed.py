"""Delivered events, replayed without a way out: `python -m tests.system.replayed`."""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hub.broker import KafkaBroker
from hub.contract.types import Document
from hub.settings import environment
from ops.bench.feed import outgoing
from ops.bench.messages import code, status_changed
from ops.bench.scene import ROOT
from tests.faults.opening import open_world
from tests.faults.world import PARTITIONS, World

KIND = "dossier.v1.StatusChanged"
STEPS = 5  # facts of a dossier
CHANGED = '"WITHDRAWN": "DA_RUT"'
INTO = '"WITHDRAWN": "KHONG_RO"'
BY = ("--by", "Trần Thị Thử", "--because", "thử")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it. `withdrawn`: dossiers whose state another version says in another word."""

    events: int
    same: int
    unexplained: int
    withdrawn: int
    differing: Mapping[str, int]  # cause, field and words -> dossiers
    plan_seconds: float
    run_seconds: float
    beside_seconds: float
    calls: int  # that the peer got while replaying


def replayed(home: Path, events: int) -> Replayed:
    """Deliver so many events, then replay them under the version of then and beside a new one."""
    with open_world(home) as world:
        withdrawn = _fill(world, events)
        world.worker()
        world.reach(events, 120.0 + events / 100)
        world.until(world.done, 60.0, "every receipt")
        before = len(world.log.calls)
        plan, planned = _hub(world, "plan", *BY, "--out", str(home / "plan.json"), "--json")
        del plan
        file = str(home / "plan.json")
        result, ran = _hub(world, "run", file, "--json")
        beside, compared = _hub(world, "run", file, "--beside", str(_newer(home)), "--json")
        world.log.follow()
        (then,), (now,) = result["played"], beside["played"]
        return Replayed(
            events=events,
            same=then["requests"].get("same", 0),
            unexplained=then["unexplained"] + now["unexplained"],
            withdrawn=withdrawn,
            differing={
                f"{g['cause']}, {g['path']} {g['values']}": g["dossiers"]
                for g in now["beside"]["groups"]
            },
            plan_seconds=round(planned, 1),
            run_seconds=round(ran, 1),
            beside_seconds=round(compared, 1),
            calls=len(world.log.calls) - before,
        )


def _fill(world: World, events: int) -> int:
    """The events, of dossiers of five each; how many dossiers end withdrawn."""
    writer = KafkaBroker(world.broker.bootstrap).writer()
    waits = []
    last: set[int] = set()
    for number in range(events):
        dossier, step = divmod(number, STEPS)
        record: Document = status_changed(dossier, step)
        if step == STEPS - 1 and dossier % 3 == 0:
            record |= {"status": "WITHDRAWN", "status_raw": "withdrawn"}
            last.add(dossier)
        waits.append(writer.send(outgoing(world.codec, KIND, record, dossier, step)))
    for one in waits:
        one.result(60)
    writer.close()
    return len({code(dossier) for dossier in last})


def _newer(home: Path) -> Path:
    """The portal's connector with one row of one table changed."""
    folder = home / "new" / "portal"
    shutil.copytree(ROOT / "connectors" / "portal", folder)
    file = folder / "mapping.py"
    text = file.read_text(encoding="utf-8")
    if text.count(CHANGED) != 1:
        raise ValueError(f"{CHANGED} does not stand once in the portal's mapping")
    file.write_text(text.replace(CHANGED, INTO), encoding="utf-8")
    return folder


def _hub(world: World, *words: str) -> tuple[dict, float]:  # type: ignore[type-arg]  # JSON
    """The last line that `hub replay …` says, and the seconds that it took."""
    variables = environment(
        {
            "HUB_HOME": str(world.home),
            "HUB_BOOTSTRAP": world.broker.bootstrap,
            "HUB_REGISTRATIONS": str(world.scene.registrations),
            "HUB_CONNECTORS": str(ROOT / "connectors"),
            "HUB_SCHEMAS": str(ROOT / "schemas" / "avro"),
            "HUB_PARTITIONS": str(PARTITIONS),
        }
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "replay", *words],
        env=variables,
        capture_output=True,
        timeout=600,
        check=False,
    )
    took = time.monotonic() - began
    if not done.stdout:
        raise ValueError(done.stderr.decode())
    return json.loads(done.stdout.splitlines()[-1]), took


def main() -> int:
    """Print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.replayed", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="hub-replay-") as folder:
        found = replayed(Path(folder), given.events)
    sys.stdout.write(json.dumps(asdict(found), ensure_ascii=False, indent=1) + "\n")
    return 0 if found.same == found.events and not found.unexplained and not found.calls else 1


if __name__ == "__main__":
    sys.exit(main())
