"""Scripted faults: which call goes wrong, and how.

A rule has a match and an action; the first rule that matches decides, except that delays add up.
Chance is drawn from a digest of (seed, rule, subject, how often the subject came), so a run with
the same seed fails the same calls in whatever order connections interleave.
"""

import hashlib
import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from statistics import NormalDist

from ops.systems.rules import (
    Action,
    Delay,
    Down,
    Match,
    Rule,
    Subject,
    Words,
    check,
    is_before_read,
)

SUBJECTS = 100_000  # subjects whose number of calls is remembered


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules decided for one call. `rule` is empty when none fired."""

    action: Action | None = None
    rule: str = ""
    delay: float = 0.0


NOTHING = Verdict()


@dataclass(slots=True)
class Faults:
    """The rules in force and how often each has matched and fired."""

    seed: int = 0
    rules: tuple[Rule, ...] = ()
    on: frozenset[str] = frozenset()
    started: float = 0.0
    _seen: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _fired: dict[str, int] = field(default_factory=dict)
    _draws: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def replace(self, rules: list[Rule], seed: int, now: float) -> None:
        """New rules; counters begin anew and windows count from `now`. ValueError if unfit."""
        names = [rule.name for rule in rules]
        if len(set(names)) != len(names):
            raise ValueError("rules: two rules have the same name; names tell them apart")
        for rule in rules:
            check(rule)
        self.rules, self.seed, self.started = tuple(rules), seed, now
        self._fired = {}
        self._seen.clear()
        self._draws.clear()

    def decide(self, subject: Subject, now: float, *, before_read: bool = False) -> Verdict:
        """What happens to this call; counts it."""
        if not self.rules:
            return NOTHING
        delay = 0.0
        for rule in self.rules:
            if is_before_read(rule) is not before_read or not self._fires(rule, subject, now):
                continue
            if isinstance(rule.action, Delay):
                delay += rule.action.seconds + rule.action.spread * self.draw(rule.name, subject)
                continue
            return Verdict(rule.action, rule.name, delay)
        return Verdict(None, "", delay) if delay else NOTHING

    def refusing(self, now: float) -> bool:
        """Whether a rule says that connections are refused now."""
        return any(
            isinstance(rule.action, Down)
            and rule.action.how == "refuse"
            and self._in_time(rule.match, now)
            for rule in self.rules
        )

    def edges(self) -> Iterator[float]:
        """The clock times at which a refusing window opens or closes."""
        for rule in self.rules:
            if isinstance(rule.action, Down) and rule.action.how == "refuse":
                for edge in (rule.match.since, rule.match.until):
                    if edge is not None:
                        yield self.started + edge

    def fired(self) -> dict[str, int]:
        """How often each rule has fired."""
        return {rule.name: self._fired.get(rule.name, 0) for rule in self.rules}

    def draw(self, what: str, subject: Subject) -> float:
        """A number in [0, 1) that the seed, `what`, the subject and its count decide."""
        name = f"{what}:{subject.key or subject.dossier or subject.operation}"
        count = _count(self._draws, name)
        digest = hashlib.sha256(f"{self.seed}:{name}:{count}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

    def latency(self, median: float, p99: float, subject: Subject) -> float:
        """Seconds, log-normal with this median and 99th percentile; 0 when the median is 0."""
        if median <= 0:
            return 0.0
        if p99 <= median:
            return median
        spread = math.log(p99 / median) / NormalDist().inv_cdf(0.99)
        chance = min(max(self.draw("latency", subject), 1e-9), 1 - 1e-9)
        return median * math.exp(spread * NormalDist().inv_cdf(chance))

    def _fires(self, rule: Rule, subject: Subject, now: float) -> bool:
        if isinstance(rule.action, Down) and rule.action.how == "refuse":
            return False
        if not (_fits(rule.match, subject) and self._in_time(rule.match, now)):
            return False
        if rule.times is not None and self._fired.get(rule.name, 0) >= rule.times:
            return False
        if not (self._is_due(rule, subject) and self._is_drawn(rule, subject)):
            return False
        self._fired[rule.name] = self._fired.get(rule.name, 0) + 1
        return True

    def _in_time(self, match: Match, now: float) -> bool:
        since = now - self.started
        if match.since is not None and since < match.since:
            return False
        if match.until is not None and since >= match.until:
            return False
        return match.while_ is None or match.while_ in self.on

    def _is_due(self, rule: Rule, subject: Subject) -> bool:
        match = rule.match
        if match.nth is None and match.every is None:
            return True
        part = {"rule": "", "dossier": subject.dossier, "key": subject.key}[match.per]
        count = _count(self._seen, f"{rule.name}:{part}")
        if match.every is not None and count % match.every:
            return False
        wanted = [match.nth] if isinstance(match.nth, int) else match.nth
        return wanted is None or count in wanted

    def _is_drawn(self, rule: Rule, subject: Subject) -> bool:
        chance = rule.match.probability
        return chance is None or self.draw(rule.name, subject) < chance


def _count(table: OrderedDict[str, int], name: str) -> int:
    """One more of `name`; the longest unseen names are forgotten."""
    count = table.pop(name, 0) + 1
    table[name] = count
    if len(table) > SUBJECTS:
        table.popitem(last=False)
    return count


def _fits(match: Match, subject: Subject) -> bool:
    return (
        match.direction == subject.direction
        and _fit(match.operation, subject.operation)
        and _fit(match.service, subject.service)
        and _fit(match.dossier, subject.dossier)
        and _fit(match.key, subject.key)
        and _fit(match.path, subject.path)
    )


def _fit(wanted: Words | None, value: str) -> bool:
    if wanted is None:
        return True
    patterns = [wanted] if isinstance(wanted, str) else wanted
    return any(fnmatchcase(value, pattern) for pattern in patterns)
