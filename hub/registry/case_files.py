"""Which cases a bundle has, read from its files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from hub.contract.types import Document, Value
from hub.errors import Reject
from hub.registry.case_times import moment_of

FOLDER = "cases/"
ENDINGS = ("out.json", "out.xml", "reject.txt")  # of what a case must give
NOON = "2025-10-13T12:00:00+07:00"  # the hub's time of receipt where a case names none


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded input; either `out` or `reject` says what it must give.

    `provokes`: the error with which the system answers it, a status or a fault; certify sends it.
    """

    flow: str
    name: str
    xml: bool
    body: bytes = field(repr=False)
    out: "Value | bytes"
    reject: str | None
    settings: Mapping[str, Value]
    received_at: int  # epoch ms
    answer: Document | None
    provokes: str = ""


def find_cases(
    files: Mapping[str, bytes], defaults: Mapping[str, Value], *, unrecorded: bool = False
) -> Iterator[Case]:
    """Every case; settings that it does not give have their defaults.

    Raises Reject for one that says nothing of what it must give; with `unrecorded` those are all
    that there are.
    """
    for name in sorted(files):
        stem, _, ending = name.removeprefix(FOLDER).partition(".in.")
        if not name.startswith(FOLDER) or ending not in ("json", "xml"):
            continue
        flow, _, case = stem.partition("/")
        if unrecorded and any(f"{FOLDER}{stem}.{end}" in files for end in ENDINGS):
            continue
        given = _with(files, "cases/with.json")
        own = _with(files, f"cases/{stem}.with.json")
        answer = own.get("answer")
        reject = files.get(f"cases/{stem}.reject.txt")
        yield Case(
            flow=flow,
            name=case,
            xml=ending == "xml",
            body=files[name],
            out=_out(files, stem, required=reject is None and not unrecorded),
            reject=None if reject is None else reject.decode().strip(),
            settings={**defaults, **_settings(given), **_settings(own)},
            received_at=moment_of(str(own.get("received_at") or given.get("received_at") or NOON)),
            answer=answer if isinstance(answer, dict) else None,
            provokes=str(own.get("provokes") or ""),
        )


def _out(files: Mapping[str, bytes], stem: str, *, required: bool) -> "Value | bytes":
    if f"cases/{stem}.out.xml" in files:
        return files[f"cases/{stem}.out.xml"]
    body = files.get(f"cases/{stem}.out.json")
    if body is None:
        if required:
            raise Reject("has neither an output nor a rejection", where=f"cases/{stem}")
        return None
    found: Value = orjson.loads(body)
    return found


def _with(files: Mapping[str, bytes], name: str) -> Document:
    found: object = orjson.loads(files.get(name, b"{}"))
    if not isinstance(found, dict):
        raise Reject("is not a JSON object", where=name)
    return found


def _settings(given: Document) -> Mapping[str, Value]:
    found = given.get("settings")
    return found if isinstance(found, dict) else {}
