"""WSDL 1.1 into operations: document/literal over SOAP 1.1 and 1.2. The one home of zeep.

zeep resolves services, ports, bindings and messages; it tolerates much in silence, so the documents
are also walked as they stand, and what is not supported is refused with its place. Types are
compiled from the schemas themselves (hub.contract.xsd): zeep forgets lengths, patterns and bounds.
"""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from zeep.exceptions import Error as ZeepError
from zeep.settings import Settings
from zeep.wsdl.wsdl import Document

from hub.contract.problems import Problems
from hub.contract.types import Contract, Operation, Record, SoapWire, Type
from hub.contract.xml import Element, XmlError, line_of
from hub.contract.xsd import XsdTypes
from hub.contract.xsd_files import XS, Definition, SchemaSet

WSDL: Final = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP: Final = {
    "{http://schemas.xmlsoap.org/wsdl/soap/}": "1.1",
    "{http://schemas.xmlsoap.org/wsdl/soap12/}": "1.2",
}
_MIME: Final = "{http://schemas.xmlsoap.org/wsdl/mime/}"
_BASE: Final = "file:///bundle/"
_UNEXPECTED = (ZeepError, XmlError, LookupError, ValueError, TypeError, AttributeError,
               AssertionError, UserWarning, NotImplementedError, RecursionError)  # fmt: skip

logging.getLogger("zeep").setLevel(logging.ERROR)  # its warnings are our refusals, with places


class _QName(Protocol):
    namespace: str | None
    localname: str


@dataclass(frozen=True, slots=True)
class _Call:
    """One operation of one port, as zeep understands it."""

    service: str
    port: str
    version: str
    name: str
    action: str
    request: _QName
    answer: _QName
    faults: tuple[_QName, ...]


@dataclass(frozen=True, slots=True)
class _Transport:
    """Serves zeep the bundle's bytes, and nothing else."""

    files: Mapping[str, bytes]

    def load(self, url: str) -> bytes:
        """The file behind an address below the bundle. Raises LookupError for any other."""
        return self.files[url.removeprefix(_BASE)]


def read_wsdl(files: Mapping[str, bytes], roots: Sequence[str]) -> Contract:
    """The contract that the WSDLs `roots` describe together.

    Operations are those of each service's first SOAP port; ports of other protocols (HTTP GET) are
    left out. Raises ContractErrors with every problem and its place.
    """
    problems = Problems()
    schemas = SchemaSet(files, problems)
    documents = _Documents(schemas, problems)
    for root in roots:
        documents.add(root, root)
    problems.raise_any()
    _check_extent(schemas)
    problems.raise_any()
    compiler = _Compiler(XsdTypes(schemas), problems)
    used = {name: files[name] for name in schemas.roots}
    for root in roots:
        for call in _calls(used, root, schemas):
            compiler.add(call, root)
    problems.raise_any()
    return Contract("soap", compiler.operations, compiler.types.types, used)


def _check_extent(schemas: SchemaSet) -> None:
    """Refuse schemas that stand for more than can be compiled, before zeep tries."""
    probe = replace(schemas, problems=Problems())
    XsdTypes(probe).check_all()
    if probe.exhausted:
        first = next(iter(schemas.known.values()))
        schemas.problems.add(first.file, "the schemas are too intricate", "write them flatter")


@dataclass(frozen=True, slots=True)
class _Documents:
    """Walks the WSDLs as they stand: their schemas, their imports, and what is not supported."""

    schemas: SchemaSet
    problems: Problems
    seen: set[str] = field(default_factory=set)

    def add(self, name: str, where: str) -> None:
        root = self.schemas.root(name, where)
        if root is None or name in self.seen:
            return
        self.seen.add(name)
        if root.tag != f"{WSDL}definitions":
            self.problems.add(
                f"{name}:1", "not a WSDL 1.1 document", "wsdl:definitions is expected"
            )
            return
        for schema in root.iterfind(f"{WSDL}types/{XS}schema"):
            self.schemas.add(schema, name)
        for child in root.iter(f"{WSDL}*", *(f"{soap}*" for soap in SOAP), f"{_MIME}*"):
            self._check(child, name)

    def _check(self, element: Element, file: str) -> None:
        where = f"{file}:{line_of(element)}"
        tag = str(element.tag)
        local = tag.rpartition("}")[2]
        match local:
            case "import":
                self._import(element, file, where)
            case "part" if element.get("element") is None:
                what = "a message part with a type is not supported"
                self.problems.add(where, what, "use document/literal: element=")
            case "message" if len(element.findall(f"{WSDL}part")) != 1:
                what = f"the message {element.get('name')} has not exactly one part"
                self.problems.add(where, what, "put the parts into one element")
            case "header" | "headerfault":
                self.problems.add(where, f"soap:{local} is not supported", "leave it out")
            case "multipartRelated" | "mimeXml":
                self.problems.add(where, f"mime:{local} is not supported", "send plain SOAP")
            case _ if tag.startswith(tuple(SOAP)):
                self._check_soap(element, local, where)
            case _:
                pass

    def _check_soap(self, element: Element, local: str, where: str) -> None:
        if element.get("style") == "rpc":
            self.problems.add(where, 'style="rpc" is not supported', 'use style="document"')
        if local in {"body", "fault"} and element.get("use", "literal") != "literal":
            self.problems.add(where, 'use="encoded" is not supported', 'use use="literal"')

    def _import(self, element: Element, file: str, where: str) -> None:
        location = element.get("location")
        if not str(element.tag).startswith(WSDL):
            return
        found = self.schemas.follow(file, location or "", where)
        if found is None:
            return
        name, root = found
        if root.tag == f"{XS}schema":
            what = f"wsdl:import of the schema {name} is not supported"
            self.problems.add(where, what, "use xs:import under wsdl:types")
        else:
            self.add(name, where)


