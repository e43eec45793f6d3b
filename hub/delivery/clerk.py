"""Carrying out what people decided about a lane's events (decision 0012, *Acts*).

What comes back goes through the dossier's own queue, as a new series that names its act. An act is
done when its events have their ends; until then the commit's metadata points at it.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress

from hub.delivery.acts import Command
from hub.delivery.archive import Archive
from hub.delivery.aside import Aside
from hub.delivery.held import Held, Key, Part
from hub.delivery.host import Host
from hub.delivery.letters import next_series, revived
from hub.errors import HubError, Reject
from hub.events.codec import Codec
from hub.log import get_logger
from hub.records import Record, Spot
from hub.threads import apart

log = get_logger("hub.delivery")
AGAIN = 5.0  # seconds until what could not be read is tried again


class Clerk:
    """One lane's. Belongs to its event loop."""

    def __init__(self, host: Host, aside: Aside, archive: Archive, codec: Codec) -> None:
        self._host = host
        self._aside = aside
        self._archive = archive
        self._codec = codec
        self._looking = False
        self._heard: dict[Spot, Part] = {}  # of these there is something new, perhaps
        self._reviving: dict[tuple[Part, str], deque[Command]] = {}  # by dossier, in their order

    def take(self, part: Part, records: Sequence[Record]) -> None:
        """Carry out what these records of `hub.act` ask for. Raises Retry (schema not known)."""
        if part.acts is None:
            return
        for record in records:
            command = part.acts.read(record, self._codec)
            if command is not None:
                self._carry_out(part, command)

    async def catch_up(self, parts: Mapping[Spot, Part]) -> None:
        """Read what is new on `hub.act` for these, until it could be read.

        One look serves all of them, and all who ask meanwhile share the next: a lane that begins
        with many partitions opens one connection, not one for each.
        """
        self._heard.update(parts)
        if self._looking:
            return
        self._looking = True
        try:
            while starts := _starts(self._heard):
                these, self._heard = self._heard, {}
                await self._look(these, starts)
        finally:
            self._looking = False
            self._heard = {}

    async def _look(self, parts: dict[Spot, Part], starts: Mapping[int, int]) -> None:
        try:
            found = await apart(self._read, starts)
            for spot, part in parts.items():
                self.take(part, found.get(spot.partition, ()))
        except HubError as error:
            log.warning("acts_postponed", partitions=sorted(starts), reason=error.what)
            self._heard = parts | self._heard
            await asyncio.sleep(AGAIN)

    def _read(self, starts: Mapping[int, int]) -> Mapping[int, Sequence[Record]]:
        """The new acts; their schemas are asked for here, where it may take time."""
        found = self._archive.acts(starts)
        for record in (record for acts in found.values() for record in acts):
            if not self._codec.knows(record.value or b""):
                with suppress(Reject):  # foreign bytes: nobody's act
                    self._codec.decode(record.value or b"")
        return found

    def _carry_out(self, part: Part, command: Command) -> None:
        log.info("act_taken", kind=command.kind, act=command.act, partition=command.partition)
        if command.kind == "RESUMED":
            key = (command.topic, command.partition, command.dossier.encode())
            self._resume(part, key, command.act)
        elif command.kind == "DISCARDED":
            self._discard(part, command)
        elif command.kind == "ERASED":
            self._erase(part, command)
        else:
            self._revive(part, command)

    def _resume(self, part: Part, key: Key, act: int) -> None:
        def done() -> None:
            if part.acts is not None and not part.going:  # else it is the next owner's
                part.acts.carried_out(act)

        if not self._aside.resume(key, act, done):
            done()  # nothing waits any more, or is on its way already

    def _erase(self, part: Part, command: Command) -> None:
        """What waits of the dossier comes to its end when its turn comes; so does what is to come.

        The act is over when all that is parked has its end, and the commit has passed the rest.
        """
        dossier = command.dossier.encode()
        part.erasures[dossier] = command
        if part.acts is not None and part.tracker.committable < command.offset:
            part.bounds[command.act] = command.offset
            part.acts.awaits_end(command.act)
        self._resume(part, (command.topic, command.partition, dossier), command.act)

    def _discard(self, part: Part, command: Command) -> None:
        """A parked event leaves its dossier's queue when its turn comes; the others go on."""
        key = (command.topic, command.partition, command.dossier.encode())
        if command.offset in part.discards or not self._waits(part, key, command.offset):
            self._done(part, command)
            return
        part.discards[command.offset] = command
        self._aside.resume(key)

    def _waits(self, part: Part, key: Key, offset: int) -> bool:
        on_its_way = self._aside.parking.waiting(key, offset) is not None
        return on_its_way or offset in part.journal.parked

    def _revive(self, part: Part, command: Command) -> None:
        """A letter, or an event that is replayed, goes out behind what its dossier has in queue.

        It is read first, which takes as long as it takes: those of a dossier one after the other.
        """
        dossier = (part, command.dossier)
        waiting = self._reviving.setdefault(dossier, deque())
        waiting.append(command)
        if len(waiting) == 1:
            self._host.task(self._revive_all(dossier, waiting))

    async def _revive_all(self, dossier: tuple[Part, str], waiting: deque[Command]) -> None:
        part, _ = dossier
        try:
            while waiting and not part.going:
                if await self._revived(part, waiting[0]):
                    waiting.popleft()
        finally:
            del self._reviving[dossier]

    async def _revived(self, part: Part, command: Command) -> bool:
        """Whether nothing more is to be done for it; False after a while if it cannot be read."""
        if command.letter is None:
            return True
        try:
            letter = await apart(self._archive.letter, command.letter)
        except HubError as error:
            log.warning("act_postponed", act=command.act, reason=error.what)
            await asyncio.sleep(AGAIN)
            return False
        event = revived(letter, command) if letter is not None else None
        if letter is None or event is None:
            log.error("event_of_act_missing", act=command.act, letter=command.letter.text)
            self._done(part, command)
        elif not part.going:
            self._send_out(part, event, command, next_series(letter, command))
        return True

    def _send_out(self, part: Part, event: Record, command: Command, series: int) -> None:
        headers = dict(event.headers)
        part.revived.add(event.offset)
        self._host.put(
            Held(
                event,
                part,
                (headers.get("ce_id") or b"").decode(errors="replace"),
                (headers.get("ce_type") or b"").decode(errors="replace"),
                series=series,
                act=command.act,
                late=True,
                replay=command.kind == "REPLAYED",
            )
        )
        self._host.pump()

    def _done(self, part: Part, command: Command) -> None:
        if part.acts is not None:
            part.acts.carried_out(command.act)


def _starts(parts: Mapping[Spot, Part]) -> dict[int, int]:
    """Per partition number of `hub.act`, from where to read; for those that stay ours."""
    starts: dict[int, int] = {}
    for spot, part in parts.items():
        if part.acts is not None and not part.going:
            unread = part.acts.unread
            starts[spot.partition] = min(unread, starts.get(spot.partition, unread))
    return starts
