"""A topic of one partition that a process writes and reads back; its order decides who was first.

Schemas and registrations are kept so: read to the end, decide, append, read up to one's own record,
and look whether it counts.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from time import monotonic

from hub.errors import Retry
from hub.records import Broker, Outgoing, Position, Reader, Record, Spot, Writer
from hub.topics import TOPICS

CATCH_UP = 30.0  # seconds until the end of the topic must be reached
POLL = 0.2
ACKNOWLEDGED = 20.0  # seconds; the writer itself gives up after 15


class OwnTopic:
    """One of them, from its beginning. Not thread-safe."""

    def __init__(
        self, topic: str, reader: Reader, writer: Writer, clock: Callable[[], float] = monotonic
    ) -> None:
        self._topic = topic
        self._spot = Spot(topic, 0)
        self._reader = reader
        self._writer = writer
        self._clock = clock

    def read(self, take: Callable[[Sequence[Record]], None], upto: int = 0) -> None:
        """Hand over what is new, to the topic's end and at least up to the offset `upto`.

        Raises Retry if that does not succeed within half a minute.
        """
        end = max(upto, self._reader.end()[self._spot])
        deadline = self._clock() + CATCH_UP
        while self._reader.position(self._spot) < end:
            take(self._reader.poll(POLL))
            if self._clock() > deadline:
                what = f"the end of {self._topic} was not reached"
                raise Retry(what, system=True, after=1.0)

    def append(self, key: bytes, value: bytes | None) -> int:
        """Write a record; the offset behind it. Raises Retry when it is not acknowledged."""
        future = self._writer.send(Outgoing(self._topic, key, value, partition=0))
        try:
            position: Position = future.result(timeout=ACKNOWLEDGED)
        except (TimeoutError, CancelledError) as error:
            raise Retry("the broker did not acknowledge", system=True, after=1.0) from error
        return position.offset + 1


@contextmanager
def open_topic(broker: Broker, topic: str) -> Iterator[OwnTopic]:
    """The topic, made if there is none. Raises Retry when the broker is away."""
    config = next(one.config for one in TOPICS if one.name == topic)
    broker.ensure_topic(topic, 1, config)
    spot = Spot(topic, 0)
    reader = broker.reader([spot])
    try:
        reader.seek(spot, reader.begin()[spot])
        writer = broker.writer()
        try:
            yield OwnTopic(topic, reader, writer)
        finally:
            writer.close()
    finally:
        reader.close()
