"""The contract's XML Schema, compiled from the files of its bundle; nothing is fetched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

from hub.contract.types import Contract
from hub.contract.xml import Element
from hub.errors import Reject

Validate = Callable[[Element], None]


@dataclass(frozen=True, slots=True)
class _Schema:
    schema: etree.XMLSchema

    def validate(self, element: Element) -> None:
        if self.schema.validate(element):
            return
        error = next(iter(self.schema.error_log))  # type: ignore[call-overload]  # the stubs know no list
        raise Reject("the element does not fit its type", where=str(error.path), code="contract")


class _Resolver(etree.Resolver):
    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]  # the stubs miss an argument
        del public_id
        name = system_url.rpartition("bundle:///")[2] or system_url
        return self.resolve_string(self.files[name], context, base_url=system_url)


def schema_of(contract: Contract) -> _Schema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Resolver(contract.files))
    imports = "".join(
        f'<xs:import namespace="{etree.fromstring(data).get("targetNamespace")}" schemaLocation="{name}"/>'
        for name, data in contract.files.items()
        if name.endswith(".xsd")
    )
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    return _Schema(etree.XMLSchema(etree.fromstring(text, parser, base_url="bundle:///s.xsd")))
