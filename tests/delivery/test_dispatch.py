from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.delivery.dispatch import KeyedQueue

KEYS = st.sampled_from("ABCD")


class DispatchMachine(RuleBasedStateMachine):
    """The queue against a naive model: lists by key, and what is in hand."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: KeyedQueue[str, int] = KeyedQueue(2)
        self.model: dict[str, list[int]] = defaultdict(list)
        self.running: dict[str, int] = {}
        self.waiting: dict[str, int] = {}
        self.due: set[str] = set()
        self.number = 0

    @rule(key=KEYS)
    def put(self, key: str) -> None:
        self.number += 1
        self.queue.put(key, self.number)
        self.model[key].append(self.number)

    @rule()
    def take(self) -> None:
        taken = self.queue.take()
        free = {k for k, v in self.model.items() if v and k not in self.running | self.waiting}
        due = len(self.running) < 2 and (free or self.due)
        if not due:
            assert taken is None
            return
        assert taken is not None
        key, event = taken
        assert key not in self.running
        assert event == self.model[key][0]
        self.due.discard(key)
        self.waiting.pop(key, None)
        self.running[key] = event

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))
        self.queue.done(key)
        del self.running[key]
        self.model[key].pop(0)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def wait(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))
        self.queue.wait(key)
        self.waiting[key] = self.running.pop(key)

    @precondition(lambda self: set(self.waiting) - self.due)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(set(self.waiting) - self.due)))
        self.queue.again(key)
        self.due.add(key)

    @rule(keys=st.sets(KEYS))
    def drop(self, keys: set[str]) -> None:
        stays = {key: 1 if key in self.running else 0 for key in keys}
        gone = {event for key in keys for event in self.model[key][stays[key] :]}
        dropped = self.queue.drop(keys)
        assert set(dropped) == gone
        assert len(dropped) == len(gone)
        for key in keys:
            del self.model[key][stays[key] :]
            self.waiting.pop(key, None)
            self.due.discard(key)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert len(self.queue) == sum(map(len, self.model.values()))
        assert self.queue.running == len(self.running)
        assert self.queue.keys == sum(1 for v in self.model.values() if v)


TestDispatch = DispatchMachine.TestCase
TestDispatch.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_a_slow_dossier_holds_up_nobody_else() -> None:
    queue: KeyedQueue[str, str] = KeyedQueue(2)
    for key, event in (("A", "a1"), ("A", "a2"), ("B", "b1"), ("C", "c1")):
        queue.put(key, event)
    assert queue.take() == ("A", "a1")
    queue.wait("A")
    assert queue.take() == ("B", "b1")
    assert queue.take() == ("C", "c1")
    assert queue.take() is None
    queue.done("B")
    queue.again("A")
    assert queue.take() == ("A", "a1")
    queue.done("A")
    assert queue.take() == ("A", "a2")
