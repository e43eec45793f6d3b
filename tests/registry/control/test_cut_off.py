"""An upload that breaks off half-way, on a real connection: nothing is changed, and it is told."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette

from hub.access.guard import guarded
from hub.dev.waiting import until
from hub.registry.control.routes import control_routes
from hub.registry.ledger import Ledger
from tests.access.kit import gate
from tests.registry.control.desk_kit import ARCHIVE, PEOPLE, Plane
from tests.registry.serving import listening

pytestmark = pytest.mark.process


@pytest.fixture
def address(plane: Plane) -> Iterator[tuple[str, int]]:
    routes = guarded("registry", control_routes(plane.desk), gate(PEOPLE))
    with listening(Starlette(routes=[*routes])) as url:
        parts = urlsplit(url)
        yield str(parts.hostname), parts.port or 0


@pytest.mark.parametrize("sent", [0, len(ARCHIVE) // 2, len(ARCHIVE) - 1])
def test_what_breaks_off_changes_nothing_and_is_on_record(
    plane: Plane, address: tuple[str, int], sent: int
) -> None:
    head = (
        "POST /bundles HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer an\r\n"
        f"content-length: {len(ARCHIVE)}\r\n\r\n"
    )
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(head.encode() + ARCHIVE[:sent])
    assert until(lambda: plane.acts() != [], 10)
    assert plane.acts() == [("REGISTRATION_REFUSED", "bundles", "an", "the upload: was cut off")]
    assert plane.keeping.fresh() == Ledger()
