"""A manifest by itself: read as far as it can be, and what is wrong before any contract is opened.

A flow that cannot be read is left out, so that the others are looked at all the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from hub.contract.types import Value
from hub.delivery.outcomes import ITEM, compile_rows, compile_when
from hub.errors import Reject
from hub.registry.auth import auth_problems
from hub.registry.call_limits import limit_problems
from hub.registry.credentials import manifest_credentials
from hub.registry.manifest import Manifest
from hub.registry.manifest_flow import Flow, Outcome, flow_problems
from hub.registry.manifest_words import words
from hub.registry.problem import Problem
from hub.registry.registration import SETTINGS, default_of, fits_setting
from hub.registry.shape import shape_problems
from hub.registry.yaml_file import Path, Plain, YamlFile

FORMAT = 1  # of manifests, that this hub reads
NEVER_DELIVERED = "no outcome says `delivered`: every answer would be retried"
NAME_SUCCESS = "say what success looks like, for example {when: {status: [200]}, then: delivered}"
_ASIDE = frozenset({"title", "owner", "doc", "delivery"})  # what no other part depends on


@dataclass(frozen=True, slots=True)
class Reading:
    """`manifest`: what could be read, None where nothing could; `lost`: flows left out of it."""

    manifest: Manifest | None
    problems: tuple[Problem, ...]
    lost: frozenset[str] = frozenset()


def read_manifest(name: str, yaml: YamlFile) -> Reading:
    """The manifest of the bundle `name`, as far as it can be read, with all that is wrong in it."""
    later = _from_later(yaml)
    if later is not None:
        return Reading(None, (later,))
    problems = [*shape_problems(yaml, Manifest), *manifest_credentials(yaml)]
    value, lost = _readable(name, yaml.value, problems)
    try:
        manifest = msgspec.convert(value, Manifest)
    except msgspec.ValidationError as error:
        problems = problems or [Problem(yaml.place(()), str(error), code="manifest")]
        return Reading(None, tuple(problems))
    return Reading(manifest, (*problems, *_problems(name, manifest, yaml)), lost)


def _from_later(yaml: YamlFile) -> Problem | None:
    given = yaml.value.get("hub") if isinstance(yaml.value, dict) else None
    if isinstance(given, int) and given > FORMAT:
        what = f"the manifest is of format {given}, this hub reads format {FORMAT}"
        fix = f"use a newer hub, or write the manifest for `hub: {FORMAT}`"
        return Problem(yaml.place(("hub",)), what, fix, "hub", code="from-later")
    return None


def _readable(name: str, value: Plain, problems: list[Problem]) -> tuple[Plain, frozenset[str]]:
    """The value without the parts that are wrong, as far as nothing else depends on them."""
    if not isinstance(value, dict) or not problems:
        return value, frozenset()
    known = set(Manifest.__struct_fields__)
    wrong = [problem.field.split(".") for problem in problems if problem.field]
    lost = frozenset(path[1] for path in wrong if path[0] == "flows" and len(path) > 1)
    drop = {path[0] for path in wrong if path[0] in _ASIDE or path[0] not in known}
    kept = {key: inner for key, inner in value.items() if key not in drop}
    flows = kept.get("flows")
    if isinstance(flows, dict):
        kept["flows"] = {key: flow for key, flow in flows.items() if key not in lost}
    return {"name": name, "title": "", "owner": "", **kept}, lost


def _problems(name: str, manifest: Manifest, yaml: YamlFile) -> Iterator[Problem]:
    if manifest.name != name:
        what = f"name is '{manifest.name}', the folder is '{name}'"
        yield Problem(yaml.place(("name",)), what, f"write name: {name}", "name", code="name")
    for flow_name, flow in manifest.flows.items():
        under: Path = ("flows", flow_name)
        found = flow_problems(flow_name, flow)
        yield from (Problem(yaml.place(under), what, fix, code="flow") for what, fix in found)
        if not found:
            yield from _table_problems(flow, manifest, under, yaml)
    yield from _twice(manifest, yaml)
    for path, what, fix in auth_problems(manifest):
        yield Problem(yaml.place(path), what, fix, code="auth")
    yield from _delivery_problems(manifest, yaml)
    yield from _setting_problems(manifest, yaml)
    receives = any(flow.receive for flow in manifest.flows.values())
    if receives and manifest.inbound is None:
        fix = "add inbound: {auth: …}, so that the hub knows who may send"
        what = "receives, but says nothing of `inbound`"
        yield Problem(yaml.place(("flows",)), what, fix, code="auth")
    rows = _rows(manifest.outbound.outcomes, ("outbound", "outcomes"), _blank(manifest))
    yield from _placed(rows, yaml)
    if manifest.outbound.in_doubt:
        found_by = manifest.outbound.in_doubt.found
        yield from _placed(_condition(found_by, ("outbound", "in_doubt", "found")), yaml)


def _setting_problems(manifest: Manifest, yaml: YamlFile) -> Iterator[Problem]:
    for key, setting in manifest.settings.items():
        default = default_of(setting)
        if default is not None and not fits_setting(default, setting.type):
            kind = SETTINGS[setting.type]
            what = f"settings.{key}: the default is not {kind}"
            place = yaml.place(("settings", key, "default"))
            yield Problem(place, what, f"write {kind}", code="wrong-value")


def _table_problems(
    flow: Flow, manifest: Manifest, under: Path, yaml: YamlFile
) -> Iterator[Problem]:
    yield from _placed(_rows(flow.outcomes, (*under, "outcomes"), _blank(manifest)), yaml)
    rows = (*flow.outcomes, *manifest.outbound.outcomes)
    if flow.on and not any(row.then == "delivered" for row in rows):
        yield Problem(yaml.place(under), NEVER_DELIVERED, NAME_SUCCESS, code="never-delivered")
    if flow.in_doubt:
        yield from _placed(_condition(flow.in_doubt.found, (*under, "in_doubt", "found")), yaml)
    if flow.batch and flow.batch.too_large:
        place = (*under, "batch", "too_large")
        yield from _placed(_condition(flow.batch.too_large, place), yaml)
    if flow.confirm:
        place = (*under, "confirm", "found")
        yield from _placed(_condition(flow.confirm.found, place, ITEM), yaml)


def _rows(
    rows: list[Outcome], under: Path, settings: Mapping[str, Value]
) -> Iterator[tuple[Path, Reject]]:
    """Each row that makes no sense, by itself."""
    for index, row in enumerate(rows):
        try:
            compile_rows([row], settings)
        except Reject as error:
            key = error.where.partition("].")[2]
            yield ((*under, index, "when", key) if key else (*under, index)), error


def _condition(
    found: Mapping[str, Plain], under: Path, other: str = "$event."
) -> Iterator[tuple[Path, Reject]]:
    try:
        compile_when(found, {}, "", other)
    except Reject as error:
        key = error.where.removeprefix(".")
        yield ((*under, key) if key else under), error


def _placed(found: Iterator[tuple[Path, Reject]], yaml: YamlFile) -> Iterator[Problem]:
    for path, error in found:
        dotted = ".".join(map(str, path))
        yield Problem(
            yaml.place(path), f"{dotted}: {error.what}", error.fix, dotted, code="outcomes"
        )


def _blank(manifest: Manifest) -> dict[str, Value]:
    """A value of the right kind for each setting, to prove a table that mentions one."""
    return {n: ["x"] if s.type == "list" else "x" for n, s in manifest.settings.items()}


def _twice(manifest: Manifest, yaml: YamlFile) -> Iterator[Problem]:
    """Two flows that would take the same: one event may cause one call, one message one answer."""
    taken: dict[tuple[str, str], str] = {}
    for name, flow in manifest.flows.items():
        for kind, what in (
            *(("event", e) for e in words(flow.on)),
            ("message", flow.receive or ""),
        ):
            first = taken.setdefault((kind, what), name) if what else name
            if first != name:
                said = f"flows '{first}' and '{name}' both take the {kind} {what}"
                fix = "join them into one flow, or let one take another"
                yield Problem(yaml.place(("flows", name)), said, fix, code="name-clash")


def _delivery_problems(manifest: Manifest, yaml: YamlFile) -> Iterator[Problem]:
    under = ("delivery", "limits")
    for misfit in limit_problems(manifest.delivery.limits):
        what = f"{'.'.join(under)}.{misfit}"
        yield Problem(yaml.place((*under, *misfit.path)), what, misfit.fix, code="limits")
    retry = manifest.delivery.retry
    if retry.longest < retry.first:
        what = (
            f"delivery.retry.longest is {retry.longest:g} s, shorter than first ({retry.first:g} s)"
        )
        place = yaml.place(("delivery", "retry", "longest"))
        yield Problem(place, what, "write longest: at least as long as first", code="delivery")
