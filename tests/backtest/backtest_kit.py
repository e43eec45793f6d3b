"""Two versions of a connector of ours that differ in a few words, and events from its cases."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from hub.backtest.report import Group, Report
from hub.backtest.run import open_backtest
from hub.contract.types import Document, Value
from hub.events.catalogue import Catalogue, load
from hub.events.masks import Masks
from hub.records import Record
from hub.registry.bundle import prove
from hub.registry.bundle_files import read_files
from hub.registry.case_files import find_cases
from hub.registry.case_times import from_people
from hub.registry.live import Live
from hub.registry.registration import RegistrationEntry, complete, default_settings
from tests.landscape import connectors, events

ROOT = Path(__file__).parents[2]
Edits = Mapping[str, Sequence[tuple[str, str]]]  # file -> (old text, new text)


@cache
def catalogue() -> Catalogue:
    return load(ROOT / "schemas" / "avro")


@cache
def files_of(name: str) -> dict[str, bytes]:
    return read_files(ROOT / "connectors" / name)


def edited(files: Mapping[str, bytes], edits: Edits) -> dict[str, bytes]:
    made = dict(files)
    for file, pairs in edits.items():
        text = made[file].decode()
        for old, new in pairs:
            assert old in text, f"{old!r} is not in {file}"
            text = text.replace(old, new, 1)
        made[file] = text.encode()
    return made


def live(name: str, edits: Edits | None = None, **entry: object) -> Live:
    """A registration of a connector of ours, with `edits` in its files."""
    connectors()  # held, so that what was not edited is not proved again
    bundle = prove(name, edited(files_of(name), edits or {}), events())
    manifest = bundle.manifest
    needed: dict[str, Value] = {"string": "T", "list": ["127.0.0.1/32"]}
    settings: dict[str, Value] = {
        key: needed.get(manifest.settings[key].type) if value is None else value
        for key, value in default_settings(manifest).items()
    }
    said = {
        "connector": name,
        "endpoint": "http://peer.test:9",
        "agencies": ["H44.99.99"],
        "secrets": dict.fromkeys(manifest.secrets, "env:NOT_THERE"),
        **entry,
    }
    said["settings"] = {**settings, **said.get("settings", {})}  # type: ignore[dict-item]  # ours
    return Live(bundle, complete(msgspec.convert(said, RegistrationEntry), manifest))


def case_events(name: str) -> list[tuple[str, Document]]:
    """Every event of the connector's cases of calls, by full name, each once."""
    found: dict[str, tuple[str, Document]] = {}
    for case in find_cases(files_of(name), {}):
        given = msgspec.json.decode(case.body) if not case.xml else {}
        if "event" in given:
            kind = given["type"]
            found[case.body.decode()] = (kind, from_people(kind, given["event"], events()))
    return list(found.values())


def backtest(old: Live, new: Live, given: Iterable[tuple[str, Document]]) -> Report:
    """As the command does, with events that come from no broker."""
    kept = list(given)
    records = [
        Record(
            "hub.dossier", 0, number, 0,
            str(event.get("dossier_code", number)).encode(),
            str(number).encode(),
            (("ce_type", kind.encode()),),
        )
        for number, (kind, event) in enumerate(kept)
    ]  # fmt: skip
    run = open_backtest(old, new, Masks(catalogue()), lambda raw: kept[int(raw)])
    return run.run(records)


def said(report: Report) -> list[str]:
    return [str(group) for group in report.groups]


def only(report: Report) -> Group:
    (group,) = report.groups
    return group
