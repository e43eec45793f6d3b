"""Who reads together and who alone: whatever happens, each lane takes every offset once, in order.

The state machine is `hub.delivery.stream`. The model knows nothing of windows: it is what stands in
the topic behind the offset at which a lane took a partition over.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.delivery import stream
from hub.delivery.sighting import Sighting
from hub.delivery.stream import Stream, Task, best_place
from hub.records import Record, Spot

SPOTS = [Spot("hub.dossier", number) for number in range(2)]
LANES = ["a", "b", "c"]
KEPT = 4


def sighting(spot: Spot, offset: int) -> Sighting:
    return Sighting(Record(*spot, offset, 0, b"k", b"v", ()), shared=True)


class Reading(RuleBasedStateMachine):
    """One stream, its common reader, three lanes with readers of their own, two partitions."""

    def __init__(self) -> None:
        super().__init__()
        self.kept, stream.KEPT = stream.KEPT, KEPT
        self.stream = Stream()
        self.topic: dict[Spot, list[int]] = {spot: [] for spot in SPOTS}
        self.ends = dict.fromkeys(SPOTS, 0)
        self.common: dict[Spot, tuple[Task, int]] = {}  # what it reads, and the next offset
        self.own: dict[tuple[str, Spot], tuple[Task, int]] = {}
        self.began: dict[tuple[str, Spot], int] = {}
        self.taken: dict[tuple[str, Spot], list[int]] = {}

    def teardown(self) -> None:
        stream.KEPT = self.kept

    # What happens outside

    @rule(spot=st.sampled_from(SPOTS), gaps=st.lists(st.integers(1, 3), min_size=1, max_size=6))
    def grow(self, spot: Spot, gaps: list[int]) -> None:
        """Records are appended; compaction leaves gaps."""
        for gap in gaps:
            self.topic[spot].append(self.ends[spot] + gap - 1)
            self.ends[spot] += gap

    @rule(lane=st.sampled_from(LANES), spot=st.sampled_from(SPOTS), back=st.integers(0, 12))
    def take_over(self, lane: str, spot: Spot, back: int) -> None:
        """A partition is assigned, anew or again, and goes on where the group has committed."""
        self.stream.let_go(lane, [spot])
        self.began[lane, spot] = position = max(0, self.ends[spot] - back)
        self.taken[lane, spot] = []
        self.stream.hold(lane, spot, position)

    @rule(lane=st.sampled_from(LANES), spots=st.sets(st.sampled_from(SPOTS)))
    def revoke(self, lane: str, spots: set[Spot]) -> None:
        self.stream.let_go(lane, spots)
        for spot in spots:
            self.began.pop((lane, spot), None)

    @rule()
    def begin_to_read_together(self) -> None:
        self.stream.open()

    @rule()
    def fail_to_read_together(self) -> None:
        self.stream.close()

    @rule()
    def review(self) -> None:
        self.stream.review()

    # What the readers do

    def read(self, spot: Spot, offset: int, most: int) -> list[int]:
        return [one for one in self.topic[spot] if one >= offset][:most]

    @rule(spot=st.sampled_from(SPOTS))
    def look_what_to_read_for_all(self, spot: Spot) -> None:
        task = self.stream.tasks.get(spot)
        if task is None:
            self.common.pop(spot, None)
        elif spot not in self.common or self.common[spot][0] != task:
            self.common[spot] = task, task.offset

    @rule(spot=st.sampled_from(SPOTS), most=st.integers(1, 7))
    def read_for_all(self, spot: Spot, most: int) -> None:
        """Perhaps under a turn that is over already: the thread looks when it looks."""
        if spot in self.common:
            task, offset = self.common[spot]
            found = self.read(spot, offset, most)
            if found:
                self.common[spot] = task, found[-1] + 1
                self.stream.came(spot, task.turn, [sighting(spot, one) for one in found])

    @rule(lane=st.sampled_from(LANES), spot=st.sampled_from(SPOTS))
    def look_what_to_read(self, lane: str, spot: Spot) -> None:
        cursor = self.stream.cursors(lane).get(spot)
        task = None if cursor is None else cursor.task
        if task is None:
            self.own.pop((lane, spot), None)
        elif (lane, spot) not in self.own or self.own[lane, spot][0] != task:
            self.own[lane, spot] = task, task.offset

    @rule(lane=st.sampled_from(LANES), spot=st.sampled_from(SPOTS), most=st.integers(1, 5))
    def read_alone(self, lane: str, spot: Spot, most: int) -> None:
        if (lane, spot) in self.own:
            task, offset = self.own[lane, spot]
            found = self.read(spot, offset, most)
            if found:
                self.own[lane, spot] = task, found[-1] + 1
                came = [sighting(spot, one) for one in found]
                for seen in self.stream.own(lane, spot, task.turn, came):
                    self.taken[lane, spot].append(seen.offset)

    @rule(lane=st.sampled_from(LANES), most=st.integers(1, 9))
    def take(self, lane: str, most: int) -> None:
        """What was read for all, as far as there is room."""
        for seen in self.stream.unread(lane):
            self.taken[lane, seen.spot].append(seen.offset)
            most -= 1
            if not most:
                return

    # What holds

    @invariant()
    def every_offset_was_taken_once_and_in_order(self) -> None:
        for (lane, spot), began in self.began.items():
            taken = self.taken[lane, spot]
            assert taken == self.read(spot, began, len(taken))

    @invariant()
    def little_is_kept(self) -> None:
        for window in self.stream._windows.values():
            assert len(window.seen) <= KEPT + 1 + 7

    @invariant()
    def nobody_reads_together_alone(self) -> None:
        for spot in self.stream.tasks:
            joined = [self.stream.cursors(lane).get(spot) for lane in LANES]
            assert any(cursor is not None and cursor.task is None for cursor in joined)

    @precondition(lambda self: self.began)
    @rule()
    def everything_comes_in_the_end(self) -> None:
        """Readers that do what is asked of them bring each lane to the end of the topic."""
        for _ in range(200):
            for spot in SPOTS:
                self.look_what_to_read_for_all(spot)
                self.read_for_all(spot, 7)
                for lane in LANES:
                    self.look_what_to_read(lane, spot)
                    self.read_alone(lane, spot, 5)
            for lane in LANES:
                self.take(lane, 1000)
            if all(
                self.taken[lane, spot] == self.read(spot, began, len(self.topic[spot]))
                for (lane, spot), began in self.began.items()
            ):
                return
        raise AssertionError("a lane stands still")


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def test_two_lanes_at_the_same_offset_read_together_and_one_alone_does_not() -> None:
    one = Stream()
    one.open()
    one.hold("a", SPOTS[0], 7)
    assert {} == one.tasks
    one.hold("b", SPOTS[0], 7)
    assert [7] == [task.offset for task in one.tasks.values()]
    assert [None, None] == [one.cursors(lane)[SPOTS[0]].task for lane in "ab"]
    one.let_go("a", SPOTS)
    assert {} == one.tasks
    task = one.cursors("b")[SPOTS[0]].task
    assert task is not None
    assert task.offset == 7


def test_a_lane_that_takes_nothing_is_left_behind_and_comes_back_where_it_stood() -> None:
    one, spot = Stream(), SPOTS[0]
    one.open()
    for lane in "ab":
        one.hold(lane, spot, 0)
    turn = one.tasks[spot].turn
    for start in range(0, 3 * stream.KEPT, 100):
        one.came(spot, turn, [sighting(spot, start + n) for n in range(100)])
        assert 100 == len(list(one.unread("a")))
    task = one.cursors("b")[spot].task
    assert task is not None
    assert task.offset == 0
    assert [] == list(one.unread("b"))
    start = one._windows[spot].start
    taken = list(range(start + 10))
    assert one.own("b", spot, task.turn, [sighting(spot, n) for n in taken])
    assert one.cursors("b")[spot].task is None
    taken += [seen.offset for seen in one.unread("b")]
    assert taken == list(range(len(taken)))
    assert taken[-1] == one._windows[spot].end - 1


def test_what_a_reader_brings_of_an_earlier_turn_counts_for_nothing() -> None:
    one, spot = Stream(), SPOTS[0]
    one.hold("a", spot, 3)
    first = one.cursors("a")[spot].task
    one.let_go("a", [spot])
    one.hold("a", spot, 5)
    assert first is not None
    assert () == one.own("a", spot, first.turn, [sighting(spot, 3)])
    assert one.cursors("a")[spot].position == 5


@pytest.mark.parametrize(
    ("positions", "place"),
    [
        ([5], (5, 1)),
        ([0, 1_000_000], (1_000_000, 1)),
        ([0, 0, 0, 1_000_000], (0, 3)),
        ([10, 10 + stream.KEPT, 11 + stream.KEPT], (10 + stream.KEPT, 2)),
        ([10, 11, 10 + stream.KEPT], (10, 3)),
    ],
)
def test_the_common_reader_stands_where_it_serves_most(
    positions: list[int], place: tuple[int, int]
) -> None:
    assert place == best_place(positions)


def test_what_the_common_reader_brings_of_an_earlier_window_counts_for_nothing() -> None:
    one, spot = Stream(), SPOTS[0]
    for lane in "ab":
        one.hold(lane, spot, 0)
    one.open()
    before = one.tasks[spot].turn
    one.close()
    one.open()
    one.came(spot, before, [sighting(spot, 5)])  # 0 to 4 came before, and nobody took them
    assert [] == list(one.unread("a"))
    one.came(spot, one.tasks[spot].turn, [sighting(spot, 0)])
    assert [0] == [seen.offset for seen in one.unread("a")]


def test_each_time_that_a_lane_is_left_behind_its_own_reader_begins_anew() -> None:
    one, spot = Stream(), SPOTS[0]
    one.open()
    for lane in "ab":
        one.hold(lane, spot, 0)
    turn, end, tasks = one.tasks[spot].turn, 0, []
    for _ in range(2):
        while (task := one.cursors("b")[spot].task) is None:
            one.came(spot, turn, [sighting(spot, end + n) for n in range(100)])
            end += 100
            assert 100 == len(list(one.unread("a")))
        tasks.append(task)
        back = [sighting(spot, n) for n in range(task.offset, one._windows[spot].start)]
        assert back == one.own("b", spot, task.turn, back)
    first, second = tasks
    assert first.turn != second.turn
    assert first.offset < second.offset
