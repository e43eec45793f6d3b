"""The table of faults, most important first."""

from tests.faults import rows_worker as worker
from tests.faults.table import Row

I3 = frozenset({"I3", "I4"})  # repeats beyond what was in flight: until recovery reads receipts

ROWS = (Row("worker-killed", "kill -9 of a worker under load", worker.killed, not_yet=I3),)
BY_NAME = {row.name: row for row in ROWS}
