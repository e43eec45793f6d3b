"""Starting and ending other programs without ever hitting a stranger or leaving an orphan.

A number is not a process: pids are used again. So a process is known by its pid *and* the moment it
started, counted from a named boot of the machine, and signals go through a pidfd that is checked
after it was opened. Linux only (/proc, pidfd, prctl).
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

START_TIME = 19  # field 22 of /proc/<pid>/stat, counted behind the name (field 2): proc(5)

# Becomes the program, having asked the kernel to kill it with its parent: prctl(PR_SET_PDEATHSIG).
# Not a preexec_fn, which may deadlock in a process with threads (and warns so from Python 3.12).
OWNED = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent died first")
os.execv(sys.argv[2], sys.argv[2:])
"""


def identity(pid: int) -> str | None:
    """Which process this is, as `<boot id>/<start in clock ticks>`; None if dead or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state_and_on = stat.rpartition(")")[2].split()  # the name may hold spaces and parentheses
    if state_and_on[0] in ("Z", "X"):
        return None
    return f"{boot}/{state_and_on[START_TIME]}"


def memory(pid: int) -> int | None:
    """Resident memory in bytes; None if the process is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def owned_by_us(argv: Sequence[str]) -> list[str]:
    """The argv of the same program, but killed by the kernel when the thread that starts it ends.

    So start it from a thread that lives as long as the program should. `argv` begins with a path.
    """
    return [sys.executable, "-I", "-S", "-c", OWNED, str(os.getpid()), *argv]


def spawn(
    argv: Sequence[str], cwd: Path, log: Path, env: Mapping[str, str], *, owned: bool
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own; what it prints replaces the file `log`.

    `owned`: see `owned_by_us`; otherwise it outlives us. The program sees only `env`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own argv, no shell
            owned_by_us(argv) if owned else argv,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end(pid: int, known_as: str, how: signal.Signals, wait: float) -> bool:
    """Send `how` to the process `pid` if it still is the one `known_as`; True once it is gone."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        if identity(pid) != known_as:  # checked behind the pidfd, so it cannot change any more
            return True
        try:
            signal.pidfd_send_signal(fd, how)
        except ProcessLookupError:
            return True
        ended = select.poll()
        ended.register(fd, select.POLLIN)
        return bool(ended.poll(wait * 1000))
    finally:
        os.close(fd)
