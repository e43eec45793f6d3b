"""What was freed goes back to the system, also where something that is kept stands behind it."""

import subprocess
import sys

import pytest

WORK = """
import sys
from pathlib import Path

if sys.argv[1] == "small":
    from hub.allocator import stay_small
    stay_small()


def resident():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6


before = resident()
whole = b"x" * 20_000_000  # as glibc learns by its end, the size from which on it maps nothing
del whole
pieces = [b"x" * 5_000_000 for _ in range(4)]
kept = b"x" * 100_000
del pieces
print(resident() - before)
"""


def left(how: str) -> float:
    """MB that the process has still, of 20 that it has freed."""
    done = subprocess.run(
        [sys.executable, "-c", WORK, how], capture_output=True, text=True, timeout=60, check=True
    )
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_what_is_freed_goes_back() -> None:
    assert left("small") < 5.0
    assert left("as it comes") > 15.0, "glibc does so by itself now: hub.allocator may go"
