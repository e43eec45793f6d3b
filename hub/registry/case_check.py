"""The files of a bundle's cases, before any is run: each can be read, and belongs to a case."""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import orjson

from hub.contract.binding import Limits
from hub.contract.problems import in_file
from hub.contract.xml import parse
from hub.errors import Reject
from hub.nearest import nearest
from hub.registry.case_files import FOLDER
from hub.registry.case_times import moment_of
from hub.registry.cases import COMPANIONS
from hub.registry.problem import Problem

_PART = re.compile(
    r"cases/([^/]+)/([^/]+)\.(in\.json|in\.xml|out\.json|out\.xml|reject\.txt|with\.json)"
)
_SHAPE = "cases/<flow>/<name>.in.json|xml with .out.json|xml or .reject.txt, and .with.json"


def case_file_problems(files: Mapping[str, bytes], flows: AbstractSet[str]) -> Iterator[Problem]:
    """What is wrong with the files under cases/, of a connector with these flows."""
    parts: dict[tuple[str, str], set[str]] = {}
    for path in sorted(files):
        if not path.startswith(FOLDER):
            continue
        match = _PART.fullmatch(path)
        if match is not None:
            parts.setdefault((match[1], match[2]), set()).add(match[3].partition(".")[0])
        elif path != "cases/with.json":
            yield Problem(path, "is no part of a case", f"name it {_SHAPE}", code="case")
            continue
        yield from _content(path, files[path])
    for (flow, case), there in parts.items():
        yield from _together(f"{FOLDER}{flow}/{case}", there)
    yield from _folders({flow for flow, _ in parts}, flows)


def _content(path: str, body: bytes) -> Iterator[Problem]:
    """Each file by itself."""
    try:
        if path.endswith(".xml"):
            parse(body, Limits())
        elif path.endswith(".txt"):
            _text(body)
        else:
            _json(path, orjson.loads(body))
    except orjson.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        yield Problem(place, f"is not JSON: {error.msg}", "mend it there", code="case")
    except Reject as error:
        yield Problem(
            in_file(path, error.where), error.what, error.fix or "mend it there", code="case"
        )


def _text(body: bytes) -> None:
    try:
        said = body.decode().strip()
    except UnicodeDecodeError:
        raise Reject("is not UTF-8", fix="save it as UTF-8") from None
    if not said:
        raise Reject("names no reason", fix="write a part of the refusal that is expected")


def _json(path: str, value: object) -> None:
    if path.endswith(".out.json"):
        return  # may be any value
    if not isinstance(value, dict):
        raise Reject("is not a JSON object", fix="put it between { and }")
    if path.endswith("with.json"):
        strange = value.keys() - {"settings", "received_at", "answer", "provokes"}
        if strange:
            what = f"has the unknown key '{min(strange)}'"
            raise Reject(what, fix="known are settings, received_at, answer and provokes")
        if not isinstance(value.get("provokes", ""), str):
            raise Reject("provokes is no text", fix='write a status or a fault: "422"')
        moment = value.get("received_at")
        if moment is not None:
            moment_of(str(moment))


def _together(place: str, there: set[str]) -> Iterator[Problem]:
    """The parts of one case: what comes in, and either what goes out or why not."""
    if "in" not in there:
        fix = f"add {place}.in.json (or .in.xml), or take the others out"
        yield Problem(place, "has no input", fix, code="case")
    elif not there & {"out", "reject"}:
        fix = f"add {place}.out.json (.out.xml; test --record writes it), or {place}.reject.txt"
        yield Problem(place, "has neither an output nor a rejection", fix, code="case")
    if {"out", "reject"} <= there:
        yield Problem(place, "has an output and a rejection", "keep one of them", code="case")


def _folders(have: AbstractSet[str], flows: AbstractSet[str]) -> Iterator[Problem]:
    functions = {*flows, *(f"{flow}{ending}" for flow in flows for ending in COMPANIONS)}
    for folder in sorted(have - functions):
        near = nearest(folder, sorted(functions))
        fix = f"did you mean '{near}'?" if near else f"the flows are {', '.join(sorted(flows))}"
        what = f"'{folder}' is no flow of the manifest"
        yield Problem(f"{FOLDER}{folder}", what, fix, code="case")
    for flow in sorted(flows - have):
        fix = f"add cases/{flow}/<name>.in.json with .out.json: a recorded message, and its result"
        yield Problem("cases", f"flow '{flow}' has no case", fix, code="no-case")
