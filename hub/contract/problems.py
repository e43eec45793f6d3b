"""All that is wrong with a contract, said together.

A person who repairs a contract wants the whole list, not the first line of it. So readers note
each problem with its place and go on; at the end the list is raised as one error.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.errors import HubError, Reject

_MOST = 100  # problems that are listed


@dataclass(eq=False)
class ContractErrors(Reject):
    """A contract that cannot be read. `problems`: each with its place and what to do."""

    problems: tuple[Reject, ...] = ()

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems) or HubError.__str__(self)


class Problems:
    """Collects problems; each is noted once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Reject] = {}

    def __bool__(self) -> bool:
        """Whether anything was noted."""
        return bool(self._found)

    def add(self, where: str, what: str, fix: str = "") -> None:
        """Note one problem at `where` ("contract/x.wsdl:12")."""
        if len(self._found) < _MOST:
            self._found.setdefault((where, what), Reject(what, where, fix, "contract"))

    def extend(self, problems: Iterable[Reject]) -> None:
        """Note several."""
        for problem in problems:
            self.add(problem.where, problem.what, problem.fix)

    def raise_any(self) -> None:
        """Raise ContractErrors if anything was noted."""
        if self._found:
            found = tuple(self._found.values())
            count = f"{len(found)} problem" + ("s" if len(found) > 1 else "")
            raise ContractErrors(
                f"{count} in the contract", found[0].where, code="contract", problems=found
            )


def in_file(name: str, where: str) -> str:
    """The place of a part of a file, "contract/x.xsd:12" for "line 12"; the file, for others."""
    line = where.removeprefix("line ")
    return f"{name}:{line}" if line.isdigit() else name
