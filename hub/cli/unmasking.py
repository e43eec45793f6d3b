"""Personal data in the clear: who may see it, why, who permits it; on record before it is shown.

The right is given by who deploys the hub (HUB_MAY_UNMASK). With `second` nobody has it alone:
another person permits exactly what is asked for, by an act on `hub.act`, for a day.
"""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import orjson
import typer

from hub.access.rules import Principal
from hub.cli.browse import Browser, moment, open_browser, records
from hub.cli.deciding import Because, By
from hub.cli.output import answering, say
from hub.cli.person import allowed
from hub.contract.types import Document
from hub.errors import Halt, Reject
from hub.events.texts import same_name
from hub.intake.acts import SCHEMA
from hub.records import Headers, Outgoing
from hub.settings import Settings, load
from hub.surroundings import now_ms
from hub.topics import ACT

KIND = "UNMASK_APPROVED"
KEY = "unmask"  # of these acts, and what they name as registration: they concern no connector
HOLDS = 86_400_000  # ms that a permission holds


class Permit(msgspec.Struct, frozen=True):
    """Somebody lets a person see something. `subject`: "person: what"."""

    kind: str
    subject: str
    by: str
    reason: str
    at: int


@contextmanager
def access(settings: Settings, what: str, reason: str | None) -> Iterator[bool]:
    """Whether personal data may be shown; the access is on record before the block begins.

    `reason` None asks for nothing and records nothing. Raises Halt without the right.
    """
    if reason is None:
        yield False
        return
    if not settings.may_unmask:
        raise Halt(
            "personal data is masked here",
            where="HUB_MAY_UNMASK",
            fix="ask whoever runs the hub; the right is given by HUB_MAY_UNMASK=yes",
        )
    if not reason.strip():
        raise Reject(
            "a reason is needed", where="--unmask", fix='--unmask "why you need to see it"'
        )
    who = allowed(settings, "unmask")
    second = _permitted(settings, what, _name(who)) if settings.unmask_second else None
    accessed(settings, what, reason, who, second)
    yield True


def _name(who: Principal | None) -> str:
    return who.name if who else getpass.getuser()


def _permitted(settings: Settings, what: str, name: str) -> str:
    """Who permits it. Raises Halt, and puts the attempt on record, where nobody does."""
    since = now_ms() - HOLDS
    for one in _permits(open_browser(settings), since):
        if one.subject == _subject(name, what) and not same_name(one.by, name):
            return one.by
    accessed(settings, f"refused: {what}", "no second person permits it")
    raise Halt(
        f"no second person permits {name} to see {what}",
        where="HUB_MAY_UNMASK",
        fix=f"somebody else: hub access permit '{what}' --to '{name}' --by … --because …",
    )


def _subject(name: str, what: str) -> str:
    return f"{name}: {what}"


def _permits(browser: Browser, since: int) -> list[Permit]:
    kept = records(browser, (ACT,), KEY, lambda r: dict(r.headers).get("hub_act") == KIND.encode())
    told = (browser.codec.decode(record.value or b"")[1] for record in kept)
    found = (msgspec.convert(one, Permit) for one in told)
    return [one for one in found if one.at >= since]


def permit(
    what: Annotated[str, typer.Argument(help="what they asked for, as the refusal names it")],
    to: Annotated[str, typer.Option(metavar="NAME", help="who may see it")],
    *,
    by: By,
    because: Because,
) -> None:
    """Let somebody else see personal data once refused to them, for a day; it is kept."""
    with answering():
        if same_name(by, to):
            raise Reject(f"{by} asks for it: a second person permits it", where="--by")
        browser = open_browser(load())
        document: Document = {
            "kind": KIND,
            "registration": KEY,
            "subject": _subject(to, what),
            "reason": because,
            "event_ids": [],
            "at": now_ms(),
            "by": by,
        }
        headers: Headers = (("ce_type", SCHEMA.encode()), ("hub_act", KIND.encode()))
        value = browser.codec.encode(SCHEMA, document)
        writer = browser.broker.writer()
        try:
            writer.send(Outgoing(ACT, KEY.encode(), value, headers)).result(30)
        finally:
            writer.close()
        say(f"permitted: {to} may see {what}, for a day")


def accessed(
    settings: Settings,
    what: str,
    reason: str | None,
    who: Principal | None = None,
    second: str | None = None,
) -> None:
    """Put on record who looked at what, and why personal data was shown; None: it was masked.

    `who`: where people are known; else it is the machine's user. `second`: who permitted it.
    """
    line = {"at": moment(now_ms()), "who": _name(who), "what": what, "reason": reason}
    line |= {"permitted_by": second} if second else {}
    file = settings.home / "log" / "access.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        out.write(orjson.dumps(line) + b"\n")
