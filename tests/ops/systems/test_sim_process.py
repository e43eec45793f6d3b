"""As processes: announced while they serve, gone when told, knowing after a kill what they knew."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml

from ops.systems import ngsp_forms, portal_forms, postal
from ops.systems.__main__ import main
from ops.systems.serve import SYSTEMS
from tests.loopback import PLAIN
from tests.ops.systems import sim_golden as golden
from tests.ops.systems.sim_kit import Sim, Start
from tests.ops.systems.test_sim_ioc import rate
from tests.ops.systems.test_sim_ngsp import call as national
from tests.ops.systems.test_sim_onestop import HEAD, SCAN, client
from tests.ops.systems.test_sim_portal import STEP
from tests.ops.systems.test_sim_portal import call as local
from tests.ops.systems.test_sim_postal_my import create

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]


@contextmanager
def process(system: str, configs: Path, home: Path, *more: str) -> Iterator[tuple[Any, Any]]:
    """A system as a process: its announcement and the process."""
    arguments = ["--home", str(home), "--hub", "http://127.0.0.1:9", *more]
    config = str(configs / f"{system}.yaml")
    command = [sys.executable, "-m", "ops.systems", system, "--config", config, *arguments]
    started = subprocess.Popen(command, cwd=ROOT)
    path = home / "run" / f"{system}.json"
    try:
        end = time.monotonic() + 20
        while not path.exists():
            assert started.poll() is None
            assert time.monotonic() < end
            os.sched_yield()
        yield json.loads(path.read_bytes()), started
    finally:
        if started.poll() is None:
            started.kill()
        started.wait(10)


@pytest.mark.parametrize("system", list(SYSTEMS))
def test_a_system_announces_itself_and_stops_when_told(
    system: str, configs: Path, tmp_path: Path
) -> None:
    with process(system, configs, tmp_path, "--fast") as (facts, started):
        assert (system, started.pid) == (facts["name"], facts["pid"])
        for url in (facts["url"], facts["inspect"]):
            health = httpx.get(f"{url}/_sim/health", trust_env=False, verify=PLAIN).json()
            assert system == health["name"]
        assert 404 == httpx.get(f"{facts['inspect']}/x", trust_env=False, verify=PLAIN).status_code
        started.send_signal(signal.SIGTERM)
        assert 0 == started.wait(10)
        assert not (tmp_path / "run" / f"{system}.json").exists()


def test_under_load_it_still_breaks_connections(configs: Path, tmp_path: Path) -> None:
    with (
        process("portal", configs, tmp_path, "--fast") as (facts, _),
        httpx.Client(base_url=facts["url"], trust_env=False, verify=PLAIN) as http,
    ):
        script = {"rules": [{"name": "r", "action": {"kind": "reset"}}]}
        assert 200 == http.put("/_sim/faults", json=script).status_code
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            http.get("/giao-dich/k")
        assert {"r": 1} == http.get("/_sim/faults").json()["fired"]
        assert [] == http.get("/_sim/calls").json()


def test_a_kill_forgets_nothing_that_was_answered(configs: Path, tmp_path: Path) -> None:
    config = yaml.safe_load((configs / "portal.yaml").read_text(encoding="utf-8"))
    state = ["--state", str(tmp_path / "state")]

    def put(url: str) -> httpx.Response:
        with httpx.Client(base_url=url, trust_env=False, verify=PLAIN) as http:
            answer = http.post(
                "/oauth2/token",
                data={"grant_type": "client_credentials"},
                auth=(config["client_id"], config["client_secret"]),
            )
            head = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            path = f"/ho-so/{golden.CODE}"
            return http.put(path, json=golden.UPDATE, headers=head | {"Idempotency-Key": "k"})

    with process("portal", configs, tmp_path, *state) as (facts, started):
        assert 200 == put(facts["url"]).status_code
        started.kill()
        started.wait(10)
    (tmp_path / "run" / "portal.json").unlink()
    with (tmp_path / "state" / "effects.jsonl").open("ab") as file:
        file.write(b'{"operation":"cut sho')
    with process("portal", configs, tmp_path, *state) as (facts, _):
        assert 409 == put(facts["url"]).status_code
        kept = httpx.get(
            f"{facts['inspect']}/_sim/dossiers/{golden.CODE}", trust_env=False, verify=PLAIN
        )
        assert "DA_TIEP_NHAN" == kept.json()["trangThai"]
    lines = (tmp_path / "state" / "effects.jsonl").read_bytes().splitlines()
    assert 1 == len(lines)


def fill_portal(sim: Sim) -> None:
    local(sim, "PUT", f"/ho-so/{golden.CODE}", golden.UPDATE, key="a")
    local(sim, "POST", f"/ho-so/{golden.CODE}/tien-do", STEP, key="b")
    sim.act("POST /ho-so", golden.FILED)


def fill_ngsp(sim: Sim) -> None:
    for body in (golden.ACCEPTED, golden.STEP):
        national(sim, body)
    sim.act("catalogue", {"MATTHC": "9.999901", "TENTTHC": "Tên mới"})


def fill_onestop(sim: Sim) -> None:
    service = client(sim)
    service.NhanHoSo(**HEAD, HoSo=golden.DOSSIER_XML)
    service.NhanHanhTrinh(**SCAN)


def fill_postal(sim: Sim) -> None:
    rows = [{"OrderNumber": "x", "StatusCode": s, "EventTime": 1} for s in (1, 4)]
    sim.act("rows", {"rows": rows})


def fill_postal_my(sim: Sim) -> None:
    original = create(sim).json()["orderHdrID"]
    sim.act("advance", {"saleOrderCode": golden.CODE, "status": 1, "updatedDate": "1"})
    assert original


def fill_ioc(sim: Sim) -> None:
    rate(sim, "k")


FILL = {
    "ioc": fill_ioc,
    "portal": fill_portal,
    "ngsp": fill_ngsp,
    "onestop": fill_onestop,
    "postal": fill_postal,
    "postal_my": fill_postal_my,
}


@pytest.mark.parametrize("system", list(SYSTEMS))
def test_a_restart_reads_the_same_state_back(
    system: str, start: Start, configs: Path, tmp_path: Path
) -> None:
    first = start(system, state=tmp_path)
    first.config["wsdl"] = str(configs / "onestop" / "motcua.wsdl")
    FILL[system](first)
    assert first.get("state") == start(system, state=tmp_path).get("state")
    assert first.get("state") != start(system).get("state")


def test_keep_bounds_what_is_remembered(start: Start) -> None:
    sim = start("portal", keep=3)
    for number in range(5):
        local(sim, "PUT", f"/ho-so/d{number}", golden.UPDATE, key=f"k{number}")
    assert ["d2", "d3", "d4"] == list(sim.get("state")["dossiers"])
    assert 3 == len(sim.get("calls"))
    assert 5 == sim.get("counters")["in.PUT /ho-so/{maHoSo}.stored"]


def test_a_bad_configuration_is_named(configs: Path, tmp_path: Path, capsys: Any) -> None:
    bad = tmp_path / "portal.yaml"
    bad.write_text("client_id: x\n", encoding="utf-8")
    arguments = ["portal", "--config", str(bad), "--home", str(tmp_path), "--hub", "http://x"]
    assert 1 == main(arguments)
    assert "client_secret" in capsys.readouterr().err
    missing = [*arguments[:2], str(configs / "no.yaml"), *arguments[3:]]
    assert 1 == main(missing)


@pytest.mark.parametrize("system", list(SYSTEMS))
def test_the_hubs_half_has_every_setting_and_secret_of_the_manifest(
    system: str, configs: Path
) -> None:
    manifest = yaml.safe_load(
        (ROOT / "connectors" / system / "connector.yaml").read_text(encoding="utf-8")
    )
    half = json.loads((configs / "hub.json").read_bytes())[system]
    for kind in ("settings", "secrets"):
        needed = {
            name
            for name, told in manifest.get(kind, {}).items()
            if not told.get("optional") and "default" not in told
        }
        assert needed <= set(half[kind])
    for reference in half["secrets"].values():
        path = Path(reference.removeprefix("file:"))
        assert path.read_text(encoding="utf-8")
        assert 0 == path.stat().st_mode & 0o077


def fields(form: Any) -> tuple[set[str], set[str]]:
    """All and the required fields of a struct."""
    told = msgspec.structs.fields(form)
    return {f.encode_name for f in told}, {f.encode_name for f in told if f.required}


def published(name: str, path: str, method: str) -> dict[str, Any]:
    """The body schema of an operation in a connector's contract."""
    document = yaml.safe_load((ROOT / "connectors" / name).read_text(encoding="utf-8"))
    content = document["paths"][path][method]["requestBody"]["content"]
    schema: dict[str, Any] = content["application/json"]["schema"]
    return schema


