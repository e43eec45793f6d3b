"""The library's clients, made so that an attempt that fails leaves nothing behind.

Their constructors start a thread and connect before they ask the cluster (kafka-python 3.0.12). If
that fails, nobody has the object that could be closed: each attempt of an outage left one thread
and some five descriptors.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from kafka.net.compat import KafkaNetClient

T = TypeVar("T")


def made(kind: Callable[..., T], **options: object) -> T:
    """A KafkaConsumer or KafkaAdminClient. Raises what the library raises."""
    begun: list[KafkaNetClient] = []

    def client(**config: object) -> KafkaNetClient:
        begun.append(KafkaNetClient(**config))
        return begun[-1]

    try:
        return kind(**options, kafka_client=client)
    except BaseException:
        for one in begun:
            with suppress(Exception):  # what the library says of its own end
                one.close()
        raise
