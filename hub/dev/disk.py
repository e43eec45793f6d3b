"""Files that several processes look at: locks, and contents that change all at once.

Two `hub dev up` in one folder must not format the same data twice, and nobody may read half a file.
"""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hub.dev.waiting import until
from hub.errors import Halt, Retry

MOST = 64  # processes of one kind in one home


@contextmanager
def locked(path: Path, wait: float, busy: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file `path`; it is let go when the process dies, however it dies.

    `busy` is called once if another process holds it, so that a person knows why we wait.
    Raises Retry if another process still holds it after `wait` seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        got = _try_lock(file.fileno())
        if not got and busy:
            busy()
        if not got and not until(lambda: _try_lock(file.fileno()), wait):
            raise Retry(
                where=str(path),
                what=f"another process has been at work here for more than {wait:.0f} s",
                fix="wait until it ends, then try again",
                system=True,
            )
        yield


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Be the only one that does `what`: hold the lock file `path`, with our pid in it.

    What a killed process left is taken over: the kernel has let its lock go. Raises Halt naming
    the process that is at it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        file.seek(0)
        if not _try_lock(file.fileno()):
            raise Halt(
                f"{what} runs here already (process {file.read().strip()})",
                where=str(path),
                fix="stop it first, or give this one a HUB_HOME of its own",
            )
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


@contextmanager
def slot(folder: Path, name: str) -> Iterator[int]:
    """The lowest number that no other process has which runs as `name` with this lock folder.

    What is kept in a file of one's own has it in its name. Raises Halt when MOST of them run.
    """
    for number in range(MOST):
        with ExitStack() as stack:
            try:
                stack.enter_context(alone(folder / f"{name}{number}.lock", name))
            except Halt:
                continue
            yield number
            return
    raise Halt(f"{MOST} of {name} run in this home", where=str(folder), fix="use several homes")


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_whole(path: Path, content: bytes) -> None:
    """Replace the file `path`; a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
