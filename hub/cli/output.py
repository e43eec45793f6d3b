"""How every command answers: rows on stdout, talk on stderr, an exit code that means something.

Exit 0 done · 1 rejected or not found · 2 wrong usage · 3 try later · 4 halted until a person acts ·
70 a bug.
"""

import errno
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import orjson
import typer
from rich.console import Console
from rich.table import Table

from hub.errors import Halt, HubError, Reject, Retry

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Usage(Reject):
    """A word of the command line that means nothing here."""


CODES: Mapping[type[HubError], int] = {Reject: 1, Usage: 2, Retry: 3, Halt: 4}


@contextmanager
def answering() -> Iterator[None]:
    """Tell an error on stderr and end with its kind's exit code."""
    try:
        yield
    except HubError as error:
        sys.stderr.write(f"error: {error}\n")
        raise typer.Exit(CODES.get(type(error), 1)) from error


@contextmanager
def heard() -> Iterator[None]:
    """Bring the answer out. Who reads it may stop, as `head` does: that is no error.

    Raises typer.Exit(0) then, in place of whatever else would be told; typer.Exit(3) where there
    is no room for it.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except SystemExit as error:  # rich ends so, with 1, where it meets a closed pipe
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        raise typer.Exit(0) from None
    except BrokenPipeError:
        _forget()
        raise typer.Exit(0) from None
    except OSError as error:
        if error.errno not in FULL:
            raise
        _forget()
        told = Retry(f"cannot be written: {error.strerror}", where="answer", fix="make room")
        sys.stderr.write(f"error: {told}\n")
        raise typer.Exit(CODES[Retry]) from None


def _forget() -> None:
    """What is still buffered would be tried again, and fail, when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """A line for people, beside the answer."""
    sys.stderr.write(text + "\n")


def show_json(value: object) -> None:
    """One JSON value, on a line of its own."""
    sys.stdout.write(orjson.dumps(value).decode() + "\n")


def show_rows(
    rows: Iterable[Mapping[str, object]], columns: Sequence[str], *, as_json: bool
) -> int:
    """A table for people, or one JSON object a line for programs; how many rows there were."""
    count = 0
    if as_json:
        for row in rows:
            show_json(row)
            count += 1
        return count
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.upper().replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
        count += 1
    console().print(table)
    return count


def console() -> Console:
    """Rich on stdout; a pipe gets plain text, wide enough for codes."""
    return Console(file=sys.stdout, soft_wrap=False, width=None if sys.stdout.isatty() else 200)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    return str(value)
