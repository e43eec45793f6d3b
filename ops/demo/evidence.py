"""What the hub itself shows of the stories: its commands, its views, its log and its counters.

`Kept` holds the rows of one reading of the topics. The functions below it tell one kind of fact
each, ready to be compared with what a story says.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from hub.access.tokens import bearer, own
from hub.mapping.functions import units
from ops.demo.cast import Json
from ops.demo.http import get, text
from ops.demo.stage import Stage

MOST = "10000"  # rows of a listing
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Kept:
    """Events, receipts and dead letters as the commands of a stage list them."""

    stage: Stage
    events: list[Json]
    receipts: list[Json]
    dead: list[Json]

    @classmethod
    def read(cls, stage: Stage) -> "Kept":
        """Read the topics to their ends."""
        listed = [
            stage.hub(name, "list", "--json", "-n", MOST)
            for name in ("event", "receipt", "dead-letter")
        ]
        return cls(stage, *listed)


def counted(kept: Kept, codes: tuple[str, ...]) -> Json:
    """How many facts of these dossiers, and what became of them at each registration."""
    receipts = [row for row in kept.receipts if row["key"] in codes]
    delivered = Counter(r["registration"] for r in receipts if r["outcome"] == "DELIVERED")
    others = Counter(r["outcome"] for r in receipts)
    for outcome in ("DELIVERED", "NOTHING_TO_SEND"):
        others.pop(outcome, None)
    events = [row for row in kept.events if row["key"] in codes]
    return {
        "events": len({row["id"] for row in events}),
        "delivered": dict(delivered),
        "other": dict(others),
        "partitions": {code: _partitions(events, code) for code in codes},
    }


def _partitions(events: list[Json], code: str) -> int:
    return len({row["partition"] for row in events if row["key"] == code})


def receipts(kept: Kept, code: str) -> Json:
    """Of each event at each registration what became of it and what its calls came to, in order.

    Calls that came to the same one after the other are told once. `ends at …`: all outcomes there.
    """
    found: dict[str, list[str]] = {}
    ends: dict[str, list[str]] = {}
    for row in kept.receipts:
        if row["key"] == code:
            tried = (outcome for outcome, _ in groupby(c["outcome"] for c in row["attempts"]))
            doubt = " (was in doubt)" if "in doubt" in (row["note"] or "") else ""
            name = f"{row['event']} at {row['registration']}"
            found.setdefault(name, []).append(f"{row['outcome']}: {', '.join(tried)}{doubt}")
            ends.setdefault(f"ends at {row['registration']}", []).append(row["outcome"])
    return {name: " | ".join(told) for name, told in found.items()} | ends


def dead_letters(kept: Kept, code: str) -> Json:
    """Which order could never be delivered, read from the letter, and the candidates it names."""
    found: Json = {}
    for row in kept.dead:
        if row["key"] != code:
            continue
        (letter,) = kept.stage.hub("dead-letter", "show", row["event_id"])
        candidates = re.findall(r"\((\d{5}(?:, \d{5})*)\)", row["reason"])
        name = f"{row['type'].rpartition('.')[2]} at {row['registration']}"
        order = letter["event"]["order_number"]
        decision = row.get("decision") or {}
        decided = f"{row['state']} by {decision.get('by')}: {decision.get('because')}"
        found[name] = f"order {order}; candidates {'; '.join(candidates)}; {decided}"
    return found


def addresses(kept: Kept, code: str) -> Json:
    """Which unit codes the applicant's address bears in the first event of a dossier."""
    first = next((row for row in kept.events if row["key"] == code), None)
    if first is None:
        return {"address": None}
    (event,) = kept.stage.hub("event", "show", first["id"])
    where = event["event"]["dossier"]["applicant"]["address"]
    codes = " / ".join(where[f"{level}_code"] for level in ("commune", "district", "province"))
    return {"address": f"{codes} as of {EPOCH + timedelta(days=where['as_of'])}"}


def decisions(kept: Kept, code: str) -> Json:
    """Who decided what about a dossier, and why."""
    acts = kept.stage.hub("act", "list", "--json", "-n", MOST)
    return {
        f"{act['kind']} at {act['registration']}": f"by {act['by']}: {act['reason']}"
        for act in acts
        if act["dossier"] == code
    }


def gateway(stage: Stage) -> Json:
    """What was turned away at MyVNPost's door, in the log and counted, and what was set aside."""
    log = (stage.home / "log" / "gateway.log").read_text("utf-8").splitlines()
    lines = [json.loads(line) for line in log if '"request_refused"' in line]
    page = text(f"{stage.url('gateway')}/metrics")
    acts = stage.hub("act", "list", "--registration", "postal_my", "--kind", "SET_ASIDE", "--json")
    return {
        "refused in the log": [
            f"{line['status']} {line['code']}"
            for line in lines
            if line["registration"] == "postal_my"
        ],
        "refused, counted": _metric(page, "hub_refused_total"),
        "foreign items, counted": _metric(page, "hub_items_without_event_total"),
        "set aside": [act["subject"].split()[0] for act in acts],
    }


def _metric(page: str, name: str) -> int:
    """A counter of MyVNPost's registration, all its labels together."""
    rows = re.findall(
        rf'^{name}{{[^}}]*registration="postal_my"[^}}]*}} (\S+)$', page, re.MULTILINE
    )
    return int(sum(float(row) for row in rows))


def views(stage: Stage, code: str) -> Json:
    """A dossier's status, deadline and envelopes."""
    status, found = get(f"{stage.url('views')}/dossiers/{code}", bearer(own(stage.home, "admin")))
    dossier: Json = found if status == 200 and isinstance(found, dict) else {}
    deadline = dossier.get("deadline") or {}
    envelopes = dossier.get("consignments") or []
    return {
        "status": dossier.get("status"),
        "local code": dossier.get("local_code"),
        "late": deadline.get("late"),
        "judged against": deadline.get("judged_against"),
        "finished": deadline.get("finished"),
        "working days late": deadline.get("working_days_late"),
        "post": [envelope["says"] for envelope in envelopes],
        "items": [envelope["item"] for envelope in envelopes],
        "delivery failures": [envelope["delivery_failures"] for envelope in envelopes],
    }


def look_up(question: str) -> object:
    """`unit(CODE, DAY)` or `successors(CODE, DAY, DAY)`, asked from the hub's table of units."""
    name, code, *days = re.findall(r"[\w-]+", question)
    numbers = [(date.fromisoformat(day) - EPOCH).days for day in days]
    if name == "successors":
        return [f"{link.code} {link.share}" for link in units.successors(code, *numbers)]
    found: Any = units.unit(code, *numbers)
    return found.name if found is not None else None
