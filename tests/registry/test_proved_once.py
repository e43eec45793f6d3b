"""A bundle that somebody holds is not proved again; what differs in one byte is."""

import gc
from weakref import ref

from hub.registry.bundle import Bundle, prove
from hub.registry.bundle_files import read_files
from hub.registry.event_types import events_of
from tests.landscape import ROOT, connectors, events

NAME = "postal"


def files() -> dict[str, bytes]:
    return read_files(ROOT / "connectors" / NAME)


def held() -> Bundle:
    return connectors().bundles[NAME]


def test_the_same_bytes_are_the_same_bundle() -> None:
    assert prove(NAME, files(), events()) is held()
    assert prove(NAME, files(), events_of(dict(events().files))) is held()


def test_another_byte_is_another_bundle_with_the_contract_that_was_read() -> None:
    changed = files()
    changed["mapping.py"] += b"\n"
    found = prove(NAME, changed, events())
    assert found.sha256 != held().sha256
    assert found.inbound is held().inbound


def test_another_contract_is_read() -> None:
    changed = files()
    name = next(name for name in held().inbound.files)
    changed[name] += b"\n"
    found = prove(NAME, changed, events())
    assert found.inbound is not held().inbound


def test_other_events_are_another_bundle() -> None:
    schemas = dict(events().files)
    name = "common.v1.Party.avsc"
    schemas[name] = schemas[name].replace(b'"doc": "', b'"doc": "Well: ', 1)
    assert prove(NAME, files(), events_of(schemas)) is not held()


def test_a_change_of_the_callers_files_does_not_change_the_bundle() -> None:
    given = files()
    given["mapping.py"] += b"\n# another\n"
    found = prove(NAME, given, events())
    before = dict(found.files)
    given["mapping.py"] = b"else"
    assert found.files == before


def test_what_nobody_holds_is_forgotten() -> None:
    given = files()
    given["mapping.py"] += b"\n# for a moment\n"
    gone = ref(prove(NAME, given, events()))
    gc.collect()
    assert gone() is None
