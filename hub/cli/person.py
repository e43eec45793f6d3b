"""Who uses the command line, where the hub wants to know (HUB_ACCESS).

Commands that read and write the topics work with the rights that whoever runs them has at the
broker, so this is no wall against somebody with a Kafka client: it makes the record true for those
who use the hub's own tools, and keeps them to their role. What is a wall is told in
ops/reference/access.md.
"""

import asyncio
import time

import typer

from hub.access import tokens
from hub.access.gate import refusal
from hub.access.rules import Principal, decide, rule_of
from hub.cli.output import answering
from hub.errors import Halt, Reject
from hub.settings import Settings, load


def person(settings: Settings) -> Principal | None:
    """Who it is, by HUB_TOKEN; None where nobody is named in HUB_ACCESS.

    Raises Halt where nobody says who it is, Reject where the token is nobody's, Retry where an
    identity provider cannot be asked.
    """
    if settings.access is None:
        return None
    return asyncio.run(_ask(settings, tokens.of_person(settings)))


async def _ask(settings: Settings, token: str) -> Principal | None:
    from adapters.http.transport import Transport
    from hub.access.doorman import Doorman, verifying

    async with Transport() as transport:
        doorman = Doorman(settings.access, {}, verifying(transport), time.time)
        return await doorman.who(f"Bearer {token}")


def allowed(settings: Settings, what: str) -> Principal | None:
    """The person, if they may do this (a row `cli DO what` of hub.access.rules).

    None where nobody is named. Raises what `person` raises, and Halt where their role may not.
    """
    who = person(settings)
    if who is None:
        return None
    verdict = decide(rule_of("cli", "DO", what), who, None)
    if verdict != "allowed":
        raise Halt(f"{who.name} may not {what}: {refusal(verdict).detail}", where="HUB_TOKEN")
    return who


def name_of(given: str, what: str) -> str:
    """The name that is kept: the proved one where people are known, else the one that is given.

    Ends the command where that is not clear, or not allowed.
    """
    with answering():
        who = allowed(load(), what)
        if who is None and not given:
            raise typer.BadParameter("who decides? the name is kept", param_hint="--by")
        if who is not None and given not in ("", who.name):
            raise Reject(
                f"you are {who.name}", where="--by", fix="leave it out: your token says who you are"
            )
        return given if who is None else who.name
