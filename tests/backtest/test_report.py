"""Groups are bounded, and what a person has to confirm stands first."""

from hub.backtest import report as module
from hub.backtest.causes import Cause
from hub.backtest.differences import Difference
from hub.backtest.report import MOST_GROUPS, OTHERS, Example, Report

EXPLAINED = Cause("expression at mapping.py:1 changed")


def add(report: Report, flow: str, difference: Difference, cause: Cause = EXPLAINED) -> None:
    report.add(flow, flow.encode(), difference, cause, Example("t/0/0", "a", "b"))


def test_groups_do_not_grow_with_events() -> None:
    report = Report()
    for number in range(3 * MOST_GROUPS):
        add(report, f"f{number}", Difference("changed", "x"))
    assert len(report.groups) == MOST_GROUPS + 1
    (others,) = (group for group in report.groups if group.cause is OTHERS)
    assert others.events == 2 * MOST_GROUPS
    assert others.grave, "what is not told one by one is not confirmed unseen"


def test_dossiers_are_counted_up_to_a_bound() -> None:
    report = Report()
    for number in range(50):
        report.add(
            "f", str(number % 20).encode(), Difference("changed", "x"), EXPLAINED, Example("", 1, 2)
        )
    (group,) = report.groups
    assert (group.dossiers, group.events, len(group.examples)) == (20, 50, module.EXAMPLES)


def test_what_is_grave_stands_first() -> None:
    report = Report()
    for _ in range(5):
        add(report, "many", Difference("changed", "x"))
    add(report, "gone", Difference("no longer sent", "", "POST /a", ""))
    add(report, "odd", Difference("changed", "y"), Cause("nobody knows", explained=False))
    assert [group.flow for group in report.groups][-1] == "many"
    assert {group.flow for group in report.to_confirm} == {"gone", "odd"}


def test_reasons_of_a_rejection_are_told_apart() -> None:
    report = Report()
    for why in ("one", "two", "one"):
        add(report, "f", Difference("now rejected", "", "POST /a", why))
    assert {(g.values, g.events) for g in report.groups} == {
        ("now rejected: one", 2),
        ("now rejected: two", 1),
    }
