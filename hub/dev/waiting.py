"""Waiting for something that only looking at it can tell: a lock, a port, a file.

Always with a deadline, and never longer than the condition takes.
"""

import threading
import time
from collections.abc import Callable

LOOK_EVERY = 0.03  # seconds; a broker starts in about one


def until(condition: Callable[[], bool], wait: float, every: float = LOOK_EVERY) -> bool:
    """Whether `condition` came true within `wait` seconds; looks at once, and once at the end."""
    pause = threading.Event()  # nobody sets it: nothing wakes us but the next look
    deadline = time.monotonic() + wait
    while not condition():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        pause.wait(min(every, left))
    return True
