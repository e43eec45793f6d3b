"""How a process takes memory from the system, where it has to stay small.

glibc gives each thread an arena of its own, up to eight per core, and hands back only what is free
at an arena's end. A process whose threads now and then take tens of megabytes (a response of the
broker, a seal) so holds each thread's highest at once, for ever: the auditor 60 MB (ops/bench).
"""

import ctypes

# malloc.h of glibc
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
ARENAS = 2
TRIM = 1_048_576  # bytes that may be free at the end before they go back
MAPPED = 262_144  # bytes from which on a piece is the system's own, and goes back when it is freed


def stay_small() -> None:
    """Share two arenas and give back what is freed; with another C library nothing changes.

    Threads that have allocated already keep the arena that they have: call it first.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for option, value in (
        (M_ARENA_MAX, ARENAS),
        (M_TRIM_THRESHOLD, TRIM),
        (M_MMAP_THRESHOLD, MAPPED),
    ):
        mallopt(option, value)
