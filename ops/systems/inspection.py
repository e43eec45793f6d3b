"""The doors under /_sim/: look at a system, script its faults, make it act."""

from collections.abc import Callable, Coroutine
from urllib.parse import parse_qs, unquote

import msgspec

from ops.systems.model import ActError, Json, json_reply
from ops.systems.peer import Peer
from ops.systems.wire import Plan, Request


class Inspection:
    """Routes of /_sim/ for one peer; anything else goes to the peer itself."""

    def __init__(self, peer: Peer, *, only: bool = False) -> None:
        self._peer = peer
        self._only = only
        self._started = peer.clock()

    def handle(self, request: Request) -> Plan | Coroutine[object, object, Plan]:
        """A plan, or for an act a coroutine that ends in one."""
        if not request.path.startswith("/_sim/"):
            if self._only:
                return _says(404, {"error": "this port serves /_sim/ alone"})
            return self._peer.handle(request)
        name = request.path.removeprefix("/_sim/")
        if request.method == "GET":
            return self._dossier(name) if name.startswith("dossiers/") else self._get(name, request)
        if (request.method, name) == ("POST", "act"):
            return self._act(request)
        return self._change(request.method, name, request)

    def _get(self, name: str, request: Request) -> Plan:
        peer = self._peer
        answers: dict[str, Callable[[], object]] = {
            "health": lambda: {"name": peer.system.name, "up": peer.clock() - self._started},
            "state": peer.system.state,
            "calls": lambda: self._calls(request.query),
            "violations": lambda: list(peer.journal.violations),
            "counters": lambda: dict(peer.journal.counters),
            "faults": peer.faults_in_force,
        }
        if name not in answers:
            return _says(404, {"error": f"nothing at /_sim/{name}; there is {', '.join(answers)}"})
        try:
            return _says(200, answers[name]())
        except ValueError as error:
            return _says(400, {"error": str(error)})

    def _dossier(self, name: str) -> Plan:
        found = self._peer.system.dossier(unquote(name.removeprefix("dossiers/")))
        return _says(404, {"error": "no such dossier here"}) if found is None else _says(200, found)

    def _calls(self, query: str) -> object:
        """Calls in order.

        Filters: any field of a record; `after` a number; `limit` to the last so many (1,000).
        """
        wanted = {name: values[0] for name, values in parse_qs(query).items()}
        limit = int(wanted.pop("limit", "1000"))
        after = int(wanted.pop("after", "0"))
        found = [
            call
            for call in self._peer.journal.calls
            if call.number > after
            and all(getattr(call, name, None) == value for name, value in wanted.items())
        ]
        return found[-limit:] if limit else []

    def _change(self, method: str, name: str, request: Request) -> Plan:
        peer = self._peer
        try:
            match (method, name):
                case ("PUT", "faults"):
                    return _says(200, peer.script(_object(request.body)))
                case ("DELETE", "faults"):
                    return _says(200, peer.script({"rules": [], "on": [], "schedule": []}))
                case ("POST", "reset"):
                    peer.journal.reset()
                    return _says(200, {"reset": True})
                case _:
                    return _says(405, {"error": f"{method} /_sim/{name} is not served"})
        except ValueError as error:
            return _says(400, {"error": str(error)})

    async def _act(self, request: Request) -> Plan:
        try:
            return _says(200, await self._peer.act(_object(request.body)))
        except (ActError, ValueError) as error:
            return _says(400, {"error": str(error)})


def _object(body: bytes) -> Json:
    try:
        decoded = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise ValueError(f"body: {error}") from error
    if not isinstance(decoded, dict):
        raise ValueError("body: must be a JSON object")  # noqa: TRY004 - one kind of error for a caller
    return decoded


def _says(status: int, body: object) -> Plan:
    return Plan(json_reply(status, body))
