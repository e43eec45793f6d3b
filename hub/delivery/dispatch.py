"""Who may be sent now: one call in flight per dossier, many dossiers at once.

Events are queued by key in the order in which they were polled. A key is *busy* while its first
event is being worked on (calls, waits between attempts); the others of that key wait behind it, and
no other key waits for them. At most `limit` events are worked on at once; an event that only waits
for its next attempt gives its place to others, but not its key.
"""

from collections import deque
from collections.abc import Collection, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
E = TypeVar("E")


class KeyedQueue(Generic[K, E]):
    """Queues by key under one limit. Not thread-safe; decides, does not act."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._queues: dict[K, deque[E]] = {}  # a key is here while it has anything, first = in hand
        self._ready: deque[K] = deque()  # keys whose first event nobody has taken, in arrival order
        self._tired: deque[K] = deque()  # ready, too, but after all others
        self._hands: set[K] = set()  # keys whose first event is being worked on
        self._size = 0

    def put(self, key: K, event: E) -> None:
        """Queue an event behind the others of its key."""
        queue = self._queues.get(key)
        self._size += 1
        if queue is None:
            self._queues[key] = deque((event,))
            self._ready.append(key)
        else:
            queue.append(event)

    def take(self) -> tuple[K, E] | None:
        """The next event to work on, or None if the limit is reached or nothing is ready."""
        ready = self._ready or self._tired
        if len(self._hands) >= self.limit or not ready:
            return None
        key = ready.popleft()
        self._hands.add(key)
        return key, self._queues[key][0]

    def wait(self, key: K) -> None:
        """The event in hand of this key waits for its next attempt; its place is free."""
        self._hands.discard(key)

    def again(self, key: K) -> None:
        """The event in hand of this key is due for its next attempt."""
        self._ready.appendleft(key)

    def later(self, key: K) -> None:
        """The event in hand of this key is due again, when all others that are ready have gone."""
        self._tired.append(key)

    def rested(self) -> None:
        """Those that were put behind all others stand in the line again, at its end."""
        self._ready.extend(self._tired)
        self._tired.clear()

    def done(self, key: K) -> None:
        """The event in hand of this key is settled; the next of the key may go."""
        self._hands.discard(key)
        self._size -= 1
        queue = self._queues[key]
        queue.popleft()
        if queue:
            self._ready.append(key)
        else:
            del self._queues[key]

    def drop(self, keys: Collection[K]) -> list[E]:
        """Forget what waits under these keys, but not what is being worked on; what went.

        One walk over the line for all of them: a partition that goes takes thousands with it.
        """
        gone: list[E] = []
        out: set[K] = set()
        for key in keys:
            queue = self._queues.pop(key, None)
            if queue is None:
                continue
            if key in self._hands:
                self._queues[key] = deque((queue.popleft(),))
            else:
                out.add(key)
            gone += queue
        if out:
            self._ready = deque(key for key in self._ready if key not in out)
            self._tired = deque(key for key in self._tired if key not in out)
        self._size -= len(gone)
        return gone

    def __iter__(self) -> Iterator[K]:
        """The keys that have anything."""
        return iter(list(self._queues))

    def __len__(self) -> int:
        """Events queued or worked on."""
        return self._size

    @property
    def untired(self) -> bool:
        """Whether one is ready that was not put behind all others."""
        return bool(self._ready)

    @property
    def running(self) -> int:
        """Events being worked on now."""
        return len(self._hands)

    @property
    def keys(self) -> int:
        """Keys that have anything."""
        return len(self._queues)
