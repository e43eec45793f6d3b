"""Scenario 8, steps 7 to 11: what scenario 1 recorded, told once more."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ops.demo.auditor import CODE, SECOND, SELF, Auditor
from ops.demo.holdings import facts
from ops.demo.http import get, wait_for
from ops.demo.stage import sandboxes
from ops.demo.stories import online
from ops.demo.verdict import Cell

SYSTEMS = ("onestop", "portal", "ngsp", "postal_my")
NEW_WORD = '"PROCESSING": "KHONG_RO"'
ARRIVE = 30.0  # seconds until the receipt of a replay must stand


@dataclass(frozen=True, slots=True)
class Replays:
    """The auditor's."""

    auditor: Auditor

    def cells(self) -> Iterator[Cell]:
        """To sandboxes, through a new mapping, live. Raises StageError."""
        live = self._live_calls()
        yield from self._sandbox()
        since = self._live_calls() - live
        yield self.auditor.cell(9, "live systems", {"calls since": 0}, {"calls since": since})
        yield self._live_replay()

    def _sandbox(self) -> Iterator[Cell]:
        plan = self.auditor.plan(
            "sandbox", *(w for name in SYSTEMS for w in ("--registration", name))
        )
        with sandboxes(self.auditor.stage, SYSTEMS) as found:
            file = self._entries(found)
            result = self.auditor.json("replay", "run", str(plan), "--to", str(file), "--json")
            played = {one["registration"]: one for one in result["played"]}
            yield self.auditor.cell(
                7,
                "sandbox",
                {
                    "calls": {"onestop": 8, "portal": 9, "ngsp": 4, "postal_my": 1},
                    "not what was sent": 0,
                    "receipts marked": 22,
                },
                {
                    "calls": {n: one["outcomes"].get("DELIVERED", 0) for n, one in played.items()},
                    "not what was sent": sum(one["unexplained"] for one in result["played"]),
                    "receipts marked": self._marked("replay to sandbox"),
                },
            )
            yield from self._held(found)
            yield self._newer(plan)

    def _held(self, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Cell]:
        """What the sandboxes hold now: the auditor's copy of scenario 1."""
        wanted = {holds.where: dict(holds.facts) for holds in online.STORY.holds}
        wanted["onestop"]["trangThai"] = "receiving"  # its own acts are not replayed to it
        for name in ("portal", "onestop", "ngsp"):
            holds = facts(name, str(found[name]["inspect"]), CODE, wanted[name])
            yield self.auditor.cell(8, f"sandbox {name}", wanted[name], holds)
        orders = facts("postal_my", str(found["postal_my"]["inspect"]), CODE, ["orders"])
        yield self.auditor.cell(
            8, "sandbox postal_my", {"orders": 1}, {"orders": len(orders["orders"])}
        )

    def _newer(self, plan: Path) -> Cell:
        """A new mapping of the portal says one state in another word: one call differs."""
        folder = self.auditor.folder / "portal"
        shutil.copytree(Path("connectors/portal"), folder)
        mapping = folder / "mapping.py"
        text = mapping.read_text("utf-8")
        mapping.write_text(text.replace('"PROCESSING": "DANG_XU_LY"', NEW_WORD), "utf-8")
        found = self.auditor.json("replay", "run", str(plan), "--beside", str(folder), "--json")
        groups = [g for one in found["played"] if one["beside"] for g in one["beside"]["groups"]]
        return self.auditor.cell(
            11,
            "a new mapping",
            {
                "differences": ["progress trangThai DANG_XU_LY → KHONG_RO: code table TO_STATUS"],
                "unexplained": 0,
            },
            {
                "differences": [
                    f"{g['flow']} {g['path']} {g['values']}: {g['cause']}" for g in groups
                ],
                "unexplained": sum(one["unexplained"] for one in found["played"]),
            },
        )

    def _live_replay(self) -> Cell:
        """One event to the live portal: refused to one person alone, done with a second."""
        before = self._portal()
        event = ("--type", "dossier.v1.ResultReady", "--registration", "portal")
        plan = str(self.auditor.plan("live", *event))
        run = ("replay", "run", plan, "--live", *SELF[:2])
        alone = self.auditor.hub(*run).returncode
        own = self.auditor.hub("replay", "approve", plan, *SELF).returncode
        for words in (("replay", "approve", plan, *SECOND), run):
            self.auditor.done(*words)
        wait_for(lambda: self._live_receipt() != [], ARRIVE, "the receipt of the live replay")
        return self.auditor.cell(
            10,
            "live portal",
            {
                "alone, self-approved": [1, 1],
                "receipts": ["DELIVERED 409 replay to live; already done"],
                "its state changed": False,
            },
            {
                "alone, self-approved": [alone, own],
                "receipts": self._live_receipt(),
                "its state changed": self._portal() != before,
            },
        )

    def _live_receipt(self) -> list[str]:
        rows = self.auditor.stage.hub(
            "receipt", "list", "--replays", "--dossier", CODE, "--json", "-n", "99"
        )
        return [
            f"{row['outcome']} {row['attempts'][-1]['status']} {row['note']}"
            for row in rows
            if (row["note"] or "").startswith("replay to live")
        ]

    def _portal(self) -> object:
        return get(f"{self.auditor.stage.inspect['portal']}/_sim/dossiers/{CODE}")[1]

    def _live_calls(self) -> int:
        """How many calls the hub has made at the live systems."""
        total = 0
        for system in SYSTEMS:
            _, rows = get(f"{self.auditor.stage.inspect[system]}/_sim/calls?direction=in")
            total += sum(row["dossier"] == CODE for row in rows or [])
        return total

    def _marked(self, note: str) -> int:
        """Receipts of replays on the topic."""
        rows = self.auditor.stage.hub(
            "receipt", "list", "--replays", "--dossier", CODE, "--json", "-n", "99"
        )
        return sum((row["note"] or "").startswith(note) for row in rows)

    def _entries(self, found: Mapping[str, Mapping[str, Any]]) -> Path:
        """The file of sandboxes: the live entries, each at its sandbox's address."""
        file = self.auditor.stage.home / "registrations.yaml"
        entries = yaml.safe_load(file.read_text("utf-8"))["registrations"]
        chosen = [
            {**entry, "endpoint": found[entry["connector"]]["url"]}
            for entry in entries
            if entry["connector"] in found
        ]
        target = self.auditor.folder / "sandboxes.yaml"
        target.write_text(yaml.safe_dump({"registrations": chosen}, allow_unicode=True), "utf-8")
        return target
