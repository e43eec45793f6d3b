"""Scenario 8: an auditor searches, proves, verifies offline, and replays scenario 1."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ops.demo.auditor import CODE, SECOND, STORY, Auditor
from ops.demo.cast import P1, Json
from ops.demo.lines import line
from ops.demo.proofs import (
    Offline,
    entries,
    fitting,
    flipped,
    inserted,
    leaves,
    masked,
    place,
    places,
    swapped,
    without_last,
)
from ops.demo.replays import Replays
from ops.demo.stage import Stage
from ops.demo.verdict import Cell

PURPOSE = "thanh tra 12/2025"
PERMIT = re.compile(r"hub access permit '(.+?)' --to '(.+?)'")
HALTED = 4  # exit status: a person has to act
WITNESS = "inspectorate.example/w1"
MASKED = {
    "number": "026*******11",
    "telephone": "030*****11",
    "name": "N.V.M.",
    "addresses of files": 0,
}


def inspected(stage: Stage) -> Iterator[Cell]:
    """Play all of it, in the order of the scenario. Raises StageError."""
    line(f"\n8. {STORY.title} ({CODE})")
    folder = stage.home / "inspection"
    folder.mkdir(parents=True, exist_ok=True)
    auditor = Auditor(stage, folder)
    yield from Inspection(auditor).cells()


def recorded(stage: Stage) -> Cell:
    """After the last story: everything is in the log, and a package of all of it verifies alone."""
    line("\nAfter all stories")
    folder = stage.home / "recorded"
    folder.mkdir(parents=True, exist_ok=True)
    auditor, key = Auditor(stage, folder), folder / "hub.pub"
    key.write_bytes(auditor.done("audit", "keys", "public"))
    auditor.done("audit", "export", str(folder / "package"))
    own = auditor.hub("audit", "verify", "--records")
    says = Offline(key, folder).says(folder / "package")
    return auditor.cell(
        13,
        "all stories",
        {"package": "VERIFIED", "logs and topics agree": 0},
        {"package": says, "logs and topics agree": own.returncode},
    )


@dataclass(frozen=True, slots=True)
class Inspection:
    """The auditor's."""

    auditor: Auditor

    def cells(self) -> Iterator[Cell]:
        """All steps."""
        rows, first = self._search()
        yield first
        yield self._unmasked()
        yield from self._proofs(rows)
        yield from Replays(self.auditor).cells()
        yield self._grown()

    def _search(self) -> tuple[list[Json], Cell]:
        """What is on record of the dossier, masked; and the access, on record too."""
        log = self.auditor.stage.home / "log" / "access.jsonl"
        known = len(log.read_text("utf-8").splitlines()) if log.exists() else 0
        rows = self.auditor.stage.hub("audit", "search", "--dossier", CODE, "-n", "1000", "--json")
        lines = log.read_text("utf-8").splitlines()[known:]
        events = [row for row in rows if row["kind"] == "event"]
        ends = Counter(row["outcome"] for row in rows if row["kind"] == "receipt")
        filed = next(row["content"] for row in events if row["type"] == "Received")
        cell = self.auditor.cell(
            1,
            "search",
            {
                "events": 13,
                "receipts": {"DELIVERED": 22},
                "in order of recording": True,
                **MASKED,
                "in the access log": [CODE],
            },
            {
                "events": len(events),
                "receipts": dict(ends),
                "in order of recording": rows == sorted(rows, key=lambda row: str(row["at"])),
                **masked(filed),
                "in the access log": [
                    word for line in lines for word in json.loads(line)["what"].split()[-1:]
                ],
            },
        )
        return rows, cell

    def _unmasked(self) -> Cell:
        """In the clear: with a purpose, and only when a second person has permitted it."""
        words = ("audit", "search", "--dossier", CODE, "--unmask", PURPOSE, "-n", "1000", "--json")
        alone = self.auditor.hub(*words, right="second")
        what, to = PERMIT.findall(alone.stderr.decode())[0]
        self.auditor.done("access", "permit", what, "--to", to, *SECOND, right="second")
        rows = map(json.loads, self.auditor.done(*words, right="second").splitlines())
        filed = next(row["content"] for row in rows if row["type"] == "Received")
        log = (self.auditor.stage.home / "log" / "access.jsonl").read_text("utf-8").splitlines()
        known = json.loads(log[-1])
        return self.auditor.cell(
            2,
            "unmasked",
            {
                "with a purpose alone": HALTED,
                "then in the clear": True,
                "in the access log": [to, PURPOSE, SECOND[1]],
            },
            {
                "with a purpose alone": alone.returncode,
                "then in the clear": filed["dossier"]["applicant"]["id_number"] == P1.id_number,
                "in the access log": [known["who"], known["reason"], known["permitted_by"]],
            },
        )

    def _proofs(self, rows: list[Json]) -> Iterator[Cell]:
        """A package of everything, verified elsewhere, whole and changed."""
        package, key = self.auditor.folder / "package", self.auditor.folder / "hub.pub"
        key.write_bytes(self.auditor.done("audit", "keys", "public"))
        self.auditor.done(
            "audit", "export", str(package), "--unmask", "thanh tra 12/2025", right="yes"
        )
        yield self.auditor.cell(
            3, "package", {"events": 13, "settled receipts": 22}, leaves(package, CODE)
        )
        self.auditor.done(
            "audit", "witness", "init", *self._witness, "--name", WITNESS, "--key", str(key)
        )
        self._cosign("first.json")
        offline = Offline(key, self.auditor.folder)
        yield self.auditor.cell(
            4, "verified alone", {"says": "VERIFIED"}, {"says": offline.says(package)}
        )
        events, ends = list(places(rows, "event")), list(places(rows, "receipt"))
        yield self._one_byte(offline, package, *events[1])
        (log, _), (receipts, _) = events[0], max(ends)
        changes = {
            "the last receipt removed": (receipts, without_last),
            "two events swapped": (log, swapped),
            "one inserted": (log, inserted),
        }
        said = {name: offline.after(package, *change) for name, change in changes.items()}
        yield self.auditor.cell(
            6,
            "changed copies",
            {name: f"FAILED {place(log)}" for name, (log, _) in changes.items()},
            {name: told[: len(f"FAILED {place(changes[name][0])}")] for name, told in said.items()},
        )

    def _one_byte(self, offline: Offline, package: Path, log: str, offset: int) -> Cell:
        """A byte of the archived Accepted is changed: that leaf fails, the others stay valid."""
        whole = entries(package / f"{log}.entries")
        said = offline.after(package, log, flipped(offset))
        where = f"FAILED {place(log)}/{offset}"
        return self.auditor.cell(
            5,
            "one byte changed",
            {"says": where, "leaves of that log that fit": len(whole) - 1},
            {
                "says": said[: len(where)],
                "leaves of that log that fit": fitting(flipped(offset)(whole)),
            },
        )

    @property
    def _witness(self) -> tuple[str, str]:
        return "--store", str(self.auditor.folder / "witness")

    def _cosign(self, name: str) -> None:
        """The witness sees what is signed now, and co-signs it if it grew out of what he saw."""
        file = self.auditor.folder / name
        file.write_bytes(self.auditor.done("audit", "checkpoint", "--statement"))
        answer = self.auditor.done("audit", "witness", "cosign", str(file), *self._witness)
        (self.auditor.folder / "cosigned.json").write_bytes(answer)

    def _grown(self) -> Cell:
        """The log has only grown since the first checkpoint: the witness would refuse otherwise."""
        since = str(self.auditor.folder / "cosigned.json")
        file = self.auditor.folder / "later.json"
        file.write_bytes(self.auditor.done("audit", "checkpoint", "--since", since))
        done = self.auditor.hub("audit", "witness", "cosign", str(file), *self._witness)
        own = self.auditor.hub("audit", "verify", "--records")
        return self.auditor.cell(
            12,
            "end state",
            {"witness co-signs what grew": 0, "the hub's own logs and topics agree": 0},
            {
                "witness co-signs what grew": done.returncode,
                "the hub's own logs and topics agree": own.returncode,
            },
        )
