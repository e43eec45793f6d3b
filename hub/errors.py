"""The three ways in which work can fail; the kind decides what happens next.

    Reject   this message can never pass as it is: refuse it, or set it aside as a dead letter
    Retry    not now: this message (`system=False`) or everything for that system (`system=True`)
    Halt     nothing will pass until a person acts: pause the connector, raise an alert

Adapters turn every library's error into one of the three. Anything else is a bug and is treated
as one. No message holds a personal value or a secret.
"""

from dataclasses import dataclass


@dataclass(eq=False)
class HubError(Exception):
    """What went wrong, where, and what to do about it."""

    what: str
    where: str = ""
    fix: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"; {self.fix}" if self.fix else ""
        return f"{place}{self.what}{remedy}"


@dataclass(eq=False)
class Reject(HubError):
    """The message can never pass as it is.

    `code`: a short machine-readable reason. `field`: the message's own field that is to blame, as
    a path in its sender's words, where it is known.
    """

    code: str = "rejected"
    field: str = ""

    __str__ = HubError.__str__


@dataclass(eq=False)
class Retry(HubError):
    """Not now.

    `after`: seconds that the peer asked us to wait, if it said so.
    `system`: the whole system is meant, not this message.
    `sent`: bytes of the request may have reached the peer, so its effect is unknown.
    """

    after: float | None = None
    system: bool = False
    sent: bool = False

    __str__ = HubError.__str__


@dataclass(eq=False)
class Halt(HubError):
    """Nothing will pass until a person acts."""

    __str__ = HubError.__str__
