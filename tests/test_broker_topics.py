"""Two processes start at once and both want a topic: neither takes the other's for a misfit."""

from typing import Any

import pytest
from kafka.errors import TopicAlreadyExistsError

from hub.broker.cluster import ensured
from hub.errors import Retry


class Admin:
    """The administration of a cluster where another process was faster by a moment.

    `told`: what the broker tells of the topic's partitions, one answer a question.
    """

    def __init__(self, *told: int) -> None:
        self._told = iter(told)

    def describe_topics(self, topics: list[str]) -> list[dict[str, Any]]:
        return [{"partitions": [{}] * next(self._told)} for _ in topics]

    def create_topics(self, topics: dict[str, Any], *, wait_for_metadata: bool) -> None:
        raise TopicAlreadyExistsError


def test_partitions_that_are_not_told_yet_are_asked_for_again() -> None:
    with pytest.raises(Retry, match="being created"):
        ensured(Admin(0, 0), "t", 3, {})


def test_a_topic_of_another_process_counts_as_it_is() -> None:
    assert ensured(Admin(0, 3), "t", 3, {}) == 3
