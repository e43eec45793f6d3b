"""A published interface, made ready for a bundle: its files, and the contract that flows need.

Files stay as their owner published them where the hub can read them whole. Otherwise the part that
the chosen operations need is cut out: what nobody calls can hinder nobody.
"""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from hub.contract import openapi_offers, openapi_plain, wsdl_offers
from hub.contract.documents import Json
from hub.contract.load import load_contract
from hub.contract.offers import Offers
from hub.contract.problems import ContractErrors
from hub.contract.types import Contract
from hub.errors import Reject

FOLDER: Final = "contract/"
_SMALL: Final = 262_144  # bytes up to which files are kept whole
_MOST_FILES: Final = 200
Read = Callable[[str], bytes]  # a file beside the first one, by its relative path


@dataclass(frozen=True, slots=True)
class _Part:
    """Files of which one is to be read first, and what is lost in them."""

    files: Mapping[str, bytes] = field(repr=False)
    root: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interface:
    """`files` by path relative to a folder that holds them all; `root` is the one to begin with."""

    adapter: str  # "rest" or "soap"
    root: str
    files: Mapping[str, bytes] = field(repr=False)
    offers: Offers = field(repr=False)

    def contract(
        self, wanted: frozenset[str]
    ) -> tuple[dict[str, bytes], Contract, tuple[str, ...]]:
        """The bundle's contract files, what they say, and what a person should know of them.

        Raises ContractErrors where the wanted operations cannot be read.
        """
        if sum(map(len, self.files.values())) <= _SMALL:
            try:
                whole = self._placed(self.files)
                return whole, load_contract(self.adapter, whole, [FOLDER + self.root]), ()
            except ContractErrors:
                pass  # what hinders may stand where no wanted operation leads
        note = (
            f"the contract is a part of {posixpath.basename(self.root)}: "
            f"{len(wanted)} of {len(self.offers.operations)} operations"
        )
        refused = ContractErrors("no part was read")
        for part in self._parts(wanted):
            files = self._placed(part.files)
            try:
                contract = load_contract(self.adapter, files, [FOLDER + part.root])
            except ContractErrors as error:
                refused = error
            else:
                return files, contract, (note, *part.notes)
        raise refused

    def _placed(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        return {FOLDER + name: body for name, body in files.items()}

    def _parts(self, wanted: frozenset[str]) -> Iterator[_Part]:
        """The part as it is, then in plainer words, then with answers of which nothing is said."""
        if self.adapter == "soap":
            trees = wsdl_offers.read_all(self.files)
            yield _Part(wsdl_offers.part(trees, wanted), self.root)
            return
        whole = openapi_offers.document(self.root, self.files[self.root])
        part = openapi_offers.part(whole, wanted)
        yield self._written(part, ())
        words = openapi_plain.Plain()
        plain = words.document(part)
        notes = tuple(words.notes())
        yield self._written(plain, notes)
        for success, told in ((False, "refusals"), (True, "answers")):
            opened = openapi_plain.open_answers(plain, success=success)
            cut = openapi_offers.part(opened, wanted)
            yield self._written(cut, (*notes, f"the hub does not check what {told} say"))

    def _written(self, document: Mapping[str, Json], notes: tuple[str, ...]) -> _Part:
        name = f"{self.root.rpartition('.')[0]}.json"
        body = orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
        others = {file: other for file, other in self.files.items() if file != self.root}
        return _Part({name: body, **others}, name, notes)


def read_interface(adapter: str, root: str, read: Read) -> Interface:
    """The interface that begins at the file `root`, with every file that it leads to.

    Addresses (http://…) are not followed; the contract's reader names them. `read` gives a file's
    bytes, and raises Reject where there is none.
    """
    files: dict[str, bytes] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name in files:
            continue
        if len(files) >= _MOST_FILES:
            raise Reject(f"leads to more than {_MOST_FILES} files", where=root)
        files[name] = read(name)
        here = posixpath.dirname(name)
        waiting += [
            posixpath.normpath(posixpath.join(here, location))
            for location in _locations(adapter, name, files[name])
            if "://" not in location and not location.startswith(("/", "urn:"))
        ]
    placed = _lifted(files)
    start = placed[root]
    lifted = {placed[name]: body for name, body in files.items()}
    return Interface(adapter, start, lifted, _offers(adapter, start, lifted))


def _locations(adapter: str, name: str, body: bytes) -> list[str]:
    if adapter == "soap":
        return list(wsdl_offers.references(wsdl_offers.read_all({name: body})[name]))
    return list(openapi_offers.references(openapi_offers.document(name, body)))


def _lifted(files: Mapping[str, bytes]) -> dict[str, str]:
    """Each path as one below the folder that holds all of them: no "../" is left."""
    deepest = max(name.split("/").count("..") for name in files)
    above = [f"up{step}" for step in range(deepest)]
    return {name: posixpath.normpath(posixpath.join(*above, name)) for name in files}


def _offers(adapter: str, root: str, files: Mapping[str, bytes]) -> Offers:
    if adapter == "soap":
        return wsdl_offers.offers(wsdl_offers.read_all(files))
    return openapi_offers.offers(openapi_offers.document(root, files[root]))
