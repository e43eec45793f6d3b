"""A lane that takes up another version while it delivers: which event goes by which, and when."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from msgspec import structs

from adapters.http.messages import Answer
from hub.contract.types import Document
from hub.delivery.outflow import Make, Question
from hub.delivery.versions import Earlier, Name, Terms
from hub.errors import Halt, Retry
from hub.registry.call_limits import CallLimits
from hub.registry.manifest_delivery import Delivery
from tests.delivery.test_lane import WITHDRAWN, Peer, World, done, settled
from tests.delivery.test_lane_recovery import crashed

pytestmark = pytest.mark.process


def saying(version: str) -> Make:
    """A mapping that writes its version into what it sends."""

    def make(
        event: Document, answer: Document | None, settings: object, flags: list[str]
    ) -> tuple[str, Document]:
        del answer, settings, flags
        return "tell", {"code": event["dossier_code"], "note": f"{version} {event['reason']}"}

    return make


def terms(world: World, version: str, settings: str = "settings") -> Terms:
    flow = replace(world.flow, make=saying(version))
    delivery = Delivery(in_flight=8, timeout=0.2, retry=world.retry)
    return Terms("peer", {WITHDRAWN: flow}, delivery, version, settings)


def begins(world: World, version: str) -> None:
    """The worker starts with this version."""
    world.bundle = version
    world.flow = replace(world.flow, make=saying(version))


class Changing:
    """Holds when `until` does; meanwhile takes up `change` when `at` holds for the first time."""

    def __init__(
        self,
        at: Callable[[World], bool],
        change: Callable[[World], None],
        until: Callable[[World], bool],
    ) -> None:
        self._at, self._change, self._until = at, change, until
        self.changed = False

    def __call__(self, world: World) -> bool:
        if not self.changed and self._at(world):
            self.changed = True
            self._change(world)
        return self.changed and self._until(world)


def to(version: str, client: Peer | None = None) -> Callable[[World], None]:
    return lambda world: world.lane.take_up(terms(world, version), client or world.peer)


def calls(count: int) -> Callable[[World], bool]:
    return lambda world: len(world.peer.calls) >= count


def bundles(world: World) -> list[tuple[object, object]]:
    return [(one["event_id"], one["bundle"]) for one in world.receipts]


def test_what_is_under_way_ends_under_its_version_and_what_comes_later_goes_by_the_new(
    world: World,
) -> None:
    begins(world, "v1")
    world.event("A", "1")
    world.event("A", "2")
    world.event("B", "1")

    async def slow_first(operation: str, document: Document, key: str) -> Answer:
        while not changing.changed:
            await _turn()
        return await done(operation, document, key)

    world.peer.answer = slow_first
    changing = Changing(calls(2), to("v2"), settled(3))
    world.go(changing)
    assert {"A": ["v1 1", "v2 2"], "B": ["v1 1"]} == world.notes
    assert {("id-1", "v1"), ("id-2", "v2"), ("id-3", "v1")} == set(bundles(world))
    marks = [(mark["bundle"], mark["offsets"]) for mark in world.journal if mark["kind"] == "MARK"]
    assert {"v1", "v2"} == {bundle for bundle, _ in marks}


async def _turn() -> None:
    await asyncio.sleep(0.005)


def test_a_retry_says_what_the_first_call_said_and_goes_the_new_way(world: World) -> None:
    begins(world, "v1")
    world.event("A", "1")
    moved = Peer()

    async def busy(operation: str, document: Document, key: str) -> Answer:
        return Answer(200, {"Ma": "03"})

    world.peer.answer = busy

    def change(world: World) -> None:
        world.lane.take_up(terms(world, "v2"), moved)
        for version in world.lane.versions.earlier:
            version.reach(moved)

    world.go(Changing(calls(1), change, settled(1)))
    assert [("A", "v1 1", "id-1")] == moved.calls
    assert [("id-1", "v1")] == bundles(world)


def test_what_fails_again_under_an_earlier_version_goes_out_anew_under_the_present_one(
    world: World,
) -> None:
    """As a new series, after its receipt has said so: a bad version is not retried for hours."""
    begins(world, "bad")
    world.event("A", "1")
    world.event("A", "2")

    async def bad_is_busy(operation: str, document: Document, key: str) -> Answer:
        bad = str(document["note"]).startswith("bad")
        return Answer(200, {"Ma": "03" if bad else "00"})

    world.peer.answer = bad_is_busy
    world.go(Changing(calls(1), to("good"), lambda w: w.outcomes().get("DELIVERED") == 2))
    assert ["good 1", "good 2"] == world.notes["A"][-2:]
    ends = [(r["event_id"], r["outcome"], r["bundle"], r["series"]) for r in world.receipts]
    assert [("id-1", "PARKED", "bad", 0), ("id-2", "PARKED", "good", 0)] == sorted(ends[:2])
    assert [("id-1", "DELIVERED", "good", 1), ("id-2", "DELIVERED", "good", 1)] == ends[2:]


def test_rolled_back_the_first_version_is_the_present_one_again(world: World) -> None:
    begins(world, "v1")
    for code in "ABC":
        world.event(code, "1")

    def there_and_back(world: World) -> None:
        to("v2")(world)
        to("v1")(world)
        world.event("A", "2")

    world.go(Changing(settled(3), there_and_back, settled(4)))
    assert {"v1"} == {bundle for _, bundle in bundles(world)}
    assert [] == world.lane.versions.earlier


def test_fifty_changes_lose_nothing_double_nothing_and_keep_every_order(world: World) -> None:
    begins(world, "v0")
    changed = 0

    def each(world: World) -> bool:
        nonlocal changed
        if changed < 50 and len(world.receipts) >= changed * 2:
            changed += 1
            to(f"v{changed % 2}")(world)
            for code in "ABCDEF":
                world.event(code, str(changed))
        return len(world.receipts) >= 300

    world.go(each)
    assert {"DELIVERED": 300} == world.outcomes()
    for code in "ABCDEF":
        assert [str(n) for n in range(1, 51)] == [note.split()[1] for note in world.notes[code]]
    said = {key: note.split()[0] for _, note, key in world.peer.calls}
    assert said == dict(bundles(world))
    assert {"v0", "v1"} == set(said.values())
    assert 300 == world.committed


def test_a_type_that_only_the_new_version_wants_is_delivered_from_then_on(world: World) -> None:
    begins(world, "v1")

    def nothing(world: World) -> None:
        world.lane.take_up(replace(terms(world, "v2"), flows={}), world.peer)
        world.event("A", "unwanted")

    def again(world: World) -> None:
        to("v3")(world)
        world.event("A", "wanted")

    world.event("A", "first")
    step1 = Changing(settled(1), nothing, lambda w: w.lane.held == 0 and w.lane.intake.arrived == 2)
    world.go(Changing(step1, again, settled(2)))
    assert ["v1 first", "v3 wanted"] == world.notes["A"]
    assert 3 == world.committed


def test_limits_that_cannot_be_shared_are_refused_and_change_nothing(world: World) -> None:
    begins(world, "v1")
    world.event("A", "1")

    def refused(world: World) -> None:
        world.lane._share = Fraction(1, 5)
        bad = replace(terms(world, "v2"), delivery=Delivery(limits=CallLimits(per_day=2)))
        with pytest.raises(Halt, match="cannot be shared"):
            world.lane.take_up(bad, world.peer)
        world.event("A", "2")

    world.go(Changing(settled(1), refused, settled(2)))
    assert ["v1 1", "v1 2"] == world.notes["A"]


def test_a_halted_registration_tries_a_new_version_at_once(world: World) -> None:
    begins(world, "v1")
    world.event("A", "1")

    async def closed(operation: str, document: Document, key: str) -> Answer:
        return Answer(403, {})

    world.peer.answer = closed
    opened = Peer()

    def change(world: World) -> None:
        world.lane.take_up(terms(world, "v2"), opened)
        for version in world.lane.versions.earlier:
            version.reach(opened)

    world.go(Changing(lambda w: w.lane.halted is not None, change, settled(1)))
    assert ["v1 1"] == [note for _, note, _ in opened.calls]


def test_a_broken_system_that_has_moved_is_probed_at_once(world: World) -> None:
    begins(world, "v1")
    for code in "ABCDEF":
        world.event(code, "1")

    async def away(operation: str, document: Document, key: str) -> Answer:
        raise Retry("no connection", system=True)

    world.peer.answer = away
    moved = Peer()

    def change(world: World) -> None:
        world.lane.take_up(terms(world, "v1", "moved"), moved)
        for version in world.lane.versions.earlier:
            version.reach(moved)

    world.go(Changing(lambda w: w.lane.broken is not None, change, settled(6)))
    assert 6 == len(moved.calls)


class Closing(Peer):
    """Says when it was closed."""

    closed = False

    async def close(self) -> None:
        self.closed = True


def test_a_client_is_closed_when_nothing_goes_its_way_any_more(world: World) -> None:
    begins(world, "v1")
    world.event("A", "1")
    first, second = Closing(), Closing()
    world.peer = first
    seen: list[bool] = []

    def change(world: World) -> None:
        to("v2", second)(world)
        seen.append(first.closed)
        world.event("A", "2")

    async def slow(operation: str, document: Document, key: str) -> Answer:
        while not changing.changed:
            await _turn()
        return await done(operation, document, key)

    first.answer = slow
    changing = Changing(calls(1), change, lambda w: settled(2)(w) and first.closed)
    world.go(changing)
    assert [False] == seen, "a call was under way"
    assert [("A", "v2 2", "id-2")] == second.calls
    assert second.closed, "with the lane"


# After a crash


def test_what_was_sent_under_an_earlier_version_is_repeated_with_the_same_body(
    world: World,
) -> None:
    begins(world, "v1")
    world.event("A", "1")
    world.event("A", "2")
    crashed(world)
    world.peer.answer = done
    world.earlier = {Name("v1", "settings"): (terms(world, "v1"), world.peer)}
    begins(world, "v2")
    world.go(settled(2))
    assert ["v1 1", "v1 1", "v2 2"] == world.notes["A"]
    assert [("id-1", "v1"), ("id-2", "v2")] == bundles(world)


def test_what_failed_before_the_crash_keeps_its_body_too(world: World) -> None:
    begins(world, "v1")
    world.retry = structs.replace(world.retry, first=30, longest=30)
    world.event("A", "1")

    async def busy(operation: str, document: Document, key: str) -> Answer:
        return Answer(200, {"Ma": "03"})

    world.peer.answer = busy
    world.go(lambda w: any(r["kind"] == "ATTEMPT" for r in w.journal), drain=0.1)
    world.peer.answer = done
    world.earlier = {Name("v1", "settings"): (terms(world, "v1"), world.peer)}
    begins(world, "v2")
    world.go(settled(1))
    assert ["v1 1", "v1 1"] == world.notes["A"]
    assert [("id-1", "v1")] == bundles(world)


def test_what_was_marked_and_never_sent_goes_by_the_new_version(world: World) -> None:
    begins(world, "v1")
    for code in "ABCDEFGHIJ":
        world.event(code, "1")
    crashed_with_one_place(world)
    told = len(world.peer.calls)
    world.peer.answer = done
    world.earlier = {Name("v1", "settings"): (terms(world, "v1"), world.peer)}
    begins(world, "v2")
    world.go(settled(10))
    later = [note for _, note, _ in world.peer.calls[told:]]
    assert {"v1 1": 1, "v2 1": 9} == {note: later.count(note) for note in set(later)}


def offsets(record: Document) -> int:
    listed = record["offsets"]
    return len(listed) if isinstance(listed, list) else 0


def crashed_with_one_place(world: World) -> None:
    async def never(operation: str, document: Document, key: str) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    world.peer.answer = never

    def one_is_marked_ahead(world: World) -> bool:
        marks = [record for record in world.journal if record["kind"] == "MARK"]
        return len(world.peer.calls) >= 1 and sum(map(offsets, marks)) >= 2

    world.go(one_is_marked_ahead, in_flight=1, drain=0.1)
    world.peer.under_way.clear()


@pytest.mark.parametrize("found", [True, False])
def test_what_cannot_be_repeated_is_asked_about_and_waits_for_a_person(
    world: World, found: bool
) -> None:
    """Nobody has the old bundle any more: no other body may follow under its key."""
    begins(world, "v1")
    world.event("A", "1")
    world.event("B", "1")
    crashed(world)

    async def answered(operation: str, document: Document, key: str) -> Answer:
        if operation == "ask":
            return Answer(200, {"Ma": "00" if found else "03"})
        return await done(operation, document, key)

    def ask(
        event: Document, answer: Document | None, settings: object, flags: list[str]
    ) -> tuple[str, Document]:
        return "ask", {"code": event["dossier_code"], "note": "?"}

    world.peer.answer = answered
    begins(world, "v2")
    there = lambda answer, _: answer.document["Ma"] == "00"  # noqa: E731 - a condition
    world.flow = replace(world.flow, in_doubt=Question("ask", ask, None, (there,)))
    world.event("C", "1")
    world.go(settled(3))
    assert {"C": ["v2 1"]} == {"C": world.notes["C"]}
    told = {code: [note for note in world.notes[code] if note.startswith("v2")] for code in "AB"}
    assert {"A": [], "B": []} == told
    expected = {"DELIVERED": 3} if found else {"DELIVERED": 1, "PARKED": 2}
    assert expected == world.outcomes()
    if not found:
        reasons = {str(r["reason"]) for r in world.receipts if r["outcome"] == "PARKED"}
        assert {"was sent under bundle v1, which nobody here has any more"} == reasons


def test_other_settings_of_the_same_bundle_go_on_where_the_old_ones_are_unknown(
    world: World,
) -> None:
    """An address in a file has changed between two starts; its mapping is the same."""
    begins(world, "v1")
    world.event("A", "1")
    crashed(world)
    world.peer.answer = done
    world.settings = "moved"
    world.go(settled(1))
    assert ["v1 1", "v1 1"] == world.notes["A"]


def test_an_earlier_version_is_asked_for_by_its_name(world: World) -> None:
    begins(world, "v1")
    world.event("A", "1")
    crashed(world)
    world.peer.answer = done
    asked: list[Name] = []

    class Known(dict[Name, Earlier]):
        def get(self, name: Name, default: Earlier | None = None) -> Earlier | None:  # type: ignore[override]
            asked.append(name)
            return default

    world.earlier = Known()
    world.go(settled(1))
    assert [Name("v1", "settings")] == asked
