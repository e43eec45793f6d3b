"""Plays stories: each act waits until everything that it must cause has happened."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeAlias

from ops.demo.http import get, post, put, text, wait_for
from ops.demo.inspection import inspected, recorded
from ops.demo.lines import called, line, told
from ops.demo.stage import Stage
from ops.demo.story import Act, Breaks, Decision, Step, Story, Trouble, Waits
from ops.demo.verdict import Cell, cells

INSPECTED = 1  # the scenario that the auditor looks at, in 8
ARRIVE = 30.0  # seconds until a step's calls must have been made
Causing: TypeAlias = Step | Trouble | Decision  # acts that calls come of


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
        if any(story.number == INSPECTED for story in together):
            found += inspected(stage)
    found.append(recorded(stage))
    return found


@dataclass(slots=True)
class Player:
    """Plays steps on a stage; remembers how far each system's calls were read."""

    stage: Stage
    seen: Counter[str] = field(default_factory=Counter)
    failed: set[tuple[str, str]] = field(default_factory=set)  # system, content

    def play(self, story: Story) -> None:
        """Play a story from its first step to its last. Raises PlayError."""
        line(f"\n{story.number}. {story.title} ({', '.join(story.dossiers)})")
        for system, operation, body in story.seed:
            self._act(system, {"operation": operation, "body": body})
        faults = story.faults()
        for system, script in faults.items():
            self._script(system, script)
        for act in story.acts:
            self._play(story, act)
        for system in faults:
            self._all_fired(story, system)
            self._script(system, {"rules": [], "on": []})

    def _play(self, story: Story, act: Act) -> None:
        match act:
            case Step():
                self._step(story, act)
            case Trouble(system=system, on=on):
                line(f"     {system}: {', '.join(on) or 'no trouble any more'}")
                since = time.monotonic()
                self._script(system, {"on": list(on)})
                self._arrivals(story, act, since)
            case Decision(number=number, words=words):
                line(f"{number:>3}  hub {' '.join(words)}")
                since = time.monotonic()
                self.stage.hub(*words, "--json")
                self._arrivals(story, act, since)
            case Waits(words=words, dossier=dossier):
                self._until(story, f"{dossier} in `hub {' '.join(words)}`", self._named(act))
            case Breaks(registration=name):
                self._until(story, f"the breaker of {name} is open", self._broken(name))

    def _until(self, story: Story, what: str, holds: Callable[[], bool]) -> None:
        try:
            wait_for(holds, ARRIVE, what)
        except TimeoutError as error:
            raise PlayError(f"story {story.number}: {error}") from error
        line(f"     {what}")

    def _named(self, act: Waits) -> Callable[[], bool]:
        def named() -> bool:
            rows = self.stage.hub(*act.words, "--json")
            return any(act.dossier in (row.get("key"), row.get("dossier")) for row in rows)

        return named

    def _broken(self, name: str) -> Callable[[], bool]:
        wanted = f'hub_breaker_open{{registration="{name}"}} 1.0'
        return lambda: wanted in text(f"{self.stage.url('worker')}/metrics")

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
        answer: dict[str, Any] = report["answer"] if step.status is not None else {}
        line(told(step, answer, time.monotonic() - began))
        if answer.get("status") != step.status or report.get("accepted", True) == step.forged:
            raise PlayError(f"step {story.number}.{step.number}: the hub answered {answer}")
        self._arrivals(story, step, time.monotonic())

    def _arrivals(self, story: Story, act: Causing, since: float) -> None:
        missing = Counter(act.calls)
        for system in dict.fromkeys(system for system, _ in act.calls):
            wanted = sum(n for (to, _), n in missing.items() if to == system)
            for call in self._await(story, act, system, wanted):
                line(called(system, call, time.monotonic() - since))
                missing[(system, call["operation"])] -= 1
        wrong = {key: count for key, count in missing.items() if count}
        if wrong:
            raise PlayError(f"{_place(story, act)}: not as expected: {wrong}")

    def _await(self, story: Story, act: Causing, system: str, count: int) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        def arrived() -> bool:
            calls[:] = self._new_calls(system, act)
            return len(calls) >= count

        try:
            wait_for(arrived, ARRIVE, f"{count} call(s) at {system}")
        except TimeoutError as error:
            raise PlayError(f"{_place(story, act)}: {error}") from error
        self.seen[system] = max([self.seen[system], *(int(call["number"]) for call in calls)])
        self.failed |= {(system, c["content_digest"]) for c in calls if c["verdict"] == "fault"}
        return calls

    def _new_calls(self, system: str, act: Causing) -> list[dict[str, Any]]:
        """Calls that were not seen yet: about the act's dossier, or a poll that it waits for.

        Of those that failed the first counts, however often they are tried again.
        """
        _, rows = get(
            f"{self.stage.inspect[system]}/_sim/calls?after={self.seen[system]}&direction=in"
        )
        failed = set(self.failed)
        found = []
        for row in rows or []:
            polled = not row["dossier"] and (system, row["operation"]) in act.calls
            tried = (system, row["content_digest"])
            if (row["dossier"] == act.dossier or polled) and not (
                row["verdict"] == "fault" and tried in failed
            ):
                found.append(row)
            if row["verdict"] == "fault":
                failed.add(tried)
        return found

    def _last(self, system: str) -> int:
        """The number of the last call that a system was made."""
        _, rows = get(f"{self.stage.inspect[system]}/_sim/calls?limit=1")
        return max((int(row["number"]) for row in rows or []), default=0)

    def _act(self, system: str, order: dict[str, Any]) -> dict[str, Any]:
        status, report = post(f"{self.stage.inspect[system]}/_sim/act", order)
        if status != 200 or not isinstance(report, dict):
            raise PlayError(f"{system} cannot do {order['operation']}: {report}")
        return report


def _place(story: Story, act: Causing) -> str:
    number = f".{act.number}" if isinstance(act, Step | Decision) else ""
    return f"step {story.number}{number}"
