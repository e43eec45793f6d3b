"""What was used once and must not be used again: nonces and signatures.

Bounded in time by the freshness that is asked of the same message, and in number: when it is full
the door says "later" instead of forgetting something that could then be replayed. Only who proved a
credential gets in here. Each gateway process has its own memory; a replay at another one is caught
as a duplicate, because an event's id comes from its content.
"""

from collections import deque
from threading import Lock

from adapters.http.messages import Refusal

_MOST = 200_000  # ten minutes of 333 messages a second; about 40 MB


class Seen:
    """Keys that were used, each until it could not be fresh any more."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._order: deque[tuple[float, bytes]] = deque()
        self._keys: set[bytes] = set()
        self._lock = Lock()

    def first(self, key: bytes, now: float, keep: float) -> bool:
        """Whether `key` comes for the first time; it is remembered for `keep` seconds from `now`.

        `keep` is the same in all calls. Raises Refusal (503) when there is no room.
        """
        with self._lock:
            while self._order and self._order[0][0] <= now:
                self._keys.discard(self._order.popleft()[1])
            if key in self._keys:
                return False
            if len(self._keys) >= self._most:
                raise Refusal(
                    503, "unavailable", "Too many messages at once", "send the message again later"
                )
            self._keys.add(key)
            self._order.append((now + keep, key))
            return True
