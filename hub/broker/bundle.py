"""A bundle of records to be sent together: by partition, in order, and what became of each."""

import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence

from kafka import errors as kafka_errors

from hub.errors import HubError, Retry
from hub.records import NOT_OURS, Ours, Outgoing, Position, Spot

BATCH_BYTES = 131_072  # of a batch, unless one record is larger
# So long does the first sender after a broker's death wait for his "again later". Two requests fit
# in, so that one that meets a partition between two leaders is not the end (decision 0005).
PATIENCE = 6.0  # seconds


class Batch:
    """Records of one partition that go in one batch. `raw`: its bytes, once it is sent."""

    __slots__ = ("bodies", "places", "raw", "size")

    def __init__(self) -> None:
        self.places: list[int] = []  # among the records of the bundle
        self.bodies: list[bytes] = []
        self.size = 0
        self.raw = b""

    def add(self, place: int, inner: bytes) -> None:
        self.places.append(place)
        self.bodies.append(inner)
        self.size += len(inner)

    def keep(self, places: Collection[int]) -> None:
        """Only these of its records are to be sent."""
        kept = [(p, b) for p, b in zip(self.places, self.bodies, strict=True) if p in places]
        self.places, self.bodies, self.size = [], [], 0
        for place, inner in kept:
            self.add(place, inner)

    def split(self) -> "list[Batch]":
        """Each record alone."""
        batches = []
        for place, inner in zip(self.places, self.bodies, strict=True):
            batches.append(Batch())
            batches[-1].add(place, inner)
        return batches


class Bundle:
    """What is to be sent, by partition and in order, and what became of it.

    `claims`: for the places of some records, whether they still are ours to write.
    """

    def __init__(self, records: Sequence[Outgoing], claims: Mapping[int, Ours]) -> None:
        self.until = time.monotonic() + PATIENCE
        self.claims = claims
        self.results: list[Position | HubError | None] = [None] * len(records)
        self.queues: dict[Spot, deque[Batch]] = {}

    def left_of(self, seconds: float) -> float:
        """Milliseconds that are left of the first `seconds`. Raises KafkaTimeoutError if none."""
        left = (self.until - PATIENCE + seconds - time.monotonic()) * 1_000
        if left <= 0:
            raise kafka_errors.KafkaTimeoutError
        return left

    @property
    def left_ms(self) -> float:
        """Milliseconds that are left of all. Raises KafkaTimeoutError if none is."""
        return self.left_of(PATIENCE)

    def add(self, spot: Spot, place: int, inner: bytes) -> None:
        queue = self.queues.get(spot)
        if queue is None:
            queue = self.queues[spot] = deque([Batch()])
        elif queue[-1].size + len(inner) > BATCH_BYTES:
            queue.append(Batch())
        queue[-1].add(place, inner)

    def sift(self) -> None:
        """Leave out what is not ours any more of the batches that are next.

        What was sent before may be there already, and only the same bytes are a repeat of it.
        """
        for spot in list(self.queues):
            while (queue := self.queues.get(spot)) and not queue[0].raw:
                self._sift(queue[0])
                if queue[0].places:
                    break
                self._pop(spot)

    def _sift(self, batch: Batch) -> None:
        claims = self.claims
        gone = {place for place in batch.places if place in claims and not claims[place]()}
        if gone:
            batch.keep(set(batch.places) - gone)
        for place in gone:
            self.results[place] = Retry(NOT_OURS, system=True)

    def unsent(self, spots: Collection[Spot]) -> None:
        """The next batches of these never reached anybody."""
        for spot in spots:
            self.queues[spot][0].raw = b""

    def kept(self, spot: Spot, base: int) -> int:
        """The first batch of a partition stands there; gives how many records it has."""
        batch = self._pop(spot)
        for offset, place in enumerate(batch.places, base):
            self.results[place] = Position(spot.topic, spot.partition, offset)
        return len(batch.places)

    def failed(self, spot: Spot, error: HubError) -> None:
        """The first batch was not kept; nothing behind it may be if it is to be sent again."""
        while spot in self.queues:
            for place in self._pop(spot).places:
                self.results[place] = error
            if not isinstance(error, Retry):
                return

    def divide(self, spot: Spot) -> None:
        """The first batch is too large for the broker; each of its records may not be."""
        queue = self.queues[spot]
        queue.extendleft(reversed(queue.popleft().split()))

    def _pop(self, spot: Spot) -> Batch:
        queue = self.queues[spot]
        batch = queue.popleft()
        if not queue:
            del self.queues[spot]
        return batch
