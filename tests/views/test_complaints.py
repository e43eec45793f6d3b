"""What the libraries complain of: told once in a while, without texts that nobody checked."""

import logging

import pytest
from structlog.testing import capture_logs

from hub.views.complaints import EVERY, MOST, listening

CLIENT = logging.getLogger("aiokafka.consumer.fetcher")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_same_complaint_is_told_every_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with capture_logs() as told, listening(clock):
        for _ in range(100):
            CLIENT.error("Unable connect to node with id %s: %s", 1, "PERSONAL")
            CLIENT.info("nothing to tell")
        assert 1 == len(told)
        clock.now += EVERY
        CLIENT.error("Unable connect to node with id %s: %s", 2, "PERSONAL")
        CLIENT.warning("Something else")
    assert ["Unable connect to node with id %s: %s"] * 2 + ["Something else"] == [
        line["what"] for line in told
    ]
    assert "PERSONAL" not in repr(told)
    assert [] == caplog.records  # nor does it reach other handlers
    CLIENT.error("afterwards")
    assert ["afterwards"] == [record.message for record in caplog.records]


def test_an_error_is_told_by_its_place() -> None:
    with capture_logs() as told, listening(Clock()):
        try:
            int("PERSONAL")
        except ValueError:
            logging.getLogger("mode").exception("Crashed reason=%r", "PERSONAL")
    assert "test_complaints.py" in told[0]["at"]
    assert "PERSONAL" not in repr(told)


def test_memory_is_bounded() -> None:
    with capture_logs() as told, listening(Clock()):
        for number in range(3 * MOST):
            CLIENT.error(f"message {number}")
        assert 3 * MOST == len(told)
        handler = logging.getLogger("aiokafka").handlers[-1]
        assert len(vars(handler)["_told"]) <= MOST
