"""A system's contract from the files of its bundle; nothing is fetched.

Imports, includes and $ref lead from file to file inside the bundle; whatever points outside is
refused with its place.

A contract is its bytes, and is never changed: as long as somebody holds it, it is not read again.
So a mapping that was mended is held against the contract that is live already.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

from hub.contract.openapi import read_openapi
from hub.contract.problems import ContractErrors
from hub.contract.types import Contract

_MOST = 4 * 1_048_576  # bytes of one file; the largest government WSDL seen has 0.9 MB
_MOST_FILES = 200

_Key: TypeAlias = tuple[str, frozenset[tuple[str, bytes]], tuple[str, ...]]
_READ: Final = WeakValueDictionary[_Key, Contract]()  # what somebody holds


def load_contract(kind: str, files: Mapping[str, bytes], roots: Sequence[str]) -> Contract:
    """The contract that `roots` (paths among `files`) describe together.

    `kind`: "soap" (WSDL) or "rest" (OpenAPI). `files`: the contract files of a bundle by relative
    path ("contract/x.wsdl"). Raises ContractErrors, whose `problems` name every place that is not
    supported or not right.
    """
    key = (kind, frozenset(files.items()), tuple(roots))
    known = _READ.get(key)
    if known is None:
        known = _READ[key] = _read(kind, files, roots)
    return known


def _read(kind: str, files: Mapping[str, bytes], roots: Sequence[str]) -> Contract:
    _check_sizes(files)
    if not roots:
        raise ContractErrors("no contract file is named")
    if kind == "soap":
        from hub.contract.wsdl import read_wsdl  # zeep takes 0.3 s to load

        return read_wsdl(files, roots)
    if kind == "rest":
        return read_openapi(files, roots)
    raise ContractErrors(f"no contract is of the kind {kind!r}", "", "soap or rest")


def _check_sizes(files: Mapping[str, bytes]) -> None:
    if len(files) > _MOST_FILES:
        raise ContractErrors(f"more than {_MOST_FILES} contract files")
    for name, body in files.items():
        if len(body) > _MOST:
            raise ContractErrors(f"more than {_MOST} bytes", name)
