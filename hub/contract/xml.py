"""The one home of lxml: hostile XML is refused before a tree is built.

Four things cost more than their bytes: a DOCTYPE (entities, external files), element counts
(2 million empty elements make 267 MB), depth, and names. The last is easily missed: libxml2 keeps
every element and attribute name of a thread for ever, so that 200 messages of fresh names cost
200 MB that never come back (measured, lxml 6.1; tests/contract/test_xml.py holds it). So a message
with names that were not seen before is parsed in a thread of its own, whose memory of names ends
with it.
"""

import re
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Final, TypeAlias, TypeVar

from lxml import etree

from hub.contract.binding import Limits
from hub.errors import Reject

Element: TypeAlias = etree._Element  # noqa: SLF001  # lxml's own type has no public name
XmlError: Final = etree.LxmlError

_T = TypeVar("_T")

_TAG = re.compile(rb"<([^/!?>][^>]*)")
_NAMES = re.compile(rb"""(?<=\s)([^\s=/"']++)\s*+=\s*+("[^"]*+"|'[^']*+')""")  # linear time
_ENCODING = re.compile(rb"""^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_UTF8: Final = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_BOM: Final = b"\xef\xbb\xbf"
_KEPT = 20_000  # tags and names that are remembered; each at most _LONGEST bytes
_LONGEST = 200
_ATTRIBUTES = 4  # an attribute costs about 120 bytes of memory, an element 400
_PLACE: Final = "document"
_BAD: Final = "malformed"


class _Names:
    """Tags and names that libxml2's main-thread dictionary may hold already, bounded."""

    def __init__(self) -> None:
        self._tags: set[bytes] = set()
        self._names: set[bytes] = set()

    def familiar(self, tags: list[bytes]) -> bool:
        """Whether all names in these start tags are known, or may become known."""
        if self._tags.issuperset(tags):
            return True
        return all(self._learn(tag) for tag in set(tags) - self._tags)

    def _learn(self, tag: bytes) -> bool:
        names = _names_in(tag)
        if names is None:
            return False
        fresh = names - self._names
        if any(len(name) > _LONGEST for name in fresh):
            return False
        if len(self._names) + len(fresh) > _KEPT:
            return not fresh
        self._names |= fresh
        if len(tag) <= _LONGEST and len(self._tags) < _KEPT:
            self._tags.add(tag)
        return True


def _names_in(tag: bytes) -> set[bytes] | None:
    """Names and namespaces of a start tag; None if a quote stays open (a ">" inside a value)."""
    names = {value for name, value in _NAMES.findall(tag) if name.startswith(b"xmlns")}
    names.update(name for name, _ in _NAMES.findall(tag))
    rest = _NAMES.sub(b"", tag)
    if b'"' in rest or b"'" in rest:
        return None
    names.update(rest.split())
    return names


_familiar: Callable[[list[bytes]], bool] = _Names().familiar


def parse(body: bytes, limits: Limits, *, size: int | None = None) -> Element:
    """The root element of a document, without comments and processing instructions.

    `size`: most bytes; default `limits.body_bytes`. Raises Reject ("malformed" or "too-large").
    """
    most = limits.body_bytes if size is None else size
    if len(body) > most:
        raise Reject(f"more than {most} bytes", _PLACE, code="too-large")
    _check_encoding(body)
    if b"<!DOCTYPE" in body:
        raise Reject("a DOCTYPE is not accepted", _PLACE, "send the document without it", _BAD)
    tags = _TAG.findall(body)
    if len(tags) > limits.elements:
        raise Reject(f"more than {limits.elements} elements", _PLACE, code="too-large")
    if len(body) > _ATTRIBUTES * limits.elements < body.count(b"="):
        raise Reject("too many attributes", _PLACE, code="too-large")
    root = _tree(body) if _familiar(tags) else _apart(body)
    if len(tags) > limits.depth:
        _check_depth(root, limits.depth)
    return root


def _check_encoding(body: bytes) -> None:
    start = body[3:] if body.startswith(_BOM) else body
    if not start.lstrip(b" \t\r\n").startswith(b"<"):
        raise Reject("not an XML document in UTF-8", _PLACE, code=_BAD)
    declared = _ENCODING.match(start)
    if declared is not None and declared[1].lower() not in _UTF8:
        raise Reject("an encoding other than UTF-8 is not accepted", _PLACE, "send UTF-8", _BAD)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",  # whatever the document says
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        collect_ids=False,
        remove_comments=True,  # else a comment cuts a text in two
        remove_pis=True,
    )


