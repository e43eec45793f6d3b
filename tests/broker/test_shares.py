from collections import Counter
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.broker.shares import Claim, shared
from hub.records import Spot

A, B = "a", "b"


def spots(topic: str, numbers: Iterable[int]) -> frozenset[Spot]:
    return frozenset(Spot(topic, number) for number in numbers)


def wants(*topics: str, owned: Iterable[Spot] = (), generation: int = 1) -> Claim:
    return Claim(frozenset(topics), frozenset(owned), generation)


def numbers(found: Mapping[str, Iterable[Spot]], topic: str) -> dict[str, list[int]]:
    return {
        member: [s.partition for s in part if s.topic == topic] for member, part in found.items()
    }


def test_a_second_member_gets_its_part_of_each_topic_once_the_first_has_given_it_up() -> None:
    partitions = {A: range(12), B: range(12)}
    everything = spots(A, range(12)) | spots(B, range(12))
    first = shared({"one": wants(A, B, owned=everything), "two": wants(A, B)}, partitions)
    for topic in (A, B):
        assert numbers(first, topic) == {"one": [0, 1, 2, 3, 4, 5], "two": []}
    second = shared({"one": wants(A, B, owned=first["one"]), "two": wants(A, B)}, partitions)
    for topic in (A, B):
        assert numbers(second, topic) == {"one": [0, 1, 2, 3, 4, 5], "two": [6, 7, 8, 9, 10, 11]}


def test_a_third_takes_from_both_and_no_more_moves() -> None:
    claims = {
        "one": wants(A, owned=spots(A, range(6))),
        "two": wants(A, owned=spots(A, range(6, 12))),
        "three": wants(A),
    }
    found = shared(claims, {A: range(12)})
    assert numbers(found, A) == {"one": [0, 1, 2, 3], "two": [6, 7, 8, 9], "three": []}


def test_who_has_one_more_keeps_it() -> None:
    claims = {
        "one": wants(A, owned=spots(A, [0])),
        "two": wants(A, owned=spots(A, (1, 2))),
    }
    assert numbers(shared(claims, {A: range(3)}), A) == {"one": [0], "two": [1, 2]}


def test_what_an_ended_member_had_goes_to_the_others_at_once() -> None:
    claims = {
        "one": wants(A, owned=spots(A, (0, 1))),
        "two": wants(A, owned=spots(A, (2, 3))),
    }
    found = shared(claims, {A: range(6)})
    assert numbers(found, A) == {"one": [0, 1, 4], "two": [2, 3, 5]}


def test_topics_of_one_partition_go_to_different_members() -> None:
    found = shared({"one": wants(A, B), "two": wants(A, B)}, {A: [0], B: [0]})
    assert sorted(map(len, found.values())) == [1, 1]


def test_nobody_gets_what_it_did_not_ask_for() -> None:
    claims = {"one": wants(A, B), "two": wants(A), "three": wants()}
    found = shared(claims, {A: range(4), B: range(3), "c": range(2)})
    assert numbers(found, B) == {"one": [0, 1, 2], "two": [], "three": []}
    assert numbers(found, A) == {"one": [0, 1], "two": [2, 3], "three": []}


def test_what_a_member_no_longer_wants_is_given_up_before_another_has_it() -> None:
    claims = {"old": wants(B, owned=spots(A, [0])), "new": wants(A)}
    assert shared(claims, {A: [0, 1], B: []}) == {"old": [], "new": [Spot(A, 1)]}


def test_an_expelled_member_that_comes_back_does_not_take_what_has_an_owner() -> None:
    claims = {
        "ghost": wants(A, owned=spots(A, range(4)), generation=7),
        "owner": wants(A, owned=spots(A, range(4)), generation=8),
    }
    assert numbers(shared(claims, {A: range(4)}), A) == {"ghost": [], "owner": [0, 1]}


@pytest.mark.parametrize("generation", [-1, 3])
def test_what_two_claim_alike_both_give_up_first(generation: int) -> None:
    """An older version tells no generation; two of one generation should not be."""
    claims = {
        "one": wants(A, owned=spots(A, (0, 1)), generation=generation),
        "two": wants(A, owned=spots(A, (1,)), generation=generation),
    }
    found = shared(claims, {A: range(2)})
    assert numbers(found, A) == {"one": [0], "two": []}
    claims = {member: wants(A, owned=part, generation=9) for member, part in found.items()}
    assert numbers(shared(claims, {A: range(2)}), A) == {"one": [0], "two": [1]}


TOPICS = ("a", "b", "c")
MEMBERS = ("m1", "m2", "m3", "m4", "m5")


@st.composite
def groups(draw: st.DrawFn) -> tuple[dict[str, Claim], dict[str, range]]:
    """Members with any past whatsoever."""
    partitions = {topic: range(draw(st.integers(0, 14))) for topic in TOPICS}
    every = [Spot(topic, number) for topic in TOPICS for number in partitions[topic]]
    claim = st.builds(
        Claim,
        st.frozensets(st.sampled_from(TOPICS)),
        st.frozensets(st.sampled_from(every)) if every else st.just(frozenset()),
        st.integers(-1, 3),
    )
    return draw(st.dictionaries(st.sampled_from(MEMBERS), claim, min_size=1)), partitions


@given(groups())
def test_every_round_is_safe_and_before_long_each_topic_is_shared_out_evenly(
    group: tuple[dict[str, Claim], dict[str, range]],
) -> None:
    claims, partitions = group
    moved = True
    for generation in range(4, 8):
        found = shared(claims, partitions)
        _nothing_has_two_owners(claims, found)
        moved = any(claims[member].owned != frozenset(part) for member, part in found.items())
        claims = {
            member: Claim(claim.topics, frozenset(found[member]), generation)
            for member, claim in claims.items()
        }
        if not moved:
            break
    assert not moved
    for topic, count in partitions.items():
        members = [member for member, claim in claims.items() if topic in claim.topics]
        if members:
            parts = [sum(s.topic == topic for s in claims[member].owned) for member in members]
            assert sum(parts) == len(count)
            assert max(parts) - min(parts) <= 1


def _nothing_has_two_owners(claims: Mapping[str, Claim], found: Mapping[str, list[Spot]]) -> None:
    assert set(found) == set(claims)
    given_out = Counter(spot for part in found.values() for spot in part)
    assert not given_out or max(given_out.values()) == 1
    for member, part in found.items():
        assert all(spot.topic in claims[member].topics for spot in part)
        for other, claim in claims.items():  # but for a ghost's word, older than the owner's
            assert other == member or not {
                spot
                for spot in claim.owned.intersection(part)
                if claim.generation >= claims[member].generation or spot not in claims[member].owned
            }


@given(st.integers(1, 48), st.integers(1, 5), st.integers(1, 5))
def test_no_more_moves_than_must(count: int, before: int, after: int) -> None:
    """From so many members to so many: who stays keeps what is within its new share."""
    partitions = {"a": range(count)}
    first = shared({MEMBERS[n]: wants("a") for n in range(before)}, partitions)
    claims = {
        MEMBERS[n]: wants("a", owned=first.get(MEMBERS[n], ()), generation=2) for n in range(after)
    }
    stayed = sum(len(part) for part in shared(claims, partitions).values())
    free = count - sum(len(claim.owned) for claim in claims.values())
    each, more = divmod(count, after)
    olds = sorted((len(claim.owned) for claim in claims.values()), reverse=True)
    kept = sum(min(old, each + (place < more)) for place, old in enumerate(olds))
    assert stayed == kept + free
