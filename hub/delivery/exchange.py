"""One attempt at telling one system one fact, down to what its answer means.

An attempt may need several calls: a question first, the call, the same call with one field changed
("already exists"), a new credential, or a question about a call whose outcome is unknown. Whatever
happens is noted; what follows (retry, dead letter) is decided elsewhere.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from adapters.http.messages import Answer, Client
from hub.contract.paths import get, put
from hub.contract.types import Document
from hub.delivery.batching import Part
from hub.delivery.outcomes import Verdict, codes_said, judge
from hub.delivery.outflow import Outflow, Question, Request
from hub.errors import Halt, HubError, Reject, Retry
from hub.registry.manifest_flow import Pages

Clock: TypeAlias = Callable[[], int]
REFUSED = "refused"  # code of a Reject that the system itself said
MOST_ATTEMPTS = 50  # of the last ones; a dossier that was tried for days stays a record
MOST_CALLS = 8  # of one attempt: every `again` row once and a login, with room


class Attempt(msgspec.Struct, frozen=True):
    """One call and what came of it; becomes a line of the receipt."""

    at: int  # epoch ms
    operation: str
    outcome: str  # delivered, again, login, retry, system, reject, halt, unknown, asked
    status: int | None = None
    message: str | None = None
    duration_ms: int = 0
    again: bool = False

    def __repr__(self) -> str:
        return f"Attempt({self.operation}: {self.outcome}, {self.status})"


class Job(msgspec.Struct):
    """An event on its way to one system, with all that has been tried so far."""

    event_id: str
    record: Document
    flow: Outflow
    attempts: list[Attempt] = []
    tried: int = 0  # calls ever, also those that `attempts` has forgotten
    in_doubt: bool = False  # the last call may have had its effect
    was_in_doubt: bool = False
    note: str = ""
    operation: str | None = None
    part: Part | None = None  # what it brings to a call, where its flow joins several
    made: Request | None = None  # what the mapping made of it
    lost: str = ""  # the bundle that it was sent under before, and that nobody here has

    def __repr__(self) -> str:
        return f"Job({self.event_id}, {self.tried} calls)"

    def add(self, one: Attempt) -> None:
        """Write down a call."""
        self.attempts.append(one)
        if len(self.attempts) > MOST_ATTEMPTS:
            del self.attempts[0]
        self.tried += 1

    def doubt(self) -> None:
        """The call may have had its effect; nobody said so."""
        self.in_doubt = self.was_in_doubt = True


@dataclass(eq=False)
class Unrepeatable(Reject):
    """What was sent under the event's key cannot be made again, and no other body may follow it."""


async def attempt(job: Job, client: Client, clock: Clock, way: Client | None = None) -> bool:
    """Try once. True: delivered; False: there is nothing to send.

    `way`: what tells the system, where that is not the `client` that asks it. Raises Reject, Retry
    or Halt as the peer's answer, the mapping or the transport says.
    """
    if job.lost:
        return await _found(job, client, clock)
    flow = job.flow
    answer = None
    if flow.ask is not None:
        answer = await _ask(job, client, clock, flow.ask)
    made = job.part.made if job.part else flow.make(job.record, answer, flow.settings, [])
    if made is None:
        return False
    job.made = made
    job.operation, request = made
    if job.in_doubt and await is_there(job, client, clock):
        return True
    await _deliver(job, way or client, clock, request)
    return True


async def _found(job: Job, client: Client, clock: Clock) -> bool:
    """Ask about what cannot be repeated. Raises Unrepeatable where that does not settle it."""
    if job.in_doubt and await is_there(job, client, clock):
        return True
    raise Unrepeatable(f"was sent under bundle {job.lost}, which nobody here has any more")


async def _deliver(job: Job, client: Client, clock: Clock, request: Document) -> None:
    used: set[int] = set()
    renewed = False
    for _ in range(MOST_CALLS):
        answer, took = await _told(job, client, clock, request)
        verdict = judge(job.flow.rows, answer, request, job.record, used)
        _note(job, clock() - took, verdict.then, answer, took, again=bool(used))
        if verdict.then == "delivered":
            job.note = verdict.note or job.note
            return
        if verdict.then == "again" and verdict.row is not None:
            used.add(verdict.row)
            for path, value in verdict.change.items():
                request = put(request, path, value)
        elif verdict.then == "login" and not renewed:
            renewed = True
            await client.renew()
        else:
            if says_nothing(verdict, answer):
                job.doubt()
            raise _error(verdict.then, answer, verdict.note, job.flow)
    raise Retry("the calls of one attempt led nowhere", where=job.operation or "")


async def _told(job: Job, client: Client, clock: Clock, request: Document) -> tuple[Answer, int]:
    """Send what may have an effect; only this brings a job into doubt."""
    job.in_doubt = False
    try:
        return await _call(job, client, clock, job.operation or "", request)
    except Retry as error:
        if error.sent:
            job.doubt()
        raise


def says_nothing(verdict: Verdict, answer: Answer) -> bool:
    """Whether an answer leaves open what the system did.

    A gateway that gave up waiting (502, 504), a product that broke while it answered, bytes that
    are no answer of the contract: the effect may be there. A SOAP fault is the system's own word.
    """
    if verdict.then not in ("retry", "system") or answer.fault is not None:
        return False
    refused = 400 <= answer.status < 500  # noqa: PLR2004 - HTTP: the client's fault
    return answer.status >= 500 or (not answer.valid and not refused)  # noqa: PLR2004 - HTTP


