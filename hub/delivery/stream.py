"""Which lanes read together, and where each stands: every event is fetched and read once for all.

Per partition there is at most one *window*: the last records that the common reader (`tail`) has
brought, without a break between them. A lane whose next offset lies in the window takes it from
there. Any other lane reads for itself: one that is far behind, or was full for so long that the
window has gone on without it. It comes back when it has read up to the window. So nobody waits for
anybody, and nothing is passed over or taken twice: what a lane takes next is decided by its own
position alone.

Pure: no clock, no thread, no socket. All methods belong to the event loop; `Stream.tasks` and
`Cursor.task` are replaced whole, so that the threads that read may look at them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from hub.delivery.sighting import Sighting
from hub.records import Spot

# What a window keeps of a partition before what came last. With forty partitions in two topics a
# worker holds 40 MB at most, and a lane may be 512 events late before it reads for itself.
KEPT = 512  # events
KEPT_BYTES = 512 * 1024
COMPANY = 2  # lanes: fewer read for themselves


class Task(NamedTuple):
    """Read a partition from this offset on. `turn` tells this reading from all others."""

    turn: int
    offset: int


@dataclass(slots=True, eq=False)
class Cursor:
    """Where one lane stands in a partition that it holds.

    `position`: the offset that it takes next, or the first one behind it. `task`: what its own
    reader has to do; None while it reads with the others.
    """

    position: int
    task: Task | None


@dataclass(slots=True, eq=False)
class Window:
    """What was read for all, from `start` to before `end`."""

    task: Task
    start: int
    end: int
    seen: deque[Sighting] = field(default_factory=deque)
    bytes: int = 0

    def reaches(self, position: int) -> bool:
        """Whether a lane at this offset is served: at once, or as soon as the window is there."""
        return self.start <= position <= self.end + KEPT

    def add(self, came: Sequence[Sighting]) -> None:
        """What came next. What is older than the newest so many goes first."""
        while self.seen and (len(self.seen) > KEPT or self.bytes > KEPT_BYTES):
            gone = self.seen.popleft()
            self.bytes -= _size(gone)
            self.start = gone.offset + 1
        self.seen.extend(came)
        self.bytes += sum(map(_size, came))
        self.end = came[-1].offset + 1

    def since(self, position: int) -> list[Sighting]:
        """What stands at this offset or behind it."""
        found: list[Sighting] = []
        for seen in reversed(self.seen):
            if seen.offset < position:
                break
            found.append(seen)
        found.reverse()
        return found


class Stream:
    """Of one worker."""

    def __init__(self) -> None:
        self.tasks: Mapping[Spot, Task] = {}  # what the common reader has to do
        self._open = False
        self._turns = count(1)
        self._windows: dict[Spot, Window] = {}
        self._holders: dict[Spot, dict[str, Cursor]] = {}
        self._lanes: dict[str, dict[Spot, Cursor]] = {}

    # Who holds what

    def hold(self, lane: str, spot: Spot, position: int) -> None:
        """The partition is this lane's from now on, which goes on at this offset."""
        cursor = Cursor(position, Task(next(self._turns), position))
        self._holders.setdefault(spot, {})[lane] = cursor
        self._lanes.setdefault(lane, {})[spot] = cursor
        self._look(spot)

    def let_go(self, lane: str, spots: Iterable[Spot]) -> None:
        """These are not this lane's any more; what is under way to it does not count."""
        for spot in spots:
            if self._lanes.get(lane, {}).pop(spot, None) is not None:
                del self._holders[spot][lane]
                self._look(spot)

    def cursors(self, lane: str) -> dict[Spot, Cursor]:
        """Where this lane stands, by partition. Another thread may ask."""
        return self._lanes.get(lane, {})

    # What is read

    def own(self, lane: str, spot: Spot, turn: int, came: Sequence[Sighting]) -> Sequence[Sighting]:
        """What of this a lane is to take that its own reader brought under this turn."""
        cursor = self._lanes.get(lane, {}).get(spot)
        if cursor is None or cursor.task is None or cursor.task.turn != turn:
            return ()
        cursor.position = came[-1].offset + 1
        window = self._windows.get(spot)
        if window is not None:
            _join_or_leave(cursor, window, self._turns.__next__)
        return came

    def came(self, spot: Spot, turn: int, came: Sequence[Sighting]) -> None:
        """The common reader has brought this under this turn."""
        window = self._windows.get(spot)
        if window is None or window.task.turn != turn:
            return
        window.add(came)
        for cursor in self._holders[spot].values():
            _join_or_leave(cursor, window, self._turns.__next__)

    def unread(self, lane: str) -> Iterator[Sighting]:
        """What this lane takes next of what is read for all; whatever is given is taken."""
        for spot, cursor in self._lanes.get(lane, {}).items():
            window = self._windows.get(spot)
            if cursor.task is None and window is not None and cursor.position < window.end:
                for seen in window.since(cursor.position):
                    cursor.position = seen.offset + 1
                    yield seen

    # Where the common reader stands

    def open(self) -> None:
        """There is a common reader from now on."""
        self._open = True
        self.review()

    def close(self) -> None:
        """There is none: everybody reads for itself."""
        self._open = False
        for spot in list(self._windows):
            self._end(spot)

    def review(self) -> None:
        """Look again where it is of most use."""
        for spot in list(self._holders):
            self._look(spot)

    def _look(self, spot: Spot) -> None:
        cursors = self._holders[spot].values()
        window = self._windows.get(spot)
        if window is not None:
            for cursor in cursors:
                _join_or_leave(cursor, window, self._turns.__next__)
        joined = sum(cursor.task is None for cursor in cursors)
        if len(cursors) < COMPANY or (window is not None and not joined):
            self._end(spot)
        if self._open and len(cursors) >= COMPANY and 2 * joined < len(cursors):
            offset, company = best_place([cursor.position for cursor in cursors])
            if company >= COMPANY and company > 2 * joined:
                self._begin(spot, offset)

    def _begin(self, spot: Spot, offset: int) -> None:
        task = Task(next(self._turns), offset)
        window = self._windows[spot] = Window(task, offset, offset)
        self.tasks = {**self.tasks, spot: task}
        for cursor in self._holders[spot].values():
            _join_or_leave(cursor, window, self._turns.__next__)

    def _end(self, spot: Spot) -> None:
        if self._windows.pop(spot, None) is not None:
            self.tasks = {other: task for other, task in self.tasks.items() if other != spot}
            for cursor in self._holders[spot].values():
                if cursor.task is None:
                    cursor.task = Task(next(self._turns), cursor.position)


def _join_or_leave(cursor: Cursor, window: Window, turn: Callable[[], int]) -> None:
    reached = window.reaches(cursor.position)
    if cursor.task is None and not reached:
        cursor.task = Task(turn(), cursor.position)
    elif reached:
        cursor.task = None


def best_place(positions: Sequence[int]) -> tuple[int, int]:
    """The offset from which one window serves the most of these, and how many.

    Of several the highest: a lane that has years to catch up is not to lead the others.
    """
    ordered = sorted(positions)
    best, company, last = 0, 0, 0
    for first, position in enumerate(ordered):
        last = max(last, first)
        while last < len(ordered) and ordered[last] <= position + KEPT:
            last += 1
        if last - first >= company:
            best, company = position, last - first
    return best, company


def _size(seen: Sighting) -> int:
    return len(seen.record.value or b"")
