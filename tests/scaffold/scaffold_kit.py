"""An interface of nobody's, and what a new connector for it is asked to do."""

from functools import cache
from pathlib import Path

from hub.registry.bundle_files import read_files
from hub.registry.event_types import Events, read_events
from hub.scaffold.folder import Asked, Folder, new_folder
from hub.scaffold.interface import Interface, read_interface
from hub.scaffold.learnt import Learnt, learn
from hub.scaffold.plan import operation_named, plans, wish

ROOT = Path(__file__).parents[2]

WATER = """
openapi: 3.1.0
info: {title: Nước sạch, version: "1", contact: {name: Công ty cấp nước}}
security: [{key: []}]
paths:
  /dossiers/{maHoSo}/steps:
    post:
      operationId: tellStep
      summary: A step of a dossier
      parameters:
        - {name: maHoSo, in: path, required: true, schema: {type: string}}
        - {name: Idempotency-Key, in: header, required: true, schema: {type: string}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [state, happenedAt, meter]
              properties:
                state: {type: string, enum: [ACCEPTED, DONE, REFUSED]}
                happenedAt: {type: string, format: date-time}
                meter: {type: string, description: The number of the meter.}
                officerName: {type: string}
                class: {type: string}
      responses:
        "201": {description: kept}
        "409": {description: kept before}
  /ratings:
    post:
      operationId: rate
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [ratingId, ma_ho_so, score]
              properties:
                ratingId: {type: string, pattern: "R-[0-9]{4}"}
                ma_ho_so: {type: string}
                score: {type: integer, minimum: 1, maximum: 5}
                comment: {type: string}
            example: {ratingId: R-0001, ma_ho_so: H44.99.99-251013-0001, score: 4}
      responses:
        "200": {description: taken}
  /broken:
    post:
      operationId: broken
      requestBody: {required: true, content: {text/csv: {schema: {type: string}}}}
      responses: {"200": {description: kept}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Water-Key}
"""


@cache
def events() -> Events:
    return read_events(ROOT / "schemas" / "avro")


@cache
def learnt() -> Learnt:
    folders = sorted(path for path in (ROOT / "connectors").iterdir() if path.is_dir())
    return learn([read_files(folder) for folder in folders])


def openapi(text: str = WATER) -> Interface:
    return read_interface("rest", "water.yaml", {"water.yaml": text.encode()}.__getitem__)


def wsdl(folder: Path, root: str) -> Interface:
    return read_interface("soap", root, lambda name: (folder / name).read_bytes())


def made(
    interface: Interface,
    *,
    on: tuple[str, ...] = (),
    receive: tuple[str, ...] = (),
    poll: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> Folder:
    wishes = [wish("on", text) for text in on] + [wish("receive", text) for text in receive]
    wishes += [wish("poll", text) for text in poll]
    known = {short: events().records[short] for short in events().full_names}
    kept = [operation_named(text, interface.offers) for text in also]
    asked = Asked("water", plans(wishes, interface.offers, known), also=kept, schema="x.json")
    return new_folder(asked, interface, events(), learnt())


def text_of(folder: Folder, name: str) -> str:
    return folder.files[name].decode()
