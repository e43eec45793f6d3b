"""From an event in the lane to a job: what its headers and bytes say, and whether it is for us."""

from hub.contract.types import Document
from hub.delivery.exchange import Job
from hub.delivery.held import Held
from hub.delivery.outflow import Outflow
from hub.errors import Reject


def open_job(held: Held, name: str, record: Document, flow: Outflow | None) -> Job | None:
    """The job; None where no flow wants the event, or another agency is meant.

    `name`, `record`: what the bytes are. Raises Reject for an event that contradicts itself.
    """
    if held.event_type and name != held.event_type:
        raise Reject(f"the header says {held.event_type}, the bytes {name}", code="headers")
    if not held.event_id:
        raise Reject("has no ce_id", where="headers", code="headers")
    held.event_type = name
    if flow is None or not flow.takes(record):
        return None
    job = Job(held.event_id, record, flow)
    if held.doubted:
        job.doubt()
    if held.late:
        job.note = "late"
    return job
