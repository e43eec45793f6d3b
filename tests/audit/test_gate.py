"""Gateways stop accepting when evidence has not been signed for too long, and say why."""

from types import SimpleNamespace

import pytest

from hub.audit.gate import Gate
from hub.broker_memory import MemoryBroker
from hub.gateway.process import Readiness
from hub.intake.opening import Opened
from hub.records import Record
from hub.topics import CHECKPOINT

NOW = 1_767_322_800_000


def said(key: bytes, value: bytes = b"", at: int = NOW) -> Record:
    return Record(CHECKPOINT, 0, 0, at, key, value, ())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("hub.audit.gate.time.monotonic", lambda: now[0])
    return now


def test_silence_closes_and_heads_open(clock: list[float]) -> None:
    gate = Gate(MemoryBroker(), 300, lambda: NOW)
    tail = SimpleNamespace(problem=lambda: None)
    ready = Readiness(Opened(None, tail, gate))  # type: ignore[arg-type]  # what it looks at
    clock[0] += 300
    assert ready.problems() == []
    clock[0] += 1
    assert ready.problems() == ["evidence has not been written for 301 s; is an auditor running?"]
    gate.read(said(b"heads"))
    assert ready.problems() == []


def test_the_reason_is_told_and_forgotten(clock: list[float]) -> None:
    gate = Gate(MemoryBroker(), 300, lambda: NOW)
    gate.read(said(b"heads"))
    gate.read(said(b"trouble", b"disk: cannot be written (No space left on device)"))
    gate.read(said(b"owner", b"{}"))
    assert gate.problem() is None
    clock[0] += 400
    assert gate.problem() == (
        "evidence has not been written for 400 s: disk: cannot be written (No space left on device)"
    )
    gate.read(said(b"heads"))
    assert gate.problem() is None
    clock[0] += 301
    assert "is an auditor running?" in str(gate.problem())


def test_heads_that_are_old_already_open_nothing(clock: list[float]) -> None:
    gate = Gate(MemoryBroker(), 300, lambda: NOW)
    gate.read(said(b"heads", at=NOW - 299_000))
    assert gate.problem() is None
    gate.read(said(b"heads", at=NOW - 301_000))
    assert "for 301 s" in str(gate.problem())
    gate.read(said(b"heads", at=NOW + 5_000))
    assert gate.problem() is None, "a broker's clock may be ahead of ours"
