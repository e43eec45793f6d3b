"""Where polls stand, kept on `hub.cursor`."""

import asyncio
import json
from collections.abc import Mapping

from hub.errors import HubError
from hub.records import Outgoing, Position, Writer
from hub.topics import CURSOR


class Positions:
    """Positions of polls, kept on `hub.cursor`; in memory what was last acknowledged."""

    def __init__(self, writer: Writer, known: Mapping[str, str]) -> None:
        self._writer = writer
        self._known = dict(known)

    def get(self, key: str) -> str | None:
        """The last position kept under this key."""
        return self._known.get(key)

    async def keep(self, key: str, value: str) -> None:
        """Keep a position. Raises Retry if it was not acknowledged."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def done(result: Position | HubError) -> None:
            if future.done():  # the poll was cancelled; others wait for results of the same flush
                return
            if isinstance(result, HubError):
                future.set_exception(result)
            else:
                future.set_result(None)

        body = json.dumps({"value": value}, ensure_ascii=False).encode()
        self._writer.append(Outgoing(CURSOR, key.encode(), body), done)
        await future
        self._known[key] = value


def read_positions(records: Mapping[bytes, bytes | None]) -> dict[str, str]:
    """The positions in the records of `hub.cursor`, the last of each key."""
    found: dict[str, str] = {}
    for key, body in records.items():
        try:
            value = json.loads(body or b"{}").get("value")
        except (ValueError, AttributeError):
            continue
        if isinstance(value, str):
            found[key.decode(errors="replace")] = value
    return found