_shared = _parser()


def _tree(body: bytes, parser: etree.XMLParser = _shared) -> Element:
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        place = f"line {error.lineno}" if isinstance(error, etree.XMLSyntaxError) else _PLACE
        fix = "send it whole, with every element closed"
        raise Reject("not well-formed XML", place, fix, _BAD) from None


def _apart(body: bytes) -> Element:
    return _in_thread(lambda: _tree(body, _parser()))


def _in_thread(work: Callable[[], _T]) -> _T:
    """The result of `work` in a thread of its own, whose dictionary of names ends with it."""
    found: list[_T] = []
    failed: list[Reject] = []

    def run() -> None:
        try:
            found.append(work())
        except Reject as error:
            failed.append(error)

    thread = Thread(target=run, name="xml-with-new-names")
    thread.start()
    thread.join()  # bounded: the body is
    if failed:
        raise failed[0]
    return found[0]


def _check_depth(root: Element, most: int) -> None:
    deeper = etree.XPath("boolean(" + "/*" * (most + 1) + ")")
    if deeper(root):
        raise Reject(f"elements are nested deeper than {most}", _PLACE, code="too-large")


def canonical(element: Element, inclusive_prefixes: tuple[str, ...] = ()) -> bytes:
    """Exclusive canonical XML 1.0 without comments (W3C xml-exc-c14n), to digest and to sign."""
    if not inclusive_prefixes:
        return _canonical(element, None)
    body = etree.tostring(element)  # with the declarations of its ancestors
    # lxml silently drops a prefix that its thread's dictionary of names does not hold, so the
    # element is read again in the thread that writes it.
    return _in_thread(lambda: _canonical(_tree(body, _parser()), list(inclusive_prefixes)))


def _canonical(element: Element, prefixes: list[str] | None) -> bytes:
    return etree.tostring(
        element,
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=prefixes,
    )


def line_of(element: Element) -> int:
    """The line (from 1) at which an element begins; 0 if it was not parsed."""
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def element_to_bytes(element: Element) -> bytes:
    """An element as a document of its own, with the namespaces it needs."""
    return etree.tostring(element, with_tail=False)


CompiledSchema: TypeAlias = Callable[[Element], list[tuple[str, str]]]


class _InMemory(etree.Resolver):
    def __init__(self, documents: Mapping[str, bytes]) -> None:
        super().__init__()
        self._documents = documents

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]  # the stubs forget `context`
        """The document of that name; what is not there is empty, and so refused."""
        del public_id
        body = self._documents.get(system_url, b"")
        return self.resolve_string(body, context, base_url=system_url)


def compile_schema(root: bytes, documents: Mapping[str, bytes]) -> CompiledSchema | str:
    """A check of elements against an XML Schema whose documents find each other by plain names.

    The check gives (path, libxml2's name of the error) for each misfit. Returns libxml2's words if
    the schema is not consistent.
    """
    parser = _parser()
    parser.resolvers.add(_InMemory(documents))
    try:
        schema = etree.XMLSchema(etree.fromstring(root, parser))
    except etree.XMLSchemaParseError as error:
        return str(error)[:300]

    def check(element: Element) -> list[tuple[str, str]]:
        if _is_large(element):
            return _in_thread(lambda: _streamed(schema, element_to_bytes(element)))
        if schema.validate(element):
            return []
        entries = list(schema.error_log)  # type: ignore[call-overload]  # the stubs forget __iter__
        return [(str(entry.path), str(entry.type_name)) for entry in entries]

    return check


_LARGE: Final = 2_000  # elements; 49,000 with a misfit each take 35 s, as each path counts siblings
_is_large = etree.XPath(f"count(.//*) > {_LARGE}")


def _streamed(schema: etree.XMLSchema, body: bytes) -> list[tuple[str, str]]:
    """A check without paths, in linear time: the place of a misfit is the whole message."""
    parser = etree.XMLParser(schema=schema, resolve_entities=False, no_network=True)
    try:
        etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        entries = list(error.error_log)  # type: ignore[call-overload]  # as above
        return [("/*", str(entry.type_name)) for entry in entries[:1]] or [("/*", "")]
    return []


def indented(body: bytes) -> bytes:
    """An XML document of ours, laid out for people: an element a line."""
    element = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    etree.indent(element)
    return etree.tostring(element, encoding="utf-8") + b"\n"