def _error(then: str, answer: Answer, note: str, flow: Outflow) -> HubError:
    codes = codes_said(flow.rows, answer)
    said = f"answered {answer.status}" + (f", {codes}" if codes else "")
    said += f" ({note})" if note else ""
    if then == "reject":
        return Reject(f"the system refuses it: {said}", code=REFUSED)
    if then == "halt":
        return Halt(f"the system lets nothing through: {said}", fix="check its credential")
    if then == "login":
        return Retry(f"the credential is refused though new: {said}", system=True)
    return Retry(
        f"the system could not take it: {said}", after=_asked(answer), system=then == "system"
    )


def _asked(answer: Answer) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3); its date form counts as absent."""
    text = answer.headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None  # noqa: PLR2004 - digits


async def _call(
    job: Job, client: Client, clock: Clock, operation: str, request: Document
) -> tuple[Answer, int]:
    """The answer and the milliseconds that it took; a failure is noted and passed on."""
    started = time.monotonic_ns()
    try:
        answer = await client.call(operation, request, job.event_id)
    except HubError as error:
        took = (time.monotonic_ns() - started) // 1_000_000
        unknown = isinstance(error, Retry) and error.sent
        kind = "unknown" if unknown else type(error).__name__.lower()
        job.add(Attempt(clock() - took, operation, kind, None, error.what, took))
        raise
    return answer, (time.monotonic_ns() - started) // 1_000_000


def _note(job: Job, at: int, outcome: str, answer: Answer, took: int, *, again: bool) -> None:
    job.add(Attempt(at, job.operation or "", outcome, answer.status, answer.excerpt, took, again))


async def _ask(job: Job, client: Client, clock: Clock, question: Question) -> Document:
    """The answer of a question before the call, all pages of it."""
    answer = await _question(job, client, clock, question)
    if answer is None:
        raise Reject("the mapping asks nothing though the flow has a question", code="mapping")
    return answer.document


async def is_there(job: Job, client: Client, clock: Clock) -> bool:
    """Whether the effect of a call with unknown outcome is at the system; False: repeat it."""
    question = job.flow.in_doubt
    if question is None:
        return False
    answer = await _question(job, client, clock, question)
    if answer is None:
        return False
    found = all(test(answer, job.record) for test in question.found)
    if found:
        job.note = "was in doubt, found at the system"
    return found


async def _question(job: Job, client: Client, clock: Clock, question: Question) -> Answer | None:
    request: Document = {}
    if question.make is not None:
        made = question.make(job.record, None, job.flow.settings, [])
        if made is None:
            return None
        request = made[1]
    pages = question.pages
    if pages is None:
        return await _asked_once(job, client, clock, question, request)
    return await _asked_by_page(job, client, clock, question, request, pages)


async def _asked_by_page(
    job: Job, client: Client, clock: Clock, question: Question, request: Document, pages: Pages
) -> Answer:
    items: list[object] = []
    for number in range(pages.first, pages.first + pages.most):
        page = put(request, pages.parameter, number)
        answer = await _asked_once(job, client, clock, question, page)
        found = get(answer.document, pages.items)
        rows = found if isinstance(found, list) else []
        items += rows
        if len(rows) < pages.size:
            whole = put(answer.document, pages.items, items)  # type: ignore[arg-type]  # list is invariant
            return Answer(answer.status, whole, None, answer.headers)
    raise Retry(f"the answer has more than {pages.most} pages", where=question.operation)


async def _asked_once(
    job: Job, client: Client, clock: Clock, question: Question, request: Document
) -> Answer:
    """Ask; with a new credential once if the old one is refused. Raises Retry, Halt.

    An answer that says "not there" (404, a code) is an answer. A question has no effect: while it
    gets no answer, a call stays in doubt.
    """
    for renewed in (False, True):
        try:
            answer, took = await _call(job, client, clock, question.operation, request)
        except Retry as error:
            raise Retry(error.what, error.where, after=error.after, system=True) from error
        verdict = judge(job.flow.rows, answer, request, job.record, set())
        job.add(
            Attempt(
                clock() - took, question.operation, "asked", answer.status, answer.excerpt, took
            )
        )
        if verdict.then == "login" and not renewed:
            await client.renew()
            continue
        if verdict.then in ("login", "system", "halt"):
            raise _error(verdict.then, answer, verdict.note, job.flow)
        if not _answered(verdict, answer):
            said = f"the question has no answer (status {answer.status})"
            raise Retry(said, where=question.operation, after=_asked(answer))
        return answer
    raise Retry("the question's credential is refused", where=question.operation, system=True)


def _answered(verdict: Verdict, answer: Answer) -> bool:
    """Whether this is the system's word: yes, or "not there" (404, a code).

    A fault is none, whatever the table of the call says of faults. Nor is an answer that breaks its
    contract, or one beside 2XX that no row and no default speaks of.
    """
    if answer.fault is not None or not answer.valid:
        return False
    unspoken = verdict.row is None and verdict.then == "retry"
    return not unspoken or 200 <= answer.status < 300  # noqa: PLR2004 - HTTP
