"""The table at the end: scenario × place, what it should hold and what it holds."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from ops.demo import evidence
from ops.demo.cast import Json
from ops.demo.evidence import Kept
from ops.demo.holdings import facts, last_polled
from ops.demo.http import wait_for
from ops.demo.stage import Stage
from ops.demo.story import Holds, Story

SETTLE = 15.0  # seconds until every receipt must be there


@dataclass(frozen=True, slots=True)
class Cell:
    """One scenario at one place. `dossier` is empty where all of the scenario's are meant."""

    story: Story
    where: str
    dossier: str
    should: Json
    holds: Json

    @property
    def agrees(self) -> bool:
        return self.should == self.holds


def cells(stage: Stage, stories: Sequence[Story]) -> Iterator[Cell]:
    """Ask every system, the hub and its views, once the last receipt is there."""
    kept = _settled(stage, stories)
    for story in stories:
        for holds in story.holds:
            found = _ask(kept, holds)
            yield Cell(story, holds.where, holds.dossier, dict(holds.facts), found)
        counted = evidence.counted(kept, story.dossiers)
        yield Cell(story, "hub", "", _should_count(story), counted)


def _should_count(story: Story) -> Json:
    return {
        "events": story.events,
        "delivered": dict(story.receipts),
        "other": dict(story.others),
        "partitions": dict.fromkeys(story.dossiers, 1),
    }


def _settled(stage: Stage, stories: Sequence[Story]) -> Kept:
    """The topics when all is counted as it should be; after SETTLE as they are then."""
    kept = Kept.read(stage)

    def complete() -> bool:
        nonlocal kept
        if all(evidence.counted(kept, s.dossiers) == _should_count(s) for s in stories):
            return True
        kept = Kept.read(stage)
        return False

    with suppress(TimeoutError):  # the table shows the difference
        wait_for(complete, SETTLE, "the last receipts")
    return kept


READERS: Mapping[str, Callable[[Kept, str], Json]] = {
    "receipts": evidence.receipts,
    "dead letters": evidence.dead_letters,
    "acts": evidence.decisions,
    "events": evidence.addresses,
}


def _ask(kept: Kept, holds: Holds) -> Json:
    """The facts that a story names, as they are there."""
    stage, names = kept.stage, holds.facts
    match holds.where:
        case where if where in READERS:
            found = READERS[where](kept, holds.dossier)
            return {name: found.get(name) for name in names}
        case "views":
            return _views(stage, holds)
        case "gateway":
            return evidence.gateway(stage)
        case "look-ups":
            return {question: evidence.look_up(question) for question in names}
        case "poll cursor":
            return last_polled(stage.inspect["postal"])
        case system:
            return facts(system, stage.inspect[system], holds.dossier, names)


def _views(stage: Stage, holds: Holds) -> Json:
    """They follow the topics, so they may come a moment later."""
    found: Json = {}

    def followed() -> bool:
        told = evidence.views(stage, holds.dossier)
        found.update({name: told[name] for name in holds.facts})
        return found == dict(holds.facts)

    with suppress(TimeoutError):
        wait_for(followed, SETTLE, "the views")
    return found


def show(found: Iterable[Cell]) -> bool:
    """Print the table in the order of the scenarios; whether every cell agrees."""
    ordered = sorted(found, key=lambda cell: cell.story.number)
    table = Table(show_lines=True, header_style="bold")
    for column in ("scenario", "where", "should hold", "holds", ""):
        table.add_column(column, overflow="fold")
    for cell in ordered:
        several = cell.dossier and len(cell.story.dossiers) > 1
        table.add_row(
            str(cell.story.number),
            f"{cell.where}\n{cell.dossier}" if several else cell.where,
            _text(cell.should),
            "the same" if cell.agrees else _text(cell.holds),
            "✓" if cell.agrees else "✗",
        )
    Console(width=None if Console().is_terminal else 160).print(table)
    return all(cell.agrees for cell in ordered)


def _text(values: Json) -> str:
    return "\n".join(f"{name}: {_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, list):
        return " · ".join(str(item) for item in value) or "none"
    if isinstance(value, dict):
        return " ".join(f"{key} {count}" for key, count in sorted(value.items())) or "none"
    return "none" if value is None else str(value)
