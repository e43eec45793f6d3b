"""Whether a dossier is late, and by how many working days.

Late is what was finished, or still is not, after the date judged against (`hub.views.timeline`).
How long the post takes never counts.
"""

from dataclasses import dataclass

from hub.views.calendar import Calendar, moment
from hub.views.timeline import Dossier
from hub.views.wording import DAY_9999, shown

UNJUDGED = frozenset({"WITHDRAWN", "REFUSED", "STOPPED"})  # ended without a result


@dataclass(frozen=True, slots=True)
class Deadline:
    """`due` in force, `judged` against; epoch ms. `late` None: nothing to judge.

    `working_days_late` None: not late, or the calendar does not reach that far.
    """

    due: int | None
    judged: int | None
    finished: int | None
    late: bool | None
    working_days_late: int | None
    says: str


def judge(dossier: Dossier, calendar: Calendar, now: int) -> Deadline:
    """The deadline of a dossier at `now` (epoch ms).

    Late: finished, or not finished by now, after the date judged. When the post hands the result
    over never counts. A dossier that ended without a result is not judged.
    """
    due, judged, finished = dossier.due, dossier.judged, dossier.finished
    if dossier.status in UNJUDGED:
        return Deadline(due, judged, finished, None, None, f"not judged ({dossier.status})")
    if judged is None:
        return Deadline(due, judged, finished, None, None, "no due date")
    end = now if finished is None else finished
    late = end > judged
    days = _days(judged, end, calendar) if late else None
    said = f"{_verdict(late, days, finished)} ({_dates(dossier)})"
    return Deadline(due, judged, finished, late, days, said)


def _days(judged: int, end: int, calendar: Calendar) -> int | None:
    if not (0 <= judged <= DAY_9999 and 0 <= end <= DAY_9999):
        return None
    return calendar.working_days_late(moment(judged), moment(end))


def _verdict(late: bool, days: int | None, finished: int | None) -> str:  # noqa: FBT001 - a fact
    if not late:
        return "on time" if finished is not None else "running"
    if days is None:
        how = "late, by an unknown number of working days"
    elif days == 0:
        how = "late by less than a working day"
    else:
        how = f"late by {days} working day{'s' if days > 1 else ''}"
    return how if finished is not None else f"{how} so far"


def _dates(dossier: Dossier) -> str:
    ended = [] if dossier.finished is None else [f"finished {shown(dossier.finished)}"]
    parts = [*ended, f"due {shown(dossier.judged)}"]
    if dossier.due != dossier.judged:
        parts.append(f"promised since {shown(dossier.due)}")
    return ", ".join(parts)
