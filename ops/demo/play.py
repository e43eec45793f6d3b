"""Plays a story: each step waits until everything that it must cause has happened.

One line per message, in the order in which they happened: who said what to whom, in the receiver's
words, how long it took (a delivery: from the hub's yes to the call).
"""

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from ops.demo.http import get, post, put, wait_for
from ops.demo.stage import Stage
from ops.demo.story import Step, Story
from ops.demo.verdict import Cell, cells

ARRIVE = 30.0  # seconds until a step's calls must have been made
WORDS = (
    "trangThai",
    "TrangThai",
    "TrangThaiHoSo",
    "isUpdating",
    "TrangThaiBuuChinh",
    "KetQua",
    "maYeuCau",
    "MaYeuCau",
    "tongTien",
    "TongTien",
    "saleOrderCode",
    "OrderNumber",
    "Diem",
)


class PlayError(Exception):
    """A step did not go as it must."""


def play(stage: Stage, stories: Sequence[Story]) -> list[Cell]:
    """Play the stories and ask what every place holds. Raises PlayError.

    A change of the postal service starts the hub anew, so what it counted is asked before.
    """
    player = Player(stage)
    found: list[Cell] = []
    for postal, served in groupby(stories, lambda story: story.postal):
        if postal != stage.postal:
            line(f"\n{postal} serves the agencies instead of {stage.postal}; the hub starts anew")
        stage.serve(postal)
        together = list(served)
        for story in together:
            player.play(story)
        found += cells(stage, together)
    return found


@dataclass(slots=True)
class Player:
    """Plays steps on a stage; remembers how far each system's calls were read."""

    stage: Stage
    seen: Counter[str] = field(default_factory=Counter)

    def play(self, story: Story) -> None:
        """Play a story from its first step to its last. Raises PlayError."""
        line(f"\n{story.number}. {story.title} ({', '.join(story.dossiers)})")
        for system, operation, body in story.seed:
            self._act(system, {"operation": operation, "body": body})
        faults = story.faults()
        for system, script in faults.items():
            self._script(system, script)
        for step in story.steps:
            self._step(story, step)
        for system in faults:
            self._all_fired(story, system)
            self._script(system, {"rules": []})

    def _script(self, system: str, script: dict[str, Any]) -> None:
        status, said = put(f"{self.stage.inspect[system]}/_sim/faults", script)
        if status != 200:
            raise PlayError(f"{system} does not take the faults: {said}")

    def _all_fired(self, story: Story, system: str) -> None:
        """A fault that did not happen proves nothing."""
        _, script = get(f"{self.stage.inspect[system]}/_sim/faults")
        idle = [name for name, count in script["fired"].items() if not count]
        if idle:
            raise PlayError(f"story {story.number}: at {system} did not happen: {', '.join(idle)}")

    def _step(self, story: Story, step: Step) -> None:
        if step.status is None:  # asked by the hub: only what it asks from now on counts
            self.seen[step.system] = self._last(step.system)
        order: dict[str, Any] = {"operation": step.operation, "body": step.body}
        order |= {"key": step.key} if step.key else {}
        order |= {"dossier": step.dossier}
        order |= {"credential": "bad"} if step.forged else {}
        began = time.monotonic()
        report = self._act(step.system, order)
        took = (time.monotonic() - began) * 1000
        answer: dict[str, Any] = report["answer"] if step.status is not None else {}
        words = step.words or _words(step.body)
        said = _said(answer) if answer else "waits to be asked"
        line(_row(step.number, step.system, "hub", step.operation, words, said, took))
        if answer.get("status") != step.status or report.get("accepted", True) == step.forged:
            raise PlayError(f"step {story.number}.{step.number}: the hub answered {answer}")
        self._arrivals(story, step, time.monotonic())

    def _arrivals(self, story: Story, step: Step, since: float) -> None:
        missing = Counter(step.calls)
        for system in dict.fromkeys(system for system, _ in step.calls):
            wanted = sum(n for (to, _), n in missing.items() if to == system)
            for call in self._await(story, step, system, wanted):
                took = max(0.0, (time.monotonic() - since) * 1000)
                words = _words(_body(call))
                line(_row(None, "hub", system, call["operation"], words, call["verdict"], took))
                missing[(system, call["operation"])] -= 1
        wrong = {key: count for key, count in missing.items() if count}
        if wrong:
            raise PlayError(f"step {story.number}.{step.number}: not as expected: {wrong}")

    def _await(self, story: Story, step: Step, system: str, count: int) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        def arrived() -> bool:
            calls[:] = self._new_calls(system, step)
            return len(calls) >= count

        try:
            wait_for(arrived, ARRIVE, f"{count} call(s) at {system}")
        except TimeoutError as error:
            raise PlayError(f"step {story.number}.{step.number}: {error}") from error
        self.seen[system] = max([self.seen[system], *(int(call["number"]) for call in calls)])
        return calls

    def _new_calls(self, system: str, step: Step) -> list[dict[str, Any]]:
        """Calls that were not seen yet: about the step's dossier, or a poll that it waits for."""
        _, rows = get(
            f"{self.stage.inspect[system]}/_sim/calls?after={self.seen[system]}&direction=in"
        )
        return [
            row
            for row in rows or []
            if row["dossier"] == step.dossier
            or (not row["dossier"] and (system, row["operation"]) in step.calls)
        ]

    def _last(self, system: str) -> int:
        """The number of the last call that a system was made."""
        _, rows = get(f"{self.stage.inspect[system]}/_sim/calls?limit=1")
        return max((int(row["number"]) for row in rows or []), default=0)

    def _act(self, system: str, order: dict[str, Any]) -> dict[str, Any]:
        status, report = post(f"{self.stage.inspect[system]}/_sim/act", order)
        if status != 200 or not isinstance(report, dict):
            raise PlayError(f"{system} cannot do {order['operation']}: {report}")
        return report


def line(text: str) -> None:
    """A line of the play, on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _row(
    number: int | None, source: str, target: str, what: str, words: str, said: str, took: float
) -> str:
    step = f"{number:>3}" if number else "   "
    return f"{step}  {source:>9} → {target:<9} {what:<36} {words:<42.42} {said:<22} {took:7.0f} ms"


def _said(answer: dict[str, Any]) -> str:
    body = answer.get("body")
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    for mark in ("<m:Ma>", "<Ma>", ":Ma>"):
        if mark in text:
            return f"{answer.get('status')} {text.partition(mark)[2][:2]}"
    return f"{answer.get('status')}"


def _body(call: dict[str, Any]) -> Any:
    text = call.get("body", "")
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _words(body: Any) -> str:
    """What matters of a body, in its own words; never a name or a number of a person."""
    if isinstance(body, str):
        values = {name: re.search(rf"[<:]{name}>([^<]+)<", body) for name in WORDS}
        return " ".join(f"{name}={found[1]}" for name, found in values.items() if found)
    found: list[str] = []
    _collect(body, found)
    return " ".join(dict.fromkeys(found))


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in WORDS and isinstance(inner, str | int):
                found.append(f"{name}={inner}")
            else:
                _collect(inner, found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found)
