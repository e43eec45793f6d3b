"""The questions over HTTP: what is answered, and what is refused."""

import asyncio
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.views.asking import Asking
from hub.views.calendar import load
from hub.views.http import ViewsApp
from tests.access.kit import gate, principal
from tests.views.facts import MARKED, event, late_over_tet, ms, on_time, paid, supplemented
from tests.views.kit import Topics, filled

pytestmark = pytest.mark.process

READER = {"reader": principal("reader", "auditor")}
NOW = ms("2025-11-20 08:00")
WITHDRAWN = [
    event(
        "Accepted",
        "H44.99.99-251110-0006",
        "2025-11-10 09:20",
        dossier={"due_at": ms("2025-11-17 17:00")},
    ),
    event("Withdrawn", "H44.99.99-251110-0006", "2025-11-10 15:00"),
]
OVERDUE = [
    event(
        "Accepted",
        "H44.99.99-251112-0009",
        "2025-11-12 09:00",
        dossier={"due_at": ms("2025-11-17 17:00"), "agency_code": "H62.99.99"},
    )
]


class Views:
    """What the process knows, as the application sees it."""

    def __init__(self, asking: Asking | None) -> None:
        self.asking = asking
        self.behind: list[str] = []

    def problems(self) -> list[str]:
        return self.behind


class Door:
    def __init__(self, views: Views) -> None:
        self.views = views
        self.app = ViewsApp(views, load(), lambda: NOW, gate(READER))

    def raw(self, path: str, query: str = "", method: str = "GET") -> tuple[int, str, bytes]:
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            raise AssertionError("nothing is read")

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"authorization", b"Bearer reader")],
        }
        asyncio.run(self.app(scope, receive, send))
        headers = dict(sent[0]["headers"])
        return sent[0]["status"], headers[b"content-type"].decode(), sent[1]["body"]

    def get(self, path: str, query: str = "") -> Any:
        status, kind, body = self.raw(path, query)
        assert (200, "application/json") == (status, kind), body
        return orjson.loads(body)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    topics = Topics()
    first = topics.tell(on_time())
    topics.tell(supplemented(), paid(), late_over_tet(), WITHDRAWN, OVERDUE)
    for record in first[:3]:
        topics.settle(record, "portal", "DELIVERED")
    topics.settle(first[4], "postal_my", "DEAD_LETTERED")
    asking = filled(tmp_path, topics)
    yield Door(Views(asking))
    asking.close()


def test_scenario_1_whole(door: Door) -> None:
    found = door.get("/dossiers/H44.99.99-251013-0001")
    assert {
        "due": "2025-10-16 17:00",
        "judged_against": "2025-10-16 17:00",
        "finished": "2025-10-15 14:20",
        "late": False,
        "working_days_late": None,
        "says": "on time (finished 2025-10-15 14:20, due 2025-10-16 17:00)",
    } == found["deadline"]
    assert ("RESULT_RETURNED", "2025-10-16 10:20") == (found["status"], found["since"])
    assert {"portal": {"DELIVERED": 3}, "postal_my": {"DEAD_LETTERED": 1}} == found["deliveries"]
    (post,) = found["consignments"]
    assert "post 2025-10-15 15:10 → 2025-10-16 10:15" == post["says"]
    assert ("DELIVERED", 0) == (post["state"], post["delivery_failures"])
    assert [] == found["flags"]
    assert 14 == len(found["timeline"])  # 13 events and what was not delivered
    dead = found["timeline"][5]
    assert ("DEAD_LETTERED", "postal_my", "ConsignmentOrdered was not delivered") == (
        dead["type"],
        dead["source"],
        dead["says"],
    )
    assert {"at", "type", "source", "says"} == set(dead)


def test_scenario_5_is_late_by_two_working_days(door: Door) -> None:
    deadline = door.get("/dossiers/H44.99.99-260211-0005")["deadline"]
    assert (True, 2) == (deadline["late"], deadline["working_days_late"])
    assert ("2026-02-25 17:00", "2026-02-27 17:00") == (
        deadline["judged_against"],
        deadline["due"],
    )


