"""What the views answer: a dossier, a list, told for people and programs alike."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from hub.views.calendar import Calendar
from hub.views.consignments import Consignment
from hub.views.deadline import judge
from hub.views.deliveries import Delivery
from hub.views.timeline import Dossier, Entry
from hub.views.wording import shown

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


def whole(
    dossier: Dossier, deliveries: Sequence[Delivery], calendar: Calendar, now: int
) -> dict[str, Json]:
    """Everything about one dossier; times are local, to the minute."""
    return {
        **brief(dossier, calendar, now),
        "channel": dossier.channel,
        "origin": dossier.origin,
        "local_code": dossier.local_code,
        "submitted": _time(dossier.submitted),
        "accepted": _time(dossier.accepted),
        "returned": _time(dossier.returned),
        "consignments": [_consignment(one) for one in dossier.consignments],
        "deliveries": _counted(deliveries),
        "flags": [
            {"code": flag.code, "at": shown(flag.at), "says": flag.says} for flag in dossier.flags
        ],
        "timeline": _timeline(dossier.entries, deliveries),
        "more": dossier.more,
    }


def brief(dossier: Dossier, calendar: Calendar, now: int) -> dict[str, Json]:
    """A dossier's line in a list."""
    found = judge(dossier, calendar, now)
    answer: dict[str, Json] = {
        "code": dossier.code,
        "status": dossier.status or None,
        "since": _time(dossier.since),
        "procedure": dossier.procedure,
        "agency": dossier.agency,
        "deadline": {
            "due": _time(found.due),
            "judged_against": _time(found.judged),
            "finished": _time(found.finished),
            "late": found.late,
            "working_days_late": found.working_days_late,
            "says": found.says,
        },
    }
    if dossier.status_raw is not None:
        answer["status_raw"] = dossier.status_raw
    return answer


def _timeline(entries: Sequence[Entry], deliveries: Sequence[Delivery]) -> list[Json]:
    """In the order of recording; what was not delivered stands right behind its event."""
    undelivered: dict[int, list[Delivery]] = {}
    for one in deliveries:
        if one.outcome in ("DEAD_LETTERED", "PARKED"):
            undelivered.setdefault(one.offset, []).append(one)
    lines: list[Json] = []
    for entry in entries:
        lines.append(_line(entry.at, entry.type, entry.source, entry.says))
        for one in sorted(undelivered.get(entry.offset, ()), key=lambda d: d.registration):
            spoken = f"{entry.type} was not delivered"
            lines.append(_line(one.at, one.outcome, one.registration, spoken))
    return lines


def _line(at: int, kind: str, source: str, says: str) -> dict[str, Json]:
    return {"at": shown(at), "type": kind, "source": source, "says": says}


def _consignment(one: Consignment) -> dict[str, Json]:
    first, last = one.ordered, one.delivered or one.came_back
    if one.states:
        first = next((s.at for s in one.states if s.state not in ORDER_STATES), first)
    return {
        "order": one.order,
        "item": one.item,
        "direction": one.direction,
        "weight_grams": one.weight_grams,
        "ordered": _time(one.ordered),
        "taken_over": _time(first),
        "delivered": _time(one.delivered),
        "came_back": _time(one.came_back),
        "delivery_failures": one.failures,
        "state": one.states[-1].state if one.states else None,
        "states": [{"state": state.state, "at": shown(state.at)} for state in one.states],
        "says": f"post {shown(first)} → {shown(last)}",
    }


ORDER_STATES = ("ORDERED", "CANCELLATION_REQUESTED")  # said by those who order, not by the post


def _counted(deliveries: Sequence[Delivery]) -> dict[str, Json]:
    counted: dict[str, Counter[str]] = {}
    for one in deliveries:
        counted.setdefault(one.registration, Counter())[one.outcome] += 1
    return {name: _sorted(counts) for name, counts in sorted(counted.items())}


def _sorted(counts: Mapping[str, int]) -> dict[str, Json]:
    return dict(sorted(counts.items()))


def _time(ms: int | None) -> str | None:
    return None if ms is None else shown(ms)
