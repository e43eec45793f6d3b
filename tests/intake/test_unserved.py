"""What nobody is told of is counted each time, and told once in a while."""

from structlog.testing import capture_logs

from hub import metrics
from hub.intake.inflow import Fact
from hub.intake.unserved import EVERY, Unserved


def fact(number: int, kind: str = "x.v1.Thing") -> Fact:
    return Fact(f"id-{number}", kind, "hub.dossier", "k", {}, "d", ())


def test_a_line_stands_for_the_others_of_its_kind_for_a_while() -> None:
    unserved = Unserved()
    counter = metrics.counter(metrics.unserved, "x.v1.Thing")
    before = counter._value.get()
    with capture_logs() as said:
        for number in range(5):
            unserved.tell(fact(number), ("portal",), 1_000)
        unserved.tell(fact(5), ("portal", "ngsp"), 1_001)
        unserved.tell(fact(6, "x.v1.Other"), ("portal",), 1_001)
        unserved.tell(fact(7), ("portal",), 1_000 + EVERY)
    assert counter._value.get() - before == 7
    told = [(line["event_id"], line["type"], line["wanted_by"]) for line in said]
    assert told == [
        ("id-0", "x.v1.Thing", ("portal",)),
        ("id-5", "x.v1.Thing", ("portal", "ngsp")),
        ("id-6", "x.v1.Other", ("portal",)),
        ("id-7", "x.v1.Thing", ("portal",)),
    ]
