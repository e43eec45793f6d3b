"""What a fault script may say: rules with a match and an action, switches, a schedule."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]
Words: TypeAlias = str | list[str]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """An action of a rule."""


class Delay(_Strict, frozen=True, tag="delay"):
    """Answer later, by `seconds` and up to `spread` more; further rules still apply."""

    seconds: Seconds
    spread: Seconds = 0


class Silence(_Strict, frozen=True, tag="timeout"):
    """Never answer; the connection breaks after `seconds`."""

    store: bool = False
    seconds: Seconds = 300


class Reset(_Strict, frozen=True, tag="reset"):
    """Break the connection with RST."""

    at: Literal["before-read", "after-read", "after-store"] = "after-read"


class StoreThenDrop(_Strict, frozen=True, tag="store-then-drop"):
    """Do what was asked, then break the connection: the caller is left in doubt."""


class Status(_Strict, frozen=True, tag="status"):
    """An HTTP status, before or after the request had its effect."""

    code: Annotated[int, msgspec.Meta(ge=100, le=599)]
    body: str = ""
    headers: dict[str, str] = {}
    store: bool = False


class SoapFault(_Strict, frozen=True, tag="fault"):
    """A SOAP Fault."""

    code: Literal["Client", "Server"] = "Server"
    text: str = "Lỗi hệ thống"
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 500
    store: bool = False


class Error(_Strict, frozen=True, tag="error"):
    """A well-formed answer that says no, written in the system's own form."""

    answer: dict[str, str | int | bool]
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 200
    store: bool = False


class Html(_Strict, frozen=True, tag="html"):
    """A page for people where a message for machines belongs."""

    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 200
    store: bool = False


class Truncate(_Strict, frozen=True, tag="truncate"):
    """The whole length announced, `keep` (0 to 1) of the body sent, connection closed."""

    keep: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.5
    store: bool = True


class Expired(_Strict, frozen=True, tag="expired"):
    """The credential in use counts as expired from this call on."""


class Down(_Strict, frozen=True, tag="down"):
    """The whole system is away: connections refused, or 503 to everything."""

    how: Literal["refuse", "503"] = "503"
    retry_after: int | None = None


class Duplicate(_Strict, frozen=True, tag="duplicate"):
    """Outgoing: send the same bytes `times` times."""

    times: Annotated[int, msgspec.Meta(ge=2, le=10)] = 2


class BadSignature(_Strict, frozen=True, tag="bad-signature"):
    """Outgoing: a signature or credential that does not verify."""


Action: TypeAlias = (
    Delay
    | Silence
    | Reset
    | StoreThenDrop
    | Status
    | SoapFault
    | Error
    | Html
    | Truncate
    | Expired
    | Down
    | Duplicate
    | BadSignature
)


class Match(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"while_": "while", "since": "from"},
):
    """Which calls a rule means. Everything given must hold; texts may hold `*` and `?`.

    `nth`: the how-manieth of the calls that fit the rest (from 1), counted per rule or per `per`.
    `from`, `until`: seconds since the rules were set. `while`: a switch that must be on.
    """

    operation: Words | None = None
    service: Words | None = None
    dossier: Words | None = None
    key: Words | None = None
    path: Words | None = None
    direction: Literal["in", "out"] = "in"
    nth: int | list[int] | None = None
    every: Annotated[int, msgspec.Meta(ge=1)] | None = None
    per: Literal["rule", "dossier", "key"] = "rule"
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    since: Seconds | None = None
    until: Seconds | None = None
    while_: str | None = None


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scripted fault. `times`: it happens at most so often."""

    name: str
    action: Action
    match: Match = Match()
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Planned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act that happens `after` seconds, and again `every` so many, `times` in all."""

    act: dict[str, object]
    after: Seconds = 0
    every: Annotated[float, msgspec.Meta(gt=0, le=86400)] | None = None
    times: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of faults. `schedule`: acts that happen by themselves (see acts)."""

    seed: int = 0
    rules: list[Rule] = []
    on: list[str] = []
    switches: dict[str, str | int | float | bool] = {}
    schedule: list[Planned] = []


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule may look at. Before a body is read some of it is empty."""

    operation: str = ""
    service: str = ""
    dossier: str = ""
    key: str = ""
    path: str = ""
    direction: str = "in"


def is_before_read(rule: Rule) -> bool:
    """Whether it acts before the body is read."""
    return isinstance(rule.action, Reset) and rule.action.at == "before-read"


def check(rule: Rule) -> None:
    """ValueError for a rule that could never do what it says."""
    match = rule.match
    selects = (match.operation, match.service, match.dossier, match.key, match.path)
    if isinstance(rule.action, Down) and rule.action.how == "refuse":
        counted = (match.nth, match.every, match.probability)
        if any(part is not None for part in selects + counted) or rule.times is not None:
            raise ValueError(
                f"rule {rule.name}: refused connections have no call to match; "
                "use from, until or while"
            )
    if is_before_read(rule) and (match.dossier is not None or match.key is not None):
        raise ValueError(f"rule {rule.name}: nothing of the body is known before it is read")
