"""A connector's files, read and proved: what is wrong is found here, not when a message comes.

Reading yields a `Bundle` or every problem at once (`BundleErrors`). Nothing of a bundle is executed
but the mapping that the checker compiled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.contract.binding import credential_header, without_headers
from hub.contract.load import load_contract
from hub.contract.problems import ContractErrors
from hub.contract.types import Boolean as BooleanType
from hub.contract.types import Contract, Integer, ListOf, MapOf, Record, Text, Type, Value
from hub.contract.types import Field as TypeField
from hub.contract.xmlschema import schema_of
from hub.delivery.outcomes import ITEM, compile_rows, compile_when
from hub.errors import Reject
from hub.mapping.diagnostics import MappingErrors
from hub.mapping.program import FlowSignature, Program, compile_mapping
from hub.registry.auth import auth_problems
from hub.registry.batch_check import batch_problems
from hub.registry.bundle_files import MANIFEST, digest_of, file_problems, read_files, stray_problems
from hub.registry.call_limits import limit_problems
from hub.registry.event_types import Events
from hub.registry.manifest import Contracts, Flow, Manifest, Setting, decode, flow_problems, words
from hub.registry.problem import BundleErrors, Problem
from hub.registry.signatures import Sides, operation, signatures
from hub.registry.yaml_file import YamlFile, read_yaml

NEVER_DELIVERED = "no outcome says `delivered`: every answer would be retried"
NAME_SUCCESS = "say what success looks like, for example {when: {status: [200]}, then: delivered}"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A connector that may go live."""

    name: str
    manifest: Manifest
    inbound: Contract
    outbound: Contract
    program: Program
    sha256: str  # over every file: 64 hex digits
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def digest(self) -> str:
        """What marks and receipts name it by: the first 16 digits."""
        return self.sha256[:16]


def read_bundle(folder: Path, events: Events) -> Bundle:
    """Read and prove the connector of a folder. Raises BundleErrors with everything wrong."""
    try:
        files = read_files(folder)
    except Reject as error:
        raise BundleErrors(folder.name, (_problem(error),)) from error
    return prove(folder.name, files, events)


def prove(name: str, files: Mapping[str, bytes], events: Events) -> Bundle:
    """Prove the connector `name` of these files. Raises BundleErrors with everything wrong."""
    problems = list(file_problems(name, files))
    if problems:
        raise BundleErrors(name, tuple(problems))
    try:
        yaml = read_yaml(files[MANIFEST], MANIFEST)
        manifest = decode(yaml, Manifest)
    except Reject as error:
        raise BundleErrors(name, (_problem(error),)) from error
    problems = _manifest_problems(name, manifest, yaml)
    problems += stray_problems(files, manifest.mapping)
    try:
        inbound, outbound = _contracts(manifest, files)
    except ContractErrors as error:
        problems += [_problem(found) for found in error.problems or (error,)]
        raise BundleErrors(name, tuple(problems)) from error
    except Reject as error:
        raise BundleErrors(name, (*problems, _problem(error))) from error
    sides = Sides(inbound, outbound, events.records, events.full_names)
    program, found = _program(manifest, sides, files, yaml)
    problems += found + _reply_problems(manifest, inbound, yaml)
    problems += batch_problems(manifest, outbound, yaml)
    if problems or program is None:
        raise BundleErrors(name, tuple(problems))
    return Bundle(name, manifest, inbound, outbound, program, digest_of(files), files)


def _manifest_problems(name: str, manifest: Manifest, yaml: YamlFile) -> list[Problem]:
    problems: list[Problem] = []
    if manifest.name != name:
        problems.append(
            Problem(yaml.place(("name",)), f"is '{manifest.name}', the folder is '{name}'")
        )
    for flow_name, flow in manifest.flows.items():
        place = yaml.place(("flows", flow_name))
        problems += [Problem(place, what) for what in flow_problems(flow_name, flow)]
        problems += _table_problems(flow, place)
        rows = (*flow.outcomes, *manifest.outbound.outcomes)
        if flow.on and not any(row.then == "delivered" for row in rows):
            problems.append(Problem(place, NEVER_DELIVERED, NAME_SUCCESS))
    problems += [Problem(yaml.place(path), what) for path, what in auth_problems(manifest)]
    problems += _limit_problems(manifest, yaml)
    receives = any(flow.receive for flow in manifest.flows.values())
    if receives and manifest.inbound is None:
        problems.append(Problem(yaml.place(("flows",)), "receives, but says nothing of `inbound`"))
    try:
        compile_rows(manifest.outbound.outcomes, _blank(manifest))
        if manifest.outbound.in_doubt:
            compile_when(manifest.outbound.in_doubt.found, {}, "in_doubt.found")
    except Reject as error:
        problems.append(
            Problem(yaml.place(("outbound",)), f"{error.where}: {error.what}", error.fix)
        )
    return problems


