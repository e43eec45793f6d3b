"""The short form of the fault table: the rows that touch most promises, one seed, few events."""

from pathlib import Path

import pytest

from tests.faults.campaign import play
from tests.faults.rows import BY_NAME
from tests.faults.shown import line
from tests.faults.table import Plan

pytestmark = [pytest.mark.fault, pytest.mark.timeout(240)]
EVENTS = 2_000
SHORT = ("worker-killed", "gateway-killed", "broker-killed", "hot-change")


@pytest.mark.parametrize("name", SHORT)
def test_the_promises_hold_while(name: str, tmp_path: Path) -> None:
    result = play(BY_NAME[name], Plan.of(name, EVENTS, seed=1), tmp_path)
    assert result.passed, line(result)