TOLD = "portal/contract/hub-goi-portal.openapi.yaml"
FILED = "portal/contract/portal-goi-hub.openapi.yaml"
ORDER = "POST /apiVNPostNGSP/p1.0/order/post"
REST = [
    *[(TOLD, operation, form) for operation, form in portal_forms.RECEIVED.items()],
    *[(FILED, operation, form) for operation, form in portal_forms.SENT.items()],
    ("postal/contract/vnpost-ngsp.openapi.yaml", ORDER, postal.Order),
]


@pytest.mark.parametrize(("contract", "operation", "form"), REST, ids=lambda v: str(v)[-40:])
def test_the_published_contract_asks_for_the_same_fields(
    contract: str, operation: str, form: Any
) -> None:
    method, _, path = operation.partition(" ")
    schema = published(contract, path, method.lower())
    everything, required = fields(form)
    assert everything == set(schema["properties"])
    assert required == set(schema["required"])


@pytest.mark.parametrize("name", ["HoSo", "TienDo", "TrangThai"])
def test_the_national_contract_has_the_same_fields(name: str) -> None:
    path = ROOT / "connectors" / "ngsp" / "contract" / "dvcqg.openapi.yaml"
    schemas = yaml.safe_load(path.read_text(encoding="utf-8"))["components"]["schemas"]
    form = {"TrangThai": ngsp_forms.TrangThaiHoSo}.get(name) or getattr(ngsp_forms, name)
    everything, required = fields(form)
    assert everything == set(schemas[name]["properties"])
    assert required <= set(schemas[name]["required"])  # the hub sends more than the peer demands
