"""What only a person can choose is left open in the words in which it will be written."""

from tests.scaffold.scaffold_kit import made, openapi

LAND = """
openapi: 3.1.0
info: {title: Land registry, version: "1"}
paths:
  /notices:
    post:
      operationId: postNotice
      parameters:
        - {name: X-Request-Id, in: header, required: true, schema: {type: string, format: uuid}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              oneOf:
                - {$ref: "#/components/schemas/StatusNotice"}
                - {$ref: "#/components/schemas/FeeNotice"}
      responses:
        "200":
          description: heard
          content:
            application/json:
              schema: {type: object, required: [ok], properties: {ok: {type: boolean}}}
components:
  schemas:
    StatusNotice:
      type: object
      required: [kind, dossier, status]
      properties: {kind: {const: status}, dossier: {type: string}, status: {type: string}}
    FeeNotice:
      type: object
      required: [kind, dossier, amount]
      properties: {kind: {const: fee}, dossier: {type: string}, amount: {type: integer}}
"""


def test_of_several_records_each_is_named_as_a_mapping_makes_it() -> None:
    mapping = made(openapi(LAND), on=("StatusChanged=postNotice",)).files["mapping.py"].decode()
    assert "one of StatusNotice(dossier=…, status=…), FeeNotice(dossier=…, amount=…)" in mapping


def test_an_id_of_the_request_may_be_the_adapters_to_fill_in() -> None:
    folder = made(openapi(LAND), on=("StatusChanged=postNotice",))
    assert any("outbound fill X_Request_Id: $key" in problem.what for problem in folder.problems)


def test_an_answer_that_says_yes_or_no_is_no_yes_by_its_status() -> None:
    manifest = made(openapi(LAND), on=("StatusChanged=postNotice",)).files["connector.yaml"]
    assert b"then: delivered" not in _rows(manifest)
    assert b"verdict of its own (ok)" in manifest


def _rows(manifest: bytes) -> bytes:
    """Without remarks."""
    return b"\n".join(line for line in manifest.splitlines() if not line.strip().startswith(b"#"))
