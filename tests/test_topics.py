import pytest

from hub.broker_memory import MemoryBroker
from hub.errors import Reject
from hub.topics import DOSSIER, TOPICS, ensure_all, let_follow, misfits, topic_of


def test_what_the_hub_makes_itself_keeps_its_facts() -> None:
    broker = MemoryBroker()
    ensure_all(broker, 3)
    assert list(misfits(broker)) == []
    assert {broker.partitions(t.name) for t in TOPICS if t.name.startswith("hub.")} == {1, 3}


def test_a_topic_that_would_forget_is_named() -> None:
    broker = MemoryBroker()
    broker.ensure_topic(DOSSIER, 3, {"cleanup.policy": "delete", "retention.ms": "604800000"})
    ensure_all(broker, 3)
    assert list(misfits(broker)) == ["hub.dossier: retention.ms is 604800000, should be -1"]


def test_catalogues_have_a_topic_of_their_own() -> None:
    assert topic_of("catalogue.v1.ProcedurePublished") == "hub.catalogue"
    assert topic_of("dossier.v1.Accepted") == topic_of("payment.v1.FeePaid") == DOSSIER


def test_what_stands_at_the_numbers_of_events_grows_with_them() -> None:
    broker = MemoryBroker()
    ensure_all(broker, 3)
    let_follow(broker, 6)
    counts = {topic.name: broker.partitions(topic.name) for topic in TOPICS}
    assert {counts[name] for name in ("hub.receipt", "hub.dead", "hub.parked", "hub.act")} == {6}
    assert (counts[DOSSIER], counts["hub.cursor"]) == (3, 1)
    ensure_all(broker, 3)  # the next process starts, and finds more than it needs
    with pytest.raises(Reject, match=DOSSIER.replace(".", r"\.")):
        ensure_all(broker, 6)
