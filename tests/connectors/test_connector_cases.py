"""Every recorded case of every connector gives what it gave, and every flow has one."""

import pytest
from tests.connectors.connector_kit import NAMES, bundle
from tests.landscape import events

from hub.registry.cases import run_cases


@pytest.mark.parametrize("name", NAMES)
def test_the_cases_of_a_connector_hold(name: str) -> None:
    wrong = [result for result in run_cases(bundle(name)) if result.difference]
    assert [] == wrong
