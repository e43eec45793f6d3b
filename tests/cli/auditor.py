"""What the auditor does, at once and on the twin: all that is on the topics is archived."""

from hub.audit.archive.opening import open_archive
from hub.audit.opening import open_keys
from hub.records import Spot
from hub.settings import load
from hub.topics import ACT, CATALOGUE, DEAD, DOSSIER, RECEIPT
from tests.cli.desk import AT, Desk

EVIDENCE = (DOSSIER, CATALOGUE, RECEIPT, DEAD, ACT)


def archive_all(desk: Desk) -> int:
    """How many records were archived; what is in it already is not taken again."""
    settings = load(desk.environment)
    keys = open_keys(settings)
    try:
        archive = open_archive(settings, keys, desk.codec)
        for topic in EVIDENCE:
            for partition in range(desk.broker.partitions(topic)):
                spot = Spot(topic, partition)
                archive.append(desk.broker.since(spot, archive.next(spot) or 0), AT)
        return archive.seal(AT)
    finally:
        keys.close()
