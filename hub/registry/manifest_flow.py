"""One flow of a connector.yaml: its direction, its questions, what its answers mean."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from hub.registry.batch import Batch
from hub.registry.manifest_words import Reference, Scalar, Then, Told, Words
from hub.registry.yaml_file import Plain


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """What a system is told: a status and a body with `{item.path}`, `{reason}`, `{count}`."""

    status: Annotated[int, Meta(ge=200, le=599)]
    """HTTP status that the system is told."""
    body: dict[str, Plain] | None = None
    """What stands in the body; texts may hold `{item.path}`, `{doc.path}`, `{reason}`,
    `{count}`.
    """


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the outcome table: the first whose `when` matches decides."""

    when: dict[str, Plain]
    """Conditions on the answer; all must hold. `status`, `fault`, `header.<name>` or a path."""
    then: Then
    """What the answer means."""
    set: dict[str, Scalar] | None = None
    """With `again`: fields of the request that are changed for the second call."""
    note: str = ""
    """Why; stands in the receipt."""


class Pages(Struct, frozen=True, forbid_unknown_fields=True):
    """A question whose answer comes in pages."""

    parameter: str
    """The request field that holds the number of the page."""
    items: str
    """Path of the list in the answer."""
    size: Annotated[int, Meta(ge=1, le=10_000)]
    """Items of a full page; a shorter one is the last."""
    first: int = 1
    """Number of the first page."""
    most: Annotated[int, Meta(ge=1, le=10_000)] = 100
    """Pages that are read at most."""


class InDoubt(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked about a call whose outcome is unknown, and how a yes is recognised."""

    ask: str
    """The operation by which is asked."""
    found: dict[str, Plain]
    """Conditions under which the answer says that the call arrived; values may be
    `$event.<field>`.
    """
    pages: Pages | None = None
    """Where the answer comes in pages."""


class Confirm(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked about a received item before it counts, and how a yes is recognised."""

    ask: str
    """The operation by which is asked."""
    found: dict[str, Plain]
    """Conditions under which the item counts; values may be `$item.<field>`."""
    # seconds for all items of a message: its sender waits for the answer meanwhile
    timeout: Annotated[float, Meta(gt=0, le=60)] = 10.0
    """Seconds for all items of a message: its sender waits meanwhile."""


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """A question before a call; its answer is the mapping's second argument."""

    call: str
    """The operation by which is asked."""
    pages: Pages | None = None
    """Where the answer comes in pages."""


class Cursor(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the next poll starts: `next` is a path in the last item of the page."""

    parameter: str
    """The request field that says where to go on."""
    first: str
    """Its value at the very first poll."""
    next: str
    """Path of the next value, in the last item of a page."""


class Each(Struct, frozen=True, forbid_unknown_fields=True):
    """A second call per item, whose answer (or the part at `item`) takes the item's place."""

    call: str
    """The operation that tells one item whole."""
    item: str = ""
    """Path of the item in the answer; left out: the answer itself."""


class Poll(Struct, frozen=True, forbid_unknown_fields=True):
    """Asking a system for news."""

    call: str
    """The operation by which is asked."""
    items: str
    """Path of the list in the answer; empty: the answer is the list."""
    every: Annotated[int, Meta(ge=1)] | Reference = 300
    """Seconds between polls."""
    cursor: Cursor | None = None
    """How a poll goes on where the last one ended."""
    full: int | Reference | None = None  # a page with that many items: ask again at once
    """Items of a full page: then is asked again at once."""
    each: Each | None = None
    """A second call for each item."""
    changes_of: str | None = None
    """The field that names an item: only what changed since the last poll is an event."""


class Flow(Struct, frozen=True, forbid_unknown_fields=True):
    """One direction of one exchange: receive or poll then emit; or on an event call."""

    receive: str | None = None
    """The operation by which the system tells the hub."""
    poll: Poll | None = None
    """How the hub asks for news."""
    on: Words | None = None
    """The event, or events, on which the system is told."""
    split: str | None = None
    """Path of the list whose items are taken one by one."""
    identity: Words | None = None
    """Paths that tell one item from another, or `function`; the same item twice is one event."""
    ignore: list[str] = []
    """Paths that a resend may change."""
    aside: str = ""  # why an item of this flow may give no event; such items are listed
    """Why an item of this flow may give no event; such items are listed on `hub.act`."""
    emit: Words | None = None
    """The event, or events, that an item may become."""
    call: Words | None = None
    """The operation, or operations, by which the system is told."""
    ask: Ask | None = None
    """A question before the call; its answer is the mapping's second argument."""
    batch: Batch | None = None
    """How one call tells of many dossiers."""
    serves: str | None = None
    """The event's field that must be among the registration's agencies."""
    outcomes: list[Outcome] = []
    """Rows of the outcome table that go before those of `outbound`."""
    in_doubt: InDoubt | None = None
    """What is asked after a call whose outcome is unknown."""
    after_refusal: Literal["go_on", "hold"] | None = None  # of an event: what its dossier does
    """What a dossier does after an event that is refused for ever: go on, or wait for a person."""
    confirm: Confirm | None = None
    """What is asked about an item before it counts."""
    answers: dict[Told, Reply] = {}
    """What the system is told by this flow, row by row before `inbound.answers`."""
    doc: str = ""
    """What the flow is for."""

    @property
    def kind(self) -> str:
        """One of "receive", "poll", "on"."""
        return "receive" if self.receive else "poll" if self.poll else "on"


def flow_problems(name: str, flow: Flow) -> list[tuple[str, str]]:
    """What is wrong with a flow by itself, and what to do; each kind needs its own keys."""
    kinds = [k for k in ("receive", "poll", "on") if getattr(flow, k)]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none of them"
        fix = "keep one of them" if kinds else "say what it waits for: a message, a poll, an event"
        return [(f"flow '{name}' must say one of receive, poll, on; it says {found}", fix)]
    needs, allows = _KEYS[kinds[0]]
    said = {f for f in Flow.__struct_fields__ if getattr(flow, f) not in (None, [], {}, "")}
    missing = [key for key in needs if key not in said]
    foreign = sorted(said - {*needs, *allows, "doc", kinds[0]})
    flow_is = f"flow '{name}' ({kinds[0]})"
    allowed = ", ".join((*needs, *allows))
    return [
        *((f"{flow_is} lacks {key}", f"add {key}: …") for key in missing),
        *((f"{flow_is} cannot say {key}", f"take it out; it may say {allowed}") for key in foreign),
    ]


_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "receive": (("emit", "identity"), ("split", "ignore", "answers", "aside", "confirm")),
    "poll": (("emit",), ("identity", "ignore", "aside", "outcomes")),
    "on": (("call",), ("ask", "batch", "serves", "outcomes", "in_doubt", "after_refusal")),
}
