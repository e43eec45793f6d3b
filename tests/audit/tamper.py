"""`python -m tests.audit.tamper`: change the evidence in every way that we know; all is detected.

Each row is one change, by somebody with full access to what is changed, and the first bad place
that the verifier has to name. The last row changes nothing, and must pass. Exit 0 if all is so.
"""

import json
import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hub.audit.checkpoint import Round, Rounds
from hub.audit.leaf import decode, encode
from hub.audit.log import LeafLog
from hub.audit.note import Signer, make_signer
from hub.audit.proving import Inspected, inspect, log_folder
from hub.audit.verify import Failed, Frontier, Trust, record_hash, verify
from hub.audit.witness import Witness, compare_with_own, state
from hub.records import Record
from tests.audit.evidence import NAME, SECOND, SIGNER, SPOTS, WITNESS, Evidence, evidence, public

COUNT = 200  # leaves of the first log
LOG = "hub.dossier/0"
ENTRIES = "hub.dossier-0.entries"
TRUST = Trust(public(SIGNER))
STRANGER = make_signer(NAME, b"x" * 32)  # has the name, not the key
PARTS = (0.25, 0.5, 1.0)  # when rounds were signed: at 50, 100 and 200 leaves


@dataclass(frozen=True)
class Entry:
    """One entry of a package."""

    kind: int
    leaf: bytes = b""
    salt: bytes = b""
    encoded: bytes = b""

    @property
    def raw(self) -> bytes:
        size = len(self.encoded).to_bytes(4, "big") if self.kind == 1 else b""
        return bytes([self.kind]) + self.leaf + self.salt + size + self.encoded

    def edited(self, *, fits: bool = False, **changes: object) -> "Entry":
        """Its record changed; with `fits`, the leaf is made to fit again."""
        encoded = encode(decode(self.encoded)._replace(**changes))  # type: ignore[arg-type]  # fields of a Record
        leaf = record_hash(self.salt, encoded) if fits else self.leaf
        return replace(self, encoded=encoded, leaf=leaf)

    @property
    def record(self) -> Record:
        return decode(self.encoded)


def read_entries(folder: Path) -> list[Entry]:
    raw = (folder / ENTRIES).read_bytes()
    found, at = [], 0
    while at < len(raw):
        kind = raw[at]
        if kind == 1:
            size = int.from_bytes(raw[at + 65 : at + 69], "big")
            leaf, salt = raw[at + 1 : at + 33], raw[at + 33 : at + 65]
            one = Entry(1, leaf, salt, raw[at + 69 : at + 69 + size])
        else:
            one = Entry(kind)
        found.append(one)
        at += len(one.raw)
    return found


Change = Callable[[list[Entry]], None]


def at(index: int, change: Callable[[Entry], Entry]) -> Change:
    def act(entries: list[Entry]) -> None:
        entries[index] = change(entries[index])

    return act


def swap(entries: list[Entry]) -> None:
    entries[60], entries[61] = entries[61], entries[60]


def swap_contents(entries: list[Entry]) -> None:
    """Two answers change places, and each leaf is made to fit."""
    one, other = entries[60], entries[65]
    entries[60] = one.edited(fits=True, value=other.record.value)
    entries[65] = other.edited(fits=True, value=one.record.value)


def reorder(entries: list[Entry]) -> None:
    entries[60:70] = reversed(entries[60:70])


def swap_salts(entries: list[Entry]) -> None:
    one, other = entries[60], entries[65]
    entries[60], entries[65] = replace(one, salt=other.salt), replace(other, salt=one.salt)


def insert(entries: list[Entry]) -> None:
    forged = entries[60].edited(fits=True, value=b"never said")
    entries.insert(60, forged)


