"""connector.yaml: how the hub talks with one kind of system (decision 0003).

Decoded into frozen structs that refuse unknown keys; what needs the contract or the mapping to be
judged is judged in `hub.registry.bundle`. Flows stand in `manifest_flow`, bounds of delivery in
`manifest_delivery`.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from hub.registry.manifest_delivery import Delivery
from hub.registry.manifest_flow import Flow, InDoubt, Outcome, Reply
from hub.registry.manifest_words import Name, Reference, Scalar, Told, Words
from hub.registry.yaml_file import Plain


class Setting(Struct, frozen=True, forbid_unknown_fields=True):
    """A typed value that a registration gives and mappings read as `setting.<name>`."""

    type: Literal["string", "integer", "boolean", "list", "map"]
    """What kind of value it is."""
    doc: str = ""
    """What it means, for who fills it in."""
    optional: bool = False
    """Whether a registration may leave it out; mappings then see it as absent."""
    default: Scalar | list[str] | dict[str, str] = None
    """What it is where a registration says nothing."""


class Secret(Struct, frozen=True, forbid_unknown_fields=True):
    """A secret, by name; a registration gives a reference."""

    doc: str = ""
    """What it is and who gives it."""
    optional: bool = False
    """Whether a registration may leave it out."""


class Secrecy(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secrecy mark could stand (KT1 rule): paths of marks and of free texts."""

    marks: list[str] = []
    """Paths of fields that may carry a secrecy mark, in any received document."""
    texts: list[str] = []
    """Paths of free texts in which such a mark may stand."""


class Inbound(Struct, frozen=True, forbid_unknown_fields=True):
    """How the system proves who it is, and what it is told."""

    auth: dict[str, Plain]
    """How the system proves who it is: `kind`, and what the kind needs."""
    addresses: Reference | list[str] | None = None
    """Source addresses (CIDR) from which it may call; left out: any."""
    secrecy: Secrecy | None = None
    """Where a secrecy mark could stand; such a message is refused."""
    answers: dict[Told, Reply] = {}
    """What the system is told, by what became of its message; without a row a problem+json or a
    SOAP Fault.
    """


class Contracts(Struct, frozen=True, forbid_unknown_fields=True):
    """Two contracts, where one `METHOD /path` means two things."""

    inbound: Words
    """Files of what the system calls."""
    outbound: Words
    """Files of what the hub calls."""


class Outbound(Struct, frozen=True, forbid_unknown_fields=True):
    """How the hub proves who it is, what the adapter fills in, and how answers are judged."""

    auth: list[dict[str, Plain]] = []
    """How the hub proves who it is: a list, applied in order."""
    fill: dict[str, Scalar] = {}
    """Request fields that the adapter fills in: `$key`, `$token`, `$setting.x`, `$secret.x`, or
    a literal.
    """
    outcomes: list[Outcome] = []
    """What an answer means: the first row that matches decides, after those of the flow."""
    in_doubt: InDoubt | None = None
    """What is asked about a call whose outcome is unknown, for every flow that says nothing
    else.
    """


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of connector.yaml."""

    hub: Literal[1]
    """The version of this format."""
    name: Name
    """The connector's name: that of its folder."""
    title: str
    """What people call the system."""
    owner: str
    """Who answers for the system."""
    adapter: Literal["rest", "soap"]
    """What the system speaks."""
    contract: Words | Contracts
    """File, or files, of its interface below the folder; or one contract for each direction."""
    flows: Annotated[dict[Name, Flow], Meta(min_length=1)]
    """What is exchanged, by name; the mapping has a function of each name."""
    mapping: str = "mapping.py"
    """File of the mapping."""
    settings: dict[Name, Setting] = {}
    """Values that a registration gives; mappings read them as `setting.<name>`, this file as
    `$setting.<name>`.
    """
    secrets: dict[Name, Secret] = {}
    """Secrets by name; a registration gives a reference to each."""
    inbound: Inbound | None = None
    """What the system calls: who it is, and what it is told."""
    outbound: Outbound = Outbound()
    """What the hub calls: who it is, and what answers mean."""
    delivery: Delivery = Delivery()
    """Bounds of what is sent."""
    doc: str = ""
    """What there is to know."""
