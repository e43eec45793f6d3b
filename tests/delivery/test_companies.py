"""Which of those that wait go out together, and how long one waits for company."""

from collections import deque
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.types import Document
from hub.delivery.batching import Joining
from hub.delivery.companies import LOOK, Companies, Item
from hub.delivery.exchange import Job
from hub.delivery.held import Held, Part
from hub.delivery.opening import prepare
from hub.delivery.outflow import Outflow
from hub.delivery.tracker import OffsetTracker
from hub.records import Record
from hub.registry.batch import Batch


def make(
    event: Document, answer: Document | None, settings: object, flags: list[str]
) -> tuple[str, Document]:
    del answer, settings, flags
    return "tell", {"kind": event["kind"], "items": [{"code": event["code"]}]}


def flow(name: str, most: int = 8, linger: float = 0.0, *, joins: bool = True) -> Outflow:
    joining = Joining(name, Batch("items", "rows", "code", most, linger), (("code", "code"),))
    return Outflow("peer", name, name, make, (), {}, joining=joining if joins else None)


TOLD, OTHER, PLAIN = flow("told"), flow("other", most=4), flow("plain", joins=False)
PART = Part(OffsetTracker(0))


def held(
    code: str, flow: Outflow = TOLD, *, kind: str = "a", company: int = 0, doubt: bool = False
) -> Item:
    record = Record("hub.dossier", 0, 0, 0, code.encode(), b"", ())
    job = Job(code, {"code": code, "kind": kind}, flow)
    prepare(job)
    if doubt:
        job.doubt()
    one = Held(record, PART, code, flow.event_type, job=job, company=company)
    return one.key, one


def grown(*flows: Outflow) -> Companies:
    """Sizes as large as they get."""
    found = Companies(flows)
    for one in flows:
        if one.joining is not None:
            size = found.size(one.joining)
            while size.limit < one.joining.batch.most:
                size.answered(size.limit, 0.1, 0)
    return found


def codes(items: list[Item] | deque[Item]) -> str:
    return "".join(held.event_id for _, held in items)


def test_without_batches_a_call_holds_one_event() -> None:
    companies = Companies([PLAIN])
    assert (companies.most, companies.largest) == (1, 1)
    waiting = deque([held("B", PLAIN)])
    assert companies.join(held("A", PLAIN)[1], waiting) == []
    assert codes(waiting) == "B"
    assert companies.first(waiting, 1.0) == (0, 0.0)


def test_those_alike_go_along_and_the_others_keep_their_order() -> None:
    companies = grown(TOLD, OTHER, PLAIN)
    assert (companies.most, companies.largest) == (8, 8)
    waiting = deque(
        [
            held("B"),
            held("C", PLAIN),
            held("D", kind="b"),
            held("E", OTHER),
            held("F", company=2),
            held("G", doubt=True),
            held("H"),
        ]
    )
    assert codes(companies.join(held("A")[1], waiting)) == "BH"
    assert codes(waiting) == "CDEFG"


@pytest.mark.parametrize(
    ("first", "with_it"),
    [
        (held("A", company=2), "B"),
        (held("A", company=3), ""),  # of another refusal
        (held("A", company=1), ""),
        (held("A", doubt=True), ""),
        (held("A"), "DEF"),
    ],
)
def test_who_was_refused_with_others_goes_with_fewer_of_them(first: Item, with_it: str) -> None:
    waiting = deque(
        [
            held("B", company=2),
            held("C", company=2),
            *map(held, "DEF"),
            held("G", company=1),
            held("H", doubt=True),
        ]
    )
    assert codes(grown(TOLD).join(first[1], waiting)) == with_it


def test_not_everybody_who_waits_is_looked_at() -> None:
    companies = grown(TOLD)
    waiting = deque([held(f"x{n}", kind="b") for n in range(LOOK * 8)] + [held("B")])
    assert companies.join(held("A")[1], waiting) == []
    assert len(waiting) == LOOK * 8 + 1
    assert waiting[-1][1].event_id == "B"


def test_at_first_nobody_goes_along() -> None:
    waiting = deque([held("B")])
    assert Companies([TOLD]).join(held("A")[1], waiting) == []


def test_one_waits_for_company_as_long_as_its_flow_says_and_holds_up_nobody() -> None:
    patient = flow("patient", most=4, linger=0.5)
    companies = grown(patient, TOLD)
    waiting = deque([held("A", patient), held("B", patient)])
    assert companies.first(waiting, 10.0) == (0, 0.5)
    waiting.append(held("C", patient))
    place, seconds = companies.first(waiting, 10.4)
    assert (place, round(seconds, 6)) == (0, 0.1)
    waiting.append(held("D"))
    assert companies.first(waiting, 10.4) == (3, 0.0)
    waiting.pop()
    assert companies.first(waiting, 10.5) == (0, 0.0)


def test_a_full_company_and_one_that_goes_alone_wait_for_nobody() -> None:
    patient = flow("patient", most=2, linger=0.5)
    companies = grown(patient)
    assert companies.first(deque([held("A", patient), held("B", patient)]), 1.0) == (0, 0.0)
    for alone in (held("A", patient, doubt=True), held("A", patient, company=1)):
        assert companies.first(deque([alone]), 1.0) == (0, 0.0)


@given(st.integers(1, 60), st.sets(st.integers(0, 59), max_size=6), st.integers(2, 50))
def test_however_many_are_at_fault_each_ends_alone_and_the_others_go_once(
    count: int, faults: set[int], most: int
) -> None:
    """As a lane does it: who comes apart goes first again, in half the company."""
    one = flow("one", most=most)
    companies = grown(one)
    waiting = deque(held(str(number), one) for number in range(count))
    guilty = {str(number) for number in faults if number < count}
    taken: list[str] = []
    alone: list[str] = []
    calls = 0
    while waiting:
        key, first = waiting.popleft()
        call = [(key, first), *companies.join(first, waiting)]
        calls += 1
        assert len(call) <= most
        names = [event.event_id for _, event in call]
        if not guilty & set(names):
            taken += names
        elif len(call) == 1:
            alone += names
        else:
            for item in call:
                item[1].company = max(1, len(call) // 2)
                waiting.appendleft(item)
    assert sorted(taken + alone) == sorted(str(number) for number in range(count))
    assert set(alone) == guilty
    halvings = ceil(log2(min(most, count) + 1)) + 1
    assert calls <= ceil(count / most) + len(guilty) * 3 * halvings
