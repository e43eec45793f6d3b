"""Crashes, silence, long trouble: what a new owner does, what parks, what a dead system costs."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapters.http.messages import Answer
from hub.contract.types import Document
from hub.delivery.outcomes import compile_rows
from hub.delivery.outflow import Question
from hub.errors import Retry
from hub.events.codec import Codec
from hub.records import Outgoing, Spot
from hub.registry.manifest_delivery import RetryPolicy
from hub.registry.manifest_flow import Outcome
from tests.delivery.test_lane import WITHDRAWN, World, done, settled

pytestmark = pytest.mark.process


def kinds(world: World) -> Counter[str]:
    return Counter(str(record["kind"]) for record in world.journal)


def parked(world: World) -> dict[bytes, bytes | None]:
    """hub.parked as compaction would leave it."""
    return {
        record.key or b"": record.value
        for partition in (0, 1)
        for record in world.broker.since(Spot("hub.parked", partition), 0)
    }


def open_parked(world: World) -> int:
    return sum(value is not None for value in parked(world).values())


async def never(operation: str, document: Document, key: str) -> Answer:
    await asyncio.Event().wait()
    raise AssertionError


async def busy(operation: str, document: Document, key: str) -> Answer:
    """This message cannot be taken now (code 03)."""
    return Answer(200, {"Ma": "03"})


async def away(operation: str, document: Document, key: str) -> Answer:
    raise Retry("no connection", system=True)


def only(code: str, trouble: Callable[..., object]) -> Callable[..., object]:
    """`trouble` for one dossier, yes for all others."""

    async def answer(operation: str, document: Document, key: str) -> Answer:
        chosen = trouble if document["code"] == code else done
        return await chosen(operation, document, key)  # type: ignore[misc,no-any-return]

    return answer


def crashed(world: World) -> None:
    """A worker that dies with a call under way: it marked, sent, and heard nothing."""
    world.peer.answer = never
    world.go(lambda w: len(w.peer.calls) >= 1, drain=0.1)
    world.peer.under_way.clear()


def test_every_call_is_marked_before_it_is_made(world: World) -> None:
    seen: list[bool] = []

    async def look(operation: str, document: Document, key: str) -> Answer:
        marks = [record for record in world.journal if record["kind"] == "MARK"]
        seen.append(any(marks))
        return await done(operation, document, key)

    for code in "ABCD":
        world.event(code, "1")
    world.peer.answer = look
    world.go(settled(4))
    assert seen == [True] * 4
    marked = [o for r in world.journal if r["kind"] == "MARK" for o in r["offsets"]]  # type: ignore[union-attr]
    assert len(marked) == 4
    assert kinds(world)["OWNER"] == 4, "two topics of two partitions"


def test_what_was_sent_and_not_answered_is_asked_about_and_not_sent_again(world: World) -> None:
    asked: list[Document] = []

    async def there(operation: str, document: Document, key: str) -> Answer:
        asked.append(document)
        return Answer(200, {"Ma": "00", "found": True})

    world.event("A", "1")
    question = Question("ask", None, None, (lambda answer, _: answer.document["found"] is True,))
    world.flow = replace(world.flow, in_doubt=question)
    crashed(world)
    told = len(world.peer.calls)

    class Asking:
        """The question has no dossier in it, so that the peer is passed by."""

        async def call(self, operation: str, document: Document, key: str) -> Answer:
            assert operation == "ask"
            return await there(operation, document, key)

        async def renew(self) -> None: ...

        async def close(self) -> None: ...

    world.peer = Asking()  # type: ignore[assignment]
    world.go(settled(1))
    assert (told, len(asked)) == (1, 1)
    (receipt,) = world.receipts
    assert (receipt["outcome"], receipt["note"]) == (
        "DELIVERED",
        "was in doubt, found at the system",
    )


def test_without_a_question_the_same_key_goes_out_again_and_the_receipt_says_so(
    world: World,
) -> None:
    world.event("A", "1")
    world.event("A", "2")
    crashed(world)
    world.peer.answer = done
    world.go(settled(2))
    assert world.notes == {"A": ["1", "1", "2"]}
    assert len({key for _, note, key in world.peer.calls if note == "1"}) == 1
    notes = [receipt["note"] for receipt in world.receipts]
    assert notes == ["was in doubt", None]


def test_a_remark_of_the_outcome_table_hides_no_doubt(world: World) -> None:
    rows = compile_rows([Outcome({"Ma": "00"}, "delivered", note="already done")], {})
    world.flow = replace(world.flow, rows=rows)
    world.event("A", "1")
    world.event("A", "2")
    crashed(world)
    world.peer.answer = done
    world.go(settled(2))
    notes = [receipt["note"] for receipt in world.receipts]
    assert notes == ["was in doubt; already done", "already done"]


def test_nobody_asks_while_the_first_call_may_still_be_at_work(world: World) -> None:
    world.event("A", "1")
    crashed(world)
    world.peer.answer = done
    loop_times: list[float] = []

    async def when(operation: str, document: Document, key: str) -> Answer:
        loop_times.append(asyncio.get_running_loop().time())
        return await done(operation, document, key)

    world.peer.answer = when
    began: list[float] = []

    async def run() -> None:
        began.append(asyncio.get_running_loop().time())
        await world.run(settled(1))

    asyncio.run(run())
    assert loop_times[0] - began[0] >= 0.2, "the time limit of a call"


def test_what_has_its_end_is_not_told_again_though_its_commit_was_lost(world: World) -> None:
    for code in "ABCDEF":
        world.event(code, "1")
    world.go(settled(6))
    told = len(world.peer.calls)
    for spot in list(world.broker.offsets["hub.peer"]):
        world.broker.offsets["hub.peer"][spot] = (0, "r0 e-1")
    world.event("G", "1")
    world.go(settled(7))
    assert len(world.peer.calls) == told + 1


def test_offsets_that_another_committed_are_named_and_set_back(world: World) -> None:
    """As `kafka-consumer-groups --reset-offsets --to-latest` does: without our metadata."""
    for number in range(3):
        world.event("A", str(number), partition=0)
    world.go(settled(3))
    spot = Spot("hub.dossier", 0)
    world.event("A", "3", partition=0)
    world.broker.offsets["hub.peer"][spot] = (4, "")
    with capture_logs() as said:
        world.event("B", "1", partition=1)
        world.go(settled(5))
    (line,) = [line for line in said if line["event"] == "offsets_of_another"]
    assert (line["partitions"], line["passed"]) == (["hub.dossier/0"], 4)
    assert world.notes == {"A": ["0", "1", "2", "3"], "B": ["1"]}
    with capture_logs() as said:
        world.event("B", "2", partition=1)
        world.go(settled(6))
    assert [line for line in said if line["event"] == "offsets_of_another"] == []


def test_the_metadata_of_the_commit_covers_what_is_open(world: World) -> None:
    world.peer.answer = only("A", never)  # type: ignore[assignment]
    world.event("A", "1", partition=0)
    for code in "BCDEFGHI":
        world.event(code, "1", partition=0)
    world.go(settled(8), drain=0.1)
    world.peer.under_way.clear()
    offset, metadata = world.broker.offsets["hub.peer"][Spot("hub.dossier", 0)]
    position = int(metadata.split()[0].removeprefix("r"))
    behind = world.broker.since(Spot("hub.receipt", 0), position)
    decoded = [world.codec.decode(record.value or b"")[1] for record in behind]
    ends = [r["source_offset"] for r in decoded if r["kind"] == "OUTCOME"]
    assert offset == 0
    assert sorted(ends) == list(range(1, 9))  # type: ignore[type-var]
    world.peer.answer = done
    world.go(settled(9))
    assert Counter(code for code, _, _ in world.peer.calls) == Counter("AABCDEFGHI")


def test_the_third_owner_knows_what_the_first_had_delivered(world: World) -> None:
    """The place in a commit is an earlier owner's, and is read as his."""
    world.peer.answer = only("A", never)  # type: ignore[assignment]
    for code in "ABCDEFGHI":
        world.event(code, "1", partition=0)
    world.go(settled(8), drain=0.1)
    calls = len(world.peer.calls)
    world.peer.under_way.clear()
    world.go(lambda w: len(w.peer.calls) > calls, drain=0.1)
    world.peer.under_way.clear()
    world.peer.answer = done
    world.go(settled(9))
    told = Counter(code for code, _, _ in world.peer.calls)
    assert told == Counter("AAABCDEFGHI")