def test_counts(door: Door) -> None:
    assert {
        "status": {"ACCEPTED": 1, "RESULT_RETURNED": 4, "WITHDRAWN": 1},
        "agency": {"H44.99.99": 5, "H62.99.99": 1},
        "registration": {"portal": {"DELIVERED": 3}, "postal_my": {"DEAD_LETTERED": 1}},
        "late": 2,
        "procedures": 0,
        "skipped": {},
    } == door.get("/counts")


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("late=true", [4, 5]),
        ("late=false", [0, 1, 2, 3]),
        ("status=RESULT_RETURNED", [0, 1, 2, 5]),
        ("status=RESULT_RETURNED&late=true", [5]),
        ("status=STOPPED", []),
        ("agency=H62.99.99", [4]),
        ("agency=", []),
        ("after=H44.99.99-251020-0004", [3, 4, 5]),
    ],
)
def test_lists(door: Door, query: str, places: list[int]) -> None:
    every = [
        "G22.99.99-251015-000003",
        "H44.99.99-251013-0001",
        "H44.99.99-251020-0004",
        "H44.99.99-251110-0006",
        "H44.99.99-251112-0009",
        "H44.99.99-260211-0005",
    ]
    found = door.get("/dossiers", query)
    assert [every[n] for n in places] == [one["code"] for one in found["dossiers"]]
    assert found["next"] is None


def test_pages_give_everything_once(door: Door) -> None:
    codes: list[str] = []
    after = ""
    for _ in range(10):
        page = door.get("/dossiers", f"limit=2&after={after}")
        assert 2 >= len(page["dossiers"])
        codes += [one["code"] for one in page["dossiers"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert codes == sorted(set(codes))
    assert 6 == len(codes)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 400),
        ("limit=501", 400),
        ("limit=x", 400),
        ("limit=", 400),
        ("limit=١", 400),
        (f"limit={'9' * 400}", 400),
        ("late=yes", 400),
        ("status=LOST", 400),
        ("order=code", 400),
        ("limit=1&limit=2", 400),
        ("status=%ff", 400),
        ("a=1&b=2&c=3&d=4&e=5&f=6", 400),
        ("after=" + "x" * 2000, 414),
    ],
)
def test_a_question_that_is_not_understood_is_refused(door: Door, query: str, status: int) -> None:
    found, kind, body = door.raw("/dossiers", query)
    assert (status, "application/problem+json") == (found, kind)
    assert status == orjson.loads(body)["status"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/dossiers/NOBODY", 404),
        ("GET", "/dossiers/' OR 1=1 --", 404),
        ("GET", "/dossiers/" + "x" * 5000, 404),
        ("GET", "/nothing", 404),
        ("GET", "/dossiers/", 404),
        ("POST", "/dossiers", 405),
        ("DELETE", "/dossiers/H44.99.99-251013-0001", 405),
    ],
)
def test_what_is_not_there_is_a_problem_document(
    door: Door, method: str, path: str, status: int
) -> None:
    found, kind, body = door.raw(path, method=method)
    assert (status, "application/problem+json") == (found, kind)
    assert b"NOBODY" not in body


def test_health_and_metrics(door: Door) -> None:
    assert 200 == door.raw("/health/live")[0]
    assert 200 == door.raw("/health/ready")[0]
    door.views.behind = ["7 records behind"]
    status, _, body = door.raw("/health/ready")
    assert (503, b"7 records behind\n") == (status, body)
    assert b"hub_views_skipped_records_total" in door.raw("/metrics")[2]


def test_before_there_is_anything_to_ask_it_says_later() -> None:
    door = Door(Views(None))
    assert [503, 503, 200] == [
        door.raw(path)[0] for path in ("/dossiers", "/counts", "/health/live")
    ]


def test_nothing_personal_is_answered_or_stored(door: Door, tmp_path: Path) -> None:
    answers = [orjson.dumps(door.get("/dossiers", "")), orjson.dumps(door.get("/counts"))]
    answers += [
        orjson.dumps(door.get(f"/dossiers/{one['code']}"))
        for one in door.get("/dossiers")["dossiers"]
    ]
    stored = [file.read_bytes() for file in tmp_path.iterdir()]
    assert stored
    for mark in MARKED:
        assert not [1 for said in (*answers, *stored) if mark.encode() in said]
