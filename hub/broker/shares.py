"""Which member of a group has which partitions: a fair share of each topic, by the fewest moves.

Topics are shared out one by one. Their loads differ by orders of magnitude, so an even number of
partitions over all of them is no even share: an assignor that counts so gave the second worker the
twelve quiet partitions, and the first one kept the twelve busy ones.

Partitions change hands in two rounds, as KIP-429 has it: one that goes to somebody else is nobody's
until its owner has given it up and says so by joining again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.records import Spot


@dataclass(frozen=True, slots=True)
class Claim:
    """What a member says as it joins: what it wants, and what it had in which generation."""

    topics: frozenset[str]
    owned: frozenset[Spot] = frozenset()
    generation: int = -1


def shared(
    claims: Mapping[str, Claim], partitions: Mapping[str, Iterable[int]]
) -> dict[str, list[Spot]]:
    """Who may have what from now on, of the partitions that each topic has.

    Of a topic nobody who wants it has more than one partition more than another; who has more of
    one topic comes last when the next one is shared out. The result for what it led to is the same
    again: a round in which nobody comes or goes moves nothing.
    """
    found: dict[str, list[Spot]] = {member: [] for member in claims}
    claimants = _claimants(claims)
    due: Counter[str] = Counter()  # partitions that are or will be a member's
    for topic in sorted(partitions):
        members = [member for member in sorted(claims) if topic in claims[member].topics]
        if not members:
            continue
        spots = [Spot(topic, number) for number in sorted(partitions[topic])]
        had = {member: [s for s in spots if claimants[s] == [member]] for member in members}
        members.sort(key=lambda member: (due[member], -len(had[member])))
        for member, part in _share(members, spots, had).items():
            due[member] += len(part)
            found[member] += [spot for spot in part if claimants[spot] in ([], [member])]
    return found


def _claimants(claims: Mapping[str, Claim]) -> defaultdict[Spot, list[str]]:
    """Who says that it has a partition: those of the newest generation that says so.

    An older word is that of a member that was expelled and does not know what came of its own.
    """
    newest: dict[Spot, int] = {}
    found: defaultdict[Spot, list[str]] = defaultdict(list)
    for member, claim in claims.items():
        for spot in claim.owned:
            if claim.generation > newest.get(spot, claim.generation - 1):
                newest[spot] = claim.generation
                found[spot] = []
            if claim.generation == newest[spot]:
                found[spot].append(member)
    return found


def _share(
    members: Sequence[str], spots: Sequence[Spot], had: Mapping[str, Sequence[Spot]]
) -> dict[str, list[Spot]]:
    """All of one topic's: the first ones of `members` get one more where it does not come out."""
    each, more = divmod(len(spots), len(members))
    wanted = {member: each + (place < more) for place, member in enumerate(members)}
    found = {member: list(had[member][: wanted[member]]) for member in members}
    kept = {spot for part in found.values() for spot in part}
    free = iter([spot for spot in spots if spot not in kept])
    for member, part in found.items():
        part += [next(free) for _ in range(wanted[member] - len(part))]
    return found
