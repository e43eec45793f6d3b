"""One attempt: when the effect of a call is unknown, and what it takes to know it again."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.http.messages import Answer
from hub.contract.types import Document
from hub.delivery.exchange import MOST_ATTEMPTS, Job, attempt
from hub.delivery.outcomes import compile_rows, compile_when
from hub.delivery.outflow import Outflow, Question
from hub.delivery.receipts import Settled, as_document, dead_letter
from hub.errors import Halt, HubError, Reject, Retry
from hub.records import Record
from hub.registry.manifest_flow import Outcome

ROWS = compile_rows(
    [
        Outcome({"Ma": "00"}, "delivered"),
        Outcome({"Ma": "03"}, "retry", note="unknown yet"),
        Outcome({"status": 404}, "retry", note="unknown yet"),
        Outcome({"status": 502}, "retry"),
        Outcome({"fault": "Client"}, "reject"),
    ],
    {},
)


def make(
    event: Document, answer: Document | None, settings: object, flags: list[str]
) -> tuple[str, Document]:
    del event, answer, settings, flags
    return "tell", {}


def question(
    event: Document, answer: Document | None, settings: object, flags: list[str]
) -> tuple[str, Document]:
    del event, answer, settings, flags
    return "ask", {}


ASK = Question("ask", question, None, compile_when({"Ma": "00"}, {}, "found"))
FLOW = Outflow("peer", "f", "e", make, ROWS, {}, in_doubt=ASK)
DONE = Answer(200, {"Ma": "00"})
LOST = Retry("time-out", system=True, sent=True)


def named(value: object) -> str:
    return (
        f"{value.status} {value.document} {value!r}" if isinstance(value, Answer) else repr(value)
    )


class Peer:
    """Answers in the order of its script; remembers the operations."""

    def __init__(self, script: Sequence[Answer | HubError]) -> None:
        self.script = list(script)
        self.calls: list[str] = []

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        del document, key
        self.calls.append(operation)
        told = self.script.pop(0)
        if isinstance(told, HubError):
            raise told
        return told

    async def renew(self) -> None:
        pass

    async def close(self) -> None:
        pass


def tried(
    *script: Answer | HubError, times: int, job: Job | None = None
) -> tuple[Job, list[str], list[str]]:
    """The job, the operations called, and the kind of error (or "") of each attempt."""
    job = job or Job("id", {}, FLOW)
    peer = Peer(script)
    ends: list[str] = []
    for _ in range(times):
        try:
            asyncio.run(attempt(job, peer, lambda: 1))
        except HubError as error:
            ends.append(type(error).__name__)
        else:
            ends.append("")
    return job, peer.calls, ends


@pytest.mark.parametrize(
    "said",
    [
        Answer(504, {}),
        Answer(500, {}, valid=False),
        Answer(502, {}),  # also where a row says what to do about it
        Answer(200, {"Ma": "00"}, valid=False),
        Answer(302, {}, valid=False),
        LOST,
    ],
    ids=named,
)
def test_who_does_not_know_the_effect_asks_before_repeating(said: Answer | HubError) -> None:
    job, calls, ends = tried(said, DONE, times=2)
    assert (calls, ends) == (["tell", "ask"], ["Retry", ""])
    assert job.was_in_doubt


@pytest.mark.parametrize(
    "said",
    [
        Answer(500, {}, fault="Server"),
        Answer(429, {}),
        Answer(408, {}, valid=False),
        Answer(200, {"Ma": "03"}),
        Answer(200, {"Ma": "77"}),
        Answer(404, {}, valid=False),
        Retry("refused", system=True, sent=False),
        Halt("no token"),
    ],
    ids=named,
)
def test_a_clear_no_is_simply_repeated(said: Answer | HubError) -> None:
    job, calls, ends = tried(said, DONE, times=2)
    assert (calls, ends) == (
        ["tell", "tell"],
        [type(said).__name__ if isinstance(said, Halt) else "Retry", ""],
    )
    assert not job.was_in_doubt


@pytest.mark.parametrize(
    ("nothing", "end"),
    [
        (Halt("token endpoint answers 403"), "Halt"),
        (Reject("cannot be written"), "Reject"),
        (Retry("down", sent=False), "Retry"),
        (Retry("down", sent=True), "Retry"),
        (Answer(500, {}, fault="Server"), "Retry"),
        (Answer(500, {}, fault="Client"), "Retry"),
        (Answer(503, {}), "Retry"),
        (Answer(403, {}), "Halt"),
        (Answer(404, {}, valid=False), "Retry"),
        (Answer(302, {}), "Retry"),
    ],
    ids=named,
)
def test_a_doubt_stays_until_the_question_is_answered(nothing: Answer | HubError, end: str) -> None:
    job, calls, ends = tried(LOST, nothing, DONE, times=3)
    assert (calls, ends) == (["tell", "ask", "ask"], ["Retry", end, ""])
    assert job.note == "was in doubt, found at the system"


@pytest.mark.parametrize(
    "absent",
    [Answer(404, {}), Answer(200, {"Ma": "03"}), Answer(200, {"Ma": "other"}), Answer(410, {})],
    ids=named,
)
def test_not_there_is_an_answer_and_the_call_is_repeated(absent: Answer) -> None:
    job, calls, ends = tried(LOST, absent, DONE, times=2)
    assert (calls, ends, job.in_doubt) == (["tell", "ask", "tell"], ["Retry", ""], False)


def test_a_question_that_is_lost_brings_nothing_into_doubt() -> None:
    flow = Outflow("peer", "f", "e", make, ROWS, {}, ask=ASK, in_doubt=ASK)
    job, calls, _ = tried(LOST, DONE, DONE, times=2, job=Job("id", {}, flow))
    assert (calls, job.was_in_doubt) == (["ask", "ask", "tell"], False)


def test_the_calls_of_days_stay_bounded_and_counted() -> None:
    down = Answer(429, {})
    job, calls, _ = tried(*[down] * 60, times=60)
    assert (len(calls), len(job.attempts), job.tried) == (60, MOST_ATTEMPTS, 60)
    settled = Settled(
        "DEAD_LETTERED",
        "id",
        "e",
        "peer",
        Record("t", 0, 0, 1, b"k", b"v", ()),
        "b",
        "s",
        1,
        note="was in doubt",
        attempts=tuple(job.attempts),
        tried=job.tried,
    )
    assert as_document(settled)["note"] == "was in doubt; 60 calls"
    assert dict(dead_letter(settled).headers)["hub_dead_attempts"] == b"60"
