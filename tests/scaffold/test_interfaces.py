"""Published interfaces say more than the hub can check: what is needed is cut out, and told."""

import json

import pytest

from hub.contract.problems import ContractErrors
from hub.contract.types import Record, Text
from hub.contract.wsdl_offers import part, read_all
from hub.scaffold.interface import read_interface
from tests.scaffold.scaffold_kit import ROOT, openapi

ONESTOP = ROOT / "connectors" / "onestop" / "contract"
RICH = """
openapi: 3.1.0
info: {title: Rich, version: "1"}
paths:
  /things:
    post:
      operationId: things/create
      requestBody:
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Thing"}
      callbacks: {done: {}}
      responses:
        "201":
          content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
        "400":
          content: {application/json: {schema: {oneOf: [{}, {}]}}}
  /odd:
    post:
      operationId: odd
      requestBody:
        content: {application/json: {schema: {oneOf: [{type: object}, {type: object}]}}}
      responses: {"200": {description: kept}}
components:
  schemas:
    Thing:
      properties:
        id: {type: string, readOnly: true, xml: {name: ID}}
        tags: {type: array, uniqueItems: true, items: {type: string}}
        share: {type: number, multipleOf: 0.5}
        size: {allOf: [{type: string}, {maxLength: 5}]}
        xml: {type: string}
      anyOf: [{required: [id]}, {required: [tags]}]
    Unused: {type: object, properties: {a: {type: [string, array]}}}
"""


def test_what_only_narrows_or_describes_is_taken_out_and_told_once() -> None:
    wanted = frozenset({"POST /things"})
    files, contract, notes = openapi(RICH).contract(wanted)
    assert notes == (
        "the contract is a part of water.yaml: 1 of 2 operations",
        "the hub does not check anyOf",
        "the hub does not check callbacks",
        "the hub does not check multipleOf",
        "the hub does not check uniqueItems",
        "the hub does not check what refusals say",
    )
    document = json.loads(files["contract/water.json"])
    assert set(document["components"]["schemas"]) == {"Thing"}
    thing = contract.types["Thing"]
    assert [each.name for each in thing.fields] == ["id", "tags", "share", "size", "xml"]
    size = thing.field("size")
    assert size is not None
    assert size.type == Text(max_length=5)


def test_an_operation_gets_a_name_that_a_mapping_can_write() -> None:
    offers = openapi(RICH).offers
    assert [offer.title for offer in offers.operations] == ["things_create", "odd"]


def test_what_decides_the_shape_of_a_message_is_not_taken_out() -> None:
    with pytest.raises(ContractErrors) as refused:
        openapi(RICH).contract(frozenset({"POST /odd"}))
    assert "nothing tells the options apart" in str(refused.value.problems[0])


def test_a_part_of_a_wsdl_holds_what_its_operations_mention_and_no_more() -> None:
    interface = read_interface("soap", "motcua.wsdl", lambda n: (ONESTOP / n).read_bytes())
    files = part(read_all(interface.files), frozenset({"MotCuaTiepNhan.NhanDanhGia"}))
    assert set(files) == set(interface.files)
    schema = files["motcua.xsd"]
    assert b'name="NhanDanhGia"' in schema
    assert b'name="HoSo"' not in schema
    assert sum(map(len, files.values())) < sum(map(len, interface.files.values())) / 3


def test_the_part_means_what_the_whole_means() -> None:
    """The request of one operation, read from the part, is that of the whole contract."""
    interface = read_interface("soap", "motcua.wsdl", lambda n: (ONESTOP / n).read_bytes())
    name = "MotCuaTiepNhan.NhanHoSo"
    _, whole, notes = interface.contract(frozenset({name}))
    assert notes == ()  # small enough to stay as it was published
    larger = read_interface(
        "soap",
        "motcua.wsdl",
        lambda n: (ONESTOP / n).read_bytes() + b"<!--" + b"x" * 300_000 + b"-->",
    )
    _, cut, notes = larger.contract(frozenset({name}))
    assert "1 of 21 operations" in notes[0]
    assert cut.operations[name].request == whole.operations[name].request
    assert isinstance(cut.types["HoSo"], Record)
