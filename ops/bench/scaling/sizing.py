"""How many processes and partitions a province needs, from what was measured.

A worker's cost grows with its calls, and with the events that each of its lanes reads, whether they
are for it or not. Half of what a core can do is planned with: the other half is for the hour after
an outage, and for machines that are slower than the one that was measured.
"""

from dataclasses import dataclass
from math import ceil

# Assumptions; who knows better puts in his own.
EVENTS = 10  # of a dossier, from filing to result
SYSTEMS = 4  # that are told of each
BUSIEST = 0.2  # of a day's dossiers come in its busiest hour
PLANNED = 0.5  # of what a core can do
LEAST_PARTITIONS = 12  # cannot be changed later without moving dossiers
PER_PROCESS = 3  # partitions, so that one more process does not leave others idle


@dataclass(frozen=True, slots=True)
class Need:
    """For a province of so many dossiers a day. `calls`: a second, in the busiest hour."""

    dossiers: int
    calls: float
    processes: int
    partitions: int


def need(dossiers: int, per_core: float) -> Need:
    """`per_core`: calls a second that one core can do."""
    calls = dossiers * EVENTS * SYSTEMS * BUSIEST / 3600
    processes = max(1, ceil(calls / (per_core * PLANNED)))
    return Need(dossiers, calls, processes, max(LEAST_PARTITIONS, PER_PROCESS * processes))


def memory_per_connector(one: float, many: float, connectors: int) -> float:
    """MB, from the peaks of a worker with one connector and with so many."""
    return (many - one) / (connectors - 1)
