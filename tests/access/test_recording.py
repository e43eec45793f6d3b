"""Attempts become acts, beside the requests; what cannot be written is told in the log."""

import asyncio
from collections.abc import Callable

import pytest

from hub.access.attempts import Attempt
from hub.access.recording import Recorder, Sink, recording
from hub.broker_memory import MemoryBroker
from hub.errors import Retry
from hub.events.codec import Codec
from hub.events.schemas_memory import MemorySchemas
from hub.records import Spot
from hub.topics import ACT, ensure_all
from tests.events.records import CATALOGUE

GUESS = Attempt("unknown", "GET /counts", "refused: no credential", peer="192.0.2.7")
PAUSED = Attempt("lan", "POST /registrations/north/pause", "allowed", "postal", "192.0.2.8")


class Place:
    def __init__(self) -> None:
        self.broker = MemoryBroker()
        ensure_all(self.broker, 2)
        self.codec = Codec(CATALOGUE, MemorySchemas())

    def sink(self) -> Sink:
        return Sink(self.broker.writer(), self.codec.encode)

    def acts(self) -> list[tuple[object, ...]]:
        records = [one for n in range(2) for one in self.broker.since(Spot(ACT, n), 0)]
        found = [self.codec.decode(one.value or b"")[1] for one in records]
        return sorted(
            (act["kind"], act["by"], act["registration"], act["subject"], act["reason"])
            for act in found
        )


def told(sink: Callable[[], Sink], *attempts: Attempt) -> None:
    async def work() -> None:
        async with recording(Recorder(sink)) as recorder:
            for attempt in attempts:
                recorder.note(attempt)
            await asyncio.sleep(0)

    asyncio.run(work())


def test_who_tried_what_from_where_and_how_it_ended() -> None:
    place = Place()
    told(place.sink, GUESS, PAUSED, GUESS, GUESS)
    what = ("GET /counts", "refused: no credential, from 192.0.2.7")
    assert [
        ("ACCESS", "lan", "postal", PAUSED.what, "allowed, from 192.0.2.8"),
        ("ACCESS", "unknown", "", *what),
        ("ACCESS", "unknown", "", what[0], f"{what[1]}, 2 times more within a minute"),
    ] == place.acts()


@pytest.mark.parametrize("error", [Retry("no broker", system=True), KeyError("a bug")])
def test_what_cannot_be_written_is_told_and_the_next_is_tried(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    place, failures = Place(), [error]

    def sink() -> Sink:
        if failures:
            raise failures.pop()
        return place.sink()

    async def work() -> None:
        async with recording(Recorder(sink)) as recorder:
            recorder.note(GUESS)
            async with asyncio.timeout(5):
                while failures:
                    await asyncio.sleep(0.01)
            recorder.note(PAUSED)

    asyncio.run(work())
    said = capsys.readouterr()
    assert "attempt_unrecorded" in said.out + said.err
    assert ["lan"] == [act[1] for act in place.acts()]
