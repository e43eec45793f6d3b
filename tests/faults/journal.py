"""What the receipts of one registration say, folded as decision 0012 has it.

Per partition, in the order of offsets: an OWNER begins an epoch; what an older epoch wrote behind a
newer OWNER is void, except the answers to its own marks. Of several ends of one (event, series)
the first counts. Where no OWNER stands, nothing is void.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.faults.evidence import Source, Told

ENDS = frozenset({"DELIVERED", "NOTHING_TO_SEND", "DUPLICATE", "DEAD_LETTERED"})
PARKED = "PARKED"


@dataclass(slots=True)
class Ending:
    """What became of one event: its valid outcomes in order, per series."""

    by_series: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def outcome(self) -> str | None:
        """The end that counts: the first of the last series; PARKED while there is none."""
        last = self.by_series[max(self.by_series)]
        ends = [outcome for outcome in last if outcome in ENDS]
        return ends[0] if ends else PARKED if PARKED in last else None

    @property
    def surplus(self) -> list[str]:
        """Ends behind the first one of their series."""
        ends = ([o for o in outcomes if o in ENDS] for outcomes in self.by_series.values())
        return [outcome for found in ends for outcome in found[1:]]

    @property
    def contradicts(self) -> bool:
        """Whether two ends of one series say different things."""
        ends = ({o for o in outcomes if o in ENDS} for outcomes in self.by_series.values())
        return any(len(found) > 1 for found in ends)


def fold(told: Iterable[Told]) -> dict[Source, Ending]:
    """The ending of every event that a valid OUTCOME names."""
    endings: dict[Source, Ending] = defaultdict(Ending)
    owner: dict[tuple[str, int], int] = {}  # (topic, partition) -> epoch
    marked: set[tuple[Source, int]] = set()  # (event, epoch)
    for one in sorted(told, key=lambda one: (one.source.partition, one.offset)):
        place = (one.source.topic, one.source.partition)
        if one.kind == "OWNER":
            owner[place] = max(owner.get(place, -1), one.offset)
            continue
        current = one.epoch >= owner.get(place, -1)
        if one.kind == "MARK" and current:
            marked.update((Source(*place, offset), one.epoch) for offset in one.marks)
        if one.kind == "OUTCOME" and (current or (one.source, one.epoch) in marked):
            endings[one.source].by_series[one.series].append(one.outcome)
    return dict(endings)
