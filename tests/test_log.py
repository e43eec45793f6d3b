"""What other libraries complain of: told once in a while, as an event, without anybody's texts."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from hub.log import EVERY, MOST, Complaints

KAFKA, OTHER = logging.getLogger("kafka.producer"), logging.getLogger("aiokafka.consumer")
FILLED = "Unable connect to node %s: %s"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def listening(clock: Clock) -> Iterator[list[EventDict]]:
    handler = Complaints(clock)
    loggers = [logging.getLogger(name) for name in ("kafka", "aiokafka")]
    with capture_logs() as told:
        for logger in loggers:
            logger.addHandler(handler)
        try:
            yield told
        finally:
            for logger in loggers:
                logger.removeHandler(handler)


def test_the_same_complaint_is_told_every_ten_seconds() -> None:
    clock = Clock()
    with listening(clock) as told:
        for _ in range(100):
            OTHER.error(FILLED, 1, "PERSONAL")
            OTHER.info("nothing to tell")
        assert len(told) == 1
        clock.now += EVERY
        OTHER.error(FILLED, 2, "PERSONAL")
        OTHER.warning("Something else\nPERSONAL")
    assert [line["what"] for line in told] == [FILLED, FILLED, "Something else"]
    assert {(line["event"], line["log_level"]) for line in told} == {
        ("library_complained", "warning")
    }
    assert "PERSONAL" not in repr(told)


def test_a_discreet_library_is_told_with_its_arguments_but_errors_by_their_kind() -> None:
    with listening(Clock()) as told:
        KAFKA.warning("%s: error on %s, %d left", "<KafkaProducer>", TypeError("PERSONAL"), 9)
        KAFKA.warning(KeyError("PERSONAL"))
    assert [line["what"] for line in told] == [
        "<KafkaProducer>: error on TypeError, 9 left",
        "KeyError",
    ]


def test_a_librarys_slip_ends_nothing() -> None:
    with capture_logs() as told:
        slip = KAFKA.makeRecord(KAFKA.name, 30, "", 1, "%d of %s", ("one",), None)
        Complaints(Clock()).handle(slip)
    assert [line["what"] for line in told] == ["%d of %s"]


def test_an_error_is_told_by_its_place() -> None:
    with listening(Clock()) as told:
        try:
            int("PERSONAL")
        except ValueError:
            OTHER.exception("Crashed reason=%r", "PERSONAL")
    assert "test_log.py" in told[0]["at"]
    assert told[0]["severity"] == "error"
    assert "PERSONAL" not in repr(told)


def test_memory_is_bounded() -> None:
    handler = Complaints(Clock())
    with capture_logs() as told:
        for number in range(3 * MOST):
            handler.handle(OTHER.makeRecord(OTHER.name, 40, "", 1, f"{number}", (), None))
    assert len(told) == 3 * MOST
    assert len(vars(handler)["_told"]) <= MOST


@pytest.mark.process
def test_a_process_has_no_line_in_its_log_that_is_not_json() -> None:
    speaks = (
        "import logging; from hub.log import configure; configure('worker');"
        "logging.getLogger('kafka.cluster').warning('no node for %s', 'hub.dossier');"
        "logging.getLogger('asyncio').error('never retrieved')"
    )
    spoken = subprocess.run(
        [sys.executable, "-c", speaks], capture_output=True, timeout=30, check=True
    ).stderr
    lines = [orjson.loads(line) for line in spoken.splitlines()]
    assert [(line["library"], line["what"], line["process"]) for line in lines] == [
        ("kafka.cluster", "no node for hub.dossier", "worker"),
        ("asyncio", "never retrieved", "worker"),
    ]
