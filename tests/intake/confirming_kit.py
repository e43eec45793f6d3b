"""A system that is asked about items, and a flow that asks."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from adapters.http.messages import Answer
from hub.contract.types import Document
from hub.delivery.outcomes import ITEM, compile_rows, compile_when
from hub.errors import HubError
from hub.intake.confirming import Confirmation
from hub.registry.manifest_flow import Outcome

ROWS = compile_rows([Outcome({"busy": True}, "retry"), Outcome({"odd": True}, "reject")], {})


@dataclass
class System:
    """A system that knows the state of its items; `script` answers before it does."""

    states: dict[str, int | str] = field(default_factory=dict)
    script: Iterator[Answer | HubError] = field(default_factory=lambda: iter(()))
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    renewed: int = 0
    under_way: int = 0
    most: int = 0
    pace: Callable[[str], "asyncio.Future[None] | None"] = lambda _: None

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        assert operation == "GET /one"
        code = str(document["code"])
        self.asked.append(code)
        self.keys.append(key)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await (self.pace(code) or asyncio.sleep(0))
        finally:
            self.under_way -= 1
        told = next(self.script, None)
        if isinstance(told, HubError):
            raise told
        state = self.states.get(code)
        return told or Answer(
            200, {"body": [{"results": [] if state is None else [of_state(state)]}]}
        )

    async def renew(self) -> None:
        self.renewed += 1

    async def close(self) -> None: ...


def of_state(state: int | str) -> Document:
    return {"status": state}


def asking(item: Document, first: bool) -> Document | None:
    """Everything but the first row is asked about."""
    return None if first else {"code": item["item"]}


CONFIRMATION = Confirmation(
    operation="GET /one",
    make=asking,
    found=compile_when({"body.results.status": {"text": "$item.status"}}, {}, "found", ITEM),
    rows=ROWS,
)