def test_a_dossier_that_fails_for_long_parks_and_the_others_flow(world: World) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05)
    world.peer.answer = only("A", busy)  # type: ignore[assignment]
    for step in "123":
        world.event("A", step)
        world.event("B", step)
    tick(world)
    world.go(settled(6))
    assert world.notes["B"] == ["1", "2", "3"]
    assert set(world.notes["A"]) == {"1"}, "what comes later waits behind it"
    assert world.outcomes() == {"DELIVERED": 3, "PARKED": 3}
    assert world.committed == 6
    assert open_parked(world) == 3


def held_up(world: World) -> None:
    """One event that fails, and thirty behind it in its partition that do not."""
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=3_600)
    world.peer.answer = only("A", busy)  # type: ignore[assignment]
    world.event("A", "1", partition=0)
    for number in range(30):
        world.event(f"B{number}", "1", partition=0)


def test_a_dossier_for_which_many_commits_wait_parks_before_its_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.delivery.failures.FAR", 20)
    held_up(world)
    world.go(settled(31))
    assert (open_parked(world), world.committed) == (1, 31)


def test_a_dossier_for_which_few_commits_wait_is_tried_again(world: World) -> None:
    held_up(world)
    world.go(lambda w: settled(30)(w) and len(w.notes["A"]) > 5)
    assert (open_parked(world), world.committed) == (0, 0)


