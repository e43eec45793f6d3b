"""The six connectors as the hub reads them, and the few steps that a message takes through them.

What goes onto the wire is rendered by the adapters themselves, so that a payload in a test is the
payload that a peer gets.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from adapters.http.endpoint import parse_endpoint
from adapters.rest.request import compile_request
from adapters.rest.writer import Moment, Writers, tree
from adapters.soap.table import compile_node
from adapters.soap.tree import read
from hub.contract.types import Document, JsonScalar, RestWire, Value
from hub.registry.bundle import Bundle
from tests.landscape import connectors

ROOT = Path(__file__).parents[2]
CONNECTORS = ROOT / "connectors"
NAMES = ("ioc", "ngsp", "onestop", "portal", "postal", "postal_my")
KEY = "00000000-0000-5000-8000-000000000000"


def bundle(name: str) -> Bundle:
    """A connector, read and proved. KeyError where it is not right."""
    return connectors().bundles[name]


def case_text(path: str) -> str:
    """A file of a case, "onestop/accepted/online.in.xml"."""
    connector, _, rest = path.partition("/")
    return (CONNECTORS / connector / "cases" / rest).read_text(encoding="utf-8")


def settings_of(name: str, **given: Value) -> dict[str, Value]:
    """A registration's settings: the manifest's defaults, and what the test says."""
    found: dict[str, Value] = {}
    for key, setting in bundle(name).manifest.settings.items():
        default: Value = json.loads(json.dumps(setting.default))
        found[key] = default
    return {**found, **given}


def soap_request(operation: str, text: str) -> Document:
    """The document of a request's wrapper element, as the gateway reads it."""
    contract = bundle("onestop").inbound
    node = compile_node(contract.types, contract.operations[operation].request)
    return read(etree.fromstring(text.encode()), node)


def emitted(
    name: str, flow: str, item: Document, settings: Mapping[str, Value], at: int = 0
) -> list[tuple[str, Document]]:
    """The events that a flow makes of an item."""
    found = bundle(name).program.flow(flow)(item, at, settings, [])
    assert isinstance(found, list)
    return found


def sent(name: str, flow: str, event: Document, settings: Mapping[str, Value]) -> str:
    """The body that a flow's call carries, as text."""
    found = bundle(name).program.flow(flow)(event, None, settings, [])
    assert isinstance(found, tuple)
    operation = bundle(name).outbound.operations[found[0]]
    assert isinstance(operation.wire, RestWire)
    fill = tree({path: _filled(value, settings) for path, value in _fill(name).items()})
    render = compile_request(
        operation,
        operation.wire.path,
        parse_endpoint("http://127.0.0.1:1"),
        Writers(bundle(name).outbound.types),
        fill,
    )
    return render(found[1], Moment(KEY, "<session>")).body.decode()


def _fill(name: str) -> Mapping[str, JsonScalar]:
    return bundle(name).manifest.outbound.fill


def _filled(value: JsonScalar, settings: Mapping[str, Value]) -> JsonScalar:
    if isinstance(value, str) and value.startswith("$setting."):
        found = settings[value.removeprefix("$setting.")]
        assert isinstance(found, str)
        return found
    return value
