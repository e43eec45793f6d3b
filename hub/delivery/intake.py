"""How events come into a lane: from what all lanes read together, or from its own reader.

A lane takes no more than its share of the process; what it has no room for waits where it is.
Whence it comes is `stream`'s to say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from hub.delivery.sighting import Sighting
from hub.delivery.stream import Cursor, Stream
from hub.records import Spot

MOST_EVENTS = 4_000  # in a lane, before it takes no more
MOST_BYTES = 32 * 1024 * 1024
LANES = 4  # may hold so much; of more lanes, each has its share
# A fetch, and a commit, cost about a millisecond of the core that all share: so the more lanes, the
# more events go into one. What comes after a longer pause does not wait.
GATHER = 0.005  # seconds for each lane beside the first, where each reads for itself
COMMIT_EVERY = 0.25  # seconds, of four lanes
COMMIT_LATEST = 2.0  # seconds: what a new owner reads of the journal is that much longer


@dataclass(frozen=True, slots=True)
class Share:
    """What one lane may take of its process.

    `events`, `bytes`: so much it holds before it takes no more. `gather`: seconds that events are
    given to come together. `commit`: seconds between commits.
    """

    events: int
    bytes: int
    gather: float
    commit: float


def share_of(lanes: int) -> Share:
    """The share of each of so many lanes."""
    of = max(LANES, lanes)
    commit = min(COMMIT_LATEST, COMMIT_EVERY * of / LANES)
    return Share(MOST_EVENTS * LANES // of, MOST_BYTES * LANES // of, GATHER * (lanes - 1), commit)


class Brought(NamedTuple):
    """What a lane's own reader brought of one partition, under this turn."""

    spot: Spot
    turn: int
    seen: Sequence[Sighting]


class Taker(Protocol):
    """A lane, as its intake sees it."""

    @property
    def held(self) -> int:
        """Events taken and not settled."""
        ...

    @property
    def bytes(self) -> int:
        """Of these events."""
        ...

    def take(self, seen: Sighting) -> bool:
        """Take what comes next of its partition; whether there is more to hold now."""
        ...

    def pump(self) -> None:
        """Send what may go."""
        ...


class Intake:
    """One lane's. Belongs to the event loop, but for what the inbox's thread may ask."""

    def __init__(self, name: str, lane: Taker, stream: Stream) -> None:
        """`stream`: what it may read with others."""
        self._name = name
        self._lane = lane
        self._stream = stream
        self.share = share_of(1)
        self.arrived = 0  # records that its own reader handed over, ever
        self.starved = False  # there was more to take than room

    # What the inbox's thread may ask

    @property
    def cursors(self) -> Mapping[Spot, Cursor]:
        """Where it stands, and what its own reader has to do."""
        return self._stream.cursors(self._name)

    @property
    def together(self) -> bool:
        """Whether it reads anything with others."""
        return any(cursor.task is None for cursor in list(self.cursors.values()))

    # What comes

    def hold(self, places: Mapping[Spot, int]) -> None:
        """These partitions are its own from now on, and go on at these offsets."""
        for spot, position in places.items():
            self._stream.hold(self._name, spot, position)
        self.pull()

    def let_go(self, spots: Iterable[Spot]) -> None:
        """Nothing of these comes any more."""
        self._stream.let_go(self._name, spots)

    def bring(self, brought: Sequence[Brought], records: int) -> None:
        """Take what the lane's own reader has read: so many records."""
        self.arrived += records
        for spot, turn, came in brought:
            for seen in self._stream.own(self._name, spot, turn, came):
                self._lane.take(seen)
        self.pull()  # it may have come up to the others

    def pull(self) -> None:
        """Take what was read for all, as far as there is room."""
        self._fill()
        self._lane.pump()

    def go_on(self) -> None:
        """The lane may have room again."""
        if self.hungry:
            self._fill()

    @property
    def full(self) -> bool:
        """Whether the lane holds its share."""
        return self._lane.held >= self.share.events or self._lane.bytes >= self.share.bytes

    @property
    def hungry(self) -> bool:
        """Whether there is more to take, and room for a good part of it."""
        return (
            self.starved
            and self._lane.held < self.share.events // 2
            and self._lane.bytes < self.share.bytes // 2
        )

    def _fill(self) -> None:
        self.starved = self.full
        if self.starved:
            return
        for seen in self._stream.unread(self._name):
            if self._lane.take(seen) and self.full:
                self.starved = True
                return
