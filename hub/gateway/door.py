"""One registration at the gateway: read, keep, answer, in the system's own words.

The answer that means yes is given only after the broker acknowledged. Everything else gets an
answer of its own: refused at the door (nothing was kept), by the mapping, in conflict, not now.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.http.messages import HttpRequest, HttpResponse, Message, Refusal, Server
from adapters.http.problem import refusal_of
from hub import metrics
from hub.errors import HubError, Reject, Retry
from hub.gateway.replies import CompiledReply, Said, compile_replies
from hub.intake.confirming import Confirmer
from hub.intake.inflow import Inflow
from hub.intake.intake import Intake, Taken
from hub.log import get_logger, place_of
from hub.registry.live import Live, inflows
from hub.registry.manifest_words import Told

log = get_logger("hub.gateway")

RETRY_AFTER = 5  # seconds that a sender is asked to wait when the broker does not acknowledge
_TOLD: Mapping[str, Told] = {
    "accepted": "accepted",
    "nothing": "accepted",
    "duplicate": "duplicate",
    "conflict": "conflict",
}
_CONFLICT = Refusal(409, "conflict", "Known already, with another content")


@dataclass(frozen=True, slots=True)
class Served:
    """An operation that is received: its flow and its replies."""

    inflow: Inflow
    replies: Mapping[Told, CompiledReply]


class Door:
    """A registration that systems call. Belongs to the gateway's event loop."""

    def __init__(
        self, live: Live, server: Server, intake: Intake, confirmer: Confirmer | None = None
    ) -> None:
        manifest = live.bundle.manifest
        general = manifest.inbound.answers if manifest.inbound else {}
        self.name = live.name
        self.live = live
        self._server = server
        self._intake = intake
        self._confirmer = confirmer
        self._general = compile_replies(general, {})
        self._served = {
            operation: Served(inflow, compile_replies(general, manifest.flows[inflow.flow].answers))
            for operation, inflow in inflows(live).items()
        }

        marks = (path for one in self._served.values() for path in one.inflow.marks)
        self._marks = frozenset(path.rpartition(".")[2] for path in marks)

    async def close(self) -> None:
        """No request comes any more; those under way may ask on."""
        if self._confirmer is not None:
            await self._confirmer.close()

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one request. Never raises: a bug is answered as not now, and told."""
        try:
            return await self._handle(request)
        except Exception as error:  # noqa: BLE001 - the sender gets an answer that he understands
            log.error(
                "door_bug", registration=self.name, error=type(error).__name__, at=place_of(error)
            )
            return self._server.refuse(unavailable("an error of the hub itself"))

    async def _handle(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        try:
            described = self._server.describe(request)
            if described is not None:
                return described
            message = self._server.read(request)
        except Refusal as refusal:
            return self._refuse(refusal, request)
        response = await self._take(message)
        metrics.acknowledged.observe(time.perf_counter() - started)
        return response

    async def _take(self, message: Message) -> HttpResponse:
        served = self._served[message.operation]
        flow = served.inflow.flow
        try:
            taken = await self._intake.take(
                served.inflow, message.document, message.request.headers, self._confirmer
            )
        except Reject as error:
            return self._rejected(message, served, error)
        except HubError as error:
            log.warning("message_not_kept", registration=self.name, flow=flow, reason=error.what)
            self._count(flow, "unavailable")
            return self._tell("unavailable", message, served, error)
        except Exception as error:  # noqa: BLE001 - a bug answers 503 and is told where it came from
            log.error(
                "intake_bug", registration=self.name, flow=flow, at=place_of(error),
                error=type(error).__name__,
            )  # fmt: skip
            self._count(flow, "bug")
            return self._tell("unavailable", message, served, Retry("an error of the hub itself"))
        self._count(flow, taken.verdict)
        return self._tell(_TOLD[taken.verdict], message, served, taken)

    def _rejected(self, message: Message, served: Served, error: Reject) -> HttpResponse:
        flow = served.inflow.flow
        told: Told = "secret" if error.code == "secrecy" else "rejected"
        if told == "secret":
            metrics.secrecy.labels(self.name).inc()
            log.warning("secrecy_mark_refused", registration=self.name, flow=flow, rule=error.where)
        else:
            self._intake.refused(served.inflow, message.document, message.request.headers, error)
            log.info(
                "message_rejected",
                registration=self.name,
                flow=flow,
                where=error.where,
                field=error.field,
                code=error.code,
            )
        self._count(flow, told)
        return self._tell(told, message, served, error)

    def _tell(
        self, told: Told, message: Message, served: Served, outcome: Taken | HubError
    ) -> HttpResponse:
        said = _said(message, outcome)
        reply = served.replies.get(told)
        later = (("retry-after", str(RETRY_AFTER)),) if told == "unavailable" else ()
        if reply is not None:
            try:
                response = self._server.answer(message.operation, reply.status, reply.body(said))
            except Reject as error:  # the manifest's reply does not fit the contract
                log.error("reply_unwritable", registration=self.name, told=told, where=error.where)
            else:
                return HttpResponse(response.status, response.headers + later, response.body)
        if told in ("accepted", "duplicate"):
            return self._accept(message.operation)
        refusal = refusal_of(outcome) if isinstance(outcome, HubError) else _CONFLICT
        return self._server.refuse(refusal, message.operation)

    def _accept(self, operation: str) -> HttpResponse:
        """Yes, without a word; where the protocol has none such, the sender repeats and is told so.

        Nothing is lost by that: it was kept, and its repeat is known.
        """
        try:
            return self._server.answer(operation, 200, None)
        except Reject as error:
            log.error("reply_unwritable", registration=self.name, told="bare", where=error.where)
            refusal = unavailable("the answer cannot be written; its operator knows why")
            return self._server.refuse(refusal, operation)

    def _refuse(self, refusal: Refusal, request: HttpRequest) -> HttpResponse:
        """Refused before anything was understood; kept is only whom it may have been about."""
        if refusal.code not in ("unknown-operation", "not-allowed"):  # no message was meant
            why = f"{refusal.title}: {refusal.field}" if refusal.field else refusal.title
            self._intake.unread(self.name, request.body, self._marks, why)
        metrics.refused.labels(self.name, refusal.code).inc()
        log.warning(
            "request_refused",
            registration=self.name,
            status=refusal.status,
            code=refusal.code,
            field=refusal.field,
        )
        return self.refuse(refusal)

    def refuse(self, refusal: Refusal) -> HttpResponse:
        """A refusal in the words of the system's interface, or of its protocol. Never raises."""
        known: tuple[Told, ...] = ("denied", "unavailable")
        told: Told = next((code for code in known if code == refusal.code), "malformed")
        reply = self._general.get(told)
        if reply is None or refusal.status in (404, 405):
            return self._server.refuse(refusal)
        try:
            body = reply.body(Said({}, _reason(refusal)))
            response = self._server.answer(None, refusal.status, body)
        except Reject:
            return self._server.refuse(refusal)
        return HttpResponse(response.status, response.headers + refusal.headers, response.body)

    def _count(self, flow: str, outcome: str) -> None:
        metrics.counter(metrics.received, self.name, flow, outcome).inc()


def _reason(refusal: Refusal) -> str:
    particulars = " ".join(part for part in (refusal.field, refusal.detail) if part)
    return ": ".join(part for part in (refusal.title, particulars) if part)


def _said(message: Message, outcome: Taken | HubError) -> Said:
    if isinstance(outcome, Taken):
        return Said(message.document, count=outcome.events)
    field = f"{outcome.field}: " if isinstance(outcome, Reject) and outcome.field else ""
    remedy = f"; {outcome.fix}" if outcome.fix else ""
    return Said(message.document, f"{field}{outcome.what}{remedy}")


def unavailable(detail: str) -> Refusal:
    """Not now, and why; nothing was kept."""
    return Refusal(
        503,
        "unavailable",
        "Not accepted now; send it again",
        detail,
        headers=(("retry-after", str(RETRY_AFTER)),),
    )
