"""The ledger: the first of two counts, and compaction changes nothing once the loser is covered."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.records import Record
from hub.registry.bundle_files import (
    LARGEST,
    MANIFEST,
    MOST_FILES,
    digest_of,
    file_problems,
)
from hub.registry.changes import ENTRY_BYTES, MOST_WORDS
from hub.registry.ledger import (
    MOST_BEFORE,
    Entry,
    Ledger,
    Registered,
    bundle_record,
    certificate_name,
    certificate_record,
    fold,
    registration_record,
)
from hub.topics import REGISTRY_BYTES

Pair = tuple[bytes, bytes | None]
FILES = {"connector.yaml": b"hub: 1\n", "mapping.py": b"\xff\x00"}
FIRST = Registered("water", "waterco", "b" * 64, {"endpoint": "http://x"}, "live", 1, "An", 5)


def records(pairs: Iterable[Pair]) -> list[Record]:
    return [Record("hub.registry", 0, n, n, k, v, ()) for n, (k, v) in enumerate(pairs)]


def folded(*pairs: Pair) -> Ledger:
    return fold(Ledger(), records(pairs))


def compacted(pairs: Sequence[Pair]) -> list[Pair]:
    last = dict(pairs)
    return [(key, value) for key, value in last.items() if value is not None]


def test_a_bundle_comes_back_as_it_was() -> None:
    ledger = folded(bundle_record(FILES))
    assert ledger.bundles == {digest_of(FILES): FILES}


def test_a_certificate_stands_under_its_bundle() -> None:
    ledger = folded(certificate_record("b" * 64, b"signed"))
    assert ledger.certificates == {("b" * 64, certificate_name(b"signed")): b"signed"}


def test_a_later_version_counts_also_where_one_between_is_missing() -> None:
    third = replace(FIRST, version=3, before=(FIRST.now,))
    ledger = folded(registration_record(FIRST), registration_record(third))
    assert ledger.registrations == {"water": third}
    assert not ledger.void


def test_of_two_with_one_version_the_first_counts_and_covers_the_other() -> None:
    loser = replace(FIRST, by="Bình")
    won, lost = registration_record(FIRST), registration_record(loser)
    ledger = folded(won, lost)
    assert ledger.registrations == {"water": FIRST}
    assert ledger.void == {won[0]: won[1]}
    assert not folded(won, lost, won).void


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"", b"{}"),
        (b"registration|water", b"{"),
        (b"registration|water", b'{"name": "water"}'),
        (b"registration|other", registration_record(FIRST)[1]),
        (b"bundle|" + b"0" * 64, bundle_record(FILES)[1]),
        (b"bundle|" + b"0" * 64, b'{"files": {"a": "***"}}'),
        (b"certificate|b|c", b"signed"),
        (b"strange|\xff", b"x"),
    ],
)
def test_what_cannot_be_read_is_named_and_changes_nothing(key: bytes, value: bytes) -> None:
    before = folded(registration_record(FIRST), bundle_record(FILES))
    after = fold(before, records([(key, value)]))
    assert after.unread == {key.decode(errors="replace")}
    assert (after.registrations, after.bundles) == (before.registrations, before.bundles)


def test_what_a_later_hub_adds_is_no_obstacle() -> None:
    key, value = registration_record(FIRST)
    assert folded((key, value[:-1] + b',"added":{"later":1}}')).registrations == {"water": FIRST}


def test_a_tombstone_forgets() -> None:
    pairs = [registration_record(FIRST), bundle_record(FILES), certificate_record("b", b"c")]
    assert folded(*pairs, *((key, None) for key, _ in pairs)) == Ledger()


def test_the_largest_records_fit_their_topic() -> None:
    """Names of the most bytes, files of the most, and a registration that names fifty versions."""
    names = [f"contract/{'ộ' * 186}{number:05}" for number in range(MOST_FILES)]
    assert not [*file_problems("waterco", {MANIFEST: b"", names[0]: b""})]
    share = LARGEST // MOST_FILES
    assert len(bundle_record({name: bytes(share) for name in names})[1]) < REGISTRY_BYTES
    entry: Entry = {"agencies": "ộ" * (ENTRY_BYTES // 3)}
    words = {"by": "ộ" * MOST_WORDS, "reason": "ộ" * MOST_WORDS, "override": "ộ" * MOST_WORDS}
    one = replace(FIRST, entry=entry, **words)
    most = replace(one, before=(one.now,) * MOST_BEFORE)
    assert len(registration_record(most)[1]) < REGISTRY_BYTES


NAMES = st.sampled_from(["water", "power"])
WRITES = st.lists(st.tuples(NAMES, st.sampled_from(["An", "Bình"]), st.booleans()), max_size=30)


def written(writes: Iterable[tuple[str, str, bool]]) -> list[Pair]:
    """What two would write, of whom one may not have seen what the other did last."""
    pairs: list[Pair] = []
    for name, by, late in writes:
        known = fold(Ledger(), records(pairs)).registrations.get(name)
        version = (known.version if known else 0) + (0 if late and known else 1)
        made = replace(FIRST, name=name, by=by, version=version, at=len(pairs))
        pairs.append(registration_record(made))
    return pairs


@given(WRITES, st.lists(st.integers(0, 30), max_size=4))
def test_it_is_the_same_however_the_records_come_together(
    writes: list[tuple[str, str, bool]], cuts: list[int]
) -> None:
    every = records(written(writes))
    ledger, at = Ledger(), 0
    for cut in [*sorted(cuts), len(every)]:
        ledger = fold(ledger, every[at:cut])
        at = max(at, cut)
    assert ledger == fold(Ledger(), every)


@given(WRITES)
def test_compaction_changes_nothing_once_the_losers_are_covered(
    writes: list[tuple[str, str, bool]],
) -> None:
    pairs = written(writes)
    ledger = folded(*pairs)
    pairs += ledger.void.items()
    assert folded(*pairs).void == {}
    assert folded(*compacted(pairs)).registrations == ledger.registrations