def tick(world: World) -> None:
    """The clock goes on by 20 ms each time it is read."""
    world.step = 20


def test_what_is_parked_comes_back_in_order_with_its_keys(world: World) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05, resume=0.2)
    troubled = True

    async def answer(operation: str, document: Document, key: str) -> Answer:
        return await (busy if troubled and document["code"] == "A" else done)(
            operation, document, key
        )

    world.peer.answer = answer
    for step in "123":
        world.event("A", step)
    tick(world)

    def then_mended(w: World) -> bool:
        nonlocal troubled
        if len(w.receipts) >= 3 and troubled:
            troubled = False
            w.event("A", "4")
        return w.outcomes().get("DELIVERED", 0) == 4 and open_parked(w) == 0

    world.go(then_mended)
    steps = [note for note in world.notes["A"] if note != "1"]
    assert steps == ["2", "3", "4"]
    assert len({key for _, note, key in world.peer.calls if note == "1"}) == 1
    last = [r["series"] for r in world.receipts if r["outcome"] == "DELIVERED"]
    assert last[:3] == [1, 1, 1]


def test_what_is_parked_stays_so_across_owners_and_later_events_queue_behind(
    world: World,
) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05, resume=3_600)
    world.peer.answer = only("A", busy)  # type: ignore[assignment]
    world.event("A", "1")
    tick(world)
    world.go(settled(1))
    calls = len(world.peer.calls)
    world.peer.answer = done
    world.event("A", "2")
    world.event("B", "1")
    world.go(settled(3))
    assert [note for code, note, _ in world.peer.calls[calls:] if code == "A"] == []
    assert open_parked(world) == 2
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=60, resume=0.05)
    world.go(lambda w: open_parked(w) == 0)
    assert world.notes["A"][-2:] == ["1", "2"]


