"""Bytes leave soon after it was asked whether they may, or they do not leave at all.

Between a question and the socket a process may be stopped for as long as somebody pleases. So the
last look at the clock is made where the bytes go out; what is left between the two is one system
call.
"""

import time
from typing import Any

from kafka import errors as kafka_errors

STALE = 1.0  # seconds after which an answer may have changed


class Fresh:
    """The connections of one client. Belongs to its thread."""

    def __init__(self, manager: Any) -> None:
        """Has its transports looked after; kafka-python 3.0.12 has no public way to them."""
        self._asked: dict[object, float] = {}  # by broker, when; until its bytes are out
        self.held_back: set[object] = set()  # brokers that were sent nothing, or half a request
        build = manager._build_transport  # noqa: SLF001 - as said

        async def built(node: Any, *args: object, **options: object) -> Any:
            transport = await build(node, *args, **options)
            self._look_after(transport, node.node_id)
            return transport

        manager._build_transport = built  # noqa: SLF001 - as said

    def asked(self, brokers: list[int]) -> None:
        """What is written to these next goes out now, or never."""
        self._asked = dict.fromkeys(brokers, time.monotonic())
        self.held_back.clear()

    def _look_after(self, transport: Any, broker: object) -> None:
        send = transport._sock_send  # noqa: SLF001 - as said

        def sent() -> tuple[int, Exception | None]:
            asked = self._asked.get(broker)
            if asked is not None and time.monotonic() - asked > STALE:
                del self._asked[broker]
                self.held_back.add(broker)
                return 0, kafka_errors.KafkaConnectionError("too long since it was asked")
            result: tuple[int, Exception | None] = send()
            if not transport._write_buffer:  # noqa: SLF001 - as said
                self._asked.pop(broker, None)
            return result

        transport._sock_send = sent  # noqa: SLF001 - as said
