"""Who plays scenario 8: an auditor at a stage, with the commands of the hub."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.demo.cast import Json
from ops.demo.lines import line
from ops.demo.stage import Stage, StageError
from ops.demo.stories import online
from ops.demo.story import Story
from ops.demo.verdict import Cell

STORY = Story(8, "An auditor replays and proves", (), (), 0, {})
CODE = online.CODE
SELF = ("--by", "Thanh tra Thử", "--because", "thanh tra 12/2025")
SECOND = ("--by", "Phó Thanh tra Thử", "--because", "đồng ý")
HUB_TIMEOUT = 120.0  # seconds
WIDTH = 90  # characters of a command that are shown


@dataclass(frozen=True, slots=True)
class Auditor:
    """One at a stage; `folder`: what he writes."""

    stage: Stage
    folder: Path

    def done(self, *words: str, right: str = "no") -> bytes:
        """What a command of the auditor says. Raises StageError where it does not end well."""
        done = self.hub(*words, right=right)
        if done.returncode:
            raise StageError(f"hub {' '.join(words)}: {done.stderr.decode()}")
        return done.stdout

    def hub(self, *words: str, right: str = "no") -> "subprocess.CompletedProcess[bytes]":
        """A command of the auditor; how it ends is for the caller to judge.

        `right`: whether he may see personal data: no, yes, or with a second person's permission.
        """
        began = time.monotonic()
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "hub.cli", *words],
            env={**self.stage.environment, "HUB_MAY_UNMASK": right},
            capture_output=True,
            timeout=HUB_TIMEOUT,
            check=False,
        )
        line(f"     hub {_short(words)} → {done.returncode}, {time.monotonic() - began:.1f} s")
        return done

    def json(self, *words: str) -> Json:
        done = self.hub(*words)
        if not done.stdout.strip():
            raise StageError(f"hub {' '.join(words)}: {done.stderr.decode()}")
        found: Json = json.loads(done.stdout)
        return found

    def plan(self, name: str, *words: str) -> Path:
        file = self.folder / f"{name}.json"
        self.stage.hub(
            "replay", "plan", "--dossier", CODE, *words, *SELF, "--out", str(file), "--json"
        )
        return file

    def cell(self, number: int, where: str, should: Json, holds: Json) -> Cell:
        return Cell(STORY, f"{number} {where}", "", should, holds)


def _short(words: Sequence[str]) -> str:
    told = " ".join(Path(word).name if word.startswith("/") else word for word in words)
    return told if len(told) <= WIDTH else f"{told[: WIDTH - 1]}…"
