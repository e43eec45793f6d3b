"""What became of one dossier: its rows in a few reads of a file, without a database.

Parquet answers any question; but to load what reads it takes longer than to answer the one that is
asked most, for one dossier. So each row stands in a second file too, in the order of a hash of the
dossier's code. Numbers are 8 bytes, the lowest first:

    magic                  8 bytes
    how many blocks
    first key, end         of each block: first all keys, then where each block ends in the file
    blocks                 zlib: a line for each row, its key in hex and the row as a JSON array

The directory is taken whole, the block found in it by halving. An act that has no dossier of its
own, and may mention one (a refused message, by its identity), stands under each word that it says.
"""

import sys
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson

from hub.audit.archive.query import Query
from hub.audit.archive.rows import Moved, Row, printable
from hub.errors import Halt

MAGIC = b"hubrows1"
NUMBER = 8  # bytes of one
KEY = 16  # hex digits
BLOCK = 64  # rows; 4 KB, and 65 bytes a row (level 3: a third of level 6's time for 6 % more)
LEVEL = 3
MOST = 80_000  # rows of a file that is merged: 5 MB, which are held twice on the way
WORD = 50  # characters of a dossier's code at most (domain: MaHoSo)
AROUND = ".,;:|()[]{}<>'\"·"  # what may stand around a word


def write_lookup(rows: Iterable[Row]) -> bytes:
    """A file of these rows."""
    return _file(iter(sorted(line for row in rows for line in _lines(row))))


def merge_lookups(files: Sequence[Path], moved: Moved | None = None) -> Iterator[bytes]:
    """Files of all rows of several, of some `MOST` each. Raises Halt where one is damaged.

    `moved`: where the content of some segments lies now.
    """
    lines = merge(*map(_all, files))
    return in_files((_moved(line, moved) for line in lines) if moved else lines)


def _moved(line: bytes, moved: Moved) -> bytes:
    row = Row(*orjson.loads(line[KEY:]))
    name, shift = moved.get(row.segment, (row.segment, 0))
    return line[:KEY] + orjson.dumps(tuple(row._replace(segment=name, start=row.start + shift)))


def in_files(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Files of these lines, which are in order; some `MOST` to each."""
    while some := list(islice(lines, MOST)):
        yield _file(iter(some))


def answers(query: Query) -> bool:
    """Whether these files tell all that is asked for: of dossiers, or what mentions one of them."""
    return query.procedure is None and bool(_words(query))


def look_up(files: Iterable[Path], query: Query) -> list[Row]:
    """The last `most` rows that fit, in the order of recording; only where `answers` says so.

    Raises Halt where a file is missing or damaged.
    """
    keys = frozenset(_key(word) for word in _words(query))
    found = {row for file in files for row in _found(file, keys) if query.fits(row)}
    return sorted(found, key=lambda row: row[:4])[-query.most :]


def _words(query: Query) -> list[str]:
    """Under which words what is asked for stands; none where it is not to be found by word."""
    if query.dossiers == ("",):
        mentioned = query.mentions
        return [_mention(mentioned)] if mentioned and _is_word(mentioned) else []
    codes = query.dossiers or ()
    return [] if "" in codes else list(codes)


def _is_word(text: str) -> bool:
    return [text] == _said(text)


def _lines(row: Row) -> Iterator[bytes]:
    raw = orjson.dumps(tuple(printable(row)))
    if row.dossier:
        yield _key(row.dossier) + raw
    elif row.kind == "act":
        for word in dict.fromkeys(_said(row.says)):
            yield _key(_mention(word)) + raw


def _said(text: str) -> list[str]:
    """The words of a text that may be the code of a dossier."""
    words = (word.strip(AROUND) for word in text.split())
    return [word for word in words if len(word) <= WORD and any(map(str.isdigit, word))]


def _mention(word: str) -> str:
    return f" {word}"  # what no code begins with


def _key(word: str) -> bytes:
    return sha256(word.encode(errors="replace")).hexdigest()[:KEY].encode()


def _file(lines: Iterator[bytes]) -> bytes:
    keys, ends, blocks = array("Q"), array("Q"), []
    size = 0
    while some := list(islice(lines, BLOCK)):
        packed = zlib.compress(b"\n".join(some), LEVEL)
        size += len(packed)
        keys.append(int(some[0][:KEY], 16))
        ends.append(size)
        blocks.append(packed)
    begin = len(MAGIC) + NUMBER + 2 * NUMBER * len(keys)
    placed = array("Q", (begin + end for end in ends))
    count = array("Q", [len(keys)])
    return b"".join((MAGIC, _packed(count), _packed(keys), _packed(placed), *blocks))


def _found(file: Path, keys: frozenset[bytes]) -> Iterator[Row]:
    """The rows under these keys."""
    with _reading(file) as source:
        firsts, ends = _directory(source)
        for number in {n for key in keys for n in _blocks(firsts, int(key, 16))}:
            for line in _block(source, firsts, ends, number):
                if line[:KEY] in keys:
                    yield Row(*orjson.loads(line[KEY:]))


def _blocks(firsts: Sequence[int], key: int) -> range:
    """The blocks that may hold a key: it may begin in the middle of one, and fill others."""
    after = bisect_left(firsts, key + 1)
    return range(max(0, bisect_left(firsts, key) - 1), after)


def _all(file: Path) -> Iterator[bytes]:
    """Every line, in order; a block at a time."""
    with _reading(file) as source:
        firsts, ends = _directory(source)
        for number in range(len(firsts)):
            yield from _block(source, firsts, ends, number)


@contextmanager
def _reading(file: Path) -> Iterator[BinaryIO]:
    try:
        with file.open("rb", buffering=0) as source:
            yield source
    except (OSError, ValueError, TypeError, zlib.error) as error:
        what = "what is searched of the archive cannot be read"
        raise Halt(what, where=file.name, fix="restore the archive from its copy") from error


def _directory(source: BinaryIO) -> tuple["array[int]", "array[int]"]:
    """The first key of each block, and where it ends. Raises ValueError."""
    if source.read(len(MAGIC)) != MAGIC:
        raise ValueError("another kind of file")
    (count,) = _numbers(source.read(NUMBER), 1)
    return _numbers(source.read(NUMBER * count), count), _numbers(
        source.read(NUMBER * count), count
    )


def _block(
    source: BinaryIO, firsts: Sequence[int], ends: Sequence[int], number: int
) -> list[bytes]:
    begin = ends[number - 1] if number else len(MAGIC) + NUMBER + 2 * NUMBER * len(firsts)
    source.seek(begin)
    return zlib.decompress(source.read(ends[number] - begin)).split(b"\n")


def _numbers(raw: bytes, count: int) -> "array[int]":
    found = array("Q")
    found.frombytes(raw)
    if len(found) != count:
        raise ValueError("cut off")
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _packed(numbers: "array[int]") -> bytes:
    if sys.byteorder == "big":
        numbers = array("Q", numbers)
        numbers.byteswap()
    return numbers.tobytes()