def test_a_dead_system_parks_nobody_and_is_asked_now_and_then(world: World) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05)
    world.peer.answer = away
    for code in "ABCDEFGHIJKLMNOPQRST":
        world.event(code, "1")
    tick(world)

    def back(w: World) -> bool:
        if len(w.peer.calls) >= 9:
            w.peer.answer = done
        return len(w.receipts) >= 20

    world.go(back)
    assert world.outcomes() == {"DELIVERED": 20}
    assert len(world.peer.calls) <= 9 + 3 + 20 + 8


def test_one_failure_of_everybody_is_the_systems(world: World) -> None:
    """A back end that is broken says so as if each message were at fault."""
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.5)
    world.peer.answer = busy
    for code in "ABCDEFGHIJKL":
        world.event(code, "1")

    def back(w: World) -> bool:
        if len(w.peer.calls) >= 14:
            w.peer.answer = done
        return len(w.receipts) >= 12

    world.go(back)
    assert world.outcomes() == {"DELIVERED": 12}


def test_two_outages_in_which_everybody_fails_park_nobody(world: World) -> None:
    """What failed in the first and fails again in the second has not failed for long."""
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=1)
    for code in "ABCDEFGHIJKL":
        for step in "12":
            world.event(code, step)

    async def answer(operation: str, document: Document, key: str) -> Answer:
        """Bad for eleven calls, good for two, bad for eleven, then good."""
        world.now += 3_000 if world.lane.broken else 10
        good = len(world.peer.calls) in (12, 13) or len(world.peer.calls) > 24
        return await (done if good else busy)(operation, document, key)

    world.peer.answer = answer
    world.go(settled(24))
    assert world.outcomes() == {"DELIVERED": 24}


def test_what_is_marked_and_not_sent_is_closed_at_the_stop(world: World) -> None:
    world.peer.answer = never
    for code in "ABCDEFGHIJ":
        world.event(code, "1")
    world.go(lambda w: len(w.peer.calls) >= 1, in_flight=1, drain=0.1)
    world.peer.under_way.clear()
    closed = [r for r in world.journal if r["note"] == "not sent"]
    assert closed
    world.peer.answer = done
    world.go(settled(10))
    doubted = [r for r in world.receipts if r["note"] == "was in doubt"]
    assert len(doubted) == 1, "only the call that was made"


def test_an_event_whose_schema_nobody_has_parks_and_goes_when_somebody_has_it(
    world: World,
) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.2, resume=0.3)
    world.event("A", "1")
    world.event("B", "1")
    known, missing = world.codec._schemas, [True]

    class Registry:
        """Has the schemas in the end."""

        def register(self, subject: str, text: str) -> int:
            return known.register(subject, text)

        def schema(self, number: int) -> str:
            if missing[0] and number == strange:
                raise Retry("is not known to the registry", where=f"schema id {number}")
            return known.schema(number)

    registry = Registry()
    raw = (
        next(r.value for p in (0, 1) for r in world.broker.since(Spot("hub.dossier", p), 0)) or b""
    )
    strange = registry.register("x", known.schema(int.from_bytes(raw[1:5], "big")) + " ")
    world.codec = Codec(world.catalogue, registry)
    headers = (("ce_id", b"odd"), ("ce_type", WITHDRAWN.encode()))
    odd = raw[:1] + strange.to_bytes(4, "big") + raw[5:]
    world.broker.keep(Outgoing("hub.dossier", b"C", odd, headers))
    tick(world)
    world.go(lambda w: open_parked(w) == 1 and len(w.peer.calls) == 2)
    (told,) = [r for r in world.receipts if r["outcome"] == "PARKED"]
    assert told["reason"] == f"schema id {strange}: is not known to the registry"
    missing[0] = False
    world.go(lambda w: open_parked(w) == 0)
    assert world.outcomes() == {"DELIVERED": 3, "PARKED": 1}


def test_while_the_registry_is_away_nobody_parks(world: World) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05)
    world.event("A", "1")
    world.event("A", "2")
    known, asked = world.codec._schemas, [0]

    class Away:
        def register(self, subject: str, text: str) -> int:
            return known.register(subject, text)

        def schema(self, number: int) -> str:
            asked[0] += 1
            if asked[0] < 20:
                raise Retry("cannot be reached", where="registry", system=True)
            return known.schema(number)

    world.codec = Codec(world.catalogue, Away())
    tick(world)
    world.go(settled(2))
    assert asked[0] == 20
    assert world.outcomes() == {"DELIVERED": 2}
    assert world.notes == {"A": ["1", "2"]}


