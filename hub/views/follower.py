"""Between Faust and the store: a batch is folded, or waits until it can be.

registry cannot be asked        wait and ask again, for as long as it takes
schema id unknown to it         asked a few times (it may be on its way), then passed over
bytes that are no event         passed over at once (hub.views.incoming)
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from hub import metrics
from hub.errors import Retry
from hub.log import get_logger
from hub.records import Record, Spot
from hub.views.incoming import Decoder
from hub.views.store import Store

log = get_logger("hub.views")
TRIES = 4  # for a schema id that the registry does not know
WAIT = 0.5  # seconds between tries


class Follower:
    """Folds batches into the store, one after the other. `ends`: the topics' ends at the start."""

    def __init__(
        self,
        store: Store,
        open_codec: Callable[[], Decoder],
        ends: Mapping[Spot, int],
        wait: float = WAIT,
    ) -> None:
        self._store = store
        self._open_codec = open_codec
        self._codec: Decoder | None = None
        self._ends = dict(ends)
        self._wait = wait
        self.holding = ""  # what the registry says while it cannot be asked

    def behind(self) -> int:
        """Records that stood on the topics at the start and are not folded yet."""
        at = self._store.positions()
        left = sum(max(0, end - at.get(spot, 0)) for spot, end in self._ends.items())
        metrics.views_behind.set(left)
        return left

    async def apply(self, records: Sequence[Record]) -> None:
        """Fold a batch. Cancelling it leaves the batch whole or not begun. Raises Halt."""
        if await self._folded(records):
            return
        for record in records:
            if not await self._folded([record]):
                await asyncio.to_thread(self._store.skip, record, "unknown-schema")

    async def _folded(self, records: Sequence[Record]) -> bool:
        """False: a record's schema is still unknown after some tries; nothing was folded."""
        tries = 0
        while tries < TRIES:
            try:
                await asyncio.to_thread(self._fold, records)
            except Retry as error:
                tries += not error.system
                self._hold(error)
                await asyncio.sleep(self._wait)
            else:
                self.holding = ""
                return True
        return False

    def _fold(self, records: Sequence[Record]) -> None:
        if self._codec is None:
            self._codec = self._open_codec()
        self._store.apply(records, self._codec)

    def _hold(self, error: Retry) -> None:
        if error.system:
            self._codec = None  # the registry may come back at another address
            if not self.holding:
                log.warning("registry_awaited", what=error.what, fix=error.fix)
            self.holding = error.what
