"""From an event in the lane to a job: what its headers and bytes say, and whether it is for us."""

import asyncio

from hub.contract.types import Document
from hub.delivery.acts import discard_reason, erase_reason
from hub.delivery.departures import Departures
from hub.delivery.exchange import Job
from hub.delivery.failures import Failures
from hub.delivery.held import Held, Key
from hub.delivery.host import Host
from hub.delivery.outflow import Outflow
from hub.delivery.settling import note_twin
from hub.delivery.versions import Versions
from hub.errors import Reject, Retry
from hub.events.codec import Codec
from hub.threads import apart

GONE = "its record is gone from hub.parked and from its topic"


def open_job(held: Held, name: str, record: Document, flow: Outflow | None) -> Job | None:
    """The job; None where no flow wants the event, or another agency is meant.

    `name`, `record`: what the bytes are. Raises Reject for an event that contradicts itself.
    """
    if held.event_type and name != held.event_type:
        raise Reject(f"the header says {held.event_type}, the bytes {name}", code="headers")
    if not held.event_id:
        raise Reject("has no ce_id", where="headers", code="headers")
    held.event_type = name
    at = None if held.late else held.record.timestamp  # what a person sends out goes by today's
    if flow is None or not flow.takes(record, at):
        return None
    job = Job(held.event_id, record, flow)
    if held.doubted:
        job.doubt()
    job.lost = held.lost
    return job


def dead_because(held: Held) -> str | None:
    """Why it is not to be sent any more, whatever it says: a person's word, or nothing is left."""
    if held.erased is not None:
        return erase_reason(held.erased)
    if held.discarded is not None:
        return discard_reason(held.discarded)
    return GONE if held.parked and held.record.value is None else None


def prepare(job: Job) -> None:
    """Make its request now, where the flow joins several in a call. Raises what the mapping does.

    Nothing is prepared for what goes alone.
    """
    flow = job.flow
    if flow.joining is not None:
        made = flow.make(job.record, None, flow.settings, [])
        job.part = None if made is None else flow.joining.part(*made)


class Opening:
    """One lane's. Belongs to its event loop."""

    def __init__(
        self,
        host: Host,
        registration: str,
        versions: Versions,
        codec: Codec,
        departures: Departures,
        failures: Failures,
    ) -> None:
        self._host = host
        self._registration = registration
        self._versions = versions
        self._codec = codec
        self._departures = departures
        self._failures = failures
        self._asking = asyncio.Lock()

    def opened(self, key: Key, held: Held) -> bool:
        """Whether the event in hand is to be sent now; otherwise it has been seen to."""
        value = held.record.value or b""
        if not self._host.may_go_on(held):
            self._host.let_go(key, held)
        elif (reason := dead_because(held)) is not None:
            self._host.ended(key, held, "DEAD_LETTERED", reason)
        elif held.doubted and (seconds := self._answer_due(held)) > 0:
            self._departures.wait(key, seconds)
        elif held.job is not None:
            return True
        elif self._codec.knows(value):
            try:
                read = held.seen.read(self._codec) if held.seen else self._codec.decode(value)
                return self._became_job(key, held, *read)
            except Exception as error:  # noqa: BLE001 - a bug is set aside with its event
                self._failures.failed(key, held, error)
        else:
            self._host.task(self._learn_schema(key, held, value))
        return False

    def _answer_due(self, held: Held) -> float:
        """Seconds until a call that an earlier owner may have made is surely over."""
        over = held.part.taken + self._versions.of(held).terms.delivery.timeout
        return over - asyncio.get_running_loop().time()

    def _became_job(self, key: Key, held: Held, name: str, record: Document) -> bool:
        job = open_job(held, name, record, self._versions.of(held).terms.flows.get(name))
        if job is None:
            self._host.ended(key, held, None, None)
            return False
        self._versions.opened(held)
        held.job = job
        if held.twin:
            note_twin(held, job, self._registration)
            self._host.ended(key, held, "DUPLICATE", None)
            return False
        prepare(job)
        return True

    async def _learn_schema(self, key: Key, held: Held, value: bytes) -> None:
        """Ask the registry, which blocks; the dossier waits, and nothing overtakes.

        One at a time: what the first is told, the others need not ask.
        """
        try:
            async with self._asking:
                if not self._codec.knows(value):
                    await apart(self._codec.decode, value)
        except Retry as error:
            self._failures.unread(key, held, error)
        except Exception as error:  # noqa: BLE001 - as above
            self._failures.failed(key, held, error)
        else:
            self._departures.at_once(key)
            self._host.pump()
