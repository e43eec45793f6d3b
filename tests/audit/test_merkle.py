"""Trees and proofs as RFC 6962 has them; pymerkle says the same."""

from hashlib import sha256

import pytest
from pymerkle import InmemoryTree

from hub.audit.merkle import consistency, in_memory, inclusion, root
from hub.audit.verify import EMPTY, Frontier, leaf_hash, root_of_inclusion, roots_of_consistency

SIZES = [*range(18), 31, 32, 33, 64, 100]


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(n).encode()) for n in range(count)]


LEAVES = leaves(max(SIZES))
TREE = in_memory(LEAVES)


@pytest.fixture(scope="module")
def oracle() -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    tree.append_entries([str(n).encode() for n in range(max(SIZES))])
    return tree


def grown(size: int) -> Frontier:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    return frontier


@pytest.mark.parametrize("size", SIZES)
def test_roots_are_the_oracles(size: int, oracle: InmemoryTree) -> None:
    assert grown(size).root == root(size, TREE) == oracle.get_root(size)


def test_known_roots() -> None:
    """Of an empty tree, and of RFC 9162's definition for three leaves, written out."""
    assert sha256(b"").digest() == EMPTY == Frontier().root
    one, two, three = LEAVES[:3]
    left = sha256(b"\x01" + one + two).digest()
    assert grown(3).root == sha256(b"\x01" + left + three).digest()


def test_a_frontier_goes_on_where_it_was_left() -> None:
    half = grown(21)
    again = Frontier(21, half.hashes)
    for leaf in LEAVES[21:33]:
        again.append(leaf)
    assert again.root == root(33, TREE)
    with pytest.raises(ValueError, match="3 blocks"):
        Frontier(21, half.hashes[:-1])


@pytest.mark.parametrize("size", [size for size in SIZES if size])
def test_every_leaf_is_proved_as_the_oracle_does(size: int, oracle: InmemoryTree) -> None:
    for index in range(size):
        path = inclusion(index, size, TREE)
        assert path == oracle.prove_inclusion(index + 1, size).path[1:]
        assert root_of_inclusion(index, size, LEAVES[index], path) == oracle.get_root(size)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_no_other_leaf_place_or_path_is_proved(size: int) -> None:
    expected = root(size, TREE)
    for index in range(size):
        path = inclusion(index, size, TREE)
        for other in range(size):
            wrong = [(other, LEAVES[index])] if other != index else []
            wrong += [(index, LEAVES[other])] if other != index else []
            for place, leaf in wrong:
                assert _root(place, size, leaf, path) != expected
        for cut in ([*path, EMPTY], path[:-1] if path else [EMPTY]):
            assert _root(index, size, LEAVES[index], cut) is None
        for changed in range(len(path)):
            bent = [*path[:changed], EMPTY, *path[changed + 1 :]]
            assert _root(index, size, LEAVES[index], bent) != expected
    with pytest.raises(IndexError):
        inclusion(size, size, TREE)


def _root(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    try:
        return root_of_inclusion(index, size, leaf, path)
    except ValueError:
        return None


def subproof(old: int, leaves: list[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2, word for word."""
    size = len(leaves)
    if old == size:
        return [] if whole else [root(size, in_memory(leaves))]
    half = 1
    while half * 2 < size:
        half *= 2
    left, right = leaves[:half], leaves[half:]
    if old <= half:
        return [*subproof(old, left, whole=whole), root(size - half, in_memory(right))]
    return [*subproof(old - half, right, whole=False), root(half, in_memory(left))]


@pytest.mark.parametrize("size", SIZES[1:20])
def test_growth_is_proved_as_the_rfc_does(size: int, oracle: InmemoryTree) -> None:
    for old in range(1, size + 1):
        path = consistency(old, size, TREE)
        assert path == subproof(old, LEAVES[:size], whole=True)
        before = oracle.get_root(old)
        assert roots_of_consistency(old, size, before, path) == (before, oracle.get_root(size))


@pytest.mark.parametrize(("old", "size"), [(1, 2), (3, 7), (4, 8), (6, 8), (7, 13), (8, 13)])
def test_no_other_growth_is_proved(old: int, size: int) -> None:
    before, after = root(old, TREE), root(size, TREE)
    path = consistency(old, size, TREE)
    for changed in range(len(path)):
        bent = [*path[:changed], EMPTY, *path[changed + 1 :]]
        assert roots_of_consistency(old, size, before, bent) != (before, after)
    for cut in (path[:-1], [*path, EMPTY]):
        with pytest.raises(ValueError, match=r"too (short|long)"):
            roots_of_consistency(old, size, before, cut)
    assert roots_of_consistency(old, size, EMPTY, path) != (EMPTY, after)
    with pytest.raises(ValueError, match="no path leads"):
        roots_of_consistency(size, old, before, path)
    with pytest.raises(IndexError):
        consistency(size, old, TREE)
