"""Results for people: a line per run while it goes on, a table at the end."""

from collections.abc import Sequence

from tests.faults.campaign import Result
from tests.faults.table import Row

HEAD = "| row | fault | runs | verdict | repeats, most | back after, s | memory, MB | load |"
RULE = "|---|---|---|---|---|---|---|---|"


def verdict(result: Result) -> str:
    """In a word, or "not yet" with the invariants that are known to fail."""
    if not result.passed:
        return "FAILED"
    return f"not yet: {', '.join(result.not_yet)}" if result.not_yet else "passed"


def line(result: Result) -> str:
    """One run, with its findings below it."""
    head = (
        f"{result.row}, seed {result.seed}: {verdict(result)}; {result.repeats} repeats, "
        f"back after {result.recovery} s, {result.memory:.0f} MB, took {result.seconds:.0f} s, "
        f"load {result.load}"
    )
    return "\n".join([head, *(f"    {name}: {what}" for name, what in result.findings)])


def shown(rows: Sequence[Row], results: Sequence[Result]) -> str:
    """The table: one line for each row that was played."""
    lines = [HEAD, RULE]
    for row in rows:
        of_row = [result for result in results if result.row == row.name]
        if of_row:
            lines.append(_row(row, of_row))
    return "\n".join(lines)


def _row(row: Row, results: Sequence[Result]) -> str:
    failed = sum(not result.passed for result in results)
    known = sorted({name for result in results for name in result.not_yet})
    word = f"**{failed} failed**" if failed else "passed"
    if known:
        word += f", **not yet**: {', '.join(known)}"
    cells = (
        row.name,
        f"{row.title} (long)" if row.long else row.title,
        str(len(results)),
        word,
        str(max(result.repeats for result in results)),
        _seconds(max(result.recovery for result in results)),
        f"{max(result.memory for result in results):.0f}",
        _loads([result.load for result in results]),
    )
    return f"| {' | '.join(cells)} |"


def _seconds(recovery: float) -> str:
    """A dash where delivery never stood still."""
    return f"{recovery:.1f}" if recovery else "–"


def _loads(found: Sequence[float]) -> str:
    low, high = min(found), max(found)
    return f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"
