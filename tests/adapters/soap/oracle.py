"""zeep as the judge: what a stock client writes and reads for the same values."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree.ElementTree import canonicalize

import xmlsec
import zeep
import zeep.wsse.signature as zsignature
from hypothesis import strategies as st
from lxml import etree

from hub.contract.types import (
    Boolean,
    Document,
    Field,
    Integer,
    ListOf,
    Number,
    Record,
    Ref,
    Type,
    Value,
)
from hub.contract.types import Text as TextType
from hub.contract.xml import Element


@contextmanager
def zeep_client(files: Mapping[str, bytes], wsdl: str) -> Iterator[zeep.Client]:
    """A zeep client on a contract's files; it loads nothing from elsewhere."""
    with TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with zeep.Client(str(Path(folder, wsdl))) as client:  # type: ignore[no-untyped-call] # no hints
            yield client


def written_by_zeep(
    client: zeep.Client, operation: str, record: Record, document: Document, *, service: str
) -> bytes:
    """The envelope that zeep builds for a document of ours."""
    proxy = client.bind(service)
    values = for_zeep(document, record, {})
    message = client.create_message(proxy, operation, **values)  # type: ignore[no-untyped-call] # no hints
    return bytes(etree.tostring(message))


def sign_with_zeep(  # zeep has no hints; its own names, as `BinarySignature` uses them
    envelope: Element, key: str, certificate: str, signature: str, digest: str, *, binary: bool
) -> None:
    """Sign as zeep with xmlsec does; the methods by their last names, "RsaSha256", "Sha256"."""
    with_key: Any = zsignature._make_sign_key
    sign: Any = (
        zsignature._sign_envelope_with_key_binary if binary else zsignature._sign_envelope_with_key
    )
    methods = [getattr(xmlsec.constants, f"Transform{name}") for name in (signature, digest)]
    sign(envelope, with_key(key.encode(), certificate.encode(), None), *methods)


def verify_with_zeep(message: bytes, certificate: str) -> None:
    """Raises SignatureVerificationFailed, as zeep does for an answer."""
    make: Any = zsignature._make_verify_key
    verify: Any = zsignature._verify_envelope_with_key
    verify(etree.fromstring(message), make(certificate.encode()))


def for_zeep(document: Document, record: Record, outer: Mapping[str, Record]) -> dict[str, object]:
    """A document of ours in zeep's words: simple content is `_value_1`, decimals are Decimal."""
    known = {**outer, record.name: record}
    values: dict[str, object] = {}
    for f in record.fields:
        if f.name in document:
            name = "_value_1" if f.xml is not None and f.xml.text else f.name
            values[name] = _for_zeep(document[f.name], f.type, known)
    return values


def _for_zeep(value: Value, type_: Type, known: Mapping[str, Record]) -> object:
    if isinstance(type_, Ref):
        type_ = known[type_.name]
    if isinstance(type_, Record) and isinstance(value, dict):
        return for_zeep(value, type_, known)
    if isinstance(type_, ListOf) and isinstance(value, list):
        return [_for_zeep(item, type_.item, known) for item in value]
    if isinstance(type_, Number) and value is not None:
        return Decimal(repr(value))
    return value


def canonical(message: bytes | str) -> str:
    """Canonical XML 2.0 with prefixes by order of use, so that only meaning is compared."""
    text = message.decode() if isinstance(message, bytes) else message
    return canonicalize(text, rewrite_prefixes=True)


_TEXTS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn")) | st.sampled_from("&<>\"'\t\n\rđĐẫ "),
    max_size=12,
)


def documents(
    record: Record, types: Mapping[str, Record], depth: int = 2
) -> st.SearchStrategy[Document]:
    """Documents of a record, with every optional field there or not, and one choice of a group."""
    alternatives = [list(group.alternatives) for group in record.groups]
    chosen = st.tuples(*(st.sampled_from(names) for names in alternatives))
    return chosen.flatmap(
        lambda names: _with_choice(record, types, depth, {n for t in names for n in t})
    )


def _with_choice(
    record: Record, types: Mapping[str, Record], depth: int, chosen: set[str]
) -> st.SearchStrategy[Document]:
    grouped = {n for group in record.groups for names in group.alternatives for n in names}
    # zeep takes an empty text for "not this alternative"; ours are therefore not empty.
    filled = {f.name: st.text("Đ&1", min_size=1) for f in record.fields if f.name in chosen}
    required = {
        f.name: _values(f, types, depth) for f in record.fields if f.required or f.name in chosen
    }
    optional = {
        f.name: _values(f, types, depth)
        for f in record.fields
        if f.name not in required and f.name not in grouped
    }
    return st.fixed_dictionaries({**required, **filled}, optional=optional)


def _values(f: Field, types: Mapping[str, Record], depth: int) -> st.SearchStrategy[Value]:
    if isinstance(f.type, ListOf):
        if depth == 0:  # a record that holds itself ends here
            return st.just([])
        most = min(f.type.max_items or 2, 2)
        item = _of(f.type.item, types, depth)
        return st.lists(item, min_size=f.type.min_items, max_size=most)
    value = _of(f.type, types, depth)
    return value | st.none() if f.nullable and f.required else value


def _of(type_: Type, types: Mapping[str, Record], depth: int) -> st.SearchStrategy[Value]:
    match type_:
        case Record():
            return st.deferred(lambda: documents(type_, types, max(depth - 1, 0)))
        case Ref(name=name):
            return st.deferred(lambda: documents(types[name], types, max(depth - 1, 0)))
        case Integer(minimum=low, maximum=high):
            return st.integers(low, high)
        case Number():
            return st.decimals(-9999, 9999, places=3).map(float)
        case Boolean():
            return st.booleans()
        case TextType():
            return _texts(type_)
        case _:
            raise AssertionError(type_)


def _texts(type_: TextType) -> st.SearchStrategy[Value]:
    if type_.values is not None:
        return st.sampled_from(type_.values)
    if type_.format in ("date-time", "date"):
        moment = "2025-10-13T09:05:00+07:00"
        return st.just(moment if type_.format == "date-time" else moment[:10])
    if type_.pattern is not None:
        return st.from_regex(type_.pattern, fullmatch=True, alphabet="0123456789")
    return _TEXTS.map(lambda text: text[: type_.max_length]).filter(
        lambda text: len(text) >= type_.min_length
    )
