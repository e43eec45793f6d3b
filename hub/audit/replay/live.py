"""A plan carried out at live systems: one act for each item, or for each dossier that waits.

The partition's owner carries acts out (decision 0012): through the dossier's own queue, under the
same idempotency key, in a new series that names the act. What is sent here is only the decision.
"""

from collections.abc import Iterable, Iterator

from hub.audit.replay.plan import Item, Plan
from hub.delivery.acts import Command
from hub.records import Position


def commands(plan: Plan, by: str) -> Iterator[Command]:
    """The decisions of a plan, in the order in which its items go.

    A dossier that is parked is resumed once, whatever number of its events are in the plan. A dead
    letter that is gone is left out (`lost`).
    """
    digest, resumed = plan.digest, set()
    for item in plan.items:
        if item.act == "RESUMED":
            whose = item.registration, item.topic, item.partition, item.dossier
            if whose in resumed:
                continue
            resumed.add(whose)
        if not is_lost(item):
            yield _command(item, digest, by, plan.because)


def is_lost(item: Item) -> bool:
    """Whether it cannot be sent again: a dead letter that no longer stands on its topic."""
    return item.act == "REQUEUED" and not item.letter


def left(decisions: Iterable[Command], written: Iterable[Command]) -> list[Command]:
    """What is not yet on `hub.act`: a run that was broken off goes on there."""
    done = {_what(one) for one in written}
    return [one for one in decisions if _what(one) not in done]


def _what(command: Command) -> tuple[str | None, str, str, str, int, int, str]:
    return (
        command.plan,
        command.kind,
        command.registration,
        command.topic,
        command.partition,
        command.offset,
        command.dossier,
    )


def _command(item: Item, plan: str, by: str, because: str) -> Command:
    parked = item.act == "RESUMED"
    letter = Position.read(item.letter) if item.act == "REQUEUED" else item.place
    return Command(
        kind=item.act,
        registration=item.registration,
        topic=item.topic,
        partition=item.partition,
        dossier=item.dossier,
        by=by,
        because=because,
        offset=-1 if parked else item.offset,
        letter=None if parked else letter,
        event_id=None if parked else item.event_id,
        series=item.series,
        plan=plan,
    )
