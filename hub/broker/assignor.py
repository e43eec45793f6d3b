"""A group's leader shares the partitions out: kafka-python's part of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment as Assignment
from kafka.protocol.consumer.metadata import ConsumerProtocolSubscription as Subscription

from hub.broker.shares import Claim, shared
from hub.records import Spot

SAYS_GENERATION = 2  # of the subscription's format: ConsumerProtocolSubscription.json of Kafka


class FairAssignor(CooperativeStickyAssignor):  # type: ignore[misc]  # the library has no hints
    """Shares as `hub.broker.shares` says.

    Its name is the library's, and so is the format: members of an older version understand both.
    """

    def metadata(self, topics: Iterable[str]) -> Any:
        """What this member says as it joins, with the generation of what it had.

        An expelled member still names what it had, and so does the library for it.
        """
        said = super().metadata(topics)
        return Subscription(
            version=SAYS_GENERATION,
            topics=said.topics,
            user_data=said.user_data,
            owned_partitions=said.owned_partitions,
            generation_id=self.generation,
        )

    def assign(self, cluster: Any, members: Sequence[Any]) -> dict[str, Assignment]:
        """What each member of the group gets; the cluster knows the topics' partitions."""
        claims = {member.member_id: _claim(member.metadata) for member in members}
        topics = {topic for claim in claims.values() for topic in claim.topics}
        partitions = {topic: cluster.partitions_for_topic(topic) or () for topic in topics}
        found = shared(claims, partitions)
        return {member: Assignment(self.version, _listed(found[member]), b"") for member in claims}


def _claim(said: Any) -> Claim:
    owned = (Spot(one.topic, number) for one in said.owned_partitions for number in one.partitions)
    return Claim(frozenset(said.topics), frozenset(owned), said.generation_id)


def _listed(spots: Iterable[Spot]) -> list[tuple[str, list[int]]]:
    found: Mapping[str, list[int]] = defaultdict(list)
    for spot in spots:
        found[spot.topic].append(spot.partition)
    return sorted((topic, sorted(numbers)) for topic, numbers in found.items())
