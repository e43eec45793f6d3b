"""Archiving, beside recording: what was read is buffered, and sealed now and then.

It reads the topics for itself, so that a schema registry or a storage that is away holds up no
signature. What is not sealed at the end is read again: topics keep what is not archived.
"""

from collections.abc import Callable, Mapping, Sequence

from hub.audit.archive.writer import Archive
from hub.errors import HubError, Retry
from hub.records import Record, Spot


class Archiver:
    """The sink that archives. Belongs to one thread."""

    def __init__(self, open_: Callable[[], Archive], now_ms: Callable[[], int]) -> None:
        """`open_` opens the archive; it is tried again where it raises Retry."""
        self._open = open_
        self._now_ms = now_ms
        self._archive: Archive | None = None

    def begin(self, begins: Mapping[Spot, int], ends: Mapping[Spot, int]) -> Mapping[Spot, int]:
        """Where each partition goes on. Raises Retry or Halt as the archive does."""
        archive = self._opened()
        found = {spot: max(begin, archive.next(spot) or 0) for spot, begin in begins.items()}
        ahead = [spot for spot, offset in found.items() if offset > ends[spot]]
        if ahead:
            where = f"{ahead[0].topic}/{ahead[0].partition}"
            raise Retry("ends before what is archived of it", where=where, system=True)
        return found

    def take(self, records: Sequence[Record]) -> None:
        """Buffer them. Raises Retry or Halt as the archive does."""
        self._opened().append(records, self._now_ms())

    def tend(self) -> None:
        """Seal when it is time. Raises Retry or Halt as the archive does."""
        archive, now = self._opened(), self._now_ms()
        if archive.due(now):
            archive.seal(now)

    def trouble(self, error: HubError) -> None:
        """The follower's log tells it; gateways go on, for the topics still hold everything."""

    def end(self) -> None:
        """Nothing: what is buffered is read again."""

    def _opened(self) -> Archive:
        if self._archive is None:
            self._archive = self._open()
        return self._archive
