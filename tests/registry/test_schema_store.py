"""Several registries on one topic: they agree, whatever came between a decision and its record."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.broker_memory import MemoryBroker, MemoryReader, MemoryWriter
from hub.errors import Retry
from hub.records import Ours, Outgoing, Position, Record, Report, Spot
from hub.registry.own_topic import OwnTopic
from hub.registry.schemas.errors import RegistryError
from hub.registry.schemas.state import State
from hub.registry.schemas.store import Store, open_store
from hub.registry.schemas.text import parse
from hub.topics import SCHEMAS

SPOT = Spot(SCHEMAS, 0)


def enum(number: int) -> str:
    return json.dumps({"type": "enum", "name": f"E{number}", "symbols": ["A"]})


@dataclass
class Rivals:
    """What happens between a decision and its append: the next of these, each once."""

    waiting: list[Callable[[], object]] = field(default_factory=list)

    def act(self) -> None:
        if self.waiting:
            self.waiting.pop(0)()


class OvertakenBroker(MemoryBroker):
    """The twin, on which others may be quicker."""

    def __init__(self, rivals: Rivals) -> None:
        super().__init__()
        self.rivals = rivals

    def writer(self, report: Report | None = None, *, patient: bool = False) -> "OvertakenWriter":
        del patient
        return OvertakenWriter(self, report)


class OvertakenWriter(MemoryWriter):
    def send(self, outgoing: Outgoing, ours: Ours | None = None) -> "Future[Position]":
        broker = self._broker
        assert isinstance(broker, OvertakenBroker)
        broker.rivals.act()
        return super().send(outgoing, ours)


@pytest.fixture
def rivals() -> Rivals:
    return Rivals()


@pytest.fixture
def broker(rivals: Rivals) -> MemoryBroker:
    return OvertakenBroker(rivals)


@pytest.fixture
def stores(broker: MemoryBroker) -> Iterator[tuple[Store, Store]]:
    with open_store(broker) as first, open_store(broker) as second:
        yield first, second


def keys(broker: MemoryBroker) -> list[object]:
    return [orjson.loads(record.key or b"") for record in broker.since(SPOT, 0)]


def replayed(broker: MemoryBroker, *, compacted: bool = False) -> State:
    records = broker.since(SPOT, 0)
    if compacted:
        last = {record.key: record.offset for record in records}
        records = [record for record in records if last[record.key] == record.offset]
    state = State()
    for record in records:
        state.apply(record.offset, record.key, record.value)
    return state


def facts(state: State) -> object:
    return {
        subject: {n: (v.id, v.mark, v.deleted) for n, v in versions.items()}
        for subject, versions in state.subjects.items()
    }


def test_the_layout_is_the_well_known_one(store: Store, broker: MemoryBroker) -> None:
    store.register("s", enum(1))
    store.set_level("s", "FULL")
    store.set_level(None, "NONE")
    store.delete_version("s", 1, permanent=False)
    store.delete_version("s", 1, permanent=True)
    store.register("t", enum(2))
    store.delete_subject("t", permanent=False)
    written = [(record.key, record.value) for record in broker.since(SPOT, 0)]
    text = enum(1).replace('"', '\\"').replace(" ", "").encode()
    assert (
        b'{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
        b'{"subject":"s","version":1,"id":1,"schema":"' + text + b'","deleted":false}',
    ) == written[0]
    assert (
        b'{"keytype":"CONFIG","subject":"s","magic":0}',
        b'{"compatibilityLevel":"FULL"}',
    ) == written[1]
    assert (
        b'{"keytype":"CONFIG","subject":null,"magic":0}',
        b'{"compatibilityLevel":"NONE"}',
    ) == written[2]
    assert (written[0][0], (written[0][1] or b"").replace(b"false", b"true")) == written[3]
    assert b'{"keytype":"NOOP","magic":0}' == written[4][0]
    assert (written[0][0], None) == written[5]
    assert (
        b'{"keytype":"DELETE_SUBJECT","subject":"t","magic":0}',
        b'{"subject":"t","version":1}',
    ) == written[7]


@pytest.fixture
def store(broker: MemoryBroker) -> Iterator[Store]:
    with open_store(broker) as store:
        yield store


def test_the_loser_of_a_version_decides_again(
    stores: tuple[Store, Store], rivals: Rivals, broker: MemoryBroker
) -> None:
    first, second = stores
    first.set_level(None, "NONE")
    rivals.waiting.append(lambda: second.register("s", enum(2)))
    mine = first.register("s", enum(1))
    assert (1, 2) == (second.register("s", enum(2)), mine)
    assert [1, 2] == [v.number for v in first.catch_up().versions("s")]
    assert facts(replayed(broker)) == facts(replayed(broker, compacted=True))


def test_the_loser_of_an_id_gets_the_next(
    stores: tuple[Store, Store], rivals: Rivals, broker: MemoryBroker
) -> None:
    first, second = stores
    rivals.waiting.append(lambda: second.register("b", enum(2)))
    assert 2 == first.register("a", enum(1))
    assert 1 == second.register("b", enum(2))
    assert facts(replayed(broker)) == facts(replayed(broker, compacted=True))


def test_two_with_the_same_schema_get_the_same_id(
    stores: tuple[Store, Store], rivals: Rivals
) -> None:
    first, second = stores
    rivals.waiting.append(lambda: second.register("s", enum(1)))
    assert 1 == first.register("s", enum(1)) == second.register("s", enum(1))
    assert [1] == [v.number for v in first.catch_up().versions("s")]


def test_a_change_that_became_incompatible_meanwhile_is_refused(
    stores: tuple[Store, Store], rivals: Rivals
) -> None:
    first, second = stores
    other = json.dumps({"type": "record", "name": "R", "fields": []})
    rivals.waiting.append(lambda: second.register("s", other))
    with pytest.raises(RegistryError, match="incompatible"):
        first.register("s", enum(1))


def test_a_lost_record_is_written_over_by_whoever_comes_next(
    stores: tuple[Store, Store], broker: MemoryBroker
) -> None:
    first, second = stores
    first.register("s", enum(1))
    loser = b'{"subject":"s","version":1,"id":1,"schema":"\\"int\\"","deleted":false}'
    broker.keep(Outgoing(SCHEMAS, broker.since(SPOT, 0)[0].key, loser))
    assert {} != replayed(broker).cures
    second.set_level("other", "FULL")
    assert {} == replayed(broker).cures
    assert parse(enum(1)).mark == replayed(broker, compacted=True).versions("s")[0].mark


def test_a_tombstone_alone_does_not_delete(store: Store, broker: MemoryBroker) -> None:
    store.register("s", enum(1))
    broker.keep(Outgoing(SCHEMAS, broker.since(SPOT, 0)[0].key, None))
    assert 1 == store.register("s", enum(1))
    store.set_level("s", "FULL")
    assert [1] == [v.number for v in replayed(broker, compacted=True).versions("s")]


def test_a_cure_that_came_late_revives_nothing(store: Store, broker: MemoryBroker) -> None:
    store.register("s", enum(1))
    written = broker.since(SPOT, 0)[0]
    store.delete_version("s", 1, permanent=False)
    broker.keep(Outgoing(SCHEMAS, written.key, written.value))
    assert [] == store.catch_up().versions("s")
    store.set_level("s", "FULL")
    assert [] == replayed(broker, compacted=True).versions("s")


def test_an_id_is_never_given_twice(store: Store, broker: MemoryBroker) -> None:
    store.register("s", enum(1))
    store.delete_subject("s", permanent=False)
    store.delete_subject("s", permanent=True)
    kept = {r.key: r for r in broker.since(SPOT, 0) if r.value is not None}
    state = State()
    for record in kept.values():
        if b"SCHEMA" not in (record.key or b""):
            state.apply(record.offset, record.key, record.value)
    assert 1 == state.highest
    assert 2 == store.register("s", enum(2))


@dataclass
class Always(Rivals):
    """Somebody is quicker every single time."""

    step: Callable[[], object] = int
    busy: bool = False

    def act(self) -> None:
        if not self.busy:
            self.busy = True
            self.step()
            self.busy = False


def test_who_always_comes_second_gives_up() -> None:
    always = Always()
    broker = OvertakenBroker(always)
    always.busy = True
    with open_store(broker) as first, open_store(broker) as second:
        first.set_level(None, "NONE")
        numbers = count(100)
        always.step = lambda: second.register("s", enum(next(numbers)))
        always.busy = False
        with pytest.raises(RegistryError, match=r"50001.*first too often"):
            first.register("s", enum(1))
        always.busy = True
        assert second.catch_up().highest < first.register("s", enum(1)) <= 100


class Stuck(MemoryReader):
    """Never gets on."""

    def poll(self, seconds: float) -> list[Record]:
        del seconds
        return []


class Deaf(MemoryWriter):
    """Is closed before anything was acknowledged."""

    def send(self, outgoing: Outgoing, ours: Ours | None = None) -> "Future[Position]":
        del outgoing, ours
        future: Future[Position] = Future()
        future.cancel()
        return future


def test_waits_have_an_end(broker: MemoryBroker) -> None:
    with open_store(broker) as store:
        store.register("s", enum(1))
    clock = iter(range(0, 1000, 20))
    stuck = Store(
        OwnTopic(SCHEMAS, Stuck(broker, [SPOT]), broker.writer(), lambda: float(next(clock)))
    )
    with pytest.raises(Retry, match="end of _schemas"):
        stuck.catch_up()
    deaf = Store(OwnTopic(SCHEMAS, MemoryReader(broker, [SPOT]), Deaf(broker, None)))
    with pytest.raises(Retry, match="did not acknowledge"):
        deaf.register("t", enum(2))


def test_what_is_no_registry_record_is_passed_over(store: Store, broker: MemoryBroker) -> None:
    for key, value in (
        (None, b"x"),
        (b"x", None),
        (b"{}", b"{}"),
        (b'{"keytype":"SCHEMA"}', b"{}"),
        (b'{"keytype":"SCHEMA","subject":"s","version":1}', b"[]"),
        (b'{"keytype":"SCHEMA","subject":"t","version":1}', b'{"id":0,"schema":"5"}'),
        (b'{"keytype":"CONTEXT","magic":0}', b"{}"),
        (b"[" * 5000, b"{}"),
    ):
        broker.keep(Outgoing(SCHEMAS, key, value, partition=0))
    assert 1 == store.register("s", enum(1))


def test_records_of_another_registry_are_understood(store: Store, broker: MemoryBroker) -> None:
    """As a well-known registry writes them: more members, other types, references."""
    for key, value in (
        (
            b'{"keytype":"SCHEMA","subject":"p","version":1,"magic":1}',
            b'{"subject":"p","version":1,"id":41,"schemaType":"PROTOBUF","schema":"message A {}"}',
        ),
        (
            b'{"keytype":"SCHEMA","subject":"s","version":3,"magic":1}',
            b'{"subject":"s","version":3,"id":42,"references":[],"schema":'
            + orjson.dumps(enum(1))
            + b',"deleted":false,"ruleSet":null}',
        ),
        (b'{"keytype":"CONFIG","subject":"s","magic":0}', b'{"compatibilityLevel":"FULL"}'),
    ):
        broker.keep(Outgoing(SCHEMAS, key, value, partition=0))
    assert 42 == store.register("s", enum(1))
    assert 43 == store.register("other", enum(2))
    assert "FULL" == store.catch_up().level("s")
    assert "PROTOBUF" == store.by_id(41)[0].kind
    with pytest.raises(RegistryError, match="is of type PROTOBUF"):
        store.register("p", enum(3))
    store.delete_version("s", 3, permanent=False)
    value = orjson.loads(broker.since(SPOT, 0)[-1].value or b"")
    assert {"ruleSet": None, "deleted": True} == {k: value[k] for k in ("ruleSet", "deleted")}


def test_a_mode_that_forbids_writing_is_honoured(store: Store, broker: MemoryBroker) -> None:
    broker.keep(
        Outgoing(SCHEMAS, b'{"keytype":"MODE","subject":null,"magic":0}', b'{"mode":"READONLY"}')
    )
    with pytest.raises(RegistryError, match=r"42205.*READONLY"):
        store.register("s", enum(1))


def test_nothing_counts_until_the_broker_has_it(store: Store, broker: MemoryBroker) -> None:
    broker.down = True
    with pytest.raises(Retry):
        store.register("s", enum(1))
    broker.down = False
    assert [] == store.catch_up().versions("s")
    assert 1 == store.register("s", enum(1))


class GapReader(MemoryReader):
    """A reader of a compacted topic: its last offset holds no record any more."""

    def poll(self, seconds: float) -> list[Record]:
        return [record for record in super().poll(seconds) if record.offset != 1]


class GapBroker(MemoryBroker):
    def reader(self, spots: Sequence[Spot]) -> MemoryReader:
        return GapReader(self, spots)


def test_an_end_that_compaction_took_is_reached() -> None:
    broker = GapBroker()
    with open_store(broker) as store:
        store.register("s", enum(1))
        broker.keep(Outgoing(SCHEMAS, b'{"keytype":"NOOP","magic":0}', None))
        assert [1] == [v.number for v in store.catch_up().versions("s")]


OPERATION = st.tuples(
    st.integers(0, 2),  # which store
    st.sampled_from(["register", "register", "register", "soft", "permanent", "version", "level"]),
    st.integers(0, 2),  # which subject
    st.integers(0, 4),  # which schema
    st.integers(0, 3),  # how many others overtake it
)


@given(st.lists(OPERATION, max_size=14))
def test_whatever_overtakes_whatever_no_id_changes_its_meaning(
    operations: list[tuple[int, str, int, int, int]],
) -> None:
    rivals = Rivals()
    broker = OvertakenBroker(rivals)
    with ExitStack() as stack:
        stores = [stack.enter_context(open_store(broker)) for _ in range(3)]
        stores[0].set_level(None, "NONE")
        given_out: dict[int, set[str]] = {}

        def act(store: Store, what: str, subject: str, schema: str) -> None:
            try:
                _act(store, what, subject, schema, given_out)
            except RegistryError:
                return

        waiting = list(operations)
        while waiting:
            number, what, subject, schema, overtaken = waiting.pop(0)
            for other, its_what, its_subject, its_schema, _ in waiting[:overtaken]:
                if other != number:
                    args = (stores[other], its_what, f"s{its_subject}", enum(its_schema))
                    rivals.waiting.append(lambda args=args: act(*args))  # type: ignore[misc]  # lambda's default
            act(stores[number], what, f"s{subject}", enum(schema))
            rivals.waiting.clear()
        stores[0].set_level("last", "FULL")  # cures what is left
        assert all(1 == len(marks) for marks in given_out.values())
        known = facts(stores[0].catch_up())
        assert all(known == facts(store.catch_up()) for store in stores)
        assert known == facts(replayed(broker))
        compacted = replayed(broker, compacted=True)
        assert known == facts(compacted)
        assert {} == compacted.cures
        for number, (mark,) in ((n, tuple(marks)) for n, marks in given_out.items()):
            assert {mark} >= {version.mark for version in compacted.by_id(number)}


def _act(
    store: Store, what: str, subject: str, schema: str, given_out: dict[int, set[str]]
) -> None:
    match what:
        case "register":
            given_out.setdefault(store.register(subject, schema), set()).add(parse(schema).mark)
        case "soft" | "permanent":
            store.delete_subject(subject, permanent=what == "permanent")
        case "version":
            store.delete_version(subject, None, permanent=False)
        case _:
            store.set_level(subject, "NONE")


def test_many_at_once_in_threads(broker: MemoryBroker) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(open_store(broker)) for _ in range(4)]
        stores[0].set_level(None, "NONE")
        with ThreadPoolExecutor(8) as pool:
            jobs = [
                pool.submit(stores[number % 4].register, f"s{number % 3}", enum(number % 10))
                for number in range(80)
            ]
            numbers = [job.result(timeout=20) for job in jobs]
        for number, found in enumerate(numbers):
            assert parse(enum(number % 10)).mark == stores[0].by_id(found)[0].mark
        assert 10 == len(set(numbers))
        stores[0].set_level("last", "FULL")
        assert facts(stores[0].catch_up()) == facts(replayed(broker, compacted=True))
