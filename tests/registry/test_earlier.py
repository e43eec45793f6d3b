"""An earlier version found again by the two digests that receipts name it by."""

from dataclasses import replace
from pathlib import Path

import pytest

from hub.registry.bundle_files import digest_of, read_files
from hub.registry.earlier import earlier
from hub.registry.event_types import read_events
from hub.registry.ledger import Entry, Ledger, Registered, Version
from hub.registry.live import Landscape, Live, read_landscape
from hub.registry.present import present

ROOT = Path(__file__).parents[2]
FIRST = read_files(ROOT / "connectors" / "postal")
SECOND = {**FIRST, "mapping.py": FIRST["mapping.py"] + b"\n# another version\n"}
ENTRY: Entry = {
    "endpoint": "http://127.0.0.1:9",
    "allow_addresses": ["127.0.0.0/8"],
    "settings": {"customer_code": "C1"},
    "secrets": {"consumer_key": "env:A", "consumer_secret": "env:B"},
}
MOVED: Entry = {**ENTRY, "endpoint": "http://127.0.0.1:10"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Landscape:
    """A hub whose files name nobody."""
    folder = tmp_path_factory.mktemp("nobody")
    events = read_events(ROOT / "schemas" / "avro")
    return read_landscape(folder, folder / "registrations.yaml", events)


def ledger(*versions: tuple[dict[str, bytes], Entry]) -> Ledger:
    """A registration that was each of these in turn."""
    digests = [digest_of(of) for of, _ in versions]
    named = [
        Version(number, digest, entry, "live", "An", 0)
        for number, (digest, (_, entry)) in enumerate(zip(digests, versions, strict=True), 1)
    ]
    last = named[-1]
    registered = Registered(
        "post", "postal", last.bundle, last.entry, "live", last.version, "An", 0,
        before=tuple(named[:-1]),
    )  # fmt: skip
    bundles = {digest: of for digest, (of, _) in zip(digests, versions, strict=True)}
    return Ledger({"post": registered}, bundles)


def live(files: Landscape, bundle: dict[str, bytes], entry: Entry) -> Live:
    (found,) = present(files, ledger((bundle, entry))).live
    return found


@pytest.mark.parametrize(("bundle", "entry"), [(FIRST, ENTRY), (SECOND, ENTRY), (SECOND, MOVED)])
def test_each_version_is_found_by_its_own_digests(
    files: Landscape, bundle: dict[str, bytes], entry: Entry
) -> None:
    wanted = live(files, bundle, entry)
    history = ledger((FIRST, ENTRY), (SECOND, ENTRY), (SECOND, MOVED))
    found = earlier("post", wanted.bundle.digest, wanted.registration.digest, files, history)
    assert found is not None
    assert wanted.bundle.sha256 == found.bundle.sha256
    assert wanted.registration == found.registration


def test_what_nobody_has_any_more_is_not_found(files: Landscape) -> None:
    first = live(files, FIRST, ENTRY)
    names = first.bundle.digest, first.registration.digest
    history = ledger((FIRST, ENTRY), (SECOND, ENTRY))
    assert earlier("post", *names, files, history) is not None
    assert earlier("post", *names, files, replace(history, bundles={})) is None
    assert earlier("post", names[0], "0" * 16, files, history) is None
    assert earlier("another", *names, files, history) is None


def test_what_the_files_said_is_found_though_the_ledger_says_another(files: Landscape) -> None:
    first = live(files, FIRST, ENTRY)
    seed = replace(files, live=(first,), bundles={"postal": first.bundle})
    history = ledger((SECOND, ENTRY))
    found = earlier("post", first.bundle.digest, first.registration.digest, seed, history)
    assert found is first


def test_what_the_files_said_once_is_found_when_they_say_another(files: Landscape) -> None:
    first = live(files, FIRST, ENTRY)
    was = Registered(
        "post", "postal", digest_of(FIRST), ENTRY, "live", 0, "registrations.yaml", 0, "adopt"
    )
    newer = live(files, SECOND, MOVED)
    now = replace(files, live=(newer,), bundles={"postal": newer.bundle})
    names = first.bundle.digest, first.registration.digest
    assert earlier("post", *names, now, Ledger()) is None
    kept = Ledger(bundles={was.bundle: FIRST}, filed={"post": (was,)})
    found = earlier("post", *names, now, kept)
    assert found is not None
    assert found.registration == first.registration
