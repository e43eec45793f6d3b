"""What became of events, from their receipts: the last valid end of each at each registration."""

from dataclasses import dataclass, field

from hub.audit.replay.plan import ACTS
from hub.contract.types import Document, Value
from hub.records import Position


@dataclass(frozen=True, slots=True)
class End:
    """The end of an event at a registration in its last series."""

    outcome: str
    series: int
    bundle: str
    settings: str
    request: str


@dataclass(slots=True)
class Ends:
    """Folds records of hub.receipt, in the order of each partition (decision 0012).

    What was written under an older epoch than that of the last owner before it is void; of several
    ends of one series the first counts; the highest series is what became of it.
    """

    found: dict[tuple[Position, str], End] = field(default_factory=dict)
    _owners: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def take(self, position: int, told: Document) -> None:
        """One record, and its offset on hub.receipt."""
        registration = str(told["connector"])
        topic, partition = str(told["source_topic"]), _whole(told["source_partition"])
        whose = registration, topic, partition
        if told["kind"] == "OWNER":
            self._owners[whose] = position
        elif (
            told["kind"] == "OUTCOME"
            and told["outcome"] in ACTS
            and _whole(told["epoch"]) >= self._owners.get(whose, -1)
        ):
            self._keep(
                (Position(topic, partition, _whole(told["source_offset"])), registration), told
            )

    def _keep(self, key: tuple[Position, str], told: Document) -> None:
        known, series = self.found.get(key), _whole(told["series"])
        if known is not None and (
            series < known.series or (series == known.series and known.outcome != "PARKED")
        ):
            return
        self.found[key] = End(
            str(told["outcome"]),
            series,
            str(told["bundle"]),
            str(told["settings"]),
            str(told.get("request") or ""),
        )


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else -1