def test_foreign_records_on_the_receipt_topic_decide_nothing(world: World) -> None:
    world.broker.keep(Outgoing("hub.receipt", b"x", b"no avro", (("hub_connector", b"peer"),), 0))
    world.broker.keep(Outgoing("hub.receipt", None, None, (), 1))
    world.broker.keep(Outgoing("hub.parked", b"peer|hub.dossier|x|y", b"?", (), 1))
    world.event("A", "1")
    world.go(lambda w: len(w.peer.calls) == 1)


def test_a_few_dossiers_that_get_503_hold_up_nobody_and_park(world: World) -> None:
    """Whatever the failure is called: the system takes the others."""
    world.retry = RetryPolicy(first=0.05, factor=1, longest=0.05, give_up=0.5)
    ill, well = ["A", "B"], [f"W{number}" for number in range(400)]

    async def answer(operation: str, document: Document, key: str) -> Answer:
        await asyncio.sleep(0.01)
        return await (away if document["code"] in ill else done)(operation, document, key)

    world.peer.answer = answer
    for code in ill + well:
        world.event(code, "1")
    world.step = 4  # a second and more while the others are told
    world.go(lambda w: w.outcomes() == {"DELIVERED": 400, "PARKED": 2})
    assert all(world.notes[code] == ["1"] for code in well)


def test_where_the_flow_says_so_a_refused_event_holds_its_dossier(world: World) -> None:
    world.flow = replace(world.flow, holds=True)
    for code, note in (("A", "1"), ("A", "never"), ("A", "2"), ("B", "1")):
        world.event(code, note)
    world.go(lambda w: w.outcomes() == {"DELIVERED": 2, "PARKED": 2})
    assert world.notes == {"A": ["1"], "B": ["1"]}
    world.event("A", "3")
    world.go(lambda w: w.outcomes() == {"DELIVERED": 2, "PARKED": 3})  # another owner
    reasons = {str(receipt["reason"]) for receipt in world.receipts}
    assert "mapping.py:1:1: no such thing" in reasons


def test_what_was_refused_and_then_taken_goes_on_in_order(world: World) -> None:
    world.flow = replace(world.flow, holds=True)
    world.retry = RetryPolicy(first=0.01, factor=2, longest=0.05, give_up=60, resume=0.05)
    refusing = [True]

    async def answer(operation: str, document: Document, key: str) -> Answer:
        return Answer(200, {"Ma": "02" if refusing[0] and document["note"] == "2" else "00"})

    world.peer.answer = answer
    for note in "1234":
        world.event("A", note)
    world.go(lambda w: open_parked(w) == 3)
    refusing.clear()
    refusing.append(False)
    world.go(lambda w: open_parked(w) == 0)
    assert [note for note in world.notes["A"] if note != "2"] == ["1", "3", "4"]
    assert world.notes["A"][-3:] == ["2", "3", "4"]


def test_messages_at_fault_hold_up_nobody_for_long_and_park_in_the_end(world: World) -> None:
    """Ratings of dossiers that the system does not know: it says so of each, and takes others."""
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.5)
    world.step = 1
    ill, well = "ABCDEFGH", ("W1", "W2", "W3")
    added: list[str] = []

    async def answer(operation: str, document: Document, key: str) -> Answer:
        return await (busy if str(document["code"]) in ill else done)(operation, document, key)

    world.peer.answer = answer
    for code in ill:
        world.event(code, "1")

    def over(w: World) -> bool:
        if len(w.peer.calls) >= len(ill) and not added:
            added.extend(well)
            for code in well:
                w.event(code, "1")
        return w.outcomes() == {"DELIVERED": 3, "PARKED": 8}

    world.go(over)
