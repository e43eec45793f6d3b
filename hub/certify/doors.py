"""What can be said without the system: the cases hold, and our own door refuses a stranger.

The door is opened in the process, as the gateway opens it, and asked without any credential.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network

import orjson

from adapters.http.messages import HttpRequest, Refusal, Server
from adapters.soap.names import ENVELOPE, MEDIA_TYPE
from hub.certify import clauses
from hub.contract.types import Operation, RestWire, SoapWire
from hub.errors import HubError
from hub.registry.case_files import Case, find_cases
from hub.registry.cases import COMPANIONS, run_cases
from hub.registry.certificates import Clause
from hub.registry.live import Live
from hub.registry.manifest import Inbound

OPEN = "none"  # the kind of auth that asks for nothing
ANYWHERE = "127.0.0.1"


def at_home(live: Live, door: Callable[[Live], Server]) -> Iterator[Clause]:
    """These clauses of every flow. `door` opens the gateway's; it may raise what a secret does."""
    manifest = live.bundle.manifest
    wrong = {r.flow: r for r in run_cases(live.bundle) if r.difference}
    cases = {case.flow: case for case in find_cases(live.bundle.files, {})}
    for name, flow in manifest.flows.items():
        yield _cases(name, wrong)
        if flow.receive and manifest.inbound is not None:
            operation = live.bundle.inbound.operations[flow.receive]
            yield _stranger(name, live, manifest.inbound, door, operation, cases.get(name))


def _cases(flow: str, wrong: Mapping[str, object]) -> Clause:
    bad = next((n for n in (flow, *(f"{flow}{end}" for end in COMPANIONS)) if n in wrong), None)
    if bad is None:
        return clauses.passed(flow, "cases-hold")
    return clauses.failed(flow, "cases-hold", f"a case of {bad} differs: run hub connector test")


def _stranger(
    flow: str,
    live: Live,
    inbound: Inbound,
    door: Callable[[Live], Server],
    operation: Operation,
    case: Case | None,
) -> Clause:
    name = "stranger-refused"
    if inbound.auth.get("kind") == OPEN:
        return clauses.not_applicable(flow, name, "the connector.yaml lets everybody in")
    if case is None:
        return clauses.not_judged(flow, name, "there is no case to knock with")
    try:
        server = door(live)
    except HubError as error:
        return clauses.not_judged(flow, name, f"the door does not open: {error.what}")
    try:
        server.read(_request(operation, case, _address(live, inbound)))
    except Refusal as refusal:
        return clauses.passed(flow, name, refusal.title)
    return clauses.failed(flow, name, "our door took a message without a credential")


def _address(live: Live, inbound: Inbound) -> str:
    """An address from which the system may call."""
    given = inbound.addresses
    if isinstance(given, str) and given.startswith("$setting."):
        found = live.registration.settings.get(given.removeprefix("$setting."))
        given = [str(one) for one in found] if isinstance(found, list) else None
    first = given[0] if isinstance(given, list) and given else None
    return str(ip_network(first).network_address) if first else ANYWHERE


def _request(op: Operation, case: Case, peer: str) -> HttpRequest:
    """The case as it would come, without a credential."""
    if isinstance(op.wire, SoapWire):
        return _soap(op.wire, case.body, peer)
    return _rest(op.wire, case.body, peer)


def _rest(wire: RestWire, body: bytes, peer: str) -> HttpRequest:
    given: object = orjson.loads(body)
    document = given if isinstance(given, dict) else {}
    path = re.sub(r"\{(\w+)\}", lambda m: str(document.get(m[1], "x")), wire.path)
    outside = {parameter.field for parameter in wire.parameters}
    rest = {name: value for name, value in document.items() if name not in outside}
    headers = {"content-type": wire.media_type}
    return HttpRequest(wire.method, path, "", headers, orjson.dumps(rest), peer)


def _soap(wire: SoapWire, body: bytes, peer: str) -> HttpRequest:
    payload = re.sub(rb"^\s*<\?xml[^>]*\?>", b"", body)
    envelope = ENVELOPE[wire.version].encode()
    whole = b'<e:Envelope xmlns:e="%b"><e:Body>%b</e:Body></e:Envelope>' % (envelope, payload)
    headers = {"content-type": MEDIA_TYPE[wire.version], "soapaction": f'"{wire.soap_action}"'}
    return HttpRequest("POST", f"/{wire.service}", "", headers, whole, peer)
