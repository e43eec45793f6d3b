"""A gate whose principals are known by a word, without file, token or broker."""

from collections.abc import Callable, Mapping

from hub.access.attempts import Attempt
from hub.access.doorman import credential
from hub.access.gate import Gate
from hub.access.rules import Principal, Role
from hub.errors import Reject


def principal(name: str, role: Role, *connectors: str) -> Principal:
    return Principal(name, frozenset({role}), frozenset(connectors))


class Words:
    """A doorman who takes `Bearer WORD`."""

    def __init__(self, known: Mapping[str, Principal]) -> None:
        self._known = known

    async def who(self, authorization: str | None) -> Principal | None:
        if authorization is None:
            return None
        found = self._known.get(credential(authorization)[1])
        if found is None:
            raise Reject("the credential is nobody's")
        return found


def gate(known: Mapping[str, Principal], note: Callable[[Attempt], None] = lambda _: None) -> Gate:
    return Gate(Words(known), note)
