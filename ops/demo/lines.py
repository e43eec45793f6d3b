"""How the play reads: one line a message, in the receiver's words, without a person's values.

Who said what to whom, how it was answered, and how long it took: a message until the hub's answer,
a delivery from the hub's yes to the call.
"""

import json
import re
import sys
from typing import Any

from ops.demo.cast import Json
from ops.demo.story import Step

WORDS = (
    "trangThai",
    "TrangThai",
    "TrangThaiHoSo",
    "isUpdating",
    "TrangThaiBuuChinh",
    "KetQua",
    "maYeuCau",
    "MaYeuCau",
    "tongTien",
    "TongTien",
    "saleOrderCode",
    "OrderNumber",
    "Diem",
)


def line(text: str) -> None:
    """A line of the play, on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def told(step: Step, answer: Json, seconds: float) -> str:
    """A system's message and the hub's answer; empty where the system waits to be asked."""
    words = step.words or _words(step.body)
    said = _said(answer) if answer else "waits to be asked"
    number = f"{step.number:>3}"
    return _row(number, step.system, "hub", step.operation, words, said, seconds)


def called(system: str, call: Json, seconds: float) -> str:
    """A call of the hub, from the journal of the system that it was made to."""
    return _row("", "hub", system, call["operation"], _words(_body(call)), call["verdict"], seconds)


def _row(
    step: str, source: str, target: str, what: str, words: str, said: str, seconds: float
) -> str:
    way = f"{source:>9} → {target:<9}"
    return f"{step:>3}  {way} {what:<36} {words:<42.42} {said:<22} {seconds * 1000:7.0f} ms"


def _said(answer: Json) -> str:
    body = answer.get("body")
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    for mark in ("<m:Ma>", "<Ma>", ":Ma>"):
        if mark in text:
            return f"{answer.get('status')} {text.partition(mark)[2][:2]}"
    return f"{answer.get('status')}"


def _body(call: Json) -> Any:
    text = call.get("body", "")
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _words(body: Any) -> str:
    """What matters of a body, in its own words; never a name or a number of a person."""
    if isinstance(body, str):
        values = {name: re.search(rf"[<:]{name}>([^<]+)<", body) for name in WORDS}
        return " ".join(f"{name}={found[1]}" for name, found in values.items() if found)
    found: list[str] = []
    _collect(body, found)
    return " ".join(dict.fromkeys(found))


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in WORDS and isinstance(inner, str | int):
                found.append(f"{name}={inner}")
            else:
                _collect(inner, found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found)