OTHER = (("ce_id", b"another"),)
OF_ENTRIES: Sequence[tuple[str, Change, str]] = (
    ("edit a body", at(60, lambda e: e.edited(value=b"another answer")), f"{LOG}/60"),
    ("edit a header", at(60, lambda e: e.edited(headers=OTHER)), f"{LOG}/60"),
    ("edit a key", at(60, lambda e: e.edited(key=b"000.00.00.H62-260102-9999")), f"{LOG}/60"),
    ("edit a time", at(60, lambda e: e.edited(timestamp=0)), f"{LOG}/60"),
    ("edit an offset", at(60, lambda e: e.edited(fits=True, offset=61)), f"{LOG}/60"),
    ("edit a key, leaf made to fit", at(60, lambda e: e.edited(fits=True, key=b"x")), f"{LOG}/50"),
    ("delete a row", lambda e: e.__delitem__(60), f"{LOG}/60"),
    ("delete a batch", lambda e: e.__delitem__(slice(60, 80)), f"{LOG}/60"),
    ("delete the tail", lambda e: e.__delitem__(slice(150, None)), f"{LOG}/150"),
    ("delete the beginning", lambda e: e.__delitem__(slice(0, 5)), f"{LOG}/0"),
    ("swap two rows", swap, f"{LOG}/60"),
    ("swap two answers, leaves made to fit", swap_contents, f"{LOG}/50"),
    ("reorder rows", reorder, f"{LOG}/60"),
    ("duplicate a row", lambda e: e.insert(60, e[60]), f"{LOG}/61"),
    ("insert a row", insert, f"{LOG}/61"),
    ("append a row", lambda e: e.append(e[-1]), f"{LOG}/200"),
    ("say that there was no record", at(60, lambda _: Entry(0)), f"{LOG}/50"),
    ("withhold another record", at(60, lambda _: Entry(2, b"z" * 32)), f"{LOG}/50"),
    ("exchange salts", swap_salts, f"{LOG}/60"),
)


