"""From times to figures. All times are seconds of one clock."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import ceil
from statistics import fmean


def ways(sent: Mapping[str, float], arrived: Mapping[str, float]) -> list[float]:
    """How long each took that was sent and arrived here, shortest first."""
    return sorted(arrived[name] - at for name, at in sent.items() if name in arrived)


def percentile(ordered: Sequence[float], share: float) -> float:
    """What this share (above 0, to 1) did not exceed. Raises IndexError without values."""
    return ordered[ceil(len(ordered) * share) - 1]


def latencies(ordered: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds. Raises IndexError without values."""
    return {f"p{of}": percentile(ordered, of / 100) * 1e3 for of in (50, 95, 99)}


def waiting(sent: Sequence[float], arrived: Sequence[float], at: float) -> int:
    """How many were under way then. Both in their order."""
    return bisect_right(sent, at) - bisect_right(arrived, at)


def growth(sent: Sequence[float], arrived: Sequence[float]) -> float:
    """By how many events more waited in the last third of the sending than in its first.

    Looked at once a second; raises ValueError for less than three seconds.
    """
    first, last = min(sent), max(sent)
    looks = [
        waiting(sorted(sent), sorted(arrived), first + second)
        for second in range(1, int(last - first) + 1)
    ]
    third = len(looks) // 3
    if not third:
        raise ValueError("less than three seconds")
    return fmean(looks[-third:]) - fmean(looks[:third])
