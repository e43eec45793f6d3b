"""Several jobs in one call: each hears its own part of the answer, and only that."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from adapters.http.messages import Answer
from hub.contract.paths import get_all
from hub.contract.types import Document, Value
from hub.delivery.batch_size import BatchSize
from hub.delivery.batching import Joining
from hub.delivery.exchange import Job
from hub.delivery.opening import prepare
from hub.delivery.outcomes import Row, Verdict, compile_rows, compile_when
from hub.delivery.outflow import Outflow, Question
from hub.delivery.together import Apart, attempt_together
from hub.errors import Halt, HubError, Reject, Retry
from hub.registry.batch import Batch
from hub.registry.manifest_flow import Outcome

ROWS = compile_rows(
    [
        Outcome({"rows.ma": "00"}, "delivered"),
        Outcome({"rows.ma": "02"}, "reject", note="unknown procedure"),
        Outcome({"rows.ma": "03"}, "retry"),
        Outcome({"rows.ma": "04"}, "again", set={"updating": "True"}),
        Outcome({"loi": "phien"}, "login"),
        Outcome({"loi": "thieu truong"}, "reject"),
        Outcome({"loi": "ban"}, "system"),
        Outcome({"loi": "da ton tai"}, "again", set={"updating": "True"}),
        Outcome({"loi": "khoa"}, "halt"),
    ],
    {},
)
JOINING = Joining("told", Batch("items", "rows", {"code": "ma_ho_so"}), (("code", "ma_ho_so"),))
Answering = Callable[[Document], Answer | HubError]


def make(
    event: Document, answer: Document | None, settings: object, flags: list[str]
) -> tuple[str, Document]:
    del answer, settings, flags
    return "tell", {"updating": "False", "items": [{"code": event["code"]}]}


def question(
    event: Document, answer: Document | None, settings: object, flags: list[str]
) -> tuple[str, Document]:
    del answer, settings, flags
    return "ask", {"code": event["code"]}


FLOW = Outflow("peer", "told", "e", make, ROWS, {}, joining=JOINING)


def codes(document: Document) -> str:
    """The items of a call, one letter each."""
    return "".join(map(str, get_all(document, "items.code")))


def rows(document: Document, **by_code: str | None) -> Answer:
    """A row for each item: "00", or what is said of it; none where None is said."""
    said = {code: by_code.get(code, "00") for code in codes(document)}
    found: list[Value] = [{"ma_ho_so": c, "ma": ma} for c, ma in said.items() if ma is not None]
    return Answer(200, {"rows": found}, excerpt="what was said")


class Peer:
    """Answers each call as the test says, and remembers it."""

    def __init__(self, *script: Answering) -> None:
        self.script = list(script)
        self.calls: list[str] = []
        self.keys: list[str] = []
        self.renewed = 0
        self.under_way = 0

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        flag = {"True": "+", "False": "", None: "?"}[document.get("updating")]  # type: ignore[index]
        self.calls.append(flag + (codes(document) or str(document["code"])))
        self.keys.append(key)
        self.under_way += 1
        assert self.under_way == 1, f"{operation}: a company has one call at a time"
        await asyncio.sleep(0)
        self.under_way -= 1
        told = self.script.pop(0)(document) if self.script else rows(document)
        if isinstance(told, HubError):
            raise told
        return told

    async def renew(self) -> None:
        self.renewed += 1

    async def close(self) -> None:
        pass


def job(code: str, flow: Outflow = FLOW) -> Job:
    made = Job(f"id-{code}", {"code": code}, flow)
    prepare(made)
    return made


def grown(limit: int) -> BatchSize:
    """A size that has become so large."""
    size = BatchSize(50)
    while size.limit < limit:
        size.answered(size.limit, 0.1, 0)
    return size


def told(
    peer: Peer, jobs: list[Job], size: BatchSize | None = None, joining: Joining = JOINING
) -> list[bool | Exception]:
    work = attempt_together(jobs, joining, peer, lambda: 1, size or BatchSize(50))
    return asyncio.run(work)


def kinds(ends: list[bool | Exception]) -> list[str]:
    return [type(end).__name__ if isinstance(end, Exception) else str(end) for end in ends]


def test_all_go_in_one_call_and_each_has_its_own_end_and_line() -> None:
    peer, jobs = Peer(lambda d: rows(d, B="02", C="03", D=None)), [*map(job, "ABCD")]
    ends = told(peer, jobs)
    assert peer.calls == ["ABCD"]
    assert kinds(ends) == ["True", "Reject", "Retry", "Retry"]
    assert [[a.outcome for a in one.attempts] for one in jobs] == [
        ["delivered"],
        ["reject"],
        ["retry"],
        ["unknown"],
    ]
    assert [one.in_doubt for one in jobs] == [False, False, False, True]
    assert {a.message for one in jobs[:3] for a in one.attempts} == {"in a call of 4"}


def test_a_call_of_several_has_a_key_of_its_own() -> None:
    alone, both, again = Peer(), Peer(), Peer()
    told(alone, [job("A")])
    told(both, [job("A"), job("B")])
    told(again, [job("A"), job("B")])
    assert alone.keys == ["id-A"]
    assert both.keys == again.keys
    assert not {"id-A", "id-B"} & {*both.keys}


def test_what_has_to_be_said_again_goes_together_again() -> None:
    peer = Peer(lambda d: rows(d, A="04", C="04", D="02"))
    ends = told(peer, [*map(job, "ABCD")])
    assert peer.calls == ["ABCD", "+AC"]
    assert kinds(ends) == ["True", "True", "True", "Reject"]


def test_requests_that_differ_go_one_after_the_other() -> None:
    def updating(
        event: Document, answer: Document | None, settings: object, flags: list[str]
    ) -> tuple[str, Document]:
        del answer, settings, flags
        return "tell", {"updating": "True", "items": [{"code": event["code"]}]}

    other = Outflow("peer", "told", "e", updating, ROWS, {}, joining=JOINING)
    peer = Peer()
    ends = told(peer, [job("A"), job("B", other), job("C")])
    assert peer.calls == ["AC", "+B"]
    assert kinds(ends) == ["True"] * 3


@pytest.mark.parametrize(
    "said",
    [
        Answer(400, {}),
        Answer(400, {}, valid=False),
        Answer(422, {"rows": [{"ma_ho_so": "A", "ma": "02"}]}),
        Answer(500, {}, fault="Client"),
        Answer(500, {}, fault="Server"),
        Answer(200, {"loi": "thieu truong"}),
        Answer(200, {"loi": "da ton tai", "rows": []}),
    ],
    ids=lambda said: f"{said.status} {said.fault} {said.valid} {said.document}",
)
def test_refused_as_a_whole_all_come_apart_and_nobody_is_in_doubt(said: Answer) -> None:
    peer, jobs, size = Peer(lambda _: said), [*map(job, "ABCD")], grown(8)
    ends = told(peer, jobs, size)
    assert kinds(ends) == ["Apart"] * 4
    assert {end.items for end in ends if isinstance(end, Apart)} == {4}
    assert not any(one.was_in_doubt for one in jobs)
    assert (peer.calls, size.limit) == (["ABCD"], 8)


@pytest.mark.parametrize(
    "said",
    [
        Answer(413, {}, valid=False),
        Answer(200, {"loi": "Quá nhiều hồ sơ"}),
        Answer(500, {"faultstring": "", "loi": "QUÁ NHIỀU HỒ SƠ"}, fault="Server"),
    ],
    ids=lambda said: f"{said.status} {said.fault}",
)
def test_refused_for_their_number_they_come_apart_and_calls_get_smaller(said: Answer) -> None:
    tests = compile_when({"loi": {"contains": "quá nhiều hồ sơ"}}, {}, "too_large")
    size = grown(8)
    ends = told(Peer(lambda _: said), [*map(job, "ABCD")], size, replace(JOINING, too_large=tests))
    assert (kinds(ends), size.limit) == (["Apart"] * 4, 2)
    assert kinds(told(Peer(lambda _: said), [job("A")])) != ["Apart"]


def test_alone_a_refusal_is_its_own() -> None:
    for said, end in (
        (Answer(400, {}), "Reject"),
        (Answer(200, {"loi": "thieu truong"}), "Reject"),
    ):
        assert kinds(told(Peer(lambda _, said=said: said), [job("A")])) == [end]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("said", "end", "doubt"),
    [
        (Answer(503, {}), "Retry", True),
        (Answer(429, {}), "Retry", False),
        (Answer(403, {}), "Halt", False),
        (Answer(200, {"loi": "ban"}), "Retry", False),
        (Answer(200, {"loi": "khoa"}), "Halt", False),
        (Answer(200, {}, valid=False), "Retry", True),
        (Retry("reset", system=True, sent=True), "Retry", True),
        (Retry("refused", system=True), "Retry", False),
        (Halt("no token"), "Halt", False),
        (Answer(200, {"error": 0}), "Retry", True),  # a yes to nobody
        (Answer(200, {"rows": []}), "Retry", True),
    ],
    ids=lambda said: f"{said} {said.document}" if isinstance(said, Answer) else repr(said),
)
@pytest.mark.parametrize("names", ["A", "ABC"])
def test_what_is_said_of_the_system_is_everybodys(
    said: Answer | HubError, end: str, doubt: bool, names: str
) -> None:
    jobs = [*map(job, names)]
    assert kinds(told(Peer(lambda _: said), jobs)) == [end] * len(names)
    assert {one.was_in_doubt for one in jobs} == {doubt}


def test_a_refused_credential_is_renewed_and_all_go_together_again() -> None:
    peer = Peer(lambda _: Answer(200, {"loi": "phien"}))
    assert kinds(told(peer, [*map(job, "ABC")])) == ["True"] * 3
    assert peer.calls == ["ABC", "ABC"]


def test_who_is_in_doubt_asks_before_it_joins() -> None:
    asks = Question("ask", question, None, compile_when({"there": True}, {}, "found"))
    flow = Outflow("peer", "told", "e", make, ROWS, {}, in_doubt=asks, joining=JOINING)
    doubting = job("A", flow)
    doubting.doubt()
    peer = Peer(lambda _: Answer(200, {"there": True}))
    assert kinds(told(peer, [doubting])) == ["True"]
    assert (peer.calls, doubting.note) == (["?A"], "was in doubt, found at the system")


def test_a_bug_of_one_is_its_own() -> None:
    def broken(
        event: Document, answer: Document | None, settings: object, flags: list[str]
    ) -> tuple[str, Document]:
        raise KeyError(event["code"])

    bad = Job("id-B", {"code": "B"}, Outflow("peer", "told", "e", broken, ROWS, {}))
    peer = Peer()
    assert kinds(told(peer, [job("A"), bad, job("C")])) == ["True", "KeyError", "True"]
    assert peer.calls == ["AC"]


def test_a_bug_in_the_table_leaves_nobody_waiting() -> None:
    def broken(answer: Answer, event: Document) -> bool:
        raise KeyError(event["code"])

    table = (Row((broken,), Verdict("retry", 0)),)
    flow = Outflow("peer", "told", "e", make, table, {}, joining=JOINING)
    ends = told(Peer(lambda _: Answer(200, {})), [job("A", flow), job("B", flow)])
    assert kinds(ends) == ["KeyError"] * 2


@pytest.mark.parametrize(("names", "end"), [("A", "Reject"), ("AB", "Apart")])
def test_what_cannot_be_written_takes_nobody_with_it(names: str, end: str) -> None:
    ends = told(Peer(lambda _: Reject("cannot be written")), [*map(job, names)])
    assert kinds(ends) == [end] * len(names)


def test_two_rows_that_say_different_things_say_nothing() -> None:
    def twice(document: Document) -> Answer:
        found = rows(document).document["rows"]
        assert isinstance(found, list)
        return Answer(200, {"rows": [*found, {"ma_ho_so": "A", "ma": "02"}]})

    jobs = [job("A"), job("B")]
    assert kinds(told(Peer(twice), jobs)) == ["Retry", "True"]
    assert jobs[0].in_doubt


@pytest.mark.parametrize("said", [Retry("time-out", sent=True), Answer(504, {}), Answer(408, {})])
def test_no_answer_in_time_makes_calls_smaller(said: Answer | HubError) -> None:
    size = grown(8)
    told(Peer(lambda _: said), [*map(job, "ABCDEFGH")], size)
    assert size.limit == 4


def test_closing_breaks_off_the_call_and_starts_no_other() -> None:
    peer = Peer()

    async def closed() -> None:
        async def never(operation: str, document: Document, key: str) -> Answer:
            peer.calls.append(codes(document))
            await asyncio.Event().wait()
            return Answer(200, {})

        peer.call = never  # type: ignore[method-assign]
        work: Awaitable[object] = attempt_together(
            [*map(job, "AB")], JOINING, peer, lambda: 1, BatchSize(50)
        )
        task = asyncio.ensure_future(work)
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)

    asyncio.run(closed())
    assert peer.calls == ["AB"]
