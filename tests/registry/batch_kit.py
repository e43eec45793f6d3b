"""Two small systems that take lists of steps and answer for each: one over REST, one over SOAP."""

from pathlib import Path

from tests.contract.wsdl_samples import schema, wsdl

REST_MANIFEST = """hub: 1
name: lists
title: A system that takes lists
owner: The system
adapter: rest
contract: contract/lists.openapi.yaml
outbound:
  fill: {}
  outcomes:
    - {when: {result.error_code: {integer: 0}}, then: delivered}
    - {when: {result.error_code: {integer: 3}}, then: again, set: {isUpdating: "True"}}
    - {when: {result.error_code: {integer: 5}}, then: reject}
flows:
  told:
    on: StatusChanged
    call: POST /steps
    batch: {join: data, rows: result, match: {MaHoSo: ma_ho_so}, most: 20, linger: 0.02}
"""

OPENAPI = """openapi: 3.1.0
info: {title: Lists, version: "1"}
paths:
  /steps:
    post:
      operationId: TellSteps
      parameters:
        - {name: Key, in: header, schema: {type: string}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Steps"}
      responses:
        "200":
          description: kept
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Told"}
  /step:
    get:
      operationId: FindStep
      parameters:
        - {name: ma, in: query, required: true, schema: {type: string}}
      responses:
        "200":
          description: found
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Told"}
components:
  schemas:
    Steps:
      type: object
      required: [isUpdating, data]
      properties:
        isUpdating: {type: string}
        data: {type: array, maxItems: 20, items: {$ref: "#/components/schemas/Step"}}
        codes: {type: array, items: {type: string}}
    Step:
      type: object
      required: [MaHoSo, TrangThai]
      properties:
        MaHoSo: {type: string}
        TrangThai: {type: string}
        GhiChu: {type: string}
    Told:
      type: object
      properties:
        error_code: {type: integer}
        result:
          type: array
          items:
            type: object
            properties:
              ma_ho_so: {type: string}
              error_code: {type: integer}
"""

REST_MAPPING = '''"""A step as the system takes it."""


def told(event):
    """One step."""
    return TellSteps(
        isUpdating="False",
        data=[Step(MaHoSo=event.dossier_code, TrangThai=text_of(event.status), GhiChu=event.note)],
    )
'''

SOAP_MANIFEST = """hub: 1
name: lists
title: A system that takes lists
owner: The system
adapter: soap
contract: contract/lists.wsdl
outbound:
  outcomes:
    - {when: {KetQua.Ma: "00"}, then: delivered}
flows:
  told: {on: StatusChanged, call: S.Do, batch: {join: TienDo, rows: KetQua, match: MaHoSo}}
"""

_TEXT = '<xs:element name="{}" type="xs:string"/>'
_TYPE = '<xs:complexType name="{}"><xs:sequence>{}</xs:sequence></xs:complexType>'
_MANY = (
    '<xs:element name="{}"><xs:complexType><xs:sequence><xs:element name="{}" type="t:{}"'
    ' minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>'
)

SOAP_MAPPING = '''"""A step as the system takes it."""


def told(event):
    """One step."""
    return Do(TienDo=[Step(MaHoSo=event.dossier_code, TrangThai=text_of(event.status))])
'''


def rest(folder: Path, before: str = "", after: str = "") -> Path:
    """The REST connector, with one text of its manifest or contract replaced."""
    files = {
        "connector.yaml": REST_MANIFEST,
        "contract/lists.openapi.yaml": OPENAPI,
        "mapping.py": REST_MAPPING,
    }
    if before:
        (name,) = [name for name, text in files.items() if before in text]
        files[name] = files[name].replace(before, after)
    return _written(folder, files)


def soap(folder: Path) -> Path:
    """The SOAP connector."""
    step = _TYPE.format("Step", _TEXT.format("MaHoSo") + _TEXT.format("TrangThai"))
    row = _TYPE.format("Row", _TEXT.format("MaHoSo") + _TEXT.format("Ma"))
    request = _MANY.format("Do", "TienDo", "Step")
    answer = _MANY.format("DoResponse", "KetQua", "Row")
    contract = wsdl(schema(step + row + request + answer)).decode()
    files = {
        "connector.yaml": SOAP_MANIFEST,
        "contract/lists.wsdl": contract,
        "mapping.py": SOAP_MAPPING,
    }
    return _written(folder, files)


def _written(folder: Path, files: dict[str, str]) -> Path:
    made = folder / "lists"
    for name, text in files.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, encoding="utf-8")
    return made
