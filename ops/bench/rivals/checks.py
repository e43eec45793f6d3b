"""What makes a run count: each fact once, those of a dossier in their order, no errors."""

from collections import defaultdict
from collections.abc import Sequence

from hub.records import Record
from ops.bench.peer import Counts
from ops.bench.processes import BenchError
from ops.bench.rivals.translation import Schema


def check_board(seen: Counts, wanted: int) -> None:
    """Each fact once, in order, without an error. Raises BenchError."""
    if (seen.calls, seen.repeated, seen.out_of_order, seen.errors) != (wanted, 0, 0, 0):
        raise BenchError(f"not each of {wanted:,} once and in order: {seen}")


def check_topic(records: Sequence[Record], schema: Schema, wanted: int) -> None:
    """Each fact once, those of a dossier in their order. Raises BenchError."""
    steps: defaultdict[bytes, int] = defaultdict(int)
    for record in records:
        key = record.key or b""
        if schema.decode(record.value or b"")["local_code"] != str(steps[key]):
            raise BenchError(f"{key.decode()} is out of order on the topic")
        steps[key] += 1
    if len(records) != wanted:
        raise BenchError(f"the topic holds {len(records):,} facts, not {wanted:,}")
