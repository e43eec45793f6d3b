"""The operations centre counts facts once, and takes nothing that could name somebody."""

import httpx

from tests.ops.systems.sim_kit import Sim, Start

RATING = {"diem": 4, "thoiDiem": "2025-10-13T10:30:00+07:00"}
RETURNED = {
    "maDonVi": "H44.99.99",
    "maTTHC": "9.999901",
    "maLinhVuc": "G99-TN01",
    "thoiDiem": "2025-10-13T10:30:00+07:00",
    "quaHan": True,
}


def tell(sim: Sim, path: str, body: object, key: str, **headers: str) -> httpx.Response:
    known = {"X-IOC-Key": sim.config["key"], "Idempotency-Key": key}
    return sim.client.post(path, json=body, headers=known | headers)


def rate(sim: Sim, key: str) -> httpx.Response:
    return tell(sim, "/danh-gia", RATING, key)


def test_a_fact_is_counted_once(start: Start) -> None:
    sim = start("ioc")
    for key in ("a", "a", "b"):
        assert tell(sim, "/tra-ket-qua", RETURNED, key).status_code == 200
    assert sim.get("state")["counts"] == {"POST /tra-ket-qua H44.99.99": 2, "late H44.99.99": 2}
    assert sim.get("violations") == []


def test_more_than_the_interface_says_is_a_violation(start: Start) -> None:
    sim = start("ioc")
    assert tell(sim, "/danh-gia", {**RATING, "hoTen": "Nguyễn Văn Mẫu"}, "a").status_code == 400
    assert "more than it may" in str(sim.get("violations"))


def test_a_wrong_key_an_unknown_path_and_a_bad_body_are_refused(start: Start) -> None:
    sim = start("ioc")
    bad = {"X-IOC-Key": "x"}
    assert tell(sim, "/danh-gia", RATING, "a", **bad).status_code == 401
    assert tell(sim, "/khac", RATING, "a").status_code == 404
    assert tell(sim, "/danh-gia", {"diem": 6}, "a").status_code == 400
    assert tell(sim, "/danh-gia", RATING, "").status_code == 400
    assert sim.get("state")["counts"] == {}
