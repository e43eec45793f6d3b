"""Several control planes on one topic: they agree, whatever came between decision and record."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack

import pytest
from msgspec.structs import replace

from hub.broker_memory import MemoryBroker, MemoryWriter
from hub.errors import Reject, Retry
from hub.records import Ours, Outgoing, Position, Report
from hub.registry.bundle_files import digest_of
from hub.registry.control.keeping import MOST_UNNAMED, Keeping, open_keeping, unnamed
from hub.registry.following import SPOT
from hub.registry.ledger import (
    MOST_BEFORE,
    Ledger,
    Registered,
    certificate_name,
    fold,
    registration_record,
)
from hub.topics import REGISTRY

FIRST = Registered("water", "waterco", "b" * 64, {}, "live", 1, "An", 5)


class Broker(MemoryBroker):
    """The twin, on which somebody else may be quicker: `before` each of our appends, once."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[Callable[[], object]] = []

    def writer(self, report: Report | None = None, *, patient: bool = False) -> "Writer":
        del patient
        return Writer(self, report)


class Writer(MemoryWriter):
    def send(self, outgoing: Outgoing, ours: Ours | None = None) -> "Future[Position]":
        assert isinstance(self._broker, Broker)
        if self._broker.before:
            self._broker.before.pop(0)()
        return super().send(outgoing, ours)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def keeping(broker: Broker) -> Iterator[Keeping]:
    with open_keeping(broker) as found:
        yield found


def by(name: str) -> Callable[[Ledger], Registered]:
    """A change that makes the next version of whatever stands."""

    def decide(ledger: Ledger) -> Registered:
        known = ledger.registrations.get("water")
        return replace(FIRST, by=name, version=known.version + 1 if known else 1)

    return decide


def folded(broker: Broker, *, compacted: bool = False) -> Ledger:
    records = broker.since(SPOT, 0)
    if compacted:
        last = {record.key: record for record in records}
        records = [last[key] for key in last if last[key].value is not None]
    return fold(Ledger(), records)


def test_what_is_written_stands_for_everybody(broker: Broker, keeping: Keeping) -> None:
    assert keeping.change(by("An")).version == 1
    with open_keeping(broker) as other:
        assert other.fresh().registrations["water"].by == "An"
        assert other.change(by("Bình")).version == 2
    assert keeping.fresh().registrations["water"].by == "Bình"


def test_who_was_overtaken_decides_again_on_what_stands_now(
    broker: Broker, keeping: Keeping
) -> None:
    with ExitStack() as stack:
        rival = stack.enter_context(open_keeping(broker))
        broker.before = [lambda: rival.change(by("Bình"))]
        assert keeping.change(by("An")).version == 2
    for compacted in (False, True):
        found = folded(broker, compacted=compacted).registrations["water"]
        assert (found.by, found.version) == ("An", 2)


def test_who_was_overtaken_and_gives_up_leaves_a_record_that_the_next_covers(
    broker: Broker, keeping: Keeping
) -> None:
    rival = replace(FIRST, by="Bình")
    broker.before = [lambda: broker.keep(Outgoing(REGISTRY, *registration_record(rival)))]

    def once(ledger: Ledger) -> Registered:
        if ledger.registrations:
            raise Reject("somebody was first")
        return FIRST

    with pytest.raises(Reject, match="somebody was first"):
        keeping.change(once)
    assert folded(broker).registrations == {"water": rival}
    assert folded(broker).void == {}
    assert folded(broker, compacted=True).registrations == {"water": rival}


def test_a_change_that_is_refused_writes_nothing(broker: Broker, keeping: Keeping) -> None:
    def refuse(_: Ledger) -> Registered:
        raise Reject("no")

    with pytest.raises(Reject):
        keeping.change(refuse)
    assert broker.since(SPOT, 0) == []


def test_without_the_broker_nothing_is_promised(broker: Broker, keeping: Keeping) -> None:
    broker.down = True
    with pytest.raises(Retry):
        keeping.change(by("An"))
    with pytest.raises(Retry):
        keeping.keep_bundle({"a": b"b"})


def test_bundles_and_certificates_come_back_as_they_were(keeping: Keeping) -> None:
    keeping.keep_bundle({"a": b"b"})
    keeping.keep_bundle({"a": b"b"})
    sha256 = digest_of({"a": b"b"})
    keeping.keep_certificate(sha256, b"signed")
    found = keeping.fresh()
    assert found.bundles == {sha256: {"a": b"b"}}
    assert found.certificates == {(sha256, certificate_name(b"signed")): b"signed"}


def test_of_bundles_that_nothing_names_the_oldest_make_room(
    broker: Broker, keeping: Keeping
) -> None:
    named = {"connector.yaml": b"named"}
    keeping.keep_bundle(named)
    keeping.change(lambda _: replace(FIRST, bundle=digest_of(named)))
    many = [{"connector.yaml": str(number).encode()} for number in range(MOST_UNNAMED + 3)]
    for files in many:
        keeping.keep_bundle(files)
    found = folded(broker)
    assert unnamed(found) == [digest_of(files) for files in many[3:]]
    assert digest_of(named) in found.bundles


def test_what_the_files_said_is_kept_once_with_its_bundle(broker: Broker, keeping: Keeping) -> None:
    files = {"connector.yaml": b"hub: 1\n"}
    filed = replace(FIRST, version=0, bundle=digest_of(files), did="adopt")
    for _ in range(2):
        keeping.keep_filed(filed, files)
    assert len(broker.since(SPOT, 0)) == 2
    for compacted in (False, True):
        found = folded(broker, compacted=compacted)
        assert found.filed == {"water": (filed,)}
        assert found.bundles == {filed.bundle: files}
        assert (found.registrations, found.unread) == ({}, frozenset())
        assert unnamed(found) == [], "a version names it"


def test_of_what_the_files_said_the_last_fifty_are_kept(broker: Broker, keeping: Keeping) -> None:
    files = {"connector.yaml": b"hub: 1\n"}
    versions = [
        replace(FIRST, version=0, bundle=digest_of(files), entry={"endpoint": f"http://h/{n}"})
        for n in range(MOST_BEFORE + 2)
    ]
    for version in versions:
        keeping.keep_filed(version, files)
    for compacted in (False, True):
        assert folded(broker, compacted=compacted).filed["water"] == tuple(versions[2:])
