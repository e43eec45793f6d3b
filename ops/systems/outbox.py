"""What a system sends to the hub, and the files that it fetches: the only outgoing HTTP here."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import msgspec

from ops.systems.journal import CallRecord, Journal
from ops.systems.model import Json, Outgoing, System

ACT_TIMEOUT = 120.0  # seconds; MyVNPost's clients allow as much


@dataclass(slots=True)
class Outbox:
    """Sends for one system and records what was said. `hub`: base URL of the gateway."""

    system: System
    journal: Journal
    hub: str
    fast: bool = False
    wall: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    _client: httpx.AsyncClient | None = None

    async def send(self, outgoing: Outgoing, rule: str) -> Json:
        """Send once; a failure to connect or to answer is an answer too."""
        begin = self.clock()
        status: int | None = None
        accepted = False
        body: object = None
        error = ""
        try:
            answer = await self._http().request(
                outgoing.method,
                self.hub + outgoing.path,
                content=outgoing.body,
                headers=dict(outgoing.headers),
            )
            status, accepted = (
                answer.status_code,
                self.system.accepted(answer.status_code, answer.content),
            )
            body = _shown(answer)
        except httpx.HTTPError as failure:
            error = type(failure).__name__
        duration = self.clock() - begin
        self._record(outgoing, status, "accepted" if accepted else "not-accepted", rule)
        return {
            "status": status,
            "body": body,
            "error": error,
            "accepted": accepted,
            "duration": duration,
        }

    def _record(self, outgoing: Outgoing, status: int | None, verdict: str, rule: str) -> None:
        subject = outgoing.subject
        number = self.journal.count(subject.operation, verdict, "out")
        if self.fast:
            return
        digest = hashlib.sha256(outgoing.body).hexdigest()
        shown = msgspec.json.encode(outgoing.shown).decode() if self.journal.bodies else ""
        self.journal.record(
            CallRecord(
                number=number,
                at=self.wall(),
                operation=subject.operation,
                verdict=verdict,
                status=status,
                direction="out",
                service=subject.service,
                dossier=subject.dossier,
                key=subject.key,
                method=outgoing.method,
                path=outgoing.path,
                rule=rule,
                digest=digest,
                content_digest=digest,
                body=shown,
            )
        )

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=ACT_TIMEOUT, trust_env=False)
        return self._client

    async def fetch(self, url: str, after: float) -> None:
        """Fetch a file as the national side does some time later; loopback addresses only."""
        await asyncio.sleep(after)
        verdict = "not-loopback"
        if httpx.URL(url).host in ("127.0.0.1", "::1"):
            try:
                verdict = str((await self._http().get(url)).status_code)
            except httpx.HTTPError as error:
                verdict = type(error).__name__
        self.journal.count("fetch", verdict, "out")

    async def close(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.aclose()


def _shown(answer: httpx.Response) -> object:
    try:
        shown: object = answer.json()
    except ValueError:
        return answer.text
    return shown
