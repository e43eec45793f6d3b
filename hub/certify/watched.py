"""A way to a system that remembers what went over it."""

from collections.abc import Callable

from adapters.http.messages import Answer, Client
from hub.certify.clauses import Seen
from hub.contract.types import Document
from hub.errors import HubError


class Watched:
    """A Client (adapters.http.messages). `clock`: seconds that never go back."""

    def __init__(self, client: Client, clock: Callable[[], float]) -> None:
        self._client = client
        self._clock = clock
        self.seen: list[Seen] = []

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        """See Client.call."""
        began = self._clock()
        answer: Answer | None = None
        failure: HubError | None = None
        try:
            answer = await self._client.call(operation, document, key)
        except HubError as error:
            failure = error
            raise
        else:
            return answer
        finally:
            took = self._clock() - began
            self.seen.append(Seen(operation, document, answer, failure, took))

    async def renew(self) -> None:
        """See Client.renew."""
        await self._client.renew()

    async def close(self) -> None:
        """See Client.close."""
        await self._client.close()

    def taken(self) -> tuple[Seen, ...]:
        """What was seen since this was asked last."""
        seen, self.seen = tuple(self.seen), []
        return seen
