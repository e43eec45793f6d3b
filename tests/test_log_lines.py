"""Log lines on a disk that is full for a while."""

import errno
from io import RawIOBase

import orjson
import pytest

from hub.log_lines import LogLines


class Disk(RawIOBase):
    """Takes so many bytes, then refuses."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.content = b""

    def write(self, data: memoryview) -> int:  # type: ignore[override]  # the only kind that comes
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.content += taken
        return len(taken)


def test_lines_are_written_whole_and_at_once() -> None:
    disk = Disk(1_000)
    lines = LogLines(disk)
    lines().info(b"one")
    lines("name").error(b"two")
    assert disk.content == b"one\ntwo\n"


@pytest.mark.parametrize("room", range(9))
def test_a_full_disk_costs_lines_and_says_how_many(room: int) -> None:
    disk = Disk(room)
    lines = LogLines(disk)
    for line in (b'{"n":1}', b'{"n":2}', b'{"n":3}'):
        lines.msg(line)
    disk.room = 1_000
    lines.msg(b'{"n":4}')
    lines.msg(b'{"n":5}')
    kept = disk.content.splitlines()
    whole = [orjson.loads(line) for line in kept if line.startswith(b"{") and line.endswith(b"}")]
    numbers = [line["n"] for line in whole if "n" in line]
    (told,) = [line["lines"] for line in whole if line.get("event") == "log_lines_lost"]
    assert numbers[-2:] == [4, 5]
    assert told == 3 - (room == len(b'{"n":1}\n'))


def test_a_closed_file_ends_nothing() -> None:
    disk = Disk(1_000)
    lines = LogLines(disk)
    disk.room = 0
    lines.msg(b"one")
    disk.close()
    lines.msg(b"two")
