"""What other libraries complain of stands in our log as an event, without anybody's texts."""

import subprocess
import sys

import orjson
import pytest

SPEAKS = """
import logging
from hub.log import configure

configure("worker")
kafka, other = logging.getLogger("kafka.producer"), logging.getLogger("asyncio")
kafka.info("not heard")
kafka.warning("%s: error on %s, %d left", "<KafkaProducer>", TypeError("Nguyen Van Mau"), 9)
kafka.warning(KeyError("Nguyen Van Mau"))
other.error("future of %s\\nNguyen Van Mau", "Nguyen Van Mau")
try:
    int("Nguyen Van Mau")
except ValueError:
    other.exception("never retrieved")
"""


@pytest.mark.process
def test_a_librarys_warnings_are_events_and_hold_no_value() -> None:
    spoken = subprocess.run(
        [sys.executable, "-c", SPEAKS], capture_output=True, timeout=30, check=True
    ).stderr
    assert b"Nguyen" not in spoken
    lines = [orjson.loads(line) for line in spoken.splitlines()]
    assert {(line["event"], line["level"], line["process"]) for line in lines} == {
        ("library_warned", "warning", "worker")
    }
    assert [(line["part"], line["severity"], line["says"]) for line in lines] == [
        ("kafka.producer", "warning", "<KafkaProducer>: error on TypeError, 9 left"),
        ("kafka.producer", "warning", "KeyError"),
        ("asyncio", "error", "future of %s"),
        ("asyncio", "error", "never retrieved"),
    ]
    assert lines[-1]["error"] == "ValueError"
    assert all("at" in line for line in lines)
