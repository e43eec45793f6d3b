"""Merkle trees of RFC 6962 over leaf hashes: roots and proofs.

A tree is read through `subtree`, which gives the hash of an aligned block of leaves, so that the
same proofs come from a list in memory and from files of millions of leaves.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from hub.audit.verify import EMPTY, Frontier, node_hash

Hash: TypeAlias = bytes  # 32 bytes
# The hash over the leaves [index * 2**height, (index + 1) * 2**height), all of which exist.
Subtree: TypeAlias = Callable[[int, int], Hash]  # height, index


def blocks(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Aligned blocks (height, index) that together are the leaves [begin, end), in order.

    `begin` is a multiple of the greatest power of two that is not above `end - begin`, as the
    halves of RFC 6962 are; for a whole tree it is 0.
    """
    while begin < end:
        height = (end - begin).bit_length() - 1
        yield height, begin >> height
        begin += 1 << height


def root(size: int, subtree: Subtree) -> Hash:
    """The root of the first `size` leaves. Source: RFC 6962 section 2.1."""
    return _over(0, size, subtree)


def _over(begin: int, end: int, subtree: Subtree) -> Hash:
    """The hash over a range that one node of some tree covers."""
    if begin == end:
        return EMPTY
    hashes = [subtree(height, index) for height, index in blocks(begin, end)]
    return folded(hashes)


def folded(hashes: Sequence[Hash]) -> Hash:
    """One hash from those of ever smaller blocks, left to right."""
    found = hashes[-1]
    for left in reversed(hashes[:-1]):
        found = node_hash(left, found)
    return found


def inclusion(index: int, size: int, subtree: Subtree) -> list[Hash]:
    """The hashes that lead from leaf `index` (from 0) to the root of `size` leaves, lowest first.

    Raises IndexError if there is no such leaf. Source: RFC 6962 section 2.1.1.
    """
    if not 0 <= index < size:
        raise IndexError(f"there is no leaf {index} among {size}")
    path: list[Hash] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _half(end - begin)
        if index < middle:
            path.append(_over(middle, end, subtree))
            end = middle
        else:
            path.append(_over(begin, middle, subtree))
            begin = middle
    return path[::-1]


def consistency(old: int, size: int, subtree: Subtree) -> list[Hash]:
    """The hashes that show that the first `old` of `size` leaves are those they were.

    None where the trees are equal, or the old one is empty. Raises IndexError if the old one is
    larger. Source: RFC 6962 section 2.1.2.
    """
    if not 0 <= old <= size:
        raise IndexError(f"a tree of {size} leaves holds none of {old}")
    if old in (0, size):
        return []
    path: list[Hash] = []
    begin, end = 0, size
    while old != end:
        middle = begin + _half(end - begin)
        if old <= middle:
            path.append(_over(middle, end, subtree))
            end = middle
        else:
            path.append(_over(begin, middle, subtree))
            begin = middle
    if begin:  # else the old root itself, which the verifier has
        path.append(_over(begin, end, subtree))
    return path[::-1]


def _half(count: int) -> int:
    """The greatest power of two below `count`, which is 2 or more."""
    return 1 << ((count - 1).bit_length() - 1)


def in_memory(leaves: Sequence[Hash]) -> Subtree:
    """A tree over hashes that are all at hand."""

    def subtree(height: int, index: int) -> Hash:
        frontier = Frontier()
        for leaf in leaves[index << height : (index + 1) << height]:
            frontier.append(leaf)
        return frontier.root

    return subtree
