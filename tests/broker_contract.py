"""What every broker promises; run on the twin (`test_broker.py`) and on the real Kafka."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait

import pytest

from hub.errors import HubError, Reject, Retry
from hub.records import NOT_OURS, Broker, Outgoing, Position, Record, Spot


class Seen:
    """Remembers what a rebalance said."""

    def __init__(self) -> None:
        self.mine: set[Spot] = set()
        self.last: dict[Spot, tuple[int, str]] = {}

    def assigned(self, spots: Sequence[Spot]) -> None:
        self.mine.update(spots)

    def revoked(self, spots: Sequence[Spot]) -> Mapping[Spot, tuple[int, str]]:
        self.mine.difference_update(spots)
        return self.last

    def lost(self, spots: Sequence[Spot]) -> None:
        self.mine.difference_update(spots)


def poll_until(poll: Callable[[float], list[Record]], count: int) -> list[Record]:
    """Polls until `count` records are there; gives up after 100 polls of 0.2 s."""
    found: list[Record] = []
    for _ in range(100):
        found += poll(0.2)
        if len(found) >= count:
            return found
    raise AssertionError(f"{len(found)} of {count} records came")


class BrokerContract:
    def keep(self, broker: Broker, topic: str, *pairs: tuple[bytes, bytes]) -> None:
        writer = broker.writer()
        futures = [writer.send(Outgoing(topic, key, value)) for key, value in pairs]
        wait(futures, timeout=20)
        assert [f.exception() for f in futures] == [None] * len(pairs)
        writer.close()

    def test_a_dossier_is_read_in_the_order_it_was_kept(self, broker: Broker, topic: str) -> None:
        broker.ensure_topic(topic, 3, {})
        self.keep(broker, topic, (b"A", b"1"), (b"B", b"1"), (b"A", b"2"), (b"A", b"3"))
        reader = broker.reader([Spot(topic, p) for p in range(3)])
        for spot in reader.begin():
            reader.seek(spot, 0)
        records = poll_until(reader.poll, 4)
        assert [b"1", b"2", b"3"] == [r.value for r in records if r.key == b"A"]
        assert len({r.partition for r in records if r.key == b"A"}) == 1
        assert sum(reader.end().values()) == 4
        reader.close()

    def test_what_was_deleted_is_gone_and_offsets_stay(self, broker: Broker, topic: str) -> None:
        broker.ensure_topic(topic, 1, {})
        self.keep(broker, topic, *((b"A", str(n).encode()) for n in range(5)))
        spot = Spot(topic, 0)
        broker.delete_before({spot: 3})
        broker.delete_before({spot: 2})
        reader = broker.reader([spot])
        assert (reader.begin(), reader.end()) == ({spot: 3}, {spot: 5})
        reader.seek(spot, 3)
        assert [(r.offset, r.value) for r in poll_until(reader.poll, 2)] == [(3, b"3"), (4, b"4")]
        assert reader.at(0) == {spot: 3}
        reader.close()
        self.keep(broker, topic, (b"A", b"5"))

    def test_headers_come_back_as_they_were_given(self, broker: Broker, topic: str) -> None:
        broker.ensure_topic(topic, 1, {})
        writer = broker.writer()
        headers = (("ce_id", b"1"), ("hub_flags", b"a,b"), ("empty", b""))
        position = writer.send(Outgoing(topic, b"k", b"v", headers)).result(timeout=20)
        writer.close()
        reader = broker.reader([Spot(topic, 0)])
        reader.seek(Spot(topic, 0), position.offset)
        assert poll_until(reader.poll, 1)[0].headers == headers
        reader.close()

    def test_a_time_leads_to_the_first_record_that_came_then_or_later(
        self, broker: Broker, topic: str
    ) -> None:
        broker.ensure_topic(topic, 2, {"message.timestamp.type": "LogAppendTime"})
        spot = Spot(topic, broker.partition_of(b"A", 2))
        empty = Spot(topic, 1 - spot.partition)
        reader = broker.reader([spot, empty])
        for each in reader.begin():
            reader.seek(each, 0)
        found: list[Record] = []
        while not found or found[-1].timestamp == found[0].timestamp:
            self.keep(broker, topic, (b"A", b"1"))
            found += poll_until(reader.poll, 1)
        last = len(found) - 1
        assert reader.at(0) == {spot: 0, empty: 0}
        assert reader.at(found[0].timestamp) == {spot: 0, empty: 0}
        assert reader.at(found[0].timestamp + 1) == {spot: last, empty: 0}
        assert reader.at(found[last].timestamp + 1) == {spot: last + 1, empty: 0}
        reader.close()

    def test_the_partition_may_be_named(self, broker: Broker, topic: str) -> None:
        broker.ensure_topic(topic, 3, {})
        writer = broker.writer()
        got = [writer.send(Outgoing(topic, b"k", b"v", (), p)).result(20) for p in (2, 0, 2)]
        writer.close()
        assert [(2, 0), (0, 0), (2, 1)] == [(p.partition, p.offset) for p in got]

    def test_an_append_to_no_topic_is_told_and_not_lost(self, broker: Broker, topic: str) -> None:
        writer = broker.writer()
        future = writer.send(Outgoing(topic, b"k", b"v"))
        assert type(future.exception(timeout=20)).__name__ == "Retry"
        writer.close()

    def test_what_is_not_ours_any_more_is_left_out_and_the_rest_is_kept(
        self, broker: Broker, topic: str
    ) -> None:
        broker.ensure_topic(topic, 1, {})
        results: list[Position | HubError] = []
        writer = broker.writer()
        for value, ours in ((b"1", None), (b"2", False), (b"3", True), (b"4", False)):
            claim = None if ours is None else bool(ours).__bool__
            writer.append(Outgoing(topic, b"k", value), results.append, claim)
        sent = writer.send(Outgoing(topic, b"k", b"5"), lambda: False)
        assert isinstance(error := sent.exception(20), Retry)
        assert error.what == NOT_OURS
        writer.close()
        assert [r.offset for r in results if isinstance(r, Position)] == [0, 1]
        assert [r.what for r in results if isinstance(r, Retry)] == [NOT_OURS] * 2
        reader = broker.reader([Spot(topic, 0)])
        reader.seek(Spot(topic, 0), 0)
        assert [record.value for record in poll_until(reader.poll, 2)] == [b"1", b"3"]
        reader.close()

    def test_a_topic_that_is_there_keeps_its_partitions(self, broker: Broker, topic: str) -> None:
        assert broker.partitions(topic) == 0
        broker.ensure_topic(topic, 2, {})
        broker.ensure_topic(topic, 2, {})
        assert broker.partitions(topic) == 2
        with pytest.raises(Reject, match="has 2 partitions"):
            broker.ensure_topic(topic, 5, {})

    def test_a_topic_that_grows_is_given_more_and_keeps_more(
        self, broker: Broker, topic: str
    ) -> None:
        for wanted, found in ((2, 2), (4, 4), (3, 4)):
            broker.ensure_topic(topic, wanted, {}, grows=True)
            assert broker.partitions(topic) == found
        writer = broker.writer()
        assert writer.send(Outgoing(topic, b"k", b"v", (), 3)).result(20) == (topic, 3, 0)
        writer.close()

    def test_a_topic_tells_how_it_is_configured(self, broker: Broker, topic: str) -> None:
        broker.ensure_topic(topic, 1, {"cleanup.policy": "compact"})
        found = broker.topic_config(topic)
        assert found is not None
        assert found["cleanup.policy"] == "compact"

    def test_questions_asked_together_are_answered_as_apart(
        self, broker: Broker, topic: str
    ) -> None:
        apart = broker.partitions(topic), broker.cluster()
        with broker.together():
            assert apart == (broker.partitions(topic), broker.cluster())
        assert apart[0] == broker.partitions(topic)

    def test_a_group_goes_on_where_it_committed(self, broker: Broker, topic: str) -> None:
        broker.ensure_topic(topic, 1, {})
        spot, group = Spot(topic, 0), f"{topic}.group"
        broker.commit_for(group, {spot: (0, "r5 e-1 a7")})
        assert broker.committed(group) == {spot: (0, "r5 e-1 a7")}
        self.keep(broker, topic, (b"A", b"1"), (b"A", b"2"), (b"A", b"3"))
        seen = Seen()
        member = broker.member(group, [topic], seen)
        assert [b"1", b"2", b"3"] == [r.value for r in poll_until(member.poll, 3)]
        assert seen.mine == {spot}
        member.commit({spot: (2, "note")})
        member.close()
        assert broker.committed(group) == {spot: (2, "note")}
        member = broker.member(group, [topic], Seen())
        assert [b"3"] == [r.value for r in poll_until(member.poll, 1)]
        member.close()

    def test_what_a_revocation_returns_is_committed_before_the_partition_goes(
        self, broker: Broker, topic: str
    ) -> None:
        broker.ensure_topic(topic, 1, {})
        spot, group = Spot(topic, 0), f"{topic}.group"
        broker.commit_for(group, {spot: (0, "")})
        self.keep(broker, topic, (b"A", b"1"), (b"A", b"2"))
        seen = Seen()
        member = broker.member(group, [topic], seen)
        poll_until(member.poll, 2)
        seen.last = {spot: (2, "last")}
        member.close()
        assert broker.committed(group) == {spot: (2, "last")}

    def test_a_reader_goes_on_where_it_was_when_it_is_given_more(
        self, broker: Broker, topic: str
    ) -> None:
        broker.ensure_topic(topic, 2, {})
        first, second = Spot(topic, 0), Spot(topic, 1)
        writer = broker.writer()
        for value in (b"1", b"2"):
            for partition in (0, 1):
                writer.send(Outgoing(topic, b"k", value, (), partition)).result(20)
        reader = broker.reader([first])
        reader.seek(first, 0)
        assert [b"1", b"2"] == [r.value for r in poll_until(reader.poll, 2)]
        assert 2 == reader.heard()[first]
        reader.assign([first, second])
        reader.seek(second, 1)
        writer.send(Outgoing(topic, b"k", b"3", (), 0)).result(20)
        writer.close()
        found = poll_until(reader.poll, 2)
        assert {(0, b"3"), (1, b"2")} == {(r.partition, r.value) for r in found}
        reader.assign([second])
        assert {second} == set(reader.heard())
        reader.close()

    def test_a_member_goes_on_where_it_is_sent(self, broker: Broker, topic: str) -> None:
        broker.ensure_topic(topic, 1, {})
        spot, group = Spot(topic, 0), f"{topic}.group"
        broker.commit_for(group, {spot: (0, "")})
        self.keep(broker, topic, (b"A", b"1"), (b"A", b"2"), (b"A", b"3"))
        member = broker.member(group, [topic], Seen())
        joining = [member.joining]
        assert 3 == len(poll_until(member.poll, 3))
        joining.append(member.joining)
        assert [True, False] == joining
        member.pause([spot])
        member.seek(spot, 1)
        assert [] == member.poll(0.3)
        member.resume([spot])
        assert [b"2", b"3"] == [r.value for r in poll_until(member.poll, 2)]
        member.close()

    def test_a_paused_partition_gives_nothing(self, broker: Broker, topic: str) -> None:
        broker.ensure_topic(topic, 2, {})
        spots, group = [Spot(topic, 0), Spot(topic, 1)], f"{topic}.group"
        broker.commit_for(group, dict.fromkeys(spots, (0, "")))
        member = broker.member(group, [topic], Seen())
        assert member.poll(0.2) == []
        for _ in range(50):
            if member.poll(0.2) == [] and member.end():
                break
        member.pause([spots[0]])
        writer = broker.writer()
        for partition in (0, 1):
            writer.send(Outgoing(topic, b"k", b"v", (), partition)).result(20)
        writer.close()
        assert {1} == {r.partition for r in poll_until(member.poll, 1)}
        assert member.poll(0.3) == []
        member.resume([spots[0]])
        assert {0} == {r.partition for r in poll_until(member.poll, 1)}
        member.close()
