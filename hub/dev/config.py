"""The configuration files of the development broker: pure text, so that a test can read them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.errors import Reject

NODE = 1
MINUTES_60_DAYS = 60 * 24 * 60
LARGEST_BATCH = 2_359_296  # bytes: 2 MiB, and a quarter for the reason beside a dead letter
LOG_FILE_MB = 8
NOT_IN_A_PATH = (",", "${", "\n")  # Kafka takes log.dirs as a list, log4j replaces ${...}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the two halves of the one process listen, on 127.0.0.1."""

    broker: int
    controller: int


@dataclass(frozen=True, slots=True)
class More:
    """What a broker has beyond the usual, to play somebody else's cluster.

    `listeners`: port of 127.0.0.1 by security protocol (SSL, SASL_SSL, ...), beside PLAINTEXT.
    `properties`: settings, stronger than ours. `scram`: `--add-scram` of Kafka's StorageTool, for
    users that are there when the data folder is made; seen by whoever lists processes then.
    """

    listeners: Mapping[str, int] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    scram: tuple[str, ...] = field(default=(), repr=False)


def server_properties(ports: Ports, data: Path, more: More | None = None) -> str:
    """`server.properties` of a broker that is its own controller.

    Raises Reject if the path of `data` has characters that Kafka takes for syntax.
    """
    for taboo in NOT_IN_A_PATH:
        if taboo in str(data):
            raise Reject(
                where="HUB_HOME",
                what=f"Kafka cannot keep data in a path with {taboo!r}",
                fix="move it",
            )
    more = more or More()
    doors = {"PLAINTEXT": ports.broker, **more.listeners}
    told = ",".join(f"{name}://127.0.0.1:{port}" for name, port in doors.items())
    settings = {
        "process.roles": "broker,controller",
        "node.id": str(NODE),
        "controller.quorum.voters": f"{NODE}@127.0.0.1:{ports.controller}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": ",".join(
            [*(f"{name}:{name}" for name in doors), "CONTROLLER:PLAINTEXT"]
        ),
        "listeners": f"{told},CONTROLLER://127.0.0.1:{ports.controller}",
        "advertised.listeners": told,
        "log.dirs": str(data),
        **WHAT_THE_HUB_NEEDS,
        **SMALL,
        **more.properties,
    }
    return properties(settings)


WHAT_THE_HUB_NEEDS = {
    # Searches by time go by the broker's clock, not by what a producer claims.
    "log.message.timestamp.type": "LogAppendTime",
    # Topics are created with their partition count; one made by a typing error has the wrong one.
    "auto.create.topics.enable": "false",
    # A connector that stands still over Tết must find its offsets again.
    "offsets.retention.minutes": str(MINUTES_60_DAYS),
    # What no topic's own setting deletes stays.
    "log.retention.ms": "-1",
    "message.max.bytes": str(LARGEST_BATCH),
    "replica.fetch.max.bytes": str(LARGEST_BATCH),
    "group.initial.rebalance.delay.ms": "0",
    # A crashed worker is to be replaced within seconds; the default lower limit is 6 s.
    "group.min.session.timeout.ms": "1000",
}

SMALL = {
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
    # The default, 128 MiB, is a third of our heap; 16 MiB clean 600,000 keys at a time.
    "log.cleaner.dedupe.buffer.size": str(16 << 20),
    # After a kill -9 the controller takes the broker back only when its old session is over:
    # 11 s until ready with the default of 9 s.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}


def log4j2_properties(log: Path) -> str:
    """What the broker logs: what goes wrong, starts and stops, and who joins which group."""
    pattern = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5p %c{1} %m%n"
    settings = {
        "status": "error",
        "appender.file.type": "RollingFile",
        "appender.file.name": "FILE",
        "appender.file.fileName": str(log),
        "appender.file.filePattern": f"{log}.%i",
        "appender.file.layout.type": "PatternLayout",
        "appender.file.layout.pattern": pattern,
        "appender.file.policies.type": "SizeBasedTriggeringPolicy",
        "appender.file.policies.size": f"{LOG_FILE_MB}MB",
        "appender.file.strategy.type": "DefaultRolloverStrategy",
        "appender.file.strategy.max": "1",
        "rootLogger.level": "WARN",
        "rootLogger.appenderRef.file.ref": "FILE",
    }
    for number, name in enumerate(("kafka.server", "org.apache.kafka.coordinator.group")):
        settings |= {f"logger.{number}.name": name, f"logger.{number}.level": "INFO"}
    return properties(settings)


def properties(settings: Mapping[str, str]) -> str:
    """Java's properties format. It is Latin-1 on disk, so all but ASCII is escaped, as in JSON."""
    return "".join(f"{key}={json.dumps(value)[1:-1]}\n" for key, value in settings.items())
