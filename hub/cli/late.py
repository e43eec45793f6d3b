"""Commands that are loaded when they are asked for.

What one command needs (a broker's client, a token's library, a SOAP library) takes half a second
each to load; nobody who asks for another command waits for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from typer.core import TyperGroup
from typer.main import get_group


@dataclass(frozen=True, slots=True)
class Late:
    """Where a command is: a typer application, "hub.cli.schema:app", whole or one `part` of it."""

    where: str
    part: str = ""

    def load(self, name: str) -> Any:
        """The command, under the name that it has here."""
        module, _, attribute = self.where.partition(":")
        group = get_group(getattr(import_module(module), attribute))
        command = group.commands[self.part] if self.part else group
        command.name = name
        return command


def group_of(late: Mapping[str, Late], kind: type[TyperGroup] = TyperGroup) -> type[TyperGroup]:
    """A kind of group whose commands are its own and the late ones, in the order of the words."""

    class Group(kind):  # type: ignore[valid-type,misc]  # which kind is known when it is called
        def list_commands(self, ctx: Any) -> list[str]:
            return sorted({*super().list_commands(ctx), *late})

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name in late:
                return late[cmd_name].load(cmd_name)
            return super().get_command(ctx, cmd_name)

    return Group
