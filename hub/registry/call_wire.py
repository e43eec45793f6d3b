"""Calls as they would go onto the wire, without a wire: for cases, and for backtests.

The adapters themselves write. What only a running hub knows (`<$key>`, `<$token>`, `<$secret.x>`)
stands for itself.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from adapters.rest.writer import Moment, Writers, tree
from adapters.soap.fill import filler
from adapters.soap.template import compile_template
from hub.contract.types import Document, JsonScalar, Operation, RestWire, SoapWire, Value
from hub.registry.bundle import Bundle
from hub.registry.manifest import Manifest
from hub.registry.signatures import operation

KEY, TOKEN = "<$key>", "<$token>"
Sent: TypeAlias = tuple[Document, str]  # the request with what the adapter fills in; XML, or ""
Write: TypeAlias = Callable[[Document], Sent]


class CallWire:
    """Writes the calls of one bundle under one registration's settings; compiles each once."""

    def __init__(self, bundle: Bundle, settings: Mapping[str, Value]) -> None:
        self._bundle = bundle
        self._fill = _fill(bundle.manifest, settings)
        self._writers = Writers(bundle.outbound.types)
        self._made: dict[str, Write] = {}

    def write(self, name: str, document: Document) -> Sent:
        """What would be sent by the operation `name`; over SOAP with its body as XML.

        Raises Reject for a document that cannot be written.
        """
        write = self._made.get(name)
        if write is None:
            write = self._made[name] = self._writer(operation(self._bundle.outbound, name))
        return write(document)

    def _writer(self, op: Operation) -> Write:
        return self._rest(op) if isinstance(op.wire, RestWire) else self._soap(op, op.wire)

    def _rest(self, op: Operation) -> Write:
        write = self._writers.record(op.request, tree(self._fill), op.request.name)
        moment = Moment(KEY, TOKEN)

        def rest(document: Document) -> Sent:
            made = write(document, moment)
            return (made if isinstance(made, dict) else {}), ""

        return rest

    def _soap(self, op: Operation, wire: SoapWire) -> Write:
        types = self._bundle.outbound.types
        fill = filler(self._fill, op.request, types)
        render = compile_template(types, op.request, wire.namespace, wire.element)

        def soap(document: Document) -> Sent:
            filled = fill(document, KEY)
            return filled, render(filled)

        return soap


def _fill(manifest: Manifest, settings: Mapping[str, Value]) -> dict[str, JsonScalar]:
    filled: dict[str, JsonScalar] = {}
    for path, value in manifest.outbound.fill.items():
        if isinstance(value, str) and value.startswith("$setting."):
            found = settings.get(value.removeprefix("$setting."))
            filled[path] = None if isinstance(found, dict | list) else found
        elif isinstance(value, str) and value.startswith("$secret."):
            filled[path] = f"<{value}>"
        else:
            filled[path] = value
    return filled
