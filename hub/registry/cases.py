"""The cases of a bundle: recorded inputs, and the output or rejection that each must give.

The format is described in connectors/README.md. A case goes the way of a real message: decoded and
validated by the contract, mapped, and, for a call, written as it would go onto the wire. What only
a running hub knows (`<$key>`, `<$token>`, `<$secret.x>`) stands for itself.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from time import thread_time

import orjson

from hub.contract.types import Document, Record, Value
from hub.contract.xml import indented
from hub.errors import Reject
from hub.intake.item import split
from hub.registry.bundle import Bundle
from hub.registry.case_files import FOLDER, Case, find_cases
from hub.registry.case_times import from_people, to_people
from hub.registry.case_wire import Arrivals, outline, written_out
from hub.registry.event_types import Events
from hub.registry.manifest_flow import Flow, Poll
from hub.registry.manifest_words import words
from hub.registry.registration import default_settings
from hub.registry.signatures import item_at, operation, success

SECONDS = 5.0  # of processor time for all cases of a bundle; ours take a third of one at most
TOO_LONG = f"not run: the cases before it took {SECONDS:g} s; take fewer, or smaller ones"
COMPANIONS = ("_ask", "_in_doubt", "_request", "_each", "_identity", "_confirm")


@dataclass(frozen=True, slots=True)
class Result:
    """What a case gave. `difference` is empty where it holds."""

    flow: str
    case: str
    difference: str

    def as_dict(self) -> dict[str, object]:
        """For programs."""
        return {
            "flow": self.flow,
            "case": self.case,
            "holds": not self.difference,
            "difference": self.difference,
        }


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is tried."""

    bundle: Bundle
    events: Events
    arrivals: Arrivals  # what the system says
    answers: Arrivals  # what it answers


def run_cases(bundle: Bundle) -> list[Result]:
    """Run every case; a flow without any is a finding of its own, and so is one that takes long."""
    defaults = default_settings(bundle.manifest)
    subject = _Subject(bundle, bundle.events, Arrivals(bundle.inbound), Arrivals(bundle.outbound))
    ends = thread_time() + SECONDS
    results: list[Result] = []
    for case in find_cases(bundle.files, defaults):
        late = thread_time() > ends
        results.append(Result(case.flow, case.name, TOO_LONG) if late else _run(subject, case))
    have = {result.flow for result in results}
    results += [
        Result(flow, "", "the flow has no case")
        for flow in bundle.manifest.flows
        if flow not in have
    ]
    return results


@dataclass(frozen=True, slots=True)
class Recorded:
    """`files`: what new cases give, to be read and kept. `refused`: those that give nothing."""

    files: dict[str, bytes]
    refused: tuple[Result, ...]


def record(bundle: Bundle) -> Recorded:
    """What each case gives that says neither an output nor a rejection."""
    made: dict[str, bytes] = {}
    refused: list[Result] = []
    defaults = default_settings(bundle.manifest)
    subject = _Subject(bundle, bundle.events, Arrivals(bundle.inbound), Arrivals(bundle.outbound))
    for case in find_cases(bundle.files, defaults, unrecorded=True):
        try:
            found = _output(subject, case)
        except Reject as error:
            refused.append(Result(case.flow, case.name, str(error)))
            continue
        ending = "xml" if isinstance(found, bytes) else "json"
        body = indented(found) if isinstance(found, bytes) else f"{_pretty(found)}\n".encode()
        made[f"{FOLDER}{case.flow}/{case.name}.out.{ending}"] = body
    return Recorded(made, tuple(refused))


def _run(subject: _Subject, case: Case) -> Result:
    try:
        found = _output(subject, case)
    except Reject as error:
        return Result(case.flow, case.name, _rejected(case, error))
    if case.reject is not None:
        return Result(case.flow, case.name, f"should be refused, but gives\n{_pretty(found)}")
    if isinstance(found, bytes) and isinstance(case.out, bytes):
        expected, given = outline(case.out).decode(), outline(found).decode()
        return Result(case.flow, case.name, _differs(expected, given))
    return Result(case.flow, case.name, _differs(_pretty(case.out), _pretty(found)))


def _rejected(case: Case, error: Reject) -> str:
    said = f"{error.where}: {error.what}" if error.where else error.what
    if case.reject is None:
        return f"refused: {said}"
    return "" if case.reject in said else f"refused with {said!r}, expected {case.reject!r}"


