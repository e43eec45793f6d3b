"""What becomes of an event that failed: again, aside, to the dead letters, or all of them wait."""

import asyncio
import random

from hub import metrics
from hub.delivery.aside import Aside
from hub.delivery.departures import Departures
from hub.delivery.exchange import REFUSED, Unrepeatable
from hub.delivery.gate import Gate
from hub.delivery.halting import Halting
from hub.delivery.held import Held, Key
from hub.delivery.host import Host
from hub.delivery.policy import pause
from hub.delivery.settling import Author, Receipts
from hub.delivery.together import Apart
from hub.errors import Halt, Reject, Retry
from hub.log import get_logger, place_of
from hub.registry.manifest_delivery import RetryPolicy

log = get_logger("hub.delivery")
# Offsets that may be settled behind one event that fails: no commit passes it, so that each is
# remembered (210 bytes), looked at for every commit (3 ms for all) and read again by a new owner.
FAR = 10_000


class Failures:
    """One lane's. Belongs to its event loop."""

    def __init__(
        self,
        host: Host,
        author: Author,
        gate: Gate,
        halting: Halting,
        receipts: Receipts,
        departures: Departures,
        aside: Aside,
    ) -> None:
        self._host = host
        self._author = author
        self._gate = gate
        self._halting = halting
        self._receipts = receipts
        self._departures = departures
        self._aside = aside

    def failed(self, key: Key, held: Held, error: Exception, *, known: bool = False) -> bool:
        """The event in hand came to this; whether that was its end here.

        `known`: others of the same call have told what it would tell of the system.
        """
        now = asyncio.get_running_loop().time()
        if isinstance(error, Apart):
            return self._apart(key, held, error, now)
        if isinstance(error, Retry):
            return self._later(key, held, error, now, known=known)
        if isinstance(error, Halt):
            self._gate.said_nothing(key, now)
            return self._halt(key, held, error)
        reason = str(error)
        if isinstance(error, Reject) and error.code == REFUSED:
            self._halting.end()  # for the credential is good
            self._gate.answered(key, now)
        else:
            self._gate.said_nothing(key, now)
        if not isinstance(error, Reject):  # it is set aside with its event, and work goes on
            reason = f"bug: {type(error).__name__}"
            log.error(
                "delivery_bug",
                registration=self._author.registration,
                event_id=held.event_id,
                error=type(error).__name__,
                at=place_of(error),
            )
        self._refused(key, held, reason, waits=isinstance(error, Unrepeatable))
        return True

    def _refused(self, key: Key, held: Held, reason: str, *, waits: bool) -> None:
        """It can never be delivered as it is: its dossier goes on without it, or waits with it."""
        waits = waits or (held.job is not None and held.job.flow.holds)
        if waits and self._aside.possible and self._host.may_go_on(held):
            self._park(key, held, reason)
        else:
            self._host.ended(key, held, "DEAD_LETTERED", reason)

    def unread(self, key: Key, held: Held, error: Retry) -> None:
        """The schema of the event in hand is not known now: its dossier waits, nothing overtakes.

        While the registry is away no window runs; what it does not have parks in the end.
        """
        if not self._host.may_go_on(held):
            self._host.let_go(key, held)
            return
        log.warning("schema_postponed", registration=self._author.registration, reason=str(error))
        held.failures += 1
        if error.system:
            held.failing_since = 0
        else:
            self._begin(held)
        if held.failing_since and self._parks(held):
            self._park(key, held, str(error))
            self._host.pump()
        else:
            seconds = pause(self._policy, held.failures, error.after, 0.5)
            self._departures.wait(key, seconds)

    def _apart(self, key: Key, held: Held, error: Apart, now: float) -> bool:
        """It is no failure of its own: it goes again, with half of those it was refused with."""
        self._gate.said_nothing(key, now)
        if not self._host.may_go_on(held):
            self._host.let_go(key, held)
            return True
        self._receipts.tried(held, error)
        held.company = max(1, error.items // 2)
        self._departures.at_once(key)
        return False

    def _later(self, key: Key, held: Held, error: Retry, now: float, *, known: bool) -> bool:
        """Whether that was the end of it here; otherwise it is tried again."""
        if not self._host.may_go_on(held):
            self._gate.said_nothing(key, now)
            self._host.let_go(key, held)
            return True
        self._receipts.tried(held, error)
        before = held.last_seen(self._gate.taken, system=error.system)
        systems = self._gate.failed(key, error, now, before=before, known=known)
        held.failures += 1
        metrics.counter(metrics.attempts, self._author.registration, "retry").inc()
        self._begin(held, anew=systems)
        if not systems and self._parks(held):
            self._park(key, held, error.what)
            return True
        self._departures.wait(key, self._pause(held, error))
        return False

    def _begin(self, held: Held, *, anew: bool = False) -> None:
        """It fails since now, unless it did before."""
        if anew or not held.failing_since:
            held.failing_since, held.down_before = self._author.clock(), self._gate.down

    def _pause(self, held: Held, error: Retry) -> float:
        """Seconds until it is tried again; while the breaker is open, it says when."""
        if self._gate.broken is not None:
            return 0.0
        chance = random.random()  # noqa: S311 - jitter
        delay = pause(self._policy, held.failures, error.after, chance)
        log.info(
            "delivery_retry",
            registration=self._author.registration,
            event_id=held.event_id,
            failures=held.failures,
            seconds=round(delay, 2),
            system=error.system,
            reason=error.what,
        )
        return delay

    @property
    def _policy(self) -> RetryPolicy:
        return self._author.versions.present.terms.delivery.retry

    def _park(self, key: Key, held: Held, reason: str) -> None:
        """Its dossier waits; not for long, where another version may be what mends it."""
        self._aside.park(key, held, reason, self._author.terms(held).bundle)
        if not self._author.versions.is_present(held):
            self._aside.resume(key)

    def _parks(self, held: Held) -> bool:
        """Whether it has failed for long enough, or holds up too much meanwhile.

        Under a version that is no longer the present one it need not fail for long; but what may
        have had its effect is asked about under its own.
        """
        if not self._aside.possible:
            return False
        in_doubt = held.job is not None and held.job.in_doubt
        if not self._author.versions.is_present(held) and not in_doubt:
            return True
        if held.part.holds_up(held.record.offset) >= FAR:
            return True
        down = self._gate.down - held.down_before  # while the system is, no window runs
        failing = self._author.clock() - held.failing_since - down
        return failing >= self._policy.give_up * 1000

    def _halt(self, key: Key, held: Held, error: Halt) -> bool:
        """Whether the event has come to its end here."""
        mine = self._host.may_go_on(held)
        if mine:
            self._receipts.tried(held, error)
            self._departures.wait(key, 0.0)  # another dossier is the next probe
        else:
            self._host.let_go(key, held)
        self._halting.begin(error)
        return not mine
