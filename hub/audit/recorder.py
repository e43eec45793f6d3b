"""Recording: what was read becomes leaves, leaves become signed checkpoints.

The order is what the promise rests on: keys are durable, then leaves are written, then they are
brought to the disk, then signed, then published. A crash between any two of these loses nothing
that was signed: what stands behind the last signature is read from the topics again, and gives the
same leaves.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hub import metrics
from hub.audit.checkpoint import Head, Rounds, log_name, sign_round
from hub.audit.keys import Keys
from hub.audit.leaf import hash_of, scope_of
from hub.audit.log import LeafLog
from hub.audit.note import Signer
from hub.audit.published import Owner, Published
from hub.audit.verify import GAP_HASH, Checkpoint
from hub.errors import Halt, HubError, Retry
from hub.log import get_logger
from hub.records import Record, Spot

log = get_logger("hub.audit")
EVERY = (
    2.0  # seconds between two rounds while something is recorded: how long a proof is waited for
)
MOST = 50_000  # leaves after which a round comes sooner: so many are read again after a crash
BEAT = 10.0  # seconds between two rounds when nothing is: well below the least grace of a gateway
GAPS = 65_536  # leaves without a record that are written at once


class Recorder:
    """The sink that records. Belongs to one thread."""

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        signers: Sequence[Signer],
        published: Published,
        owner: Owner,
        now_ms: Callable[[], int],
    ) -> None:
        """`folder`: the evidence's own. `signers`: of one name."""
        self._folder = folder
        self._keys = keys
        self._signers = signers
        self._published = published
        self._owner = owner
        self._now_ms = now_ms
        self._rounds = Rounds(folder / "checkpoints")
        self._logs: dict[Spot, LeafLog] = {}
        self._heads: dict[Spot, Head] = {}  # as they were signed last
        self._told: dict[Spot, int] = {}  # sizes that were published
        self._awaited: dict[Spot, Checkpoint] = {}  # signed once, and the file holds less
        self._seconds = 0  # of the last round: time does not go back in what is signed
        self._last = float("-inf")  # when that was, on the monotonic clock
        self._fresh = 0  # leaves since then
        self._is_owner = False
        self._is_stuck = False  # what was read could not be recorded: to sign would look well

    def begin(self, begins: Mapping[Spot, int], ends: Mapping[Spot, int]) -> Mapping[Spot, int]:
        """Open what is not open yet; where each partition goes on.

        Raises Halt if what was signed is not what it was, Retry where topics end before it.
        """
        new = [spot for spot in ends if spot not in self._logs]
        if not self._is_owner or new:
            self._open(new)
        for spot, leaves in self._logs.items():
            signed = self._awaited.get(spot)
            if max(leaves.size, signed.size if signed else 0) > ends[spot]:
                raise Retry(
                    f"ends at {ends[spot]}, but more of it was recorded: the broker lost records",
                    where=log_name(spot),
                    fix="see whether the cluster is the right one, and whole",
                    system=True,
                )
            self._fill(spot, begins[spot])
        return {spot: leaves.size for spot, leaves in self._logs.items()}

    def _open(self, spots: Sequence[Spot]) -> None:
        said = self._published.take_over(self._owner, self._now_ms())
        self._is_owner = True
        latest = self._rounds.latest()
        self._seconds = latest.seconds if latest else 0
        name = self._signers[0].public.name
        for spot in spots:
            kept = latest.checkpoint(spot) if latest else None
            told = said.get(f"{name}/{log_name(spot)}")
            both = [one for one in (kept, told) if one is not None]
            signed = max(both, key=lambda one: one.size, default=None)
            leaves = LeafLog(self._folder / "logs" / log_name(spot).replace("/", "-"), write=True)
            leaves.recover(signed)
            self._logs[spot] = leaves
            if signed is not None and leaves.size < signed.size:
                self._awaited[spot] = signed
                log.warning("log_filled", log=log_name(spot), holds=leaves.size, signed=signed.size)

    def take(self, records: Sequence[Record]) -> None:
        """Record them. Raises Retry where keys or leaves cannot be kept, Halt as `begin`."""
        self._is_stuck = True
        new = [r for r in records if r.offset >= self._logs[Spot(r.topic, r.partition)].size]
        scopes = [scope_of(record).text for record in new]
        keys = self._keys.of(scopes)
        hashes: dict[Spot, list[bytes]] = {}
        for record, scope in zip(new, scopes, strict=True):
            spot = Spot(record.topic, record.partition)
            waiting = hashes.setdefault(spot, [])
            if record.offset != self._logs[spot].size + len(waiting):
                self._extend(spot, waiting)
                waiting.clear()
                self._fill(spot, record.offset)
            waiting.append(hash_of(record, keys[scope]))
        for spot, waiting in hashes.items():
            self._extend(spot, waiting)
            metrics.counter(metrics.audit_leaves, spot.topic).inc(len(waiting))
        self._is_stuck = False

    def _fill(self, spot: Spot, end: int) -> None:
        """Say of the offsets before `end` that the broker holds no record there."""
        missing = end - self._logs[spot].size
        if missing <= 0:
            return
        log.warning(
            "offsets_without_record", log=log_name(spot), first=end - missing, count=missing
        )
        metrics.audit_gaps.inc(missing)
        while self._logs[spot].size < end:
            self._extend(spot, [GAP_HASH] * min(GAPS, end - self._logs[spot].size))

    def _extend(self, spot: Spot, hashes: Sequence[bytes]) -> None:
        """Append leaves; where a tree was signed before, compare when it is as large again."""
        leaves, signed = self._logs[spot], self._awaited.get(spot)
        part = len(hashes) if signed is None else min(len(hashes), signed.size - leaves.size)
        leaves.extend(hashes[:part])
        self._fresh += part
        if signed is not None and leaves.size == signed.size:
            leaves.check(signed)
            del self._awaited[spot]
        if part < len(hashes):
            self._extend(spot, hashes[part:])

    def tend(self) -> None:
        """Sign when it is time. Raises Retry or Halt."""
        since = time.monotonic() - self._last
        is_due = since >= (EVERY if self._fresh else BEAT) or self._fresh >= MOST
        if is_due and not self._awaited and not self._is_stuck:
            self.sign()

    def sign(self) -> None:
        """Bring all to the disk, sign it, publish it."""
        for leaves in self._logs.values():
            leaves.sync()
        self._published.still_ours()
        for spot, leaves in self._logs.items():
            known = self._heads.get(spot)
            if known is None or known.size != leaves.size:
                self._heads[spot] = Head(leaves.size, leaves.root_at(leaves.size))
        self._seconds = max(self._seconds, self._now_ms() // 1000)
        round_ = sign_round(self._heads, self._seconds, self._signers)
        self._rounds.keep(round_)
        grown = [s for s, head in self._heads.items() if self._told.get(s) != head.size]
        self._published.publish(round_, grown)
        self._told = {spot: head.size for spot, head in self._heads.items()}
        self._last, self._fresh = time.monotonic(), 0
        metrics.audit_signed.set(self._seconds)

    def trouble(self, error: HubError) -> None:
        """Tell the gateways why nothing is signed."""
        metrics.audit_halted.set(isinstance(error, Halt))
        self._published.trouble(str(error))

    def end(self) -> None:
        """Sign what is recorded, so that it can be proved while nobody audits, and let go."""
        try:
            if self._fresh and not self._awaited:
                self.sign()
        finally:
            for leaves in self._logs.values():
                leaves.close()
            self._published.close()
