"""The topics of the hub: what stands on each and how long it stays (design, *Topics*).

All have one partition count, because receipts, parked records and dead letters are written to the
*number* of the source event's partition. It is chosen at the start: where a topic of events grows,
a dossier's key leads to another partition, and what still waits in the old one has lost its order
with what comes. Evidence topics expire nothing by themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.records import Broker

DOSSIER = "hub.dossier"
CATALOGUE = "hub.catalogue"
RECEIPT = "hub.receipt"
DEAD = "hub.dead"
CURSOR = "hub.cursor"
ACT = "hub.act"
PARKED = "hub.parked"
REGISTRY = "hub.registry"
CHECKPOINT = "hub.checkpoint"
SCHEMAS = "_schemas"

RECEIPT_SCHEMA = "hub.v1.Receipt"  # of what stands on hub.receipt
DOSSIER_HEADER = "hub_dossier"  # of an act that concerns one dossier: the key of that dossier

EVENT_TOPICS = (DOSSIER, CATALOGUE)
EVIDENCE_TOPICS = (DOSSIER, CATALOGUE, RECEIPT, ACT, DEAD)  # one log for each of their partitions
EVENT_BYTES = 1_048_576  # an event; dead letters and the producer allow more, so the reason fits
DEAD_BYTES = EVENT_BYTES + 131_072
ACT_BYTES = EVENT_BYTES * 4 // 3 + 131_072  # an edited event stands there in base64

REGISTRY_BYTES = EVENT_BYTES * 4 // 3 + 524_288  # a bundle of 1 MiB in base64, and 500 files' names

# What decides whether a record stays; the rest of a topic's settings is its operator's.
SAFE = ("cleanup.policy", "retention.ms", "retention.bytes", "message.timestamp.type")

_KEPT = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
}
_COMPACTED = {
    "cleanup.policy": "compact",
    "max.compaction.lag.ms": "86400000",
    "message.timestamp.type": "LogAppendTime",
}

# The last day stays whole: a registry that comes back finds a record that lost a race and writes
# the winner over it before compaction could keep the loser (hub.registry.schemas.state, .ledger).
_RACED = {
    "cleanup.policy": "compact",
    "min.compaction.lag.ms": "86400000",
    "message.timestamp.type": "LogAppendTime",
}


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic's name and configuration; whether it has one partition only.

    What is written to the number of an event's partition `follows` the events' topics: it may have
    more partitions than these, not fewer.
    """

    name: str
    config: Mapping[str, str]
    single: bool = False
    follows: bool = False


TOPICS = (
    Topic(DOSSIER, {**_KEPT, "max.message.bytes": str(EVENT_BYTES)}),
    Topic(CATALOGUE, {**_KEPT, "max.message.bytes": str(EVENT_BYTES)}),
    Topic(RECEIPT, {**_KEPT, "max.message.bytes": str(EVENT_BYTES)}, follows=True),
    Topic(DEAD, {**_KEPT, "max.message.bytes": str(DEAD_BYTES)}, follows=True),
    Topic(PARKED, {**_COMPACTED, "max.message.bytes": str(DEAD_BYTES)}, follows=True),
    Topic(ACT, {**_KEPT, "max.message.bytes": str(ACT_BYTES)}, follows=True),
    Topic(CURSOR, _COMPACTED, single=True),
    Topic(CHECKPOINT, _COMPACTED, single=True),
    Topic(REGISTRY, {**_RACED, "max.message.bytes": str(REGISTRY_BYTES)}, single=True),
    Topic(SCHEMAS, _RACED, single=True),
)


def ensure_all(broker: Broker, partitions: int) -> None:
    """Create what is missing. Raises Reject where a topic has another partition count.

    `_schemas` is left to the registry: where that is an outside one, it is none of our business.
    """
    for topic in (topic for topic in TOPICS if topic.name != SCHEMAS):
        count = 1 if topic.single else partitions
        broker.ensure_topic(topic.name, count, topic.config, grows=topic.follows)


def let_follow(broker: Broker, partitions: int) -> None:
    """Give what is written to the numbers of events' partitions as many as these have by now.

    Raises Halt where the cluster does not give us the right.
    """
    for topic in (topic for topic in TOPICS if topic.follows):
        broker.ensure_topic(topic.name, partitions, topic.config, grows=True)


def misfits(broker: Broker) -> Iterator[str]:
    """Settings of a topic that was there already under which facts could be lost, in words."""
    for topic in TOPICS:
        found = broker.topic_config(topic.name) if broker.partitions(topic.name) else None
        for key in SAFE if found else ():
            is_now, wanted = (found or {}).get(key), topic.config.get(key)
            if wanted is not None and is_now is not None and is_now != wanted:
                yield f"{topic.name}: {key} is {is_now}, should be {wanted}"


def topic_of(event_type: str) -> str:
    """The topic of an event, by its full name: catalogue events have one of their own."""
    return CATALOGUE if event_type.startswith("catalogue.") else DOSSIER
