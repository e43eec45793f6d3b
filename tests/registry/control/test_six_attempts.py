"""Six attempts that must not get through: told what and where, nothing changed, on record.

A wrong bundle, a wrong version, two people at once, a registration that is cut off half-way, a
bundle that was signed for another hub, a manifest from the future. All over HTTP, beside a
registration that is live.
"""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette

from adapters.http.simple import fetch
from hub.access.guard import guarded
from hub.dev.waiting import until
from hub.registry.bundle_files import digest_of
from hub.registry.control.routes import control_routes
from hub.registry.ledger import Ledger
from hub.registry.upload import packed
from tests.access.kit import gate
from tests.registry.control.desk_kit import ENTRY, FILES, PEOPLE, Plane
from tests.registry.control.test_control_door import certificate
from tests.registry.serving import listening

pytestmark = pytest.mark.process
SHA256 = digest_of(FILES)
MOVED = {**ENTRY, "endpoint": "http://127.0.0.1:10"}


@pytest.fixture
def url(plane: Plane) -> Iterator[str]:
    """A hub that listens, at which `north` is live."""
    plane.register()
    routes = guarded("registry", control_routes(plane.desk), gate(PEOPLE))
    with listening(Starlette(routes=[*routes])) as found:
        yield found


def ask(
    url: str, method: str, path: str, body: bytes, who: str = "an"
) -> tuple[int, dict[str, Any]]:
    """What somebody is answered, on a connection of their own."""
    token = {"authorization": f"Bearer {who}"}
    status, _, answer = fetch(method, f"{url}{path}", content=body, headers=token)
    return status, json.loads(answer)


def put(plane: Plane, url: str, who: str = "an", **more: object) -> tuple[int, dict[str, Any]]:
    wish = plane.wish(1, bundle=SHA256, entry=MOVED) | more
    return ask(url, "PUT", "/registrations/north", json.dumps(wish).encode(), who)


def refused(plane: Plane, before: Ledger, who: str = "an") -> str:
    """Nothing was changed, and the attempt is an act; the reason on record."""
    assert plane.keeping.fresh() == before
    acts = [(by, why) for kind, _, by, why in plane.acts() if kind == "REGISTRATION_REFUSED"]
    ((by, why),) = acts
    assert by == who
    return why


def test_a_wrong_bundle(plane: Plane, url: str) -> None:
    before = plane.keeping.fresh()
    mapping = FILES["mapping.py"].replace(b"event.order_number", b"event.no_such_number", 1)
    archive = packed({**FILES, "mapping.py": mapping})
    status, said = ask(url, "POST", "/bundles", archive)
    assert (status, said["type"]) == (422, "/problems/unfit")
    assert said["where"].startswith("mapping.py:")
    assert "no_such_number" in said["detail"]
    assert said["problems"][0]["fix"]
    why = refused(plane, before)
    assert why.startswith("mapping.py:")


def test_a_wrong_version(plane: Plane, url: str) -> None:
    before = plane.keeping.fresh()
    status, said = put(plane, url, on=7)
    assert (status, said["type"], said["where"]) == (409, "/problems/stale", "north")
    assert "version 1 stands, this was made on version 7" in said["detail"]
    assert said["fix"]
    why = refused(plane, before)
    assert "made on version 7" in why


def test_two_people_registering_at_once(plane: Plane, url: str) -> None:
    with ThreadPoolExecutor(2) as people:
        both = ("an", "postal-team")
        answers = [*people.map(lambda who: put(plane, url, who, reason=f"{who} wants it"), both)]
    assert sorted(status for status, _ in answers) == [201, 409]
    (won,) = (said for status, said in answers if status == 201)
    ((loser, lost),) = (
        (who, said) for who, (status, said) in zip(both, answers, strict=True) if status == 409
    )
    (since,) = lost["changed"]
    assert (since["version"], since["by"], since["reason"]) == (2, won["by"], won["reason"])
    assert (since["at"], lost["where"]) == (won["at"], "north")
    after = plane.keeping.fresh()
    assert after.registrations["north"].reason == won["reason"]
    why = refused(plane, after, loser)
    assert won["reason"] in why


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_registration_that_is_cut_off_half_way(plane: Plane, url: str, share: float) -> None:
    before = plane.keeping.fresh()
    body = json.dumps(plane.wish(on=1, bundle=SHA256, entry=MOVED)).encode()
    head = (
        "PUT /registrations/north HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer an\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode()
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as line:
        line.sendall(head + body[: int(len(body) * share)])
    assert until(lambda: plane.acts()[-1][0] == "REGISTRATION_REFUSED", 10)
    assert refused(plane, before) == "the upload: was cut off"


def test_a_bundle_that_was_signed_for_another_hub(plane: Plane, url: str) -> None:
    before = plane.keeping.fresh()
    signed = certificate(SHA256, hub="another province's")
    status, said = put(plane, url, certificate=signed, override="")
    assert (status, said["type"]) == (422, "/problems/certificate")
    assert (said["where"], said["fix"]) == (
        "certificate.hub",
        "run `hub connector certify` anew",
    )
    assert said["detail"] == "is for the hub 'another province's', this is 'here'"
    assert refused(plane, before) == f"certificate.hub: {said['detail']}"


def test_a_manifest_from_the_future(plane: Plane, url: str) -> None:
    before = plane.keeping.fresh()
    manifest = FILES["connector.yaml"].replace(b"hub: 1", b"hub: 2", 1)
    status, said = ask(url, "POST", "/bundles", packed({**FILES, "connector.yaml": manifest}))
    assert (status, said["type"]) == (422, "/problems/unfit")
    assert said["where"].startswith("connector.yaml:")
    assert "format 2" in said["detail"]
    assert said["fix"]
    why = refused(plane, before)
    assert "format 2" in why