def changed_listing(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    listing = json.loads((folder / "package.json").read_bytes())
    change(listing["logs"][0])
    (folder / "package.json").write_text(json.dumps(listing))


def set_back(folder: Path) -> None:
    """The tail is cut at an older checkpoint, which is signed."""
    entries = read_entries(folder)[:100]
    (folder / ENTRIES).write_bytes(b"".join(entry.raw for entry in entries))
    changed_listing(folder, lambda log: log["checkpoints"].pop())  # type: ignore[attr-defined]  # a list


def leave_out(folder: Path) -> None:
    listing = json.loads((folder / "package.json").read_bytes())
    listing["logs"].pop(0)
    (folder / "package.json").write_text(json.dumps(listing))


def other_log(folder: Path) -> None:
    """The second partition is shown in the place of the first."""
    listing = json.loads((folder / "package.json").read_bytes())
    listing["logs"][0] = {**listing["logs"][1], "log": LOG}
    (folder / "package.json").write_text(json.dumps(listing))
    (folder / ENTRIES).write_bytes((folder / "hub.dossier-1.entries").read_bytes())


def cut_file(folder: Path) -> None:
    raw = (folder / ENTRIES).read_bytes()
    (folder / ENTRIES).write_bytes(raw[:-10])


OF_PACKAGES: Sequence[tuple[str, Callable[[Path], object], str]] = (
    ("cut the file in the middle of a row", cut_file, f"{LOG}/199"),
    ("go back to an older checkpoint", set_back, LOG),
    ("leave a partition out", leave_out, LOG),
    ("show another partition instead", other_log, f"checkpoint of {LOG}"),
    ("remove the file of a log", lambda p: (p / ENTRIES).unlink(), ENTRIES),
)


def made(folder: Path, what: Evidence) -> Path:
    """A package with three rounds."""
    return what.package(folder / "package", [what.round(part) for part in PARTS])


def rewritten() -> Evidence:
    """The same logs, but for one answer of the past."""
    original = evidence(COUNT)
    log = list(original.logs[SPOTS[0]])
    one = log[60]
    assert one is not None
    log[60] = one._replace(value=b"another answer")
    return Evidence({**original.logs, SPOTS[0]: log})


def by(signer: Signer) -> Evidence:
    """That history, whole, with full access to the storage, signed by somebody."""
    return Evidence(rewritten().logs, signer)


def stored(folder: Path, what: Evidence) -> Path:
    """The hub's own folder of evidence."""
    for spot in what.logs:
        log = LeafLog(log_folder(folder, spot), write=True)
        log.extend(what.leaves(spot))
        log.close()
    rounds = Rounds(folder / "checkpoints")
    for number, part in enumerate(PARTS):
        rounds.keep(what.round(part, SECOND + 600 * number))
    return folder


def overwritten(folder: Path) -> None:
    with (log_folder(folder, SPOTS[0]) / "0").open("r+b") as file:
        file.seek(60 * 32)
        file.write(b"z" * 32)


def own_round(folder: Path) -> None:
    """Leaves and checkpoints are replaced by those of another history, signed by a stranger."""
    forged = by(STRANGER)
    with (log_folder(folder, SPOTS[0]) / "0").open("r+b") as file:
        file.write(b"".join(forged.leaves(SPOTS[0])))
    Rounds(folder / "checkpoints").keep(forged.round(1.0, SECOND + 1800))


OF_STORES: Sequence[tuple[str, Callable[[Path], object], str]] = (
    ("edit the hub's own file of leaves", overwritten, f"{LOG}/50"),
    ("cut the hub's own file of leaves", lambda f: truncated(f, 150), f"{LOG}/150"),
    ("replace the hub's own log and checkpoints", own_round, "heads"),
)


def truncated(folder: Path, leaves: int) -> None:
    with (log_folder(folder, SPOTS[0]) / "0").open("r+b") as file:
        file.truncate(leaves * 32)


def histories(folder: Path) -> Iterator[tuple[str, Callable[[], object], str]]:
    """Two histories, both signed with the hub's own key: each holds, together they do not."""
    original, forged = evidence(COUNT), rewritten()
    hub, second = stored(folder / "hub", original), stored(folder / "second", forged)
    seen: list[Round] = [original.round(0.5), forged.round()]
    witness = Witness(folder / "witness", WITNESS, TRUST)
    answer = witness.cosign(state(hub, seen[0], None), SECOND)
    grown = state(second, seen[1], answer)
    yield "serve two histories: a witness is asked", lambda: witness.cosign(grown, SECOND + 1), LOG
    shown = state(second, forged.round(0.5), None)
    yield "serve two histories: two parties compare", lambda: witness.compare(shown), LOG
    yield (
        "serve two histories: the hub sees what was shown",
        lambda: compare_with_own(hub, shown, TRUST),
        LOG,
    )


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tamper-") as name:
        yield Path(name)


def rows(here: Path) -> Iterator[tuple[str, Callable[[], object], str]]:
    """Every change, made, with what verifies it and the place that must be named."""
    for number, (name, change, where) in enumerate(OF_ENTRIES):
        package = made(here / f"e{number}", evidence(COUNT))
        entries = read_entries(package)
        change(entries)
        (package / ENTRIES).write_bytes(b"".join(entry.raw for entry in entries))
        yield name, partial(verify, package, TRUST), where
    for number, (name, spoil, where) in enumerate(OF_PACKAGES):
        package = made(here / f"p{number}", evidence(COUNT))
        spoil(package)
        yield name, partial(verify, package, TRUST), where
    package = made(here / "stranger", by(STRANGER))
    yield "recompute all and sign it with another key", partial(verify, package, TRUST), "heads"
    (package / "hub.pub").write_text(STRANGER.public.text)
    yield "and replace the key that lies beside it", partial(verify, package, TRUST), "heads"
    later = Trust(public(SIGNER), not_before=SECOND + 60)
    whole = made(here / "stale", evidence(COUNT))
    yield "show an old package for a new one", partial(verify, whole, later), "heads"
    bent = frontier(here / "frontier")
    yield "change what stood before the interval", partial(verify, bent, TRUST), f"{LOG}/50"
    for number, (name, spoil, where) in enumerate(OF_STORES):
        store = stored(here / f"s{number}", evidence(COUNT))
        spoil(store)
        yield name, partial(inspected, store), where
    yield from histories(here / "histories")


def inspected(store: Path) -> list[Inspected]:
    return list(inspect(store, TRUST))


def frontier(here: Path) -> Path:
    original = evidence(COUNT)
    rounds = [original.round(part) for part in PARTS]
    package = original.package(here / "package", rounds, first=True)
    wrong = Frontier()
    for leaf in rewritten().leaves(SPOTS[0])[10:60]:
        wrong.append(leaf)
    hashes = [b64encode(one).decode() for one in wrong.hashes]
    changed_listing(package, lambda log: log.__setitem__("frontier", hashes))
    return package


def untouched(here: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """What was not changed, and must hold."""
    package = made(here / "whole", evidence(COUNT))
    yield "change nothing: the package", partial(verify, package, TRUST)
    second = made(here / "second", rewritten())
    yield "change nothing: each of two histories alone", partial(verify, second, TRUST)
    store = stored(here / "store", evidence(COUNT))
    yield "change nothing: the hub's own logs", partial(inspected, store)


def judged(check: Callable[[], object]) -> Failed | None:
    try:
        check()
    except Failed as failed:
        return failed
    return None


def main() -> int:
    """Print a row for each change; the exit code."""
    wrong = 0
    with folder() as here:
        for name, check, where in rows(here):
            failed = judged(check)
            good = failed is not None and failed.where == where
            wrong += not good
            told = f"{failed.where}: {failed.what}" if failed else "NOT DETECTED"
            sys.stdout.write(f"{'detected' if good else 'WRONG   '}  {name:48} {told}\n")
        for name, check in untouched(here):
            failed = judged(check)
            wrong += failed is not None
            sys.stdout.write(f"{'WRONG   ' if failed else 'holds   '}  {name:48} {failed or ''}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
