"""The clauses of a certificate: what each asks of a system, and how what was seen is judged.

Every judgement is a pure function of calls that were made, so that it can be tested as a table. A
clause that cannot be judged, or has nothing to be about, says why; it neither passes nor fails.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapters.http.messages import Answer
from hub.certify.alike import differs
from hub.contract.types import Document, Operation, Value
from hub.delivery.outcomes import Verdict, judge
from hub.delivery.outflow import Outflow
from hub.errors import HubError, Reject, Retry
from hub.registry.certificates import Clause

CLAUSES: Mapping[str, str] = {
    "happy-path": "what the connector's cases send is taken",
    "success-is-success": "an answer of 2XX says that it was done: no fault and no refusal inside",
    "answers-fit-contract": "every answer is what the contract says for its status",
    "within-declared-time": "every answer comes within answers_within, or else the time limit",
    "idempotency": "a call that is repeated with its key has one effect",
    "done-is-found": "what was done is found by the question that is asked when in doubt",
    "row-for-each": "a call of several events is answered for each of them",
    "unknown-item-answered": "a question about what was never sent is answered: not there",
    "declared-errors": "errors that could be provoked are told as the contract says",
    "credential-refused": "a wrong credential is refused",
    "cases-hold": "the connector's own cases give what they say",
    "stranger-refused": "our own door refuses who does not prove who he is",
}
_SAME_WORDS = "the repeat was answered in the same words, which tells neither"


@dataclass(frozen=True, slots=True)
class Seen:
    """One call: what was sent, what came back or what went wrong, and the seconds that it took."""

    operation: str
    request: Document
    answer: Answer | None
    error: HubError | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """An event on its way to the sandbox: its calls, and how it ended.

    `failure` None: delivered. `sent`: whether anything told the system (not only asked it).
    """

    seen: tuple[Seen, ...]
    failure: HubError | None
    sent: bool

    @property
    def delivered(self) -> bool:
        """Whether the system took it."""
        return self.failure is None and self.sent

    @property
    def last(self) -> Seen | None:
        """The call that decided."""
        return self.seen[-1] if self.seen else None


def passed(flow: str, name: str, why: str = "") -> Clause:
    """It holds."""
    return Clause(flow, name, "passed", why)


def failed(flow: str, name: str, why: str) -> Clause:
    """It does not."""
    return Clause(flow, name, "failed", why)


def not_applicable(flow: str, name: str, why: str) -> Clause:
    """There is nothing here that it could be about."""
    return Clause(flow, name, "not_applicable", why)


def not_judged(flow: str, name: str, why: str) -> Clause:
    """It could not be told whether it holds."""
    return Clause(flow, name, "not_judged", why)


def happy(flow: str, trial: Trial) -> Clause:
    """Whether the case arrived; a failure that another clause names is not told twice."""
    if trial.delivered:
        return passed(flow, "happy-path")
    if trial.failure is None:
        return not_judged(flow, "happy-path", "the mapping sends nothing for the case")
    if not trial.sent and isinstance(trial.failure, Reject):
        return not_judged(flow, "happy-path", f"not sent: {_said(trial.failure)}")
    last = trial.last
    answer = last.answer if last else None
    if answer is not None and (not answer.valid or _is_success(answer)):
        return not_judged(flow, "happy-path", "another clause failed first")
    if last is not None and _timed_out(last):
        return not_judged(flow, "happy-path", "no answer came in time")
    return failed(flow, "happy-path", _said(trial.failure))


def success(flow: str, trial: Trial) -> Clause:
    """No 2XX with a fault, and none that the outcome table does not take for done."""
    name = "success-is-success"
    answers = [s.answer for s in trial.seen if s.answer is not None and _is_success(s.answer)]
    if not answers:
        return not_judged(flow, name, "no answer of 2XX was seen")
    faulty = next((a for a in answers if a.fault is not None), None)
    if faulty is not None:
        return failed(flow, name, f"answered {faulty.status} with a fault ({faulty.fault})")
    last = trial.last.answer if trial.last else None
    if last is not None and trial.sent and not trial.delivered and _is_success(last) and last.valid:
        why = f"answered {last.status}, but says that it was not done"
        return failed(flow, name, f"{why}: {_said(trial.failure)}" if trial.failure else why)
    return passed(flow, name)


def fits(flow: str, seen: Sequence[Seen]) -> Clause:
    """Every answer is valid."""
    name = "answers-fit-contract"
    answered = [one for one in seen if one.answer is not None]
    if not answered:
        return not_judged(flow, name, "no answer came")
    for one in answered:
        if one.answer is not None and not one.answer.valid:
            why = f"{one.operation} answered {one.answer.status} with what its contract has not"
            return failed(flow, name, why)
    return passed(flow, name, _count(answered))


def in_time(flow: str, seen: Sequence[Seen], limit: float) -> Clause:
    """Every answer within `limit` seconds; the slowest is told."""
    name = "within-declared-time"
    if not seen:
        return not_judged(flow, name, "nothing was called")
    slowest = max(seen, key=lambda one: one.seconds)
    told = f"{slowest.operation} took {slowest.seconds:.2f} s, declared are {limit:g} s"
    if slowest.seconds > limit:
        return failed(flow, name, told)
    return passed(flow, name, told)


def repeated(
    flow: Outflow, record: Document, first: Seen, again: Trial, changed: Trial | None
) -> Clause:
    """Whether the key counts: `again` is the same call, `changed` another body under its key.

    Honoured is a repeat that is taken by another row than the first (done already), or answered
    with the same words where a changed body is not.
    """
    name = "idempotency"
    one, two = _verdict(flow, record, first), _verdict(flow, record, again.last)
    if two is None or two.then != "delivered":
        why = _said(again.failure) if again.failure else "no answer"
        return failed(flow.flow, name, f"the repeat was not taken as done: {why}")
    if one is None or two.row != one.row:
        return passed(flow.flow, name, "the repeat was answered as done already")
    path = differs(_document(first), _document(again.last))
    if path is not None:
        return failed(flow.flow, name, f"the repeat was answered with another {path}: done twice")
    if changed is None:
        return not_judged(flow.flow, name, _SAME_WORDS)
    three = _verdict(flow, record, changed.last)
    if three is not None and three.then == "delivered" and three.row == one.row:
        return failed(flow.flow, name, "another body under the same key was taken as new")
    return passed(flow.flow, name, "the same words for the repeat, another body was not taken")


def asked(
    flow: str, name: str, *, found: bool | HubError, asked: Sequence[Seen], wanted: bool
) -> Clause:
    """What the question said: whether it is there, or why there is no answer."""
    if isinstance(found, HubError):
        return failed(flow, name, f"the question has no answer: {_said(found)}")
    if not asked:
        return not_judged(flow, name, "the mapping asks nothing about the case")
    if found is wanted:
        return passed(flow, name)
    return failed(flow, name, "says that it has what was never sent" if found else "is not found")


def joined(flow: str, ends: Sequence[bool | HubError], calls: int) -> Clause:
    """Whether each of several events in one call heard that it was taken."""
    name = "row-for-each"
    wrong = next((end for end in ends if isinstance(end, HubError)), None)
    if wrong is not None:
        return failed(flow, name, f"of {len(ends)} in one call one was not taken: {_said(wrong)}")
    if not all(ends):
        return not_judged(flow, name, "the mapping sends nothing for one of them")
    return passed(flow, name, f"{len(ends)} events in {calls} call{'' if calls == 1 else 's'}")


def page(flow: str, trial: Trial) -> Clause:
    """Whether a poll gets a page."""
    answer = trial.last.answer if trial.last else None
    if answer is not None and _is_success(answer) and answer.fault is None:
        return passed(flow, "happy-path")
    why = _said(trial.failure) if trial.failure else "no page"
    return failed(flow, "happy-path", f"answered {answer.status}" if answer else why)


@dataclass(frozen=True, slots=True)
class Provoked:
    """What came of a case that is there to provoke an error. `wanted`: a status, or a fault."""

    case: str
    wanted: str
    seen: Seen | None


def errors(
    flow: str,
    operations: Sequence[Operation],
    seen: Sequence[Seen],
    provoked: Sequence[Provoked] = (),
) -> Clause:
    """Which declared errors were seen, as the contract says; which could not be provoked.

    A case that says which error it provokes must get just that.
    """
    name = "declared-errors"
    declared = sorted({error for op in operations for error in _declared(op)})
    if not declared:
        return not_applicable(flow, name, "the contract declares none")
    for one in provoked:
        got = _error_of(one.seen.answer) if one.seen and one.seen.answer else "no answer"
        if got != one.wanted:
            why = f"case {one.case} should provoke {one.wanted}, and got {got}"
            return failed(flow, name, why)
    told = {_error_of(one.answer) for one in seen if one.answer is not None}
    told |= {one.wanted for one in provoked}
    came = [error for error in declared if error in told]
    rest = [error for error in declared if error not in told]
    left = f"not provoked: {', '.join(rest)}" if rest else ""
    if not came:
        return not_judged(flow, name, f"{left}; a case may say how: provokes")
    return passed(flow, name, "; ".join(filter(None, (f"seen: {', '.join(came)}", left))))


def refused(trial: Trial) -> Clause:
    """A call with a wrong credential: any answer that takes it is a failure."""
    name = "credential-refused"
    if trial.failure is not None:
        return passed("*", name, _said(trial.failure))
    last = trial.last
    calls = f"{last.operation} was answered" if last else "it was taken"
    return failed("*", name, f"{calls} with a wrong credential")


def _said(error: HubError) -> str:
    return error.what if len(error.what) <= 200 else f"{error.what[:200]}…"  # noqa: PLR2004 - a line or two


def _count(answered: Sequence[Seen]) -> str:
    return f"{len(answered)} answer{'' if len(answered) == 1 else 's'}"


def _is_success(answer: Answer) -> bool:
    return 200 <= answer.status < 300  # noqa: PLR2004 - HTTP


def _timed_out(seen: Seen) -> bool:
    return isinstance(seen.error, Retry) and seen.error.sent


def _verdict(flow: Outflow, record: Document, seen: Seen | None) -> Verdict | None:
    if seen is None or seen.answer is None:
        return None
    return judge(flow.rows, seen.answer, seen.request, record, set())


def _document(seen: Seen | None) -> Value:
    return seen.answer.document if seen and seen.answer else None


def _declared(op: Operation) -> Iterator[str]:
    yield from (status for status in op.answers if status[:1] in "45")
    yield from op.faults


def _error_of(answer: Answer) -> str:
    return answer.fault or str(answer.status)
