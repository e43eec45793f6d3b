"""The table at the end: scenario × system, what it should hold and what it holds."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from ops.demo.holdings import facts
from ops.demo.http import get, wait_for
from ops.demo.stage import Stage
from ops.demo.stories import Story

SETTLE = 15.0  # seconds until every receipt must be there


@dataclass(frozen=True, slots=True)
class Cell:
    """One scenario at one system."""

    story: Story
    system: str
    should: dict[str, Any]
    holds: dict[str, Any]

    @property
    def agrees(self) -> bool:
        return self.should == self.holds


def cells(stage: Stage, stories: tuple[Story, ...]) -> Iterator[Cell]:
    """Ask every system, the hub and its views."""
    for story in stories:
        for system, should in story.holds.items():
            holds = facts(system, stage.inspect[system], story.dossier, list(should))
            yield Cell(story, system, dict(should), holds)
        yield _hub(stage, story)
        if story.views:
            yield _views(stage, story)


def _hub(stage: Stage, story: Story) -> Cell:
    should = {"events": story.events, "delivered": dict(story.receipts), "other": {}}

    def ask() -> dict[str, Any]:
        events = stage.hub("event", "list", "--dossier", story.dossier, "--json", "-n", "1000")
        receipts = stage.hub("receipt", "list", "--dossier", story.dossier, "--json", "-n", "1000")
        done = [r for r in receipts if r["outcome"] == "DELIVERED"]
        rest = Counter(r["outcome"] for r in receipts if r["outcome"] != "DELIVERED")
        rest.pop("NOTHING_TO_SEND", None)
        delivered = Counter(r["registration"] for r in done)
        ids = {event["id"] for event in events}
        return {"events": len(ids), "delivered": dict(delivered), "other": dict(rest)}

    found: dict[str, Any] = {}

    def settled() -> bool:
        found.update(ask())
        return found == should

    with suppress(TimeoutError):  # the table shows the difference
        wait_for(settled, SETTLE, "the last receipts")
    return Cell(story, "hub", should, found)


def _views(stage: Stage, story: Story) -> Cell:
    found: dict[str, Any] = {}

    def settled() -> bool:
        status, dossier = get(f"{stage.urls['views']}/dossiers/{story.dossier}")
        if status == 200 and isinstance(dossier, dict):
            deadline = dossier.get("deadline") or {}
            found.update({"status": dossier.get("status"), "late": deadline.get("late")})
        return found == dict(story.views)

    with suppress(TimeoutError):
        wait_for(settled, SETTLE, "the views")
    return Cell(story, "views", dict(story.views), found)


def show(found: list[Cell]) -> bool:
    """Print the table; whether every cell agrees."""
    table = Table(show_lines=True, header_style="bold")
    for column in ("scenario", "system", "should hold", "holds", ""):
        table.add_column(column, overflow="fold")
    for cell in found:
        table.add_row(
            str(cell.story.number),
            cell.system,
            _text(cell.should),
            "the same" if cell.agrees else _text(cell.holds),
            "✓" if cell.agrees else "✗",
        )
    Console(width=None if Console().is_terminal else 160).print(table)
    return all(cell.agrees for cell in found)


def _text(values: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, list):
        return " · ".join(str(item) for item in value) or "none"
    if isinstance(value, dict):
        return " ".join(f"{key} {count}" for key, count in sorted(value.items())) or "none"
    return str(value)
