"""Problem documents (RFC 9457): what a caller over HTTP is told when something is refused.

The type is a relative reference, "/problems/contract", resolved against the hub's own address. A
document never repeats what was sent.
"""

import orjson

from adapters.http.messages import HttpResponse, Refusal
from hub.contract.types import Document
from hub.errors import Halt, HubError, Reject, Retry

MEDIA_TYPE = "application/problem+json"


def of_refusal(refusal: Refusal) -> HttpResponse:
    """The answer to a request that was refused at the door."""
    document: Document = {
        "type": f"/problems/{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
    }
    if refusal.detail:
        document["detail"] = refusal.detail
    if refusal.field:
        document["field"] = refusal.field
    if refusal.errors:
        document["errors"] = [{"field": f, "detail": d} for f, d in refusal.errors]
    return _response(refusal.status, document, refusal.headers)


def refusal_of(error: HubError) -> Refusal:
    """One of the three errors as a refusal: Reject 422, Retry 503 with Retry-After, Halt 503.

    A Halt is told to the caller as "unavailable" too: what a person has to do here is not the
    caller's business.
    """
    match error:
        case Reject():
            field = error.field or error.where
            return Refusal(422, "rejected", "The message was refused", error.what, field)
        case Retry(after=after):
            wait = max(1, round(after)) if after is not None else 5
            headers = (("retry-after", str(wait)),)
            return Refusal(503, "unavailable", "Not now: send it again", headers=headers)
        case Halt():
            return Refusal(503, "unavailable", "Not available until it is set right here")
        case _:
            return Refusal(500, "bug", "An error of the hub itself")


def _response(
    status: int, document: Document, headers: tuple[tuple[str, str], ...]
) -> HttpResponse:
    return HttpResponse(status, (("content-type", MEDIA_TYPE), *headers), orjson.dumps(document))
