"""One small run from end to end, so that the side-by-side runs do not rot between two releases."""

import pytest

from ops.bench.rivals.contenders import CONTENDERS
from ops.bench.rivals.contest import Terms, run
from ops.bench.rivals.jobs import WORKLOADS

SMALL = Terms(events=40, warm=10, dossiers=10, paced=5, in_flight=4)


@pytest.mark.system
@pytest.mark.timeout(180)
def test_what_one_system_says_reaches_the_other_once_and_in_order() -> None:
    hub = next(one for one in CONTENDERS if one.name == "hub")
    w5 = next(one for one in WORKLOADS if one.name == "W5")
    found = run(hub, w5, SMALL)  # raises BenchError unless it counts
    assert len(found.latencies) == SMALL.paced
    assert 0 < found.latencies[0] <= found.percentile(0.5) / 1e3
    assert found.rate > 0
    assert found.cpu > 0
    assert found.peak > 10
