"""Over HTTP: a bundle that is told what another uploaded one says is checked and registered."""

from base64 import b64decode
from pathlib import Path

import pytest

from hub.registry.upload import packed
from tests.cli.test_registering import hub, served
from tests.registry.control.desk_kit import Plane
from tests.registry.test_brought import LISTENS
from tests.registry.test_own_events import NAME, schema, whole

__all__ = ["served"]
pytestmark = pytest.mark.process
ENTRY = {"endpoint": "http://127.0.0.1:9", "allow_addresses": ["127.0.0.0/8"], "start": "now"}


def register(plane: Plane, name: str, files: dict[str, bytes]) -> tuple[int, object]:
    bundle = plane.upload(packed({f"{name}/{path}": body for path, body in files.items()}))
    wish = plane.wish(bundle=bundle, entry=ENTRY)
    return plane.ask("PUT", f"/registrations/{name}", json=wish)


def test_it_is_checked_and_registered_once_the_other_is(plane: Plane) -> None:
    archive = packed({f"archive/{path}": body for path, body in LISTENS.items()})
    status, said = plane.ask("POST", "/bundles/check", body=archive)
    assert (status, "MeterRead" in str(said["problems"])) == (422, True)
    assert register(plane, "waterco", whole())[0] == 201
    assert plane.ask("POST", "/bundles/check", body=archive)[0] == 200
    assert register(plane, "archive", LISTENS)[0] == 201
    status, found = plane.ask("GET", "/events", "portal-team")
    assert (status, b64decode(found["waterco"][f"schemas/{NAME}"])) == (200, schema())


def test_the_command_line_asks_the_hub_for_them(
    served: tuple[Plane, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, body in LISTENS.items():
        file = tmp_path / "archive" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    assert hub("check", str(tmp_path / "archive"))[0] == 1
    monkeypatch.setenv("HUB_CONTROL_URL", served[1])
    monkeypatch.setenv("HUB_TOKEN", "env:MY_TOKEN")
    monkeypatch.setenv("MY_TOKEN", "an")
    assert register(served[0], "waterco", whole())[0] == 201
    for command in ("check", "test"):
        code, _, said = hub(command, str(tmp_path / "archive"))
        assert code == 0, said
