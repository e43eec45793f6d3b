"""What a worker delivered is made again without a way out, on a real Kafka."""

from pathlib import Path

import pytest

from tests.system.replayed import replayed

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]
EVENTS = 1_000


def test_every_request_is_made_again_and_a_changed_row_changes_just_its_dossiers(
    tmp_path: Path,
) -> None:
    found = replayed(tmp_path, EVENTS)
    assert (found.same, found.unexplained, found.calls) == (EVENTS, 0, 0)
    assert found.differing == {"code table TO_STATUS, trangThai DA_RUT → KHONG_RO": found.withdrawn}
