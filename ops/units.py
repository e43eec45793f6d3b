"""Makes the hub's own table of administrative units, once, from a published package.

    python ops/units.py FOLDER_OF_VIETNAMADMINUNITS hub/mapping/functions/units.tsv.gz

The source is `vietnamadminunits` (MIT), unpacked anywhere; the project does not depend on it. What
the field knows for certain (domain: codes, section 5) is checked before anything is written.
"""

import gzip
import json
import sqlite3
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

OLD_END = "2025-06-30"
NEW_START = "2025-07-01"
HEADER = """\
Administrative units of Vietnam, as of June 2025 and since 1 July 2025
(NQ 202/2025/QH15, QĐ 19/2025/QĐ-TTg).
Source: vietnamadminunits 1.0.4, made into this table by ops/units.py. Its licence stands below.
Rows, tab-separated; an empty day is not known, or still to come:
  unit       code  level  name  kind  parent  valid_from  valid_to
  successor  old_code  new_code  share       (the old unit until 2025-06-30, the new since)
"""
LICENCE = "vietnamadminunits-1.0.4.dist-info/licenses/LICENSE"

Row = tuple[str, ...]
Part = dict[str, str]


class Links(TypedDict):
    """The package's table of who became what, by its own keys."""

    DICT_PROVINCE: dict[str, list[str]]
    DICT_PROVINCE_WARD_NO_DIVIDED: dict[str, dict[str, list[str]]]
    DICT_PROVINCE_WARD_DIVIDED: dict[str, dict[str, list[Part]]]


def units(database: sqlite3.Connection) -> Iterator[Row]:
    """Every unit of both lives, in the order of codes, without repetition."""
    seen: set[Row] = set()
    query = "select provinceCode, province, districtCode, district, wardCode, ward from {}"
    for province, name, district, d_name, ward, w_name in database.execute(
        query.format("admin_units_legacy")
    ):
        seen.add(_unit(province, "PROVINCE", name, "", "", OLD_END))
        seen.add(_unit(district, "DISTRICT", d_name, province, "", OLD_END))
        if ward:
            seen.add(_unit(ward, "COMMUNE", w_name, district, "", OLD_END))
    query = "select provinceCode, province, wardCode, ward from admin_units"
    for province, name, ward, w_name in database.execute(query):
        seen.add(_unit(province, "PROVINCE", name, "", NEW_START, ""))
        seen.add(_unit(ward, "COMMUNE", w_name, province, NEW_START, ""))
    yield from sorted(seen, key=lambda row: (row[2], row[1], row[6]))


_KINDS = ("Thành phố", "Đặc khu", "Thị trấn", "Thị xã", "Phường", "Huyện", "Quận", "Tỉnh", "Xã")


def _unit(code: str, level: str, name: str, parent: str, start: str, end: str) -> Row:
    name = unicodedata.normalize("NFC", name).strip()
    kind = next(kind for kind in _KINDS if name.casefold().startswith(kind.casefold()))
    return ("unit", code, level, name, kind, parent, start, end)


def successors(database: sqlite3.Connection, links: Links) -> Iterator[Row]:
    """Which new unit covers which old one, whole (FULL) or a part of it (PART)."""
    old_provinces, old_wards = _keys(
        database, "admin_units_legacy", ("provinceKey", "districtKey", "wardKey")
    )
    new_provinces, new_wards = _keys(database, "admin_units", ("provinceKey", "wardKey"))
    found: set[Row] = set()
    for new, olds in links["DICT_PROVINCE"].items():
        found |= {("successor", old_provinces[old], new_provinces[new], "FULL") for old in olds}
    for province, wards in links["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for new, olds in wards.items():
            code = new_wards[f"{province}_{new}"]
            found |= {("successor", old_wards[o], code, "FULL") for o in olds if o in old_wards}
    for province, divided in links["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, parts in divided.items():
            for part in parts:
                code = new_wards[f"{province}_{part['newWardKey']}"]
                found.add(("successor", old_wards[old], code, "PART"))
    yield from sorted(found)


def _keys(
    database: sqlite3.Connection, table: str, columns: tuple[str, ...]
) -> tuple[dict[str, str], dict[str, str]]:
    """Codes of provinces and of communes by the package's own keys."""
    provinces: dict[str, str] = {}
    wards: dict[str, str] = {}
    query = f"select provinceCode, wardCode, {', '.join(columns)} from {table}"  # noqa: S608  our own names
    for province, ward, *keys in database.execute(query):
        provinces[keys[0]] = province
        if ward:
            wards["_".join(keys)] = ward
    return provinces, wards


def check(rows: list[Row]) -> None:
    """What is known for certain of the merged province (domain: codes, section 5)."""
    new_communes = {r[1] for r in rows if r[0] == "unit" and r[2] == "COMMUNE" and r[6]}
    parents = {r[1]: r[5] for r in rows if r[0] == "unit" and not r[6]}
    phu_tho = {r[1] for r in rows if r[0] == "unit" and r[5] == "25" and r[6]}
    links = [r for r in rows if r[0] == "successor" and r[2] in phu_tho]
    assert len(new_communes) == 3321  # noqa: S101  a script's own check
    assert len(phu_tho) == 148  # noqa: S101  as above
    old = {r[1] for r in links}
    assert {parents[parents[code]] for code in old} == {"25", "26", "17"}  # noqa: S101  as above
    assert (len(old), len(links)) == (479, 482)  # noqa: S101  as above
    parts = {(r[1], r[2]) for r in links if r[3] == "PART"}
    assert parts == {  # noqa: S101  as above
        ("04891", "04828"), ("04891", "04891"), ("04957", "04924"),
        ("04957", "04960"), ("05221", "05200"), ("05221", "05212"),
    }  # fmt: skip


def main() -> None:
    """Write the table."""
    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    links: Links = json.loads((folder / "data" / "converter_2025.json").read_text("utf-8"))
    database = sqlite3.connect(f"file:{folder / 'data' / 'dataset.db'}?mode=ro", uri=True)
    rows = [*units(database), *successors(database, links)]
    database.close()
    check(rows)
    notice = HEADER + "\n" + (folder.parent / LICENCE).read_text("utf-8")
    head = "".join(f"# {line}".rstrip() + "\n" for line in notice.splitlines())
    text = head + "".join("\t".join(row) + "\n" for row in rows)
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    sys.stdout.write(f"{len(rows)} rows, {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
