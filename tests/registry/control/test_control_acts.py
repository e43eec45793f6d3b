"""Acts of the control plane: each change is told, later where it could not be told at once."""

from msgspec.structs import replace

from hub.broker_memory import MemoryBroker
from hub.contract.types import Document
from hub.errors import Retry
from hub.records import Record, Spot
from hub.registry.control.acts import Act, Book, act_of, changes_since, told_since
from hub.registry.ledger import Ledger, Registered
from hub.topics import ACT, ensure_all

FIRST = Registered("water", "waterco", "b" * 64, {}, "live", 1, "An", 1_000, reason="agreed")
SECOND = replace(FIRST, version=2, did="pause", state="paused", at=2_000, before=(FIRST.now,))


class Encoder:
    """Writes the document's kind alone; `ready` is whether schemas are served."""

    ready = True

    def __call__(self, name: str, record: Document) -> bytes:
        assert name == "hub.v1.Act"
        if not self.ready:
            raise Retry("not yet")
        return str(record["kind"]).encode()


def opened() -> tuple[MemoryBroker, Encoder, Book]:
    broker, encode = MemoryBroker(), Encoder()
    ensure_all(broker, 3)
    return broker, encode, Book(broker.writer(), encode)


def acts(broker: MemoryBroker) -> list[Record]:
    found = [record for number in range(3) for record in broker.since(Spot(ACT, number), 0)]
    return sorted(found, key=lambda record: record.timestamp)


def test_an_act_tells_what_vouched_for_a_version() -> None:
    by_hand = replace(FIRST, override="in a hurry")
    assert act_of("water", by_hand.now).subject.endswith("live, override: in a hurry")
    certified = replace(FIRST, certificate="c" * 64, override="")
    assert act_of("water", certified.now).subject.endswith(f"certificate {'c' * 16}")


def test_what_cannot_be_told_now_is_told_later_in_order() -> None:
    broker, encode, book = opened()
    for cause in ("ready", "down"):
        encode.ready, broker.down = cause == "down", cause == "down"
        book.tell(act_of("water", FIRST.now))
        book.tell(act_of("water", SECOND.now))
        book.settle()
        assert acts(broker) == []
        encode.ready, broker.down = True, False
    book.settle()
    book.settle()
    assert [record.value for record in acts(broker)] == [b"REGISTERED", b"PAUSED"] * 2


def test_a_process_that_starts_finds_what_the_last_one_did_not_tell() -> None:
    broker, _, book = opened()
    ledger = Ledger({"water": SECOND})
    book.tell(act_of("water", FIRST.now))
    book.tell(Act("BUNDLE_KEPT", "waterco", "", "An", "", 0))
    told = told_since(broker, 0)
    missing = [act for act in changes_since(ledger, 0) if act.change not in told]
    assert [act.kind for act in missing] == ["PAUSED"]
    book.owe(missing)
    book.settle()
    assert told_since(broker, 0) == {"water 1", "water 2"}


def test_changes_of_long_ago_and_what_stood_in_the_files_are_not_told_anew() -> None:
    seeded = replace(SECOND, before=(replace(FIRST.now, version=0, did="adopt"),))
    assert [act.change for act in changes_since(Ledger({"water": seeded}), 0)] == ["water 2"]
    assert [*changes_since(Ledger({"water": SECOND}), 2_001)] == []


def test_without_the_topic_nothing_was_told() -> None:
    assert told_since(MemoryBroker(), 0) == frozenset()