def _limit_problems(manifest: Manifest, yaml: YamlFile) -> list[Problem]:
    under = ("delivery", "limits")
    return [
        Problem(yaml.place((*under, *misfit.path)), f"{'.'.join(under)}.{misfit}", misfit.fix)
        for misfit in limit_problems(manifest.delivery.limits)
    ]


def _table_problems(flow: Flow, place: str) -> list[Problem]:
    try:
        compile_rows(flow.outcomes, {})
        if flow.in_doubt:
            compile_when(flow.in_doubt.found, {}, "in_doubt.found")
        if flow.batch and flow.batch.too_large:
            compile_when(flow.batch.too_large, {}, "batch.too_large")
        if flow.confirm:
            compile_when(flow.confirm.found, {}, "confirm.found", ITEM)
    except Reject as error:
        return [Problem(place, f"{error.where}: {error.what}", error.fix)]
    return []


def _blank(manifest: Manifest) -> dict[str, Value]:
    """A value of the right kind for each setting, to prove a table that mentions one."""
    return {n: ["x"] if s.type == "list" else "x" for n, s in manifest.settings.items()}


def _contracts(manifest: Manifest, files: Mapping[str, bytes]) -> tuple[Contract, Contract]:
    """Inbound and outbound; the latter without the headers of our own credentials."""
    inbound, outbound = _published(manifest, files)
    if manifest.adapter == "soap" and manifest.inbound is not None:
        schema_of(inbound)  # the gateway will check messages with it
    headers = frozenset(filter(None, map(credential_header, manifest.outbound.auth)))
    return inbound, without_headers(outbound, headers)


def _published(manifest: Manifest, files: Mapping[str, bytes]) -> tuple[Contract, Contract]:
    given = manifest.contract
    bundle = {name: body for name, body in files.items() if name.startswith("contract/")}
    if isinstance(given, Contracts):
        inbound = load_contract(manifest.adapter, bundle, words(given.inbound))
        return inbound, load_contract(manifest.adapter, bundle, words(given.outbound))
    both = load_contract(manifest.adapter, bundle, words(given))
    return both, both


def _program(
    manifest: Manifest, sides: Sides, files: Mapping[str, bytes], yaml: YamlFile
) -> tuple[Program | None, list[Problem]]:
    name = manifest.mapping
    if name not in files:
        return None, [Problem(yaml.place(("mapping",)), f"the bundle has no {name}")]
    try:
        source = files[name].decode("utf-8")
    except UnicodeDecodeError:
        return None, [Problem(name, "is not UTF-8")]
    flows: list[FlowSignature] = []
    problems: list[Problem] = []
    for found in signatures(manifest, sides, source):
        if isinstance(found, FlowSignature):
            flows.append(found)
        else:
            problems.append(Problem(yaml.place(_flow_path(found)), found.what, found.fix))
    try:
        return compile_mapping(source, name, flows, settings_record(manifest)), problems
    except MappingErrors as error:
        problems += [
            Problem(d.at, d.what, d.fix, d.field, d.render(source)) for d in error.diagnostics
        ]
        return None, problems


def _flow_path(error: Reject) -> tuple[str, ...]:
    return tuple(error.where.split(" ")[0].split("."))


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


def _reply_problems(manifest: Manifest, inbound: Contract, yaml: YamlFile) -> list[Problem]:
    """Operations that are received must exist; what is answered is proved by the cases."""
    problems: list[Problem] = []
    for name, flow in manifest.flows.items():
        if flow.receive:
            try:
                operation(inbound, flow.receive)
            except Reject as error:
                problems.append(Problem(yaml.place(("flows", name)), error.what, error.fix))
    return problems


def _problem(error: Reject) -> Problem:
    return Problem(error.where, error.what, error.fix)
