from hub.broker_memory import MemoryBroker
from hub.topics import DOSSIER, TOPICS, ensure_all, misfits, topic_of


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
