"""A process that stands still, as on a machine that swaps or in a virtual machine that is moved."""

import os
import signal
from pathlib import Path

from hub.dev.waiting import until


def freeze(pid: int) -> None:
    """Stop the process; return when none of its threads runs.

    The signal only asks: a thread on another core goes on until the kernel interrupts it, and may
    answer meanwhile. Raises TimeoutError if one still runs after 10 s.
    """
    os.kill(pid, signal.SIGSTOP)
    if not until(lambda: _stands(pid), 10):
        raise TimeoutError(f"process {pid} still runs")


def _stands(pid: int) -> bool:
    """Whether each thread is in the state T, stopped: proc(5), field 3 of stat."""
    stats = [stat.read_text(errors="replace") for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)