def _calls(files: Mapping[str, bytes], root: str, schemas: SchemaSet) -> list[_Call]:
    """What zeep reads from a WSDL whose documents were found harmless."""
    settings = Settings(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # zeep warns of parts that it drops
            document = Document(_BASE + root, _Transport(files), settings=settings)  # type: ignore[arg-type]  # zeep's hint names the class, and asks for `load` alone
        _check_ports(document, root, schemas)
        calls = list(_operations(document, root, schemas.problems))
    except _UNEXPECTED as error:
        XsdTypes(schemas).check_all()  # our own words have a better place
        if not schemas.problems:
            what = f"the WSDL is not consistent: {type(error).__name__} {error}"
            schemas.problems.add(root, what[:300])
        return []
    if not calls:
        fix = "check that each port's binding is there"
        schemas.problems.add(root, "the WSDL has no SOAP operation", fix)
    return calls


def _check_ports(document: Document, root: str, schemas: SchemaSet) -> None:
    """Refuse what zeep drops without a word: a port whose binding is not there."""
    for service in schemas.roots[root].iterfind(f"{WSDL}service"):
        understood = document.services[service.get("name") or ""].ports
        for port in service.iterfind(f"{WSDL}port"):
            if port.get("name") not in understood:
                what = f"the binding {port.get('binding')} of a port is not defined"
                schemas.problems.add(f"{root}:{line_of(port)}", what, "import its WSDL")


def _operations(document: Document, root: str, problems: Problems) -> Iterator[_Call]:
    for service in document.services.values():
        for port in service.ports.values():
            version = SOAP.get("{%s}" % getattr(port.binding, "nsmap", {}).get("soap"))  # noqa: UP031  # Clark's braces
            if version is None:
                continue
            for operation in port.binding.all().values():
                call = _call(service.name, port.name, version, operation)
                if call is None:
                    what = f"{service.name}.{operation.name} is not a request with an answer"
                    problems.add(root, what, "give it an input and an output of one element each")
                else:
                    yield call
            break


def _call(service: str, port: str, version: str, operation: object) -> _Call | None:
    request = _body(getattr(operation, "input", None))
    answer = _body(getattr(operation, "output", None))
    if request is None or answer is None:
        return None
    abstract = getattr(operation, "abstract", None)
    declared: Mapping[str, object] = getattr(abstract, "fault_messages", {})
    faults = tuple(element for message in declared.values() for element in _elements(message))
    name: str = getattr(operation, "name", "")
    action: str = getattr(operation, "soapaction", "") or ""
    return _Call(service, port, version, name, action, request, answer, faults)


def _elements(message: object) -> Iterator[_QName]:
    """The elements of an abstract message's parts."""
    parts: Mapping[str, object] = getattr(message, "parts", {})
    for part in parts.values():
        qname: _QName | None = getattr(getattr(part, "element", None), "qname", None)
        if qname is not None:
            yield qname


def _body(message: object) -> _QName | None:
    qname: _QName | None = getattr(getattr(message, "body", None), "qname", None)
    return qname


@dataclass(frozen=True, slots=True)
class _Compiler:
    types: XsdTypes
    problems: Problems
    operations: dict[str, Operation] = field(default_factory=dict)

    def add(self, call: _Call, root: str) -> None:
        name = f"{call.service}.{call.name}"
        request, answer = self._message(call.request, root), self._message(call.answer, root)
        if name in self.operations:
            self.problems.add(root, f"{name} stands twice in the contract")
        if request is None or answer is None:
            return
        faults: dict[str, Type] = {}
        for qname in call.faults:
            fault = self._message(qname, root)
            if fault is not None:
                faults[qname.localname] = fault
        wire = SoapWire(
            call.service,
            call.port,
            call.version,
            call.action,
            call.request.namespace or None,
            call.request.localname,
            call.answer.namespace or None,
            call.answer.localname,
            wrapped=call.request.localname == call.name,
        )
        self.operations[name] = Operation(name, request, {"200": answer}, wire, faults, request.doc)

    def _message(self, qname: _QName, root: str) -> Record | None:
        key = ("element", qname.namespace or None, qname.localname)
        found: Definition | None = self.types.schemas.known.get(key)
        if found is None:
            self.problems.add(root, f"the element {qname.localname} is not defined")
            return None
        return self.types.message(found)
