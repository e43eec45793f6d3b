"""The gate of a process, with what it needs open: the provider's transport, the records' writer."""

import time
from contextlib import AsyncExitStack

from adapters.http.reach import reach
from adapters.http.transport import Transport
from hub.access.doorman import Doorman, own_principals, verifying
from hub.access.gate import Gate
from hub.access.recording import Recorder, Sink, recording
from hub.broker import KafkaBroker
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.log import get_logger
from hub.settings import Settings
from hub.surroundings import bootstrap, registry_client
from hub.topics import ensure_all

log = get_logger("hub.access")
CONNECTIONS = 4  # to an identity provider; its keys are fetched once an hour


async def open_gate(stack: AsyncExitStack, settings: Settings) -> Gate:
    """A gate that stands until the stack closes. Raises Halt where nobody could be known."""
    if reach(()).refusal_of_host(settings.listen[0]) != "loopback":
        log.warning(
            "tokens_unprotected",
            where="HUB_LISTEN",
            what="whoever listens on this network can read the tokens that come here",
            fix="put TLS before it (a proxy on this machine), and listen on 127.0.0.1",
        )
    transport = await stack.enter_async_context(Transport(connections=CONNECTIONS))
    doorman = Doorman(settings.access, own_principals(settings), verifying(transport), time.time)
    recorder = await stack.enter_async_context(recording(Recorder(lambda: _sink(settings))))
    return Gate(doorman, recorder.note)


def _sink(settings: Settings) -> Sink:
    broker = KafkaBroker(bootstrap(settings), settings.security)
    ensure_all(broker, settings.partitions)
    codec = Codec(load(settings.schemas), registry_client(settings))
    return Sink(broker.writer(), codec.encode)
