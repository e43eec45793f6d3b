"""The contracts of the connectors that come with the hub are read whole."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from hub.contract.fits import fits
from hub.contract.load import load_contract
from hub.contract.types import Contract, ListOf, Record, Text
from hub.contract.validate import compile_validator

CONNECTORS = Path(__file__).parents[2] / "connectors"


def files(connector: str) -> Mapping[str, bytes]:
    folder = CONNECTORS / connector
    found = sorted(path for path in (folder / "contract").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def roots() -> list[tuple[str, str]]:
    documents = [p for p in CONNECTORS.glob("*/contract/*") if p.suffix in {".wsdl", ".yaml"}]
    return sorted((p.parts[-3], f"contract/{p.name}") for p in documents)


def load(connector: str, root: str) -> Contract:
    kind = "soap" if root.endswith(".wsdl") else "rest"
    return load_contract(kind, files(connector), [root])


@pytest.mark.parametrize(("connector", "root"), roots())
def test_it_is_read_and_every_type_can_be_checked(connector: str, root: str) -> None:
    contract = load(connector, root)
    assert contract.operations
    assert root in contract.files
    for operation in contract.operations.values():
        assert contract.types[operation.request.name] == operation.request
        for answer in operation.answers.values():
            compile_validator(answer, contract.types)
        assert fits(operation.request, operation.request, contract.types).kind == "yes"
    for record in contract.types.values():
        assert compile_validator(record, contract.types)(None)


def test_the_one_stop_s_step_is_what_the_field_says() -> None:
    contract = load("onestop", "contract/motcua.wsdl")
    step = contract.operations["MotCuaBaoCao.BaoTienDo"].request
    required = [f.name for f in step.fields if f.required]
    assert required == ["MaGiaoDich", "ThoiDiem", "MaHoSo", "NguonHoSo", "TrangThai"]
    key = step.field("MaGiaoDich")
    assert key is not None
    assert isinstance(key.type, Text)
    assert key.type.max_length == 64
    officer = step.field("CanBo")
    assert officer is not None
    assert officer.pii == "p"


def test_the_portal_s_dossier_stands_beside_its_key() -> None:
    contract = load("portal", "contract/portal-goi-hub.openapi.yaml")
    request = contract.operations["POST /ho-so"].request
    assert {"Idempotency_Key", "maHoSo", "taiLieu"} <= {f.name for f in request.fields}
    papers = request.field("taiLieu")
    assert papers is not None
    assert isinstance(papers.type, ListOf)
    assert isinstance(papers.type.item, Record)
    assert papers.type.item.name == "TaiLieu"
