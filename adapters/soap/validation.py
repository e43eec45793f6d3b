"""The contract's XML Schema, compiled."""

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from hub.contract.types import Contract
from hub.contract.xml import Element
from hub.errors import Reject

Validate = Callable[[Element], None]


@dataclass
class _Schema:
    schema: etree.XMLSchema

    def validate(self, element: Element) -> None:
        if self.schema.validate(element):
            return
        error = self.schema.error_log[0]
        raise Reject("the element does not fit its type", where=str(error.path), code="contract")


class _Resolver(etree.Resolver):
    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def resolve(self, system_url, public_id, context):  # type: ignore[no-untyped-def]
        name = system_url.rpartition("/")[2]
        return self.resolve_string(self.files[name], context, base_url=system_url)


def schema_of(contract: Contract) -> _Schema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Resolver(dict(contract.files)))
    imports = []
    for name, data in contract.files.items():
        if name.endswith(".xsd"):
            ns = etree.fromstring(data).get("targetNamespace")
            imports.append(f'<xs:import namespace="{ns}" schemaLocation="{name}"/>')
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{"".join(imports)}</xs:schema>'
    return _Schema(etree.XMLSchema(etree.fromstring(text, parser)))