def _output(subject: _Subject, case: Case) -> "Value | bytes":
    name, flow = _flow_of(subject.bundle, case.flow)
    _settled(subject.bundle, case)
    if case.flow != name:
        return _companion(subject, case, flow)
    if flow.kind == "on":
        return _call(subject, case)
    flags: list[str] = []
    made: list[Value] = []
    for item in _items(subject, case, flow):
        emitted = subject.bundle.program.flow(name)(item, case.received_at, case.settings, flags)
        for kind, record in emitted if isinstance(emitted, list) else []:
            made.append({"type": kind, "event": to_people(kind, record, subject.events)})
    found: Document = {"events": made}
    if flags:
        found["flags"] = list(dict.fromkeys(flags))
    return found


def _settled(bundle: Bundle, case: Case) -> None:
    """Every setting that a registration must give has a value here too. Raises Reject."""
    for name, setting in bundle.manifest.settings.items():
        if not setting.optional and case.settings.get(name) is None:
            fix = f'write {{"settings": {{"{name}": …}}}} into cases/with.json'
            raise Reject(f"the setting '{name}' has no value in this case", fix=fix)


def _flow_of(bundle: Bundle, function: str) -> tuple[str, Flow]:
    flows = bundle.manifest.flows
    if function in flows:
        return function, flows[function]
    for ending in COMPANIONS:
        name = function.removesuffix(ending)
        if name != function and name in flows:
            return name, flows[name]
    raise Reject(f"the case's folder '{function}' is no function of the mapping")


def _items(subject: _Subject, case: Case, flow: Flow) -> list[Document]:
    if flow.poll is not None:
        return [_polled(subject, case, flow.poll)]
    return split(subject.arrivals.read(flow.receive or "", case), flow.split)


def _polled(subject: _Subject, case: Case, poll: Poll) -> Document:
    """An item of the list that is asked for, or, of two calls, what the second one gives."""
    contract = subject.bundle.outbound
    item = item_at(success(operation(contract, poll.call)), poll.items, contract.types)
    if poll.each is not None and not case.flow.endswith("_each"):
        each = operation(contract, poll.each.call)
        item = item_at(success(each), poll.each.item, contract.types)
    return subject.answers.part(item, _document(case))


def _companion(subject: _Subject, case: Case, flow: Flow) -> "Value | bytes":
    if case.flow.endswith("_identity"):
        item = split(subject.arrivals.read(flow.receive or "", case), flow.split)[0]
        return str(subject.bundle.program.flow(case.flow).value(item, case.settings, []))
    if case.flow.endswith("_confirm"):
        return _questions(subject, case, flow)
    if case.flow.endswith("_each"):
        given = _polled(subject, case, flow.poll) if flow.poll else _document(case)
        made = subject.bundle.program.flow(case.flow).call(given, None, case.settings, [])
        return written_out(subject.bundle, made, case)
    if case.flow.endswith("_request"):
        return written_out(
            subject.bundle,
            subject.bundle.program.flow(case.flow).call({}, None, case.settings, []),
            case,
        )
    return _call(subject, case)


def _questions(subject: _Subject, case: Case, flow: Flow) -> Value:
    """What is asked about each item of a message, in their order."""
    asked = subject.bundle.program.flow(case.flow)
    questions: list[Value] = []
    for place, item in enumerate(_items(subject, case, flow)):
        out = written_out(subject.bundle, asked.call(item, place == 0, case.settings, []), case)
        questions.append(outline(out).decode() if isinstance(out, bytes) else out)
    return questions


def _call(subject: _Subject, case: Case) -> "Value | bytes":
    given = _document(case)
    kind, event = given.get("type"), given.get("event")
    if not isinstance(kind, str) or not isinstance(event, dict):
        raise Reject('an input on an event is {"type": …, "event": {…}}')
    _, flow = _flow_of(subject.bundle, case.flow)
    variant = kind if len(words(flow.on)) > 1 else ""
    record = from_people(kind, event, subject.events)
    made = subject.bundle.program.flow(case.flow, variant).call(
        record, _answer(subject, case, flow), case.settings, []
    )
    return written_out(subject.bundle, made, case)


def _answer(subject: _Subject, case: Case, flow: Flow) -> Document | None:
    """What the system answered to the question before the call."""
    if flow.ask is None or case.answer is None:
        return case.answer
    kind = success(operation(subject.bundle.outbound, flow.ask.call))
    return subject.answers.part(kind, case.answer) if isinstance(kind, Record) else case.answer


def _document(case: Case) -> Document:
    found: object = orjson.loads(case.body)
    if not isinstance(found, dict):
        raise Reject("the input is not a JSON object")
    return found


def _pretty(value: "Value | bytes") -> str:
    if isinstance(value, bytes):
        return value.decode()
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _differs(expected: str, found: str) -> str:
    lines = difflib.unified_diff(
        expected.splitlines(), found.splitlines(), "expected", "found", lineterm="", n=2
    )
    return "\n".join(_some(lines, 80))


def _some(lines: Iterator[str], most: int) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number >= most:
            yield f"… more than {most} lines differ"
            return
        yield line
