"""A connector's files, read and proved: what is wrong is found here, not when a message comes.

Reading yields a `Bundle` or every problem at once (`BundleErrors`). Nothing of a bundle is executed
but the mapping that the checker compiled.

A bundle is its bytes and the events it was proved against, and is never changed: as long as
somebody holds it, the same bytes are not proved again (0.1 s of processor time each).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

from hub.contract.binding import credential_header, without_headers
from hub.contract.load import load_contract
from hub.contract.problems import ContractErrors
from hub.contract.types import Boolean as BooleanType
from hub.contract.types import Contract, Integer, ListOf, MapOf, Record, Text, Type
from hub.contract.types import Field as TypeField
from hub.contract.xmlschema import schema_of
from hub.errors import Reject
from hub.mapping.diagnostics import Diagnostic, MappingErrors
from hub.mapping.program import FlowSignature, Program, compile_mapping, syntax
from hub.registry.batch_check import batch_problems
from hub.registry.bundle_files import MANIFEST, digest_of, file_problems, read_files, stray_problems
from hub.registry.contract_paths import astray
from hub.registry.credentials import credential_problems
from hub.registry.event_types import Events, with_own
from hub.registry.manifest import Contracts, Manifest, Setting
from hub.registry.manifest_check import read_manifest
from hub.registry.manifest_words import words
from hub.registry.problem import BundleErrors, Problem
from hub.registry.signatures import Sides, signatures
from hub.registry.yaml_file import YamlFile, read_yaml

MAPPING = "mapping.py"
MEND = "mend it there, or leave it out where no flow needs it"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Bundle:
    """A connector that may go live."""

    name: str
    manifest: Manifest
    inbound: Contract
    outbound: Contract
    program: Program
    sha256: str  # over every file: 64 hex digits
    files: Mapping[str, bytes] = field(repr=False)
    events: Events = field(repr=False)  # the hub's, and its own

    @property
    def digest(self) -> str:
        """What marks and receipts name it by: the first 16 digits."""
        return self.sha256[:16]


@dataclass(frozen=True, slots=True)
class Examined:
    """What could be made of a bundle's files, and all that is wrong with them.

    `bundle` is None where anything is. `manifest`: as far as it could be read, None where nothing
    could; `lost`: flows left out of it.
    """

    problems: tuple[Problem, ...]
    manifest: Manifest | None = None
    lost: frozenset[str] = frozenset()
    bundle: Bundle | None = None


_Files: TypeAlias = frozenset[tuple[str, bytes]]
_PROVED: Final = WeakValueDictionary[tuple[str, _Files, _Files], Bundle]()  # what somebody holds


def read_bundle(folder: Path, events: Events) -> Bundle:
    """Read and prove the connector of a folder. Raises BundleErrors with everything wrong."""
    try:
        files = read_files(folder)
    except Reject as error:
        raise BundleErrors(folder.name, (_problem(error),)) from error
    return prove(folder.name, files, events)


def prove(name: str, files: Mapping[str, bytes], events: Events) -> Bundle:
    """Prove the connector `name` of these files. Raises BundleErrors with everything wrong."""
    found = examine(name, files, events)
    if found.bundle is None:
        raise BundleErrors(name, found.problems)
    return found.bundle


def examine(name: str, files: Mapping[str, bytes], events: Events) -> Examined:
    """Read the connector `name` of these files, and prove it.

    A stage that does not need what failed before it reports too, so that one round of mending goes
    as far as it can. Never raises for what the files say.
    """
    key = (name, frozenset(files.items()), frozenset(events.files.items()))
    known = _PROVED.get(key)
    if known is not None:
        return Examined((), known.manifest, bundle=known)
    found = _examine(name, files, events)
    if found.bundle is not None:
        _PROVED[key] = found.bundle
    return found


def _examine(name: str, files: Mapping[str, bytes], events: Events) -> Examined:
    problems = list(file_problems(name, files))
    if problems:
        return Examined(tuple(problems))
    problems += credential_problems(files)
    try:
        yaml = read_yaml(files[MANIFEST], MANIFEST)
    except Reject as error:
        return Examined((*problems, _problem(error), *_syntax(files, MAPPING)))
    reading = read_manifest(name, yaml)
    manifest, lost = reading.manifest, reading.lost
    problems += reading.problems
    if manifest is None:
        return Examined((*problems, *_syntax(files, MAPPING)))
    problems += stray_problems(files, manifest.mapping)
    known, found = with_own(events, name, files)
    problems += found
    program, sides, found = _compiled(manifest, lost, files, known, yaml)
    problems += found
    if problems or program is None or sides is None:
        return Examined(tuple(dict.fromkeys(problems)), manifest, lost)
    digest = digest_of(files)
    kept = dict(files)  # whoever gave them may change them
    made = Bundle(name, manifest, sides.inbound, sides.outbound, program, digest, kept, known)
    return Examined((), manifest, bundle=made)


def _compiled(
    manifest: Manifest,
    lost: frozenset[str],
    files: Mapping[str, bytes],
    events: Events,
    yaml: YamlFile,
) -> tuple[Program | None, Sides | None, list[Problem]]:
    """The mapping between the contract and the events; its syntax alone without a contract."""
    inbound, outbound, problems = _contracts(manifest, files)
    if inbound is None or outbound is None:
        return None, None, [*problems, *_syntax(files, manifest.mapping)]
    sides = Sides(inbound, outbound, events.records, events.full_names)
    program, found = _program(manifest, sides, files, yaml, lost)
    return program, sides, [*problems, *found, *_agreement(manifest, sides, yaml)]


def _agreement(manifest: Manifest, sides: Sides, yaml: YamlFile) -> Iterator[Problem]:
    """What the manifest says of the contract."""
    yield from batch_problems(manifest, sides.outbound, yaml)
    for lost in astray(manifest, sides):
        dotted = ".".join(map(str, lost.path))
        yield Problem(
            yaml.place(lost.path), f"{dotted}: {lost.what}", lost.fix, dotted, code="path"
        )


def _contracts(
    manifest: Manifest, files: Mapping[str, bytes]
) -> tuple[Contract | None, Contract | None, list[Problem]]:
    """Inbound and outbound, the latter without the headers of our own credentials."""
    given, problems = manifest.contract, list[Problem]()
    sides = (given.inbound, given.outbound) if isinstance(given, Contracts) else (given,)
    bundle = {name: body for name, body in files.items() if name.startswith("contract/")}
    read: list[Contract | None] = []
    for index, roots in enumerate(sides):
        try:
            contract = load_contract(manifest.adapter, bundle, words(roots))
            if manifest.adapter == "soap" and manifest.inbound is not None and index == 0:
                schema_of(contract)  # the gateway will check messages with it
            read.append(contract)
        except ContractErrors as error:
            problems += [_problem(found) for found in error.problems or (error,)]
            read.append(None)
        except Reject as error:
            problems.append(_problem(error))
            read.append(None)
    headers = frozenset(filter(None, map(credential_header, manifest.outbound.auth)))
    outbound = read[-1]
    return read[0], without_headers(outbound, headers) if outbound else None, problems


def _syntax(files: Mapping[str, bytes], mapping: str) -> list[Problem]:
    """What can be said of the mapping alone."""
    if mapping not in files:
        return []
    source = files[mapping].decode("utf-8", "replace")
    return [_found(d, source) for d in syntax(source, mapping)]


def _found(diagnostic: Diagnostic, source: str) -> Problem:
    d = diagnostic
    return Problem(d.at, d.what, d.fix, d.field, d.render(source), d.code)


def _program(
    manifest: Manifest,
    sides: Sides,
    files: Mapping[str, bytes],
    yaml: YamlFile,
    lost: frozenset[str],
) -> tuple[Program | None, list[Problem]]:
    """The compiled mapping. Functions of `lost` flows are no leftovers."""
    name = manifest.mapping
    if name not in files:
        fix = "write a function for each flow into it"
        return None, [
            Problem(yaml.place(("mapping",)), f"the bundle has no {name}", fix, code="no-mapping")
        ]
    try:
        source = files[name].decode("utf-8")
    except UnicodeDecodeError:
        return None, [Problem(name, "is not UTF-8", "save it as UTF-8", code="encoding")]
    flows: list[FlowSignature] = []
    problems: list[Problem] = []
    for found in signatures(manifest, sides, source):
        if isinstance(found, FlowSignature):
            flows.append(found)
        else:
            under = _flow_path(found)
            path = yaml.path_of(under, _quoted(found.what))
            what, field = found.what, ".".join(map(str, path))
            problems.append(Problem(yaml.place(path), what, found.fix, field, code="name"))
            lost |= {under[1]}
    try:
        return compile_mapping(source, name, flows, settings_record(manifest)), problems
    except MappingErrors as error:
        problems += [
            _found(d, source)
            for d in error.diagnostics
            if not (lost and d.code == "unused-function")
        ]
        return None, problems


def _flow_path(error: Reject) -> tuple[str, ...]:
    return tuple(error.where.split(" ")[0].split("."))


def _quoted(what: str) -> str:
    """The first word in quotes: what a finding is about."""
    return what.partition("'")[2].partition("'")[0]


def settings_record(manifest: Manifest) -> Record:
    """The registration's settings as the mapping's `setting`."""
    return Record(
        "setting",
        tuple(
            TypeField(
                name, _setting_type(s), required=not s.optional, nullable=s.optional, doc=s.doc
            )
            for name, s in manifest.settings.items()
        ),
    )


def _setting_type(setting: Setting) -> Type:
    kinds: Mapping[str, Type] = {
        "string": Text(),
        "integer": Integer(),
        "boolean": BooleanType(),
        "list": ListOf(Text()),
        "map": MapOf(Text()),
    }
    return kinds[setting.type]


def _problem(error: Reject) -> Problem:
    return Problem(error.where, error.what, error.fix or MEND, code=error.code)
