"""Plays a story: each step waits until everything that it must cause has happened.

One line per message, in the order in which they happened: who said what to whom, in the receiver's
words, how long it took (a delivery: from the hub's yes to the call).
"""

import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ops.demo.http import get, post, wait_for
from ops.demo.stage import Stage
from ops.demo.stories import Step, Story

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
    "Diem",
)


class PlayError(Exception):
    """A step did not go as it must."""


@dataclass(slots=True)
class Player:
    """Plays steps on a stage; remembers how far each system's calls were read."""

    stage: Stage
    seen: Counter[str]

    def play(self, story: Story) -> None:
        """Play a story from its first step to its last. Raises PlayError."""
        line(f"\n{story.number}. {story.title} ({story.dossier})")
        for system, operation, body in story.seed:
            self._act(system, {"operation": operation, "body": body})
        for step in story.steps:
            self._step(story, step)

    def _step(self, story: Story, step: Step) -> None:
        order: dict[str, Any] = {"operation": step.operation, "body": step.body}
        if step.key:
            order["key"] = step.key
        if step.dossier:
            order["dossier"] = step.dossier
        began = time.monotonic()
        report = self._act(step.system, order)
        took = (time.monotonic() - began) * 1000
        answer = report["answer"]
        words = step.words or _words(step.body)
        line(_row(step.number, step.system, "hub", step.operation, words, _said(answer), took))
        if not report["accepted"]:
            raise PlayError(f"step {story.number}.{step.number}: the hub answered {answer}")
        self._arrivals(story, step, time.monotonic())

    def _arrivals(self, story: Story, step: Step, since: float) -> None:
        missing = Counter(step.calls)
        for system in {system for system, _ in step.calls}:
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
            calls[:] = self._new_calls(system, story.dossier)
            return len(calls) >= count

        try:
            wait_for(arrived, ARRIVE, f"{count} call(s) at {system}")
        except TimeoutError as error:
            raise PlayError(f"step {story.number}.{step.number}: {error}") from error
        self.seen[system] = max([self.seen[system], *(int(call["number"]) for call in calls)])
        return calls

    def _new_calls(self, system: str, dossier: str) -> list[dict[str, Any]]:
        """Calls about this dossier that were not seen yet; logins and questions are left out."""
        url = f"{self.stage.inspect[system]}/_sim/calls?after={self.seen[system]}&direction=in"
        _, found = get(url)
        rows = found.get("calls", []) if isinstance(found, dict) else found or []
        return [
            row
            for row in rows
            if row.get("direction", "in") == "in" and row.get("dossier", "").startswith(dossier)
        ]

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
