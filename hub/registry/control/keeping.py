"""The writing end of `hub.registry`: read to the end, decide, append, read back, look if it counts.

As `hub.registry.schemas.store` does with schemas: several control planes may write, the topic's
order decides, and whoever lost decides again on what stands now.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from hub.errors import Retry
from hub.log import get_logger
from hub.records import Broker, Record
from hub.registry.ledger import (
    MOST_BEFORE,
    Ledger,
    Registered,
    bundle_record,
    certificate_record,
    filed_record,
    fold,
    registration_record,
)
from hub.registry.own_topic import OwnTopic, open_topic
from hub.topics import REGISTRY

ATTEMPTS = 20  # against other processes; each round somebody wins
MOST_UNNAMED = 32  # bundles that no registration names: every process holds them in memory

log = get_logger("hub.registry")


@contextmanager
def open_keeping(broker: Broker) -> Iterator["Keeping"]:
    """The ledger, read to its end. Creates the topic. Raises Retry when the broker is away."""
    with open_topic(broker, REGISTRY) as topic:
        keeping = Keeping(topic)
        keeping.fresh()
        yield keeping


class Keeping:
    """Thread-safe: one lock, held while the topic is read or written. Changes are rare."""

    def __init__(self, topic: OwnTopic) -> None:
        self._topic = topic
        self._lock = threading.RLock()
        self._ledger = Ledger()

    def fresh(self, upto: int = 0) -> Ledger:
        """The ledger as of now, at least up to the offset `upto`.

        Raises Retry if the topic's end is not reached within half a minute.
        """
        with self._lock:
            self._topic.read(self._take, upto)
            return self._ledger

    def _take(self, records: Sequence[Record]) -> None:
        self._ledger = fold(self._ledger, records)

    def keep_bundle(self, files: Mapping[str, bytes]) -> None:
        """Keep the files of a bundle; of those that nothing names, the oldest make room for it."""
        with self._lock:
            ledger = self.fresh()
            key, value = bundle_record(files)
            if key.decode().partition("|")[2] in ledger.bundles:
                return
            for old in unnamed(ledger)[: -MOST_UNNAMED + 1]:
                self._topic.append(f"bundle|{old}".encode(), None)
            self.fresh(self._topic.append(key, value))

    def keep_filed(self, registered: Registered, files: Mapping[str, bytes]) -> None:
        """Keep what the files say of a name, and its bundle, so that a later look finds it."""
        with self._lock:
            known = self.fresh().filed.get(registered.name, ())
            if registered in known:
                return
            self.keep_bundle(files)
            for old in known[: -MOST_BEFORE + 1]:
                self._topic.append(filed_record(old)[0], None)
            self.fresh(self._topic.append(*filed_record(registered)))

    def keep_certificate(self, bundle: str, certificate: bytes) -> None:
        """Keep a certificate, as it was signed."""
        with self._lock:
            self.fresh(self._topic.append(*certificate_record(bundle, certificate)))

    def change(self, decide: Callable[[Ledger], Registered]) -> Registered:
        """Write what `decide` makes of the ledger as it stands; what it raises, this raises.

        It is asked again where another process was first. Raises Retry without an acknowledgement:
        then nobody knows whether it counts, and the next look at the ledger tells.
        """
        with self._lock:
            for _ in range(ATTEMPTS):
                made = decide(self._cured())
                behind = self._topic.append(*registration_record(made))
                if self.fresh(behind).registrations.get(made.name) == made:
                    return made
        raise Retry("others were first too often", after=1.0)

    def _cured(self) -> Ledger:
        """The ledger as of now, after writing over losers that nobody has covered yet."""
        ledger = self.fresh()
        for key, value in ledger.void.items():
            log.warning("registration_record_void", key=key.decode(errors="replace"))
            ledger = self.fresh(self._topic.append(key, value))
        return ledger


def unnamed(ledger: Ledger) -> list[str]:
    """Bundles that nothing names, no registration, none of before, no file; oldest first."""
    filed = (one for versions in ledger.filed.values() for one in versions)
    named = set(_named((*ledger.registrations.values(), *filed)))
    return [sha256 for sha256 in ledger.bundles if sha256 not in named]


def _named(registrations: Iterable[Registered]) -> Iterator[str]:
    for registered in registrations:
        yield registered.bundle
        yield from (version.bundle for version in registered.before)
