"""Records for tests: one of each event, valid; persons are fictional."""

from pathlib import Path

from hub.contract.types import Document, Value
from hub.events.catalogue import Catalogue, Definition, Json, fields_of, full_name, load

SCHEMAS = Path(__file__).parents[2] / "schemas" / "avro"
CATALOGUE: Catalogue = load(SCHEMAS)


def example(name: str, *, full: bool = True) -> Document:
    """A record of that schema; `full`: with every optional field, otherwise without."""
    named: dict[str, Definition] = {}
    record = _value(CATALOGUE.whole[name], named, full=full)
    assert isinstance(record, dict)
    return record


def _value(kind: Json, named: dict[str, Definition], *, full: bool) -> Value:
    if isinstance(kind, list):
        return _value(kind[1], named, full=full)
    if isinstance(kind, str):
        scalars: dict[str, Value] = {"string": "chữ", "int": 7, "long": 7_000_000_000}
        if kind in named:
            return _value(named[kind], named, full=full)
        return scalars.get(kind, True)
    assert isinstance(kind, dict)
    if kind["type"] == "record":
        named[full_name(kind)] = kind
        return {
            field: _value(spec["type"], named, full=full)
            for field, spec in fields_of(kind)
            if full or "default" not in spec or _learn(spec["type"], named)
        }
    if kind["type"] == "enum":
        named[full_name(kind)] = kind
        symbols = kind["symbols"]
        assert isinstance(symbols, list)
        return str(symbols[0])
    if kind["type"] == "array":
        return [_value(kind["items"], named, full=full)]
    return _value(kind["type"], named, full=full)


def _learn(kind: Json, named: dict[str, Definition]) -> bool:
    """Remember what is first defined inside a field that is left out."""
    _value(kind, named, full=False)
    return False


STATUS_CHANGED: Document = {
    "dossier_code": "H44.99.99-251013-0001",
    "at": 1_760_321_100_000,
    "origin": "PROVINCE",
    "local_code": "MC-0001",
    "status": "PROCESSING",
    "status_raw": "processing",
    "officer_name": "Trần Thị Thử",
    "department": "Phòng thử nghiệm",
    "note": "Chuyển phòng chuyên môn",
}
