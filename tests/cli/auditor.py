"""What the auditor does, at once and on the twin: all that is on the topics is archived."""

from hub.audit.archive.opening import open_archive
from hub.audit.checkpoint import Head, Rounds, sign_round
from hub.audit.leaf import hash_of, scope_of
from hub.audit.log import LeafLog
from hub.audit.opening import audit_folder, open_keys, open_signers
from hub.audit.proving import log_folder
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


def sign_all(desk: Desk, seconds: int) -> None:
    """Everything on the topics is recorded, and signed at that second."""
    settings = load(desk.environment)
    folder, keys = audit_folder(settings), open_keys(settings)
    heads = {}
    for topic in EVIDENCE:
        for partition in range(desk.broker.partitions(topic)):
            spot = Spot(topic, partition)
            log = LeafLog(log_folder(folder, spot), write=True)
            for record in desk.broker.since(spot, log.size):
                scope = scope_of(record).text
                log.extend([hash_of(record, keys.of([scope])[scope])])
            heads[spot] = Head(log.size, log.root_at(log.size))
            log.close()
    keys.close()
    Rounds(folder / "checkpoints").keep(sign_round(heads, seconds, open_signers(settings)))
