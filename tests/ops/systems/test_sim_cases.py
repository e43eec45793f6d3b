"""What the connectors' cases record as going out is what the simulated systems would take.

Both were written from the same facts by different hands, so a disagreement is somebody's error.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ops.systems import ioc, portal_forms, postal, postal_my_forms
from ops.systems.formats import fit
from ops.systems.ngsp_forms import SERVICES
from ops.systems.soap import Interface, read_interface

CONNECTORS = Path(__file__).parents[3] / "connectors"


def recorded(connector: str) -> list[Any]:
    """Recorded calls: (file, operation, request)."""
    found = []
    for path in sorted((CONNECTORS / connector / "cases").glob("*/*.out.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(document, dict) and "operation" in document and "request" in document:
            name = f"{path.parent.name}/{path.name}"
            found.append(pytest.param(document["operation"], document["request"], id=name))
    return found


@pytest.mark.parametrize(("operation", "request_"), recorded("portal"))
def test_the_portal_takes_it(operation: str, request_: dict[str, Any]) -> None:
    if operation == "GET /giao-dich/{key}":
        return
    outside = {"maHoSo", "Idempotency_Key"} | ({"maTTHC"} if "{maTTHC}" in operation else set())
    body = {name: value for name, value in request_.items() if name not in outside}
    assert "" == fit(body, portal_forms.RECEIVED[operation])


@pytest.mark.parametrize(("operation", "request_"), recorded("ngsp"))
def test_the_national_side_takes_it(operation: str, request_: dict[str, Any]) -> None:
    body = request_["body"]
    endpoint, form = SERVICES[body["service"]]
    assert f"POST /mapi/{endpoint}" == operation
    assert "" == fit(body, form)


@pytest.mark.parametrize(("operation", "request_"), recorded("postal"))
def test_the_post_takes_it(operation: str, request_: dict[str, Any]) -> None:
    if operation.startswith("POST"):
        assert "" == fit(request_, postal.Order)
    else:
        assert {"CustomerCode", "OrderNumber"} == set(request_) or "lastId" in request_


@pytest.mark.parametrize(("operation", "request_"), recorded("postal_my"))
def test_myvnpost_takes_it(operation: str, request_: dict[str, Any]) -> None:
    method, _, path = operation.partition(" /")
    body = {name: value for name, value in request_.items() if name != "token"}
    if method == "GET":  # as texts, the way a query string has them
        texts = {name: str(value) for name, value in body.items()}
        assert "" == fit(texts, postal_my_forms.QUERIES[path])
    else:
        assert "" == fit(body, postal_my_forms.FORMS[path])


@pytest.mark.parametrize(("operation", "request_"), recorded("ioc"))
def test_the_operations_centre_takes_it(operation: str, request_: dict[str, Any]) -> None:
    body = {name: value for name, value in request_.items() if name != "Idempotency_Key"}
    assert "" == fit(body, ioc.FORMS[operation])


@pytest.fixture(scope="module")
def interface() -> Interface:
    return read_interface(CONNECTORS / "onestop" / "contract" / "motcua.wsdl")


ENVELOPES = sorted((CONNECTORS / "onestop" / "cases").glob("*/*.out.xml"))


@pytest.mark.parametrize("path", ENVELOPES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_the_onestop_takes_it(path: Path, interface: Interface) -> None:
    payload = etree.fromstring(path.read_bytes())
    assert interface.schema.validate(payload), interface.misfit()
    assert interface.read(payload, etree.QName(payload).localname)
